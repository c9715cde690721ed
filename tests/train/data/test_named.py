"""Data sets with a name: digits, MNIST, CIFAR, noise, and which one is picked where none is named."""

from __future__ import annotations

import hashlib
import pickle
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
import torchvision
from sklearn.datasets import load_digits

from cnncalc.train.data import dataset_names
from tests.train.data.files import NAMES, load, noise, write_mnist

Complaint = Callable[..., str]


def test_the_names() -> None:
    assert dataset_names() == ("digits", "mnist", "fashion-mnist", "cifar10", "cifar100", "synthetic")


# ---- digits


def test_digits_are_those_of_scikit_learn() -> None:
    """Every image stands in exactly one part; its values 0 to 16 have become 0 to 255."""
    dataset = load("digits", "8x8x1")
    ours = {
        (pixels.numpy().tobytes(), int(label))
        for split in (dataset.train, dataset.test)
        for batch in split.batches([torch.arange(len(split))])
        for pixels, label in zip(*batch, strict=True)
    }
    original = load_digits()
    scaled = np.rint(original.images / 16 * 255).astype(np.uint8)
    theirs = {(image.tobytes(), int(label)) for image, label in zip(scaled, original.target, strict=True)}

    assert ours == theirs
    assert (len(dataset.train), len(dataset.test)) == (1437, 360)
    assert 1437 + 360 == len(original.images) == 1797


def test_every_digit_is_split_in_the_same_proportion() -> None:
    dataset = load("digits", "8x8x1")
    train, test = (torch.bincount(split.labels).double() for split in (dataset.train, dataset.test))
    assert ((test / (train + test) - 0.2).abs() < 0.005).all()


def test_the_split_of_digits_is_always_the_same() -> None:
    """The checksum would tell of another split, which would make accuracies incomparable."""
    labels = load("digits", "8x8x1").test.labels.numpy().astype(np.uint8).tobytes()
    assert hashlib.md5(labels).hexdigest() == "7410e32652519d9d518ebe5fcc8237d4"


# ---- MNIST and Fashion-MNIST


@pytest.mark.parametrize(("name", "place"), [("mnist", "MNIST"), ("fashion-mnist", "FashionMNIST")])
def test_files_lie_where_torchvision_puts_them(folder: Path, name: str, place: str) -> None:
    write_mnist(folder / "data" / place / "raw")
    dataset = load(name, "28x28x1")
    theirs = getattr(torchvision.datasets, place)(str(folder / "data"))

    assert torch.equal(dataset.train.labels, theirs.targets)
    assert (dataset.name, dataset.where) == (name, f"data/{place}/raw")
    assert len(dataset.classes) == 10


def test_the_classes_of_clothes_have_names(folder: Path) -> None:
    write_mnist(folder / "data" / "FashionMNIST" / "raw")
    assert load("fashion-mnist", "28x28x1").classes[:3] == ("T-shirt/top", "Trouser", "Pullover")


def test_what_is_missing_is_not_downloaded_unless_asked(folder: Path, complaint: Complaint) -> None:
    assert complaint(load, "mnist", "28x28x1", folder="here") == (
        "error[no-such-data]: mnist is not there: its files are looked for in `here/MNIST/raw`\n"
        "  = `--download` gets them from the internet\n"
        "  = or put them there: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte,"
        " t10k-labels-idx1-ubyte\n"
        "  = or name another folder that holds them with `--data-folder`"
    )
    assert not (folder / "here").exists()


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(folder: Path) -> Iterator[str]:
    """The address of a server of this machine, for the files of the folder `mirror`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder / "mirror")))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join()


def serve_mnist(folder: Path, monkeypatch: pytest.MonkeyPatch, mirror: str, *, honest: bool = True) -> None:
    """Let torchvision's mirror of MNIST be a folder, with files that have the stated checksums or others."""
    write_mnist(folder / "mirror", packed=True)
    files = [(f"{name}.gz", (folder / "mirror" / f"{name}.gz").read_bytes()) for name in NAMES]
    sums = [(name, hashlib.md5(data if honest else b"").hexdigest()) for name, data in files]
    monkeypatch.setattr(torchvision.datasets.MNIST, "resources", sums)
    monkeypatch.setattr(torchvision.datasets.MNIST, "mirrors", [mirror])


def test_a_download_is_torchvision_s(
    folder: Path, mirror: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It comes from its mirrors, and standard output stays free for results."""
    serve_mnist(folder, monkeypatch, mirror)
    assert len(load("mnist", "28x28x1", folder="here", download=True).train) == 12
    assert len(load("mnist", "28x28x1", folder="here").train) == 12
    assert capsys.readouterr().out == ""


def test_a_download_with_another_checksum_is_refused(
    folder: Path, mirror: str, monkeypatch: pytest.MonkeyPatch, complaint: Complaint
) -> None:
    serve_mnist(folder, monkeypatch, mirror, honest=False)
    text = complaint(load, "mnist", "28x28x1", folder="here", download=True)
    assert text.startswith(
        "error[download-failed]: cannot download mnist to `here`: Error downloading train-images-idx3-ubyte.gz: Tried"
    )
    assert text.endswith("File not found or corrupted.")


# ---- CIFAR


def write_cifar(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str = "CIFAR10") -> Path:
    """Write small pickles as CIFAR has them, and let torchvision know their checksums."""
    reader = getattr(torchvision.datasets, kind)
    place = folder / reader.base_folder
    place.mkdir(parents=True)
    key = "labels" if kind == "CIFAR10" else "fine_labels"

    def written(name: str, content: object) -> tuple[str, str]:
        data = pickle.dumps(content)
        (place / name).write_bytes(data)
        return name, hashlib.md5(data).hexdigest()

    for files in ("train_list", "test_list"):
        parts = [{"data": noise(4, 3072, seed=seed), key: [0, 1, 2, 1]} for seed in range(len(getattr(reader, files)))]
        sums = [written(name, part) for (name, _), part in zip(getattr(reader, files), parts, strict=True)]
        monkeypatch.setattr(reader, files, [list(pair) for pair in sums])
    name, checksum = written(reader.meta["filename"], {reader.meta["key"]: ["cat", "dog", "ship"]})
    monkeypatch.setattr(reader, "meta", {**reader.meta, "filename": name, "md5": checksum})
    return place


@pytest.mark.parametrize(("name", "kind"), [("cifar10", "CIFAR10"), ("cifar100", "CIFAR100")])
def test_cifar_is_what_torchvision_reads(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str) -> None:
    write_cifar(folder / "data", monkeypatch, kind)
    dataset = load(name, "32x32x3")
    for split, training in ((dataset.train, True), (dataset.test, False)):
        theirs = getattr(torchvision.datasets, kind)("data", train=training)
        ((pixels, labels),) = split.batches([torch.arange(len(split))])
        assert (pixels.permute(0, 2, 3, 1).numpy() == theirs.data).all()
        assert labels.tolist() == theirs.targets
    assert dataset.classes == ("cat", "dog", "ship")


class Touch:
    """An object whose pickle makes a file when it is loaded."""

    def __reduce__(self) -> tuple[object, ...]:
        return (open, ("touched", "w"))


@pytest.mark.parametrize("name", ["data_batch_3", "test_batch", "batches.meta"])
def test_an_altered_pickle_is_never_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, complaint: Complaint, name: str
) -> None:
    """A stranger's file among the originals runs nothing, whichever it is."""
    place = write_cifar(folder / "data", monkeypatch)
    checksum = hashlib.md5((place / name).read_bytes()).hexdigest()
    (place / name).write_bytes(pickle.dumps(Touch()))

    assert complaint(load, "cifar10", "32x32x3") == (
        f"error[bad-data]: `data/cifar-10-batches-py/{name}` is not the original: its MD5 is not {checksum}\n"
        "  = delete it and get cifar10 again with `--download`; an altered file is never opened"
    )
    assert not (folder / "touched").exists()


@pytest.mark.parametrize("name", ["data_batch_3", "batches.meta"])
def test_neither_is_it_after_a_download(
    folder: Path, monkeypatch: pytest.MonkeyPatch, complaint: Complaint, name: str
) -> None:
    """A mirror that delivers something else is refused, and so is a file that lies beside what was downloaded."""
    place = write_cifar(folder / "data", monkeypatch)
    (place / name).write_bytes(pickle.dumps(Touch()))
    archive = folder / "data" / torchvision.datasets.CIFAR10.filename
    with tarfile.open(archive, "w:gz") as file:
        file.add(place, "cifar-10-batches-py")
    monkeypatch.setattr(torchvision.datasets.CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())

    text = complaint(load, "cifar10", "32x32x3", download=True)

    assert "corrupted" in text
    assert not (folder / "touched").exists()


def test_a_missing_cifar(folder: Path, complaint: Complaint) -> None:
    assert complaint(load, "cifar100", "32x32x3") == (
        "error[no-such-data]: cifar100 is not there: its files are looked for in `data/cifar-100-python`\n"
        "  = `--download` gets them from the internet\n"
        "  = or put them there: train, test, meta\n"
        "  = or name another folder that holds them with `--data-folder`"
    )


# ---- noise


def test_noise_has_the_input_s_size_and_the_net_s_classes() -> None:
    dataset = load("synthetic", "5x4x3", 7)
    assert (str(dataset.train.volume), len(dataset.classes), len(dataset.train)) == ("5x4x3", 7, 10_240)
    assert set(dataset.train.labels.tolist()) == set(range(7))
    assert dataset.test is None


def test_noise_depends_on_the_seed_alone() -> None:
    first, again, other = (load("synthetic", "4x4x1", seed=seed, limit=9).train for seed in (1, 1, 2))
    pixels = [next(split.batches([torch.arange(9)]))[0] for split in (first, again, other)]
    assert torch.equal(pixels[0], pixels[1])
    assert not torch.equal(pixels[0], pixels[2])


@pytest.mark.parametrize("size", ["9x2", "3x4x5x1"])
def test_noise_in_one_and_three_dimensions(size: str) -> None:
    assert str(load("synthetic", size, limit=3).train.volume) == size
