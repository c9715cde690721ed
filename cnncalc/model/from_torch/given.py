"""What a module is traced on: the volume of each of its inputs, or tensors that show the shapes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import torch
from torch import nn

from cnncalc.core.errors import ArgumentTypeError, SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, type_text
from cnncalc.loading import read_input
from cnncalc.model.plan import argument

BATCH = 2
"""Images that a module is traced on. With one, a shape would not say where the images are."""

ModuleInput = Any
"""A volume, a tensor, or several of these: in the order of a module's forward, or by the names of its arguments."""

_TAKEN = re.compile(r"(?:skip|x|out|pool)[0-9]+")
"""Labels that an import writes."""

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class GivenInput(NamedTuple):
    """One input of a module.

    Attributes:
        argument: the argument of the module's forward; "" for one that goes by its place.
        name: what the spec calls it; "" where it is the only one.
        volume: its volume, for one image.
        vector: whether the module takes it as N x C, without positions.
        taken: the shape of one image as the module takes it, where that has fewer dimensions than the volume.
        shown: whether a tensor has shown its dimensions, so that there is no doubt about them.

    """

    argument: str
    name: str
    volume: Volume
    vector: bool = False
    taken: tuple[int, ...] = ()
    shown: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the tensor that the module takes."""
        if self.taken:
            return (BATCH, *self.taken)
        return (BATCH, self.volume.channels) if self.vector else self.built_shape

    @property
    def built_shape(self) -> tuple[int, ...]:
        """The shape of the tensor that a built network takes."""
        return (BATCH, self.volume.channels, *self.volume.spatial)

    @property
    def as_vector(self) -> GivenInput:
        """The same as N x C, where there is one position and no tensor has shown that the module takes it."""
        alone = not self.shown and self.volume.values == self.volume.channels
        return self._replace(volume=Volume((1, 1, self.volume.channels)), vector=True) if alone else self

    @property
    def of_one_channel(self) -> GivenInput:
        """The same tensor as a volume of one channel: N x C x L as an image of C rows, as sensors are often read."""
        return self._replace(volume=Volume.of(self.shape[1:], 1), vector=False, taken=self.shape[1:])


def given_inputs(module: nn.Module, input: ModuleInput) -> tuple[GivenInput, ...]:
    """Return the inputs of a module from what a person gives.

    Raises:
        SpecError: for what is no volume, and where the module takes other inputs.

    """
    arguments = _arguments(module)
    if isinstance(input, Mapping):
        return _checked(module, arguments, _of_mapping(arguments, input))
    listed = isinstance(input, Sequence) and not isinstance(input, str)
    if listed and not all(isinstance(each, Integral) for each in input):
        names = [*arguments, *[""] * len(input)] if len(input) > 1 else [""]
        return _checked(module, arguments, [(name, each) for name, each in zip(names, input, strict=False)])
    return _checked(module, arguments, [("", input)])


def _arguments(module: nn.Module) -> dict[str, inspect.Parameter]:
    """Return the arguments of a module's forward, by their names; {} where it does not say."""
    try:
        found = inspect.signature(module.forward).parameters
    except (TypeError, ValueError):
        return {}
    return {name: each for name, each in found.items() if each.kind in _BY_NAME}


def _of_mapping(arguments: Mapping[str, inspect.Parameter], given: Mapping[Any, Any]) -> list[tuple[str, Any]]:
    known = {name.lower(): name for name in arguments}
    pairs = []
    for name, each in given.items():
        argument = known.get(str(name).lower())
        if argument is None:
            takes = f"its forward takes {', '.join(arguments)}" if arguments else "its forward names no arguments"
            raise SpecError("unknown-name", f"the module has no input `{shorten(str(name))}`", hints=[takes])
        pairs.append((argument, each))
    return pairs


def _checked(
    module: nn.Module, arguments: Mapping[str, inspect.Parameter], pairs: Sequence[tuple[str, Any]]
) -> tuple[GivenInput, ...]:
    """Return inputs, of which there are as many as a module needs."""
    needed = [name for name, each in arguments.items() if each.default is inspect.Parameter.empty]
    if not pairs:
        raise SpecError("no-input", "no input is given", hints=["give its volume, such as 224x224x3"])
    missing = needed[1:] if [name for name, _ in pairs] == [""] else [n for n in needed if n not in dict(pairs)]
    if missing and all(name or len(pairs) == 1 for name, _ in pairs):
        wanted = " ".join([f"{name}=64x64x3" for name in needed])
        message = f"the module takes {len(needed)} inputs ({', '.join(needed)}), and {len(pairs)} is given"
        message = message if len(pairs) == 1 else message.replace(" is given", " are given")
        raise SpecError("no-input", message, hints=[f"give the volume of each, by its name: {wanted}"])
    if len(pairs) == 1:
        return (_given(pairs[0][0], "", pairs[0][1]),)
    names = _names([name for name, _ in pairs])
    return tuple([_given(argument, name, each) for (argument, each), name in zip(pairs, names, strict=True)])


def _given(argument: str, name: str, given: Any) -> GivenInput:
    """Return an input from the volume or the tensor that a person gives."""
    volume, vector = _volume(given)
    return GivenInput(argument, name, volume, vector, shown=isinstance(given, torch.Tensor))


def _names(arguments: Iterable[str]) -> list[str]:
    """Return names for a spec: in lower case, all different, and none that an import gives to labels."""
    found: list[str] = []
    for number, written in enumerate(arguments, 1):
        plain = written.rstrip("_")
        name = (plain if argument(plain) == written else written).lower() or f"input{number}"
        while name in found or _TAKEN.fullmatch(name):
            name += "_"
        found.append(name)
    return found


def _volume(given: Any) -> tuple[Volume, bool]:
    """Return a volume, and whether a tensor of two dimensions shows that it is a vector without positions."""
    if isinstance(given, torch.Tensor):
        if given.ndim < 2:
            hints = ["give one with images first: N x C x H x W"]
            message = f"an input has two dimensions or more, and this tensor has {given.ndim}"
            raise ArgumentTypeError("bad-volume", message, hints=hints)
        sizes = tuple(given.shape)
        return (Volume((1, 1, sizes[1])), True) if given.ndim == 2 else (Volume.of(sizes[2:], sizes[1]), False)
    inside = given.values() if isinstance(given, Mapping) else given if isinstance(given, list | tuple) else ()
    if any(isinstance(each, torch.Tensor | str | list | tuple | Mapping) for each in inside):
        hints = ["let `forward` take each as an argument of its own"]
        message = "an argument that holds several tensors is not read: each input of a spec is a tensor"
        raise ArgumentTypeError("bad-volume", message, hints=hints)
    if not isinstance(given, str | Sequence):
        hints = ["give volumes such as 224x224x3, or tensors"]
        raise ArgumentTypeError("bad-volume", f"the input, {type_text(given)}, is not a volume", hints=hints)
    return read_input(given), False  # type: ignore[arg-type]  # what is in it is checked there
