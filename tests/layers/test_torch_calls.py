"""What layers say of PyTorch's modules and functions is what PyTorch says."""

from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest
from torch.nn import functional

from cnncalc.layers import layers
from cnncalc.layers.torch_calls import Signature, TorchCall, signatures
from cnncalc.model.from_torch.call import Call

CALLS = [call for layer in layers() for call in signatures(vars(layer).get("torch_calls", ()))]


def test_a_line_declares_several_calls():
    """Names that share their arguments, in up to three dimensions."""
    plain, one, *_ = signatures(["torch.nn.Dropout dropout{n}d(p=0.5, mode='row', *rest)"])
    assert plain == Signature("torch.nn.Dropout", ("*rest", "p", "mode"), {"p": 0.5, "mode": "row"})
    assert (one.name, one.is_module, plain.is_module) == ("dropout1d", False, True)


def declared(thing: Any) -> dict[str, Any]:
    """Return the arguments that a class or a function declares, with their values."""
    return {name: argument.default for name, argument in inspect.signature(thing).parameters.items()}


@pytest.mark.parametrize("call", [call for call in CALLS if call.name.startswith("torch.nn.")], ids=lambda c: c.name)
def test_modules_are_declared_as_pytorch_has_them(call: Signature):
    """The names of their arguments, the order of those without a value, and the values of the others."""
    names = declared(getattr(sys.modules["torch.nn"], call.name.removeprefix("torch.nn.")))
    needed = [name for name in call.arguments if name not in call.usual]
    assert needed == list(names)[: len(needed)]
    assert {name: names.get(name) for name in call.usual} == call.usual


@pytest.mark.parametrize("call", [call for call in CALLS if not call.is_module], ids=lambda c: c.name)
def test_functions_are_declared_as_pytorch_has_them(call: Signature):
    """The same for those of `torch.nn.functional` that are written in Python: the first argument is the tensor."""
    function = getattr(functional, call.name, None)
    names = list(declared(function).items())[1:] if inspect.isfunction(function) else []
    if [name for name, _ in names] in ([], ["kwargs"]) or call.name == "boolean_dispatch":
        pytest.skip("it tells nothing about its arguments")
    assert [(name, call.usual.get(name, inspect.Parameter.empty)) for name in call.arguments] == names


def test_what_is_handed_to_layers_has_all_that_is_promised():
    """The names and the arguments of the protocol are those of the class."""
    promised = {name: thing for name, thing in vars(TorchCall).items() if inspect.isfunction(thing) and name[0] != "_"}
    assert len(promised) > 15
    assert set(inspect.get_annotations(TorchCall)) <= {*dir(Call), *inspect.get_annotations(Call)}
    for name, method in promised.items():
        given = [*inspect.signature(getattr(Call, name)).parameters]
        assert given[: len(given) if "how" not in inspect.signature(method).parameters else 4] == [
            argument for argument in inspect.signature(method).parameters if argument != "how"
        ]
