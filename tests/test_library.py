"""The library keeps its promises: a wrong argument is refused by name, with a documented error."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

import cnncalc
from cnncalc import ArgumentError, ArgumentTypeError, DeviceError, RunError, SpecError
from cnncalc.analysis.memory import TrainingSetup
from tests.refusals import assert_refused

NET = cnncalc.load("input 8x8x3, conv 3x3x4 p1 - relu - fc 10")
TYPES = "bf16, float32, float64, fp16, int8"


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: cnncalc.count(NET, batch=-1), ArgumentError, "batch is at least 1, not -1"),
        (lambda: cnncalc.count(NET, batch=1.5), ArgumentTypeError, "batch is a whole number, not 1.5 (a float)"),
        (
            lambda: cnncalc.count(NET, batch=2.0),
            ArgumentTypeError,
            "batch is a whole number, not 2.0 (a float)\n  = write 2",
        ),
        (lambda: cnncalc.count(NET, batch=True), ArgumentTypeError, "batch is a whole number, not True (a bool)"),
        (
            lambda: cnncalc.count(NET, dtype="foo"),
            ArgumentError,
            f"there is no precision `foo`\n  = there are {TYPES}",
        ),
        (lambda: cnncalc.count(NET, precision=None), ArgumentTypeError, f"precision is one of {TYPES}, not None"),
        (lambda: NET.to_json(batch=0), ArgumentError, "batch is at least 1, not 0"),
        (
            lambda: cnncalc.count("vgg16"),
            ArgumentTypeError,
            "network is a Network, not a str\n  = load it first: cnncalc.load(spec)",
        ),
        (
            lambda: cnncalc.largest_batch(NET, 1e9),
            ArgumentTypeError,
            "budget_bytes is a whole number, not 1000000000.0 (a float)\n  = write 1000000000",
        ),
        (lambda: cnncalc.largest_batch(NET, -1), ArgumentError, "budget_bytes is at least 0, not -1"),
        (
            lambda: cnncalc.largest_batch(NET, "8GB"),
            ArgumentTypeError,
            "budget_bytes is a whole number, not '8GB' (a str)",
        ),
        (
            lambda: cnncalc.predict_memory(NET, ema="no"),
            ArgumentTypeError,
            "ema is True or False, not 'no' (a str)",
        ),
        (
            lambda: cnncalc.predict_memory(NET, momentum="0.9"),
            ArgumentTypeError,
            "momentum is a number, not '0.9' (a str)",
        ),
        (
            lambda: cnncalc.predict_memory(NET, workspace_bytes=-1),
            ArgumentError,
            "workspace_bytes is at least 0, not -1",
        ),
        (
            lambda: cnncalc.load(7),
            ArgumentTypeError,
            "an int is not a spec\n  = give a text, the path of a file, or a name of the zoo",
        ),
        (
            lambda: cnncalc.load("relu", input=8),
            ArgumentTypeError,
            'the input, an int, is not a volume\n  = write input="32x32x3" or input=(32, 32, 3)',
        ),
        (
            lambda: cnncalc.load("relu", rounding="up"),
            ArgumentError,
            "there is no rounding 'up'\n  = choose strict, floor or ceil",
        ),
        (lambda: cnncalc.build(NET, seed=1.5), ArgumentTypeError, "seed is a whole number, not 1.5 (a float)"),
        (
            lambda: cnncalc.build(NET, device=3.5),
            ArgumentTypeError,
            "device is a name or a torch.device, not a float",
        ),
        (
            lambda: cnncalc.from_torch(nn.ReLU, "8x8x3"),
            ArgumentTypeError,
            "module is a torch.nn.Module, not a type\n  = make one: ReLU()",
        ),
    ],
)
def test_a_wrong_argument_is_refused_by_name(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    assert_refused(call, kind, message)


def test_a_device_that_is_not_there() -> None:
    """It is a RuntimeError, as in PyTorch."""
    with pytest.raises(DeviceError, match=r"^PyTorch has no device `foo` here: Expected one of cpu, cuda") as raised:
        cnncalc.build(NET, device="foo")
    assert isinstance(raised.value, RuntimeError)


def test_training_on_a_device_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written before the device is known."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"PyTorch finds no CUDA GPU here|this PyTorch was built without CUDA"):
        cnncalc.train_network(NET, data="synthetic", device="cuda", out=tmp_path / "run", quiet=True)
    with pytest.raises(DeviceError, match="there is no device `tpu`"):
        cnncalc.train_network(NET, data="synthetic", device="tpu", out=tmp_path / "run", quiet=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_no_run_and_takes_none(tmp_path: Path) -> None:
    """It is a RuntimeError, and no fault of the spec."""
    (tmp_path / "notes.txt").write_text("mine\n")
    with pytest.raises(RunError, match=r"is not a training run: it has no run\.json"):
        cnncalc.load_run(tmp_path)
    with pytest.raises(RunError, match="there is something in "):
        cnncalc.train_network(NET, data="synthetic", device="cpu", out=tmp_path, quiet=True)
    assert not issubclass(RunError, cnncalc.SpecError)


def test_networks_can_be_keys() -> None:
    """Each is itself alone, as two modules of PyTorch are."""
    one, other = cnncalc.load("relu", input="8x8x3"), cnncalc.load("relu", input="8x8x3")
    assert {one: 1, other: 2}[one] == 1
    assert one == one and one != other  # that is what is asked


def test_an_argument_that_there_is_not_is_python_s_own_error() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'foo'"):
        cnncalc.predict_memory(NET, foo=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'batch'"):
        cnncalc.largest_batch(NET, 10**9, batch=3)  # type: ignore[call-arg]


def test_whole_numbers_of_numpy_are_counted_exactly() -> None:
    """They would overflow if they were taken as they are."""
    assert cnncalc.count(NET, batch=np.int64(2**62)).activation_bytes == NET.activations * 4 * 2**62
    assert cnncalc.predict_memory(NET, batch=np.int32(2**31 - 1)).setup.batch == 2**31 - 1


@pytest.mark.parametrize("function", [cnncalc.predict_memory, cnncalc.largest_batch])
def test_the_keywords_are_the_settings(function: Callable[..., Any]) -> None:
    """Names, order and defaults of the keywords are those of the settings that they become."""
    found = {name: one.default for name, one in inspect.signature(function).parameters.items()}
    settings = {field.name: field.default for field in fields(TrainingSetup)}

    for name in ("network", "budget_bytes"):
        found.pop(name, None)
    if function is cnncalc.largest_batch:
        del settings["batch"]
    assert list(found.items()) == list(settings.items())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "text:1:1: the spec has no input volume\n  = put `input 224x224x3` in front"),
        (
            {"input": "8byx8"},
            "input:1:1: `8byx8` is not a volume\n  = write height x width x channels, such as 224x224x3",
        ),
    ],
)
def test_errors_of_the_library_speak_of_its_arguments(arguments: dict[str, Any], message: str) -> None:
    """Options of the command line are not named where there is no command line."""
    with pytest.raises(SpecError) as raised:
        cnncalc.load("relu", **arguments)
    assert str(raised.value) == message


def test_a_wrong_parameter_is_shown_where_it_was_handed_over() -> None:
    with pytest.raises(SpecError) as raised:
        cnncalc.load("param n = 4\ninput 8x8x1\nconv 1x1x{n}", params={"n": "2*"})
    assert str(raised.value).startswith("params['n']:1:3: ")
