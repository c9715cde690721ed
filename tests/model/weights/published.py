"""Weights that are served from here in place of torchvision's own."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models


def torchvision(name: str) -> nn.Module:
    """Return a model of torchvision with random weights, also those that begin as 0 or 1."""
    torch.manual_seed(0)
    named = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    module = models.get_model(name, weights=None, **named).eval()
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.ndim == 1:
                value.copy_(torch.rand_like(value) + 0.5)
    return module


def served_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[nn.Module]:
    """Serve a ResNet-18 of random weights where torchvision says that its own are."""
    theirs = torchvision("resnet18")
    served = tmp_path / "served"
    served.mkdir()
    torch.save(theirs.state_dict(), served / "file.pth")
    digits = hashlib.sha256((served / "file.pth").read_bytes()).hexdigest()[:8]
    (served / "file.pth").rename(served / f"resnet18-{digits}.pth")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=served))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/resnet18-{digits}.pth"
    monkeypatch.setattr(models.ResNet18_Weights.IMAGENET1K_V1.value, "url", address)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    yield theirs
    server.shutdown()
    server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""
