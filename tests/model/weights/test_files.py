"""Files of weights: every form gives the same tensors, and nothing in a file is run."""

from __future__ import annotations

import argparse
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from cnncalc.core.errors import SpecError
from cnncalc.model.weights.files import HOLDERS, WRAPPERS, read_weights


def small() -> dict[str, Tensor]:
    """Return the weights of a small module."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).state_dict()


def equal(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> bool:
    """Say whether names, their order and values are the same."""
    return list(found) == list(wanted) and all(torch.equal(found[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("a.pt", lambda path: torch.save(small(), path)),
        ("a.pth", lambda path: torch.save(small(), path, _use_new_zipfile_serialization=False)),
        ("a.npz", lambda path: np.savez(path, **{name: value.numpy() for name, value in small().items()})),
    ],
)
def test_every_form_gives_the_same_tensors(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    write(tmp_path / name)
    assert equal(read_weights(str(tmp_path / name)), small())


def test_safetensors_give_the_same_tensors(tmp_path: Path) -> None:
    """Their order in the file is that of types and names."""
    save_file(small(), tmp_path / "a.safetensors")
    found = read_weights(str(tmp_path / "a.safetensors"))
    assert equal({name: found[name] for name in small()}, small())


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_weights_are_taken_out_of_what_training_scripts_save(tmp_path: Path, holder: str, wrapper: str) -> None:
    held = {wrapper + name: value for name, value in small().items()}
    torch.save({"epoch": 3, holder: held, "optimizer": {"state": {}}}, tmp_path / "a.pt")
    assert equal(read_weights(str(tmp_path / "a.pt")), small())


@pytest.mark.parametrize("holder", ["ema_state_dict", "ema", "model_state", "teacher"])
def test_a_dictionary_of_tensors_is_opened_whatever_it_is_called(tmp_path: Path, holder: str) -> None:
    momentum = {"state": {0: {"momentum_buffer": torch.zeros(2)}}, "param_groups": []}
    held = {"epoch": torch.tensor(3), "optimizer": momentum, holder: small()}
    torch.save(held, tmp_path / "a.pt")
    assert equal(read_weights(str(tmp_path / "a.pt")), small())


@pytest.mark.parametrize("older", [False, True])
def test_options_and_numbers_beside_the_weights_are_data(tmp_path: Path, older: bool) -> None:
    """As torchvision's references and many others keep them."""
    options = argparse.Namespace(lr=0.1, betas=(0.9, 0.99), data=None)
    beside = {"args": options, "best": np.float64(93.5), "epoch": np.int64(3), "done": np.bool_(True)}
    torch.save({"model": small(), **beside}, tmp_path / "a.pth", _use_new_zipfile_serialization=not older)
    assert equal(read_weights(str(tmp_path / "a.pth")), small())


@pytest.mark.parametrize("name", ["model_best.pth.tar", "weights", "a.pkl", "a.model"])
@pytest.mark.parametrize(
    "write",
    [
        lambda path: torch.save({"state_dict": small()}, path),
        lambda path: torch.save(small(), path, _use_new_zipfile_serialization=False),
    ],
)
def test_names_with_other_endings(tmp_path: Path, name: str, write: Callable[[Path], None]) -> None:
    """PyTorch's own example for ImageNet writes `model_best.pth.tar`."""
    write(tmp_path / name)
    assert equal(read_weights(str(tmp_path / name)), small())


def test_other_kinds_without_an_ending(tmp_path: Path) -> None:
    save_file(small(), tmp_path / "weights")
    assert read_weights(str(tmp_path / "weights")).keys() == small().keys()
    with (tmp_path / "arrays").open("wb") as file:
        np.savez(file, **{name: value.numpy() for name, value in small().items()})
    assert equal(read_weights(str(tmp_path / "arrays")), small())


class Bomb:
    """Something that would write a file when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, ("exploded", "w")


@pytest.mark.parametrize(
    "write",
    [
        lambda path: torch.save({"a": Bomb()}, path),
        lambda path: torch.save({"args": argparse.Namespace(a=Bomb())}, path),
        lambda path: torch.save(nn.Conv2d(3, 4, 3), path),
        lambda path: path.write_bytes(pickle.dumps(Bomb())),
    ],
    ids=["an object", "in options", "a whole module", "a pickle"],
)
def test_nothing_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path], None]) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.pt")
    with pytest.raises(SpecError) as caught:
        read_weights("a.pt")
    assert caught.value.message == "`a.pt` holds more than weights, and reading it could run code"
    assert not (tmp_path / "exploded").exists()


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (
            "a.txt",
            b"",
            "`a.txt` is not a file of weights: its name ends in none of .safetensors, .pt, .pth, .bin, .ckpt,",
        ),
        ("a.pt", b"", "cannot read the weights in `a.pt`: it is empty"),
        (
            "a.pth",
            b"\n<!DOCTYPE html><html>",
            "cannot read the weights in `a.pth`: it is a web page in place of the file: download that again",
        ),
        (
            "a.safetensors",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 3\n",
            "cannot read the weights in `a.safetensors`: it is a pointer of Git LFS in place of the file: "
            "fetch that with git lfs pull",
        ),
        ("a", b"hello", "`a` is not a file of weights: its name ends in none of .safetensors, .pt, .pth,"),
        ("a.pt", b"PK\3\4 and so on", "`a.pt` is damaged: "),
        ("a.npz", b"PK\3\4 and so on", "`a.npz` is damaged: "),
        ("a.npz", pickle.dumps([1]), "`a.npz` is damaged: "),
        ("a.safetensors", bytes([255] * 20), "`a.safetensors` is damaged: "),
    ],
)
def test_what_is_no_file_of_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: bytes, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(data)
    with pytest.raises(SpecError) as caught:
        read_weights(name)
    assert caught.value.message.startswith(message)


WRITERS: dict[str, Callable[[dict[str, Tensor], Path], None]] = {
    ".pt": torch.save,
    ".npz": lambda held, path: np.savez(path, **{name: value.numpy() for name, value in held.items()}),
    ".safetensors": save_file,
}


def test_every_cut_and_many_changes_are_one_error(tmp_path: Path) -> None:
    """A file that lost its end, or a byte of which is another, is read or refused; nothing else happens."""
    generator = torch.Generator().manual_seed(0)
    for name in ("a.pt", "a.npz", "a.safetensors"):
        path = tmp_path / name
        WRITERS[path.suffix](small(), path)
        whole = path.read_bytes()
        for _ in range(60):
            place, value = (int(torch.randint(size, (), generator=generator)) for size in (len(whole), 256))
            for data in (whole[:place], whole[:place] + bytes([value]) + whole[place + 1 :]):
                path.write_bytes(data)
                try:
                    read_weights(str(path))
                except SpecError as error:
                    assert error.code in ("bad-weights", "no-weights")


@pytest.mark.parametrize("name", ["a.npz", "a.pt"])
def test_an_archive_that_would_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Zeros are packed to a thousandth: a small file of them can ask for any memory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("cnncalc.model.weights.files.MOST_UNPACKED", 2**20)
    WRITERS[Path(name).suffix]({"a": torch.zeros(2**21)}, Path(f"whole-{name}"))
    assert read_weights(f"whole-{name}")["a"].numel() == 2**21
    with zipfile.ZipFile(f"whole-{name}") as whole, zipfile.ZipFile(name, "w", zipfile.ZIP_DEFLATED) as packed:
        for member in whole.infolist():
            packed.writestr(member.filename, whole.read(member))
        unpacked = sum(member.file_size for member in whole.infolist())
    times = f"{unpacked // Path(name).stat().st_size:,}"
    with pytest.raises(SpecError) as caught:
        read_weights(name)
    assert caught.value.message == f"`{name}` unpacks to 8.0 MiB, {times} times its size, and would fill the memory"


@pytest.mark.parametrize(
    ("held", "message"),
    [
        ([torch.ones(3)], "`a.pt` holds a list, not weights by their names"),
        ({"epoch": 3}, "`a.pt` holds no tensors"),
        ({"a": torch.ones(3).to_sparse()}, "`a` in `a.pt` is not a tensor of plain numbers"),
    ],
)
def test_what_holds_no_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: object, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save(held, "a.pt")
    with pytest.raises(SpecError) as caught:
        read_weights("a.pt")
    assert caught.value.message == message


def test_files_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder.pt").mkdir()
    for name, reason in (("no.pt", "No such file or directory"), ("folder.pt", "it is a folder, a device or a pipe")):
        with pytest.raises(SpecError) as caught:
            read_weights(name)
        assert caught.value.message == f"cannot read the weights in `{name}`: {reason}"
