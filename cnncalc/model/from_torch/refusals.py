"""Errors for what a spec cannot express of a module: they name its part, the operation and the line."""

from __future__ import annotations

from cnncalc.core.errors import SpecError
from cnncalc.model.from_torch.own_gradients import OwnGradient
from cnncalc.model.from_torch.traced_modules import module_path

NO_LAYER = "no layer of a spec computes it"
"""Why a call is refused that nothing reads."""


def cannot_say(path: str, operation: str, why: str = "", hints: tuple[str, ...] = (), line: str = "") -> SpecError:
    """Make the error for what the language has no word for; a path is one of the trace."""
    where = module_path(path)
    reason = f": {why}" if why else ""
    place = (f" in `{where}`" if where else "") + (f" ({line})" if line else "")
    return SpecError("cannot-import", f"a spec cannot express {operation}{place}{reason}", hints=hints)


def own_gradient(path: str, function: OwnGradient) -> SpecError:
    """Make the error for a function whose gradient is its own, and that computes what no layer does."""
    why = "it has a gradient of its own, and computes no layer of a spec"
    return cannot_say(path, f"torch.autograd.Function `{function.name}`", why, line=function.line)
