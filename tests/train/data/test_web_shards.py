"""Shards of tar files: what the library `webdataset` writes and decodes, read in place and in any order."""

from __future__ import annotations

import gc
import io
import tarfile
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnncalc.train.data import DataRequest, Split, fingerprint
from cnncalc.train.run.signals import Signals
from tests.train.data.files import load, noise
from tests.train.runs import Heard, resume, train, weights

Complaint = Callable[..., str]


def png(seed: int, size: tuple[int, int] = (8, 8)) -> bytes:
    file = io.BytesIO()
    Image.fromarray(noise(*size, 3, seed=seed)).save(file, "PNG")
    return file.getvalue()


def write(path: str, members: dict[str, bytes], mode: str = "w") -> None:
    """Write a tar file by the standard library."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as shard:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            shard.addfile(info, io.BytesIO(data))


def samples(count: int, start: int = 0, classes: int = 2) -> dict[str, bytes]:
    found = {}
    for place in range(start, start + count):
        found |= {f"{place:06}.png": png(place), f"{place:06}.cls": str(place % classes).encode()}
    return found


def all_of(split: Split) -> torch.Tensor:
    ((pixels, _),) = split.batches([torch.arange(len(split))])
    return pixels


WANTED = torch.stack([torch.from_numpy(noise(8, 8, 3, seed=place)).movedim(-1, 0) for place in range(6)])


@pytest.mark.parametrize("memory_limit", [2**30, 0], ids=["in memory", "streamed"])
def test_shards_are_what_the_library_makes_of_them(folder: Path, memory_limit: int) -> None:
    """Written and decoded by webdataset; `train-` and `val-` say what they are for."""
    webdataset = pytest.importorskip("webdataset")
    for name, places in (("train-000", range(4)), ("train-001", range(4, 6)), ("val-000", range(3))):
        Path("shards").mkdir(exist_ok=True)
        with webdataset.TarWriter(f"shards/{name}.tar") as writer:
            for place in places:
                picture = Image.fromarray(noise(8, 8, 3, seed=place))
                writer.write({"__key__": f"{place:06}", "png": picture, "cls": place % 2})
    dataset = load("shards", "8x8x3", memory_limit=memory_limit, workers=0)
    paths = [f"shards/train-{number:03}.tar" for number in (0, 1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # the library leaves its files open
        theirs = list(webdataset.WebDataset(paths, shardshuffle=False).decode("rgb8").to_tuple("png", "cls"))
        gc.collect()
    assert torch.equal(all_of(dataset.train), torch.from_numpy(np.stack([image for image, _ in theirs])).movedim(-1, 1))
    assert dataset.train.labels.tolist() == [label for _, label in theirs]
    assert {part: len(split) for part, split in dataset.parts()} == {"training": 6, "validation": 3}


@pytest.mark.slow
def test_a_stream_is_read_by_other_processes(folder: Path) -> None:
    write("shards/a.tar", samples(6))
    assert torch.equal(all_of(load("shards", "8x8x3", memory_limit=0, workers=2).train), WANTED)


def test_one_shard_may_be_named(folder: Path) -> None:
    write("shards/train-0.tar", samples(4))
    write("shards/train-1.tar", samples(2, 4))
    assert len(load("shards/train-1.tar", "8x8x3").train) == 2


def test_classes_may_be_names_and_parts_folders(folder: Path) -> None:
    write("shards/train/0.tar", {"a/1.png": png(0), "a/1.cls": b"cat\n", "b/1.png": png(1), "b/1.cls": b"dog"})
    write("shards/test/0.tar", {"x.png": png(2), "x.cls": b"dog"})
    dataset = load("shards", "8x8x3")
    assert dataset.classes == ("cat", "dog")
    assert dataset.test is not None
    assert dataset.test.labels.tolist() == [1]


def test_other_members_are_not_looked_at(folder: Path) -> None:
    """Not even where they are pickles or lead out of the shard: nothing is ever unpacked."""
    write("a.tar", {**samples(4), "000001.json": b"{", "000001.pyd": b"\x80\x04cos\n", "../../out.txt": b"x"})
    with tarfile.open("a.tar", "a") as shard:
        link = tarfile.TarInfo("evil.png")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        shard.addfile(link)
    assert len(load("a.tar", "8x8x3").train) == 4
    assert [path.name for path in folder.iterdir()] == ["a.tar"]


def test_a_run_on_a_stream_of_shards_goes_on_to_the_bit(folder: Path) -> None:
    """In the middle of an epoch, which readers of whole tar files cannot."""
    write("shards/train-0.tar", samples(20))
    write("shards/train-1.tar", samples(20, 20))
    data = DataRequest("shards", memory_limit=0, workers=0)
    spec = "input 8x8x3\nconv 3x3x4 p1 - relu - gap - fc 2"
    train(spec, "whole", data=data, batch=8)
    signals = Signals()
    train(spec, "run", data=data, batch=8, signals=signals, heard=Heard(epoch=lambda row: signals.receive(15, None)))
    resume("run")
    assert weights("run") == weights("whole")


def test_shards_that_moved_are_the_same(folder: Path) -> None:
    write("a/s.tar", samples(4))
    write("b/s.tar", samples(4))
    write("c/s.tar", {**samples(4), "000003.png": png(9)})
    same, moved, other = (fingerprint(load(name, "8x8x3")) for name in "abc")
    assert same == moved != other


# ---- masks


def mask(seed: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(noise(8, 8, seed=seed) % 3).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("end", ["mask.png", "seg.png"])
@pytest.mark.parametrize("memory_limit", [2**30, 0], ids=["in memory", "streamed"])
def test_a_member_beside_an_image_is_its_mask(folder: Path, end: str, memory_limit: int) -> None:
    for name, places in (("train-0", range(4)), ("train-1", range(4, 6)), ("val-0", range(2))):
        write(
            f"shards/{name}.tar",
            {f"{n}.{what}": data for n in places for what, data in (("png", png(n)), (end, mask(n)))},
        )
    dataset = load("shards", "8x8x3", 3, task="masks", memory_limit=memory_limit, workers=0)
    assert (dataset.kind, dataset.classes) == ("masks", ("0", "1", "2"))
    assert torch.equal(all_of(dataset.train), WANTED)
    ((_, found),) = dataset.train.batches([torch.arange(6)])
    assert found.tolist() == [(noise(8, 8, seed=place) % 3).tolist() for place in range(6)]
    assert dataset.validation is not None
    assert len(dataset.validation) == 2


def test_an_image_without_a_mask_is_refused(folder: Path, complaint: Complaint) -> None:
    write("a.tar", {"1.png": png(1), "1.mask.png": mask(1), "2.png": png(2), "2.cls": b"1"})
    assert complaint(load, "a.tar", "8x8x3", 3, task="masks") == (
        "error[bad-data]: `a.tar/2.png` has no mask beside it\n"
        "  = it is a member with the same name that ends in .mask.png"
    )
    write("b.tar", {"1.cls": b"0"})
    assert complaint(load, "b.tar", "8x8x3", 3, task="masks") == (
        "error[bad-data]: `b.tar` has no images to train with\n  = members of a shard are NAME.jpg and NAME.mask.png"
    )


# ---- what is refused

PAIR = {"1.png": png(1), "1.cls": b"0", "2.png": png(2), "2.cls": b"1"}


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({**PAIR, "3.png": png(3)}, "`a.tar/3.png` has no class beside it\n"
                                    "  = it is a member with the same name that ends in .cls"),
        ({**PAIR, "2.jpg": png(3)}, "`a.tar` has several images of one name\n  = they are 2.jpg, 2.png"),
        ({**PAIR, "2.cls": b"\xff\xfe"}, "`a.tar/2.cls` is not a number or a name in UTF-8"),
        ({**PAIR, "2.cls": b""}, "`a.tar/2.cls` is not a number or a name in UTF-8"),
        ({**PAIR, "2.cls": b"1" * 2000}, "`a.tar/2.cls` has more than 1,000 bytes: a class is a number or a name"),
        ({**PAIR, "2.cls": b"0"}, "a.tar has one class, `0`: a classifier needs two or more"),
        ({"1.cls": b"0"}, "`a.tar` has no images to train with\n  = members of a shard are NAME.jpg and NAME.cls"),
        ({**PAIR, "2.cls": b"123456"}, "the classes of training in `a.tar` has labels from 0 to 123456\n"
                                       "  = labels are counted from 0, up to 99,999"),
    ],
)  # fmt: skip
def test_members_that_do_not_fit_are_refused(
    folder: Path, complaint: Complaint, members: dict[str, bytes], said: str
) -> None:
    write("a.tar", members)
    assert complaint(load, "a.tar", "8x8x3") == f"error[bad-data]: {said}"


def test_what_is_packed_cut_short_or_no_tar_file_is_refused(folder: Path, complaint: Complaint) -> None:
    write("packed.tar", PAIR, "w:gz")
    write("whole.tar", PAIR)
    Path("cut.tar").write_bytes(Path("whole.tar").read_bytes()[:700])
    Path("text.tar").write_text("hello")
    packed = complaint(load, "packed.tar", "8x8x3")
    assert packed.startswith("error[bad-data]: `packed.tar` is not a shard: ")
    assert packed.endswith("  = a shard is a tar file that is not packed: gunzip it first")
    assert complaint(load, "cut.tar", "8x8x3").startswith("error[bad-data]: `cut.tar` is")
    assert complaint(load, "text.tar", "8x8x3").startswith("error[bad-data]: `text.tar` is not a shard: ")
