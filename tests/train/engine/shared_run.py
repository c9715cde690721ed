"""What torchrun starts in `test_distributed`: some commands, and in the end a hash of what each process holds.

``python -m torch.distributed.run … shared_run.py FOLDER COMMANDS``, where COMMANDS is a JSON list of argument lists.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from cnncalc.commands.cli import run
from cnncalc.train.engine.session import Session

SESSIONS: list[Session] = []


def remember(session: Session, *arguments: Any) -> None:
    """Make a session as ever, and keep it."""
    begin(session, *arguments)
    SESSIONS.append(session)


begin = Session.__init__


def hashed(tensors: dict[str, torch.Tensor]) -> str:
    """Return a hash of tensors, with their names."""
    found = hashlib.sha256()
    for name, value in tensors.items():
        found.update(name.encode() + value.numpy().tobytes())
    return found.hexdigest()


def main(folder: str, commands: str) -> None:
    """Run the commands, and write what became of them."""
    Session.__init__ = remember  # type: ignore[method-assign]
    distributed.init_process_group("gloo")
    leave = distributed.destroy_process_group
    # torchrun lets processes find each other once, so the commands share what they would make for themselves
    distributed.init_process_group = distributed.destroy_process_group = lambda *arguments: None
    statuses = [run(arguments) for arguments in json.loads(commands)]
    leave()
    trained = [dict(session.module.named_parameters()) for session in SESSIONS]
    told = {
        "statuses": statuses,
        "parameters": [hashed({k: v.detach() for k, v in parameters.items()}) for parameters in trained],
        "handed out": [hashed(session.weights()) for session in SESSIONS],
    }
    Path(folder, f"rank-{os.environ['RANK']}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(*sys.argv[1:])
