"""One process at a time writes a run, and holds a lock on a file in its folder."""

from __future__ import annotations

import errno
import fcntl
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from cnncalc.core.errors import RunError, WriteError
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run_files import LOCK

_MOST_BYTES = 200


@contextmanager
def held(folder: RunFolder, processes: Processes) -> Iterator[None]:
    """Hold a run's folder, which is there, until the end.

    The lock is the system's, and goes with the process, however it ends. Where a disk knows no locks, none is held.

    Raises:
        RunError: in all processes of this run, where another run's process holds it.
        WriteError: where the file of the lock cannot be written.

    """
    handle, holder = take_lock(folder.file(LOCK)) if processes.writes else (None, "")
    holder = processes.agree_on(holder)
    if holder:
        message = f"another process writes the run `{shorten_path(folder.path)}`: {shorten(holder, 100)}"
        raise RunError("run-in-use", message, hints=["wait until it has ended, or stop it"])
    try:
        yield
    finally:
        if handle is not None:
            with suppress(OSError):
                os.unlink(folder.file(LOCK))
            os.close(handle)


def take_lock(path: str) -> tuple[int | None, str]:
    """Return the open file of a lock, or who holds it; the lock is held until the file is closed.

    Raises:
        WriteError: where the file cannot be written.

    """
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK, 0o666)
        except OSError as error:
            raise WriteError("cannot-write", f"cannot write `{shorten_path(path)}`: {error.strerror}") from None
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EAGAIN):
                return None, _holder(handle)
            return handle, ""  # this disk has no locks
        if _is(handle, path):
            os.truncate(handle, 0)
            os.write(handle, f"process {os.getpid()} on {platform.node()}".encode())
            return handle, ""
        os.close(handle)  # who held it has removed the file meanwhile


@contextmanager
def waited_lock(path: str) -> Iterator[None]:
    """Hold a lock until the end, once the process that holds it has released it.

    Raises:
        WriteError: where the file cannot be written.

    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise WriteError("cannot-write", f"cannot write `{shorten_path(path)}`: {error.strerror}") from None
    with suppress(OSError):  # this disk has no locks
        fcntl.lockf(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


def _is(handle: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except OSError:
        return False


def _holder(handle: int) -> str:
    with os.fdopen(handle, "rb") as file:
        return file.read(_MOST_BYTES).decode(errors="replace") or "it does not say which"
