"""Which tensors of a module its layers use: what they learn, and what they keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import nn

from cnncalc.core.words import listed
from cnncalc.layers.written import Unsayable
from cnncalc.model.from_torch.computed import operations_of
from cnncalc.model.from_torch.operations import Learned
from cnncalc.model.from_torch.traced_modules import module_path
from cnncalc.model.from_torch.values import Tensor

RUNNING = ("running_mean", "running_var")
"""What a layer keeps and does not learn."""

ROLES = ("weight", "bias", *RUNNING)
"""What the tensors of a layer are called, in a module and in what is built of a spec."""


class Weights:
    """The tensors that have been used so far, those of the call that is being read, and what has to be noted."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.used: dict[int, bool] = {}  # parameters, and whether a layer's weights are computed from them
        self.paths: dict[int, str] = {}
        self.learned: list[Learned] = []
        self.notes: list[str] = []

    def mark(self) -> tuple[int, int, int]:
        """Return how much has been noted, for `back_to`."""
        return len(self.used), len(self.learned), len(self.notes)

    def back_to(self, mark: tuple[int, int, int]) -> None:
        """Forget what has been noted since."""
        while len(self.used) > mark[0]:
            self.used.popitem()
        del self.learned[mark[1] :]
        del self.notes[mark[2] :]

    def release(self, tensors: Iterable[torch.Tensor]) -> None:
        """Forget that parameters have been used, since what was read of them is read anew, as one layer."""
        for tensor in tensors:
            self.used.pop(id(tensor), None)

    def taken(self) -> tuple[Learned, ...]:
        """Return the tensors of the call that has been read; the next call has others."""
        learned, self.learned = tuple(self.learned), []
        return learned

    def learn(self, tensor: Tensor, role: str) -> None:
        """Note that a layer learns a parameter, or what the module computes from some."""
        if not tensor.learned:
            raise a_constant(f"{role} {tensor.name}" if tensor.path else role)
        steps = () if tensor.path else tensor.steps
        for path, parameter in tensor.learned.items():
            part = bool(steps) and tensor.value.numel() < parameter.numel()  # others may have the other parts
            if not part or not self.used.get(id(parameter), False):
                self._use(parameter, f"`{module_path(path)}`", computed=bool(steps))
        if steps:
            how = ", ".join(operations_of(steps))
            self.notes.append(f"{tensor.name} is computed in the module ({how}), and is a plain {role} in the spec")
        path = self.paths.setdefault(id(tensor.value), tensor.path) if tensor.path else ""
        self.learned.append(Learned(role, path, tensor.value.numel(), steps))

    def keep(self, tensor: Tensor, role: str) -> None:
        """Note that a layer keeps a running statistic, or constants that are not written out."""
        self.learned.append(Learned(role, tensor.path, 0, () if tensor.path else tensor.steps))

    def keep_own(self, path: str, role: str) -> None:
        """Note that a layer keeps constants of its module, which stand under a path of the trace."""
        self.learned.append(Learned(role, path, 0))

    def learn_module(self, module: nn.Module, path: str) -> None:
        """Note the tensors of a module that is one layer and stands under a path of the trace."""
        for name, parameter in module.named_parameters():
            computed = name not in module._parameters
            self._use(parameter, f"`{module_path(f'{path}.{name}')}`", computed=computed)
        for role in ROLES:
            value = getattr(module, role, None)
            if not isinstance(value, torch.Tensor):
                continue
            if role not in RUNNING and is_constant(module, role):
                continue  # its layer says so (`fixed`), or refuses it
            if role not in RUNNING and role not in module._parameters:
                self._note_computed(module, f"`{module_path(f'{path}.{role}')}`", role)
            known = (
                self.paths.setdefault(id(value), f"{path}.{role}") if role in module._parameters else f"{path}.{role}"
            )
            self.learned.append(Learned(role, known, 0 if role in RUNNING else value.numel()))

    def unused(self) -> tuple[str, ...]:
        """Return the parameters of the module that no layer learns."""
        return tuple([path for path, tensor in self.module.named_parameters() if id(tensor) not in self.used])

    def all_notes(self) -> tuple[str, ...]:
        """Return the notes, with one on parameters that the module does not train."""
        named = [(path, tensor) for path, tensor in self.module.named_parameters() if id(tensor) in self.used]
        frozen = {path.rpartition(".")[0] or path: None for path, tensor in named if not tensor.requires_grad}
        notes = dict.fromkeys(self.notes)
        if not frozen:
            return tuple(notes)
        return (*notes, f"frozen in the module (requires_grad=False), and learned in the spec: {listed(frozen)}")

    def _note_computed(self, module: nn.Module, name: str, role: str) -> None:
        """Note that a layer's weights are computed from other parameters whenever it is called."""
        how = _computed_by(module, role)
        self.notes.append(f"{name} is computed in the module ({how}), and is a plain weight in the spec")

    def _use(self, tensor: torch.Tensor, name: str, *, computed: bool) -> None:
        if computed or self.used.get(id(tensor), False):
            self._refuse_again(tensor, name)
        self.used[id(tensor)] = computed

    def _refuse_again(self, tensor: torch.Tensor, name: str) -> None:
        if id(tensor) in self.used:
            raise Unsayable(f"it uses {name} again, and layers of a spec share weights that they learn as they are")


def a_constant(what: str) -> Unsayable:
    """Make the refusal of a tensor that is a constant where a layer learns one."""
    return Unsayable(f"its {what} is a constant of the module, and what a spec has is learned")


def is_constant(module: nn.Module, role: str) -> bool:
    """Say whether a tensor of a module is neither a parameter nor computed from some."""
    return role not in module._parameters and not _computed_by(module, role)


def computing_hook(root: nn.Module, path: str) -> Callable[[], torch.Tensor] | None:
    """Return what computes a tensor that a hook sets before each call, as ``weight_norm`` does; None for another."""
    owner, _, role = path.rpartition(".")
    module = root.get_submodule(owner) if role in ROLES else root
    hooks = [hook for hook in module._forward_pre_hooks.values() if getattr(hook, "name", "") == role]
    if not role or role in module._parameters or not hooks:
        return None

    def value() -> torch.Tensor:
        for hook in hooks:
            hook(module, ())
        return getattr(module, role)  # type: ignore[no-any-return]  # a tensor

    return value


def _computed_by(module: nn.Module, role: str) -> str:
    """Return what computes a tensor of a module from parameters, such as ``WeightNorm``; "" for nothing."""
    chains = getattr(module, "parametrizations", {})
    if role in chains:
        return ", ".join([type(part).__name__.lstrip("_") for part in chains[role]])
    hooks = [type(hook).__name__ for hook in module._forward_pre_hooks.values()]
    computed = any(name.startswith(f"{role}_") for name in module._parameters)
    return (", ".join(hooks) or "a hook") if computed else ""
