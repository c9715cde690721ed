"""Checkpoints: whole or recognised, and data only."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save
from torch import nn

from cnncalc.core.writing import WriteError
from cnncalc.train.checkpoints.checkpoint import (
    has_checkpoint,
    optimizer_tensors,
    read_newest,
    restore_module,
    restore_optimizer,
    write_checkpoint,
)
from cnncalc.train.checkpoints.tensor_file import Checkpoint, Packed, pack, unpack

Complaint = Callable[..., str]
FOLDER = "checkpoints"


def checkpoint(step: int) -> Checkpoint:
    tensors = {"model.weight": torch.arange(4.0) + step, "optimizer.0.step": torch.tensor(float(step))}
    return Checkpoint(tensors, {"progress": {"step": step, "rows": [], "note": "Köln"}})


def equal(one: Checkpoint, other: Checkpoint) -> bool:
    same = {name: torch.equal(value, other.tensors[name]) for name, value in one.tensors.items()}
    return one.facts == other.facts and one.tensors.keys() == other.tensors.keys() and all(same.values())


def names(folder: str = FOLDER) -> list[str]:
    return sorted(path.name for path in Path(folder).iterdir())


@pytest.fixture
def two(folder: Path) -> list[Path]:
    """Two checkpoints, the older one first."""
    for step in (5, 10):
        write_checkpoint(FOLDER, step, checkpoint(step))
    return [folder / FOLDER / name for name in names()]


# ---- whole


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64, torch.bool])
def test_what_is_packed_is_unpacked(dtype: torch.dtype) -> None:
    """All types of numbers, and layouts that are not contiguous."""
    values = (torch.randn(3, 4, generator=torch.Generator().manual_seed(0)) * 10).to(dtype).T
    again = unpack(pack({"x": values}, {"a": [1, None, 2.5]}))
    assert again.facts == {"a": [1, None, 2.5]}
    assert again.tensors["x"].dtype == dtype
    assert torch.equal(again.tensors["x"], values)


def test_the_bytes_are_those_of_the_safetensors_package() -> None:
    """Its order of tensors, its alignment and its header; a number, an empty tensor and one that is not contiguous."""
    types = [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16]
    tensors = {f"{place}": torch.ones(place, 3).T.to(dtype) for place, dtype in enumerate(types)}
    others = {"Köln": torch.tensor(3), "u": torch.ones(5, dtype=torch.uint8), "b": torch.ones(3, dtype=torch.bool)}
    tensors = {**others, **tensors, "i": torch.ones(1, dtype=torch.int8), '"': torch.tensor(2.5)}
    whole = {name: value.contiguous() for name, value in tensors.items()}
    assert pack(tensors, {"a": "Köln"}) == save(whole, {"cnncalc": json.dumps({"a": "Köln"})})


def test_a_checkpoint_is_written_a_tensor_at_a_time() -> None:
    """Nothing is held that is as large as the file: what is written are views of the tensors themselves."""
    large = torch.ones(1000)
    _, *chunks = Packed({"x": large, "y": large}, {}).chunks()
    before = [bytes(chunk[:4]) for chunk in chunks]
    large.zero_()
    assert [bytes(chunk[:4]) for chunk in chunks] == [bytes(4)] * 2 != before


def test_two_checkpoints_are_kept(folder: Path) -> None:
    for step in (1, 2, 3, 40):
        write_checkpoint(FOLDER, step, checkpoint(step))
        assert equal(read_newest(FOLDER)[0], checkpoint(step))
    assert [name[:15] for name in names()] == ["step-0000000003", "step-0000000040"]
    assert read_newest(FOLDER)[1] == []


@pytest.mark.parametrize("newer", [0, 1])
@pytest.mark.parametrize("backwards", [False, True])
def test_of_one_step_the_one_written_last_counts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, newer: int, backwards: bool
) -> None:
    """A run that is continued right at its end writes its last step again.

    Neither the hashes in the names nor the order in which the disk lists them decides.
    """
    made = [Checkpoint({"model.weight": torch.zeros(1)}, {"number": number}) for number in range(2)]
    for number, one in enumerate(made):
        write_checkpoint(FOLDER, 10, one)
        [path] = [Path(FOLDER, name) for name in names() if f"{Packed(*one).digest()}" in name]
        os.utime(path, ns=(0, 10**9 + (number == newer)))
    listed = sorted(names(), reverse=backwards)
    monkeypatch.setattr(os, "listdir", lambda path: listed)
    assert equal(read_newest(FOLDER)[0], made[newer])


def test_without_checkpoints(folder: Path, complaint: Complaint) -> None:
    assert not has_checkpoint(FOLDER)
    assert complaint(read_newest, FOLDER) == "error[no-checkpoint]: there is no checkpoint in checkpoints"


# ---- damaged

DAMAGED = "{path} is damaged: its content does not match its name; the one before it is used"


def damaged_at(path: Path, place: int, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "cut off":
        path.write_bytes(data[:place])
        return
    data[place] ^= 1
    path.write_bytes(data)


@pytest.mark.slow
@given(share=st.floats(0, 1, exclude_max=True), how=st.sampled_from(["cut off", "changed"]))
def test_damage_at_any_byte_is_recognised(tmp_path_factory: pytest.TempPathFactory, share: float, how: str) -> None:
    """The one before it is used, and the note names the file."""
    place = tmp_path_factory.mktemp("damage")
    for step in (5, 10):
        write_checkpoint(str(place), step, checkpoint(step))
    path = place / names(str(place))[1]
    damaged_at(path, int(share * path.stat().st_size), how)
    found, notes = read_newest(str(place))
    assert equal(found, checkpoint(5))
    assert notes == [DAMAGED.format(path=path)]


def test_where_none_is_whole_the_error_says_what_is_wrong_with_each(two: list[Path], complaint: Complaint) -> None:
    damaged_at(two[0], 3, "cut off")
    two[1].write_bytes(b"")
    wrong = "is damaged: its content does not match its name"
    assert complaint(read_newest, FOLDER) == (
        "error[bad-checkpoint]: no checkpoint in checkpoints is whole\n"
        f"  = {FOLDER}/{two[1].name} {wrong}\n"
        f"  = {FOLDER}/{two[0].name} {wrong}"
    )


def test_a_folder_in_place_of_a_checkpoint(two: list[Path]) -> None:
    two[1].unlink()
    two[1].mkdir()
    found, notes = read_newest(FOLDER)
    assert equal(found, checkpoint(5))
    assert notes == [
        f"{FOLDER}/{two[1].name} is damaged: it is a folder, a device or a pipe; the one before it is used"
    ]


@given(st.binary(max_size=200) | st.binary(max_size=40).map(lambda text: len(text).to_bytes(8, "little") + text))
def test_other_bytes_are_refused(data: bytes) -> None:
    """Whatever they are: one kind of error."""
    with pytest.raises(ValueError, match=r"."):
        unpack(data)


@given(place=st.floats(0, 1, exclude_max=True), value=st.integers(0, 255))
def test_changed_bytes_are_data_or_refused(place: float, value: int) -> None:
    """Weights have no hash in their name; a changed file is another file of numbers, or none."""
    data = bytearray(pack(*checkpoint(3)))
    data[int(place * len(data))] = value
    with suppress(ValueError):
        assert isinstance(unpack(bytes(data)), Checkpoint)


@pytest.mark.parametrize("facts", ["[]", "3", '"text"', "no JSON", "[" * 100_000])
def test_facts_that_are_no_object_are_refused(facts: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(save({"x": torch.zeros(1)}, {"cnncalc": facts}))


# ---- from strangers


class Trap:
    """What pickle would run."""

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, ("sprung",)


def test_a_pickle_is_refused_and_not_run(two: list[Path], complaint: Complaint) -> None:
    """Even under a name that has its own hash."""
    torch.save({"x": Trap()}, "trap.pt")
    traps = [pickle.dumps(Trap()), Path("trap.pt").read_bytes()]
    for data in traps:
        with pytest.raises(ValueError, match="header"):
            unpack(data)
    for path, data in zip(two, traps, strict=True):
        name = f"{path.name[:16]}{blake2b(data, digest_size=16).hexdigest()}.ckpt"
        path.unlink()
        path.with_name(name).write_bytes(data)
    text = complaint(read_newest, FOLDER)
    assert text.startswith("error[bad-checkpoint]: no checkpoint in checkpoints is whole\n")
    assert text.count("header") == 2
    assert not Path("sprung").exists()


@pytest.mark.parametrize(
    ("other", "name"),
    [(nn.Linear(3, 3), "weight"), (nn.Linear(4, 3, bias=False), "bias"), (nn.PReLU(4), "weight")],
)
def test_weights_of_another_network_are_refused(complaint: Complaint, other: nn.Module, name: str) -> None:
    assert complaint(restore_module, nn.Linear(4, 3), other.state_dict(), "best.safetensors") == (
        f"error[other-weights]: best.safetensors holds the weights of another network: `{name}` does not match"
    )


# ---- optimizers


@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.AdamW, torch.optim.Adadelta, torch.optim.RMSprop])
def test_an_optimizer_goes_on_where_it_was(kind: Callable[..., torch.optim.Optimizer]) -> None:
    """Through the bytes of a checkpoint: to the bit what goes on without one."""

    def stepped(module: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> None:
        for step in steps:
            for parameter in module.parameters():
                parameter.grad = torch.randn(parameter.shape, generator=torch.Generator().manual_seed(step))
            optimizer.step()

    torch.manual_seed(0)
    named = {"momentum": 0.9} if kind in (torch.optim.SGD, torch.optim.RMSprop) else {}
    whole = nn.Linear(4, 3)
    optimizer = kind(whole.parameters(), lr=0.1, **named)
    stepped(whole, optimizer, range(3))

    kept = unpack(pack(optimizer_tensors(optimizer), json.loads("{}"))).tensors
    again = nn.Linear(4, 3)
    restore_module(again, whole.state_dict(), "it")
    other = kind(again.parameters(), lr=0.1, **named)
    restore_optimizer(other, kept, ("step",))
    stepped(whole, optimizer, range(3, 6))
    stepped(again, other, range(3, 6))
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), again.parameters(), strict=True))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("0.momentum_buffer", torch.zeros(3)),
        ("0.momentum_buffer", torch.zeros(())),
        ("0.momentum_buffer", torch.zeros(4, 3)),
        ("0.step", torch.zeros(0)),
        ("2.momentum_buffer", torch.zeros(3)),
        ("x.momentum_buffer", torch.zeros(3)),
        ("-1.momentum_buffer", torch.zeros(3)),
        ("", torch.zeros(3)),
    ],
)
def test_a_state_of_another_shape_is_refused(complaint: Complaint, name: str, value: torch.Tensor) -> None:
    """PyTorch's fused kernels would read and write beyond it."""
    module = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(module.parameters(), 0.1, 0.9, fused=True)
    assert complaint(restore_optimizer, optimizer, {name: value}, ("step",)) == (
        f"error[other-weights]: the checkpoint holds the state of another optimizer: `{name}` does not match"
    )


# ---- a full disk


def test_a_full_disk_leaves_the_earlier_checkpoints(two: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, os.strerror(28))

    before = {path.name: path.read_bytes() for path in two}
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(WriteError, match=r"^cannot write `checkpoints/step-0000000020-\w{32}.ckpt`: No space left on"):
        write_checkpoint(FOLDER, 20, checkpoint(20))
    assert {path.name: path.read_bytes() for path in Path(FOLDER).iterdir()} == before
