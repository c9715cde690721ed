"""Which module a person means by ``package.module:callable``, and with what arguments it is made."""

from __future__ import annotations

import ast
import contextlib
import inspect
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

from torch import nn

from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import closest, shorten

_TARGET = re.compile(r"(?P<module>[^\W\d]\w*(?:\.[^\W\d]\w*)*):(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*)")
_COLLECTIONS = {"timm": "timm.models", "torchvision": "torchvision.models"}
"""Packages of models, and where their callables are: ``timm:resnet50d``."""
_WEIGHTS = {"weights": None, "weights_backbone": None, "pretrained": False}
"""Arguments by which a callable would download weights, and what they are set to instead."""


class Target:
    """A callable that makes a module, or a module itself; importing it runs its code."""

    def __init__(self, written: str) -> None:
        """Import what is meant.

        Raises:
            SpecError: where it is not written as ``module:callable``, is not there, or cannot be imported.
        """
        self.written = written
        match = _TARGET.fullmatch(written)
        if match is None:
            hints = ["write package.module:callable, such as torchvision.models:resnet18"]
            raise SpecError("bad-target", f"`{shorten(written, 80)}` names no callable in a module", hints=hints)
        self.package = match["module"]
        if "." not in match["name"]:
            self.package = _COLLECTIONS.get(self.package, self.package)
        self.name = match["name"]
        module = _imported(self.package, written)
        try:
            self.thing: Any = reduce(getattr, match["name"].split("."), module)
        except AttributeError:
            hints = [f"did you mean `{self.package}:{near}`?" for near in closest(match["name"], dir(module))]
            message = f"`{self.package}` has no `{shorten(match['name'])}`"
            raise SpecError("no-such-callable", message, hints=hints) from None

    def make(self, arguments: Mapping[str, Any]) -> nn.Module:
        """Call it, without weights, and return the module that it makes."""
        for name, usual in _WEIGHTS.items():
            if arguments.get(name, usual) != usual:
                raise SpecError("bad-argument", f"`{name}` is left out: importing needs no weights and downloads none")
        made = self.thing
        if not isinstance(made, nn.Module):
            if not callable(made):
                raise SpecError("no-such-callable", f"`{self.written}` is neither a callable nor a torch.nn.Module")
            known = _parameters(made)
            without = {name: usual for name, usual in _WEIGHTS.items() if name in known}
            with _guarded(self.written):
                made = made(**{**without, **arguments})
        if not isinstance(made, nn.Module):
            message = f"`{self.written}` makes no torch.nn.Module but {_article(type(made).__name__)}"
            raise SpecError("no-such-callable", message)
        return made

    def usual_input(self) -> str | None:
        """Return the input volume that torchvision or timm gives for a model of its own; None for any other."""
        if self.package == "timm.models":
            with contextlib.suppress(Exception):  # timm knows no input of what is no model of its own
                channels, height, width = sys.modules[self.package].get_pretrained_cfg(self.name).input_size
                return f"{int(height)}x{int(width)}x{int(channels)}"
        if not self.package.startswith("torchvision.models"):
            return None
        from torchvision.models import get_model_weights

        with contextlib.suppress(Exception):  # a model that it has no weights for says nothing about its input
            size = get_model_weights(self.thing).DEFAULT.transforms.keywords["crop_size"]
            return f"{int(size)}x{int(size)}x3"
        return None


def literal(written: str) -> Any:
    """Read an argument's value as a Python literal; what is none is a text."""
    try:
        return ast.literal_eval(written.strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise SpecError(
            "bad-argument",
            f"`{shorten(written)}` is not a Python literal",
            hints=["write a number, True, None, a text in quotes, a list or a tuple"],
        ) from None


def _imported(name: str, written: str) -> Any:
    """Import a module; the folder that the command runs in is searched last."""
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.append(here)
    with _guarded(written), optional_packages():
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            missing = error.name or ""
            if not f"{name}.".startswith(f"{missing}.") or missing in ("torch", "torchvision"):
                raise  # not there is something that it imports itself, or what this project can say how to install
            raise SpecError("no-such-callable", f"there is no module `{shorten(missing)}`") from None


def _parameters(thing: Callable[..., Any]) -> Mapping[str, Any]:
    try:
        return inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return {}


@contextlib.contextmanager
def _guarded(written: str) -> Iterator[None]:
    """Run code of others: what it prints goes to standard error, what it raises becomes one line."""
    try:
        with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CnncalcError:
        raise
    except (Exception, SystemExit) as error:
        if os.environ.get("CNNCALC_DEBUG"):
            traceback.print_exc()
        reason = shorten(str(error).strip() or "no message", 200)
        raise SpecError(
            "import-failed",
            f"`{shorten(written, 80)}` raised {type(error).__name__}: {reason}",
            hints=["CNNCALC_DEBUG=1 in the environment shows where"],
        ) from None


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
