"""Folders of sounds: what Python's own `wave` module wrote, as floats of −1 to 1."""

from __future__ import annotations

import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cnncalc.train.data import DataRequest, Split
from tests.train.data.files import load
from tests.train.data.odd import DAMAGES, THINGS
from tests.train.runs import train

Complaint = Callable[..., str]


def sound(seed: int, length: int = 40, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(-(2**15), 2**15, (length, channels)).astype("<i2")


def write(path: str, values: np.ndarray, rate: int = 8000) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with wave.open(path, "wb") as file:
        file.setnchannels(values.shape[1])
        file.setsampwidth(values.dtype.itemsize)
        file.setframerate(rate)
        file.writeframes(values.tobytes())


def write_words(folder: str = "words", count: int = 3, **how: int) -> None:
    for place, name in enumerate(("no", "yes")):
        for index in range(count):
            write(f"{folder}/{name}/{index}.wav", sound(10 * place + index, **how))


def all_of(split: Split) -> np.ndarray:
    ((values, _),) = split.batches([torch.arange(len(split))])
    return values.numpy()


def test_sounds_are_floats_of_minus_one_to_one(folder: Path) -> None:
    write_words()
    dataset = load("words", "40x1")
    assert (dataset.classes, dataset.train.labels.tolist()) == (("no", "yes"), [0, 0, 0, 1, 1, 1])
    wanted = np.stack([sound(seed).T / 2**15 for seed in (0, 1, 2, 10, 11, 12)])
    np.testing.assert_array_equal(all_of(dataset.train), wanted.astype(np.float32))
    assert dataset.notes == (
        "the sounds have 8,000 values a second, as floats of −1 to 1; they are only augmented where asked",
    )


def test_bytes_lie_around_128(folder: Path) -> None:
    write("words/a/0.wav", np.array([[0], [128], [255]], np.uint8))
    write("words/b/0.wav", np.array([[64], [128], [192]], np.uint8))
    assert all_of(load("words", "3x1").train)[:, 0].tolist() == [[-1, 0, 127 / 128], [-0.5, 0, 0.5]]


def test_parts_are_those_of_folders_of_images(folder: Path) -> None:
    write_words("words/train")
    write_words("words/test", count=1)
    dataset = load("words", "40x1", limit=4)
    assert {part: len(split) for part, split in dataset.parts()} == {"training": 4, "test": 2}


@pytest.mark.parametrize(("resize", "length"), [("pad", 60), ("pad", 20), ("crop", 20), ("crop", 60)])
def test_lengths_are_fitted(folder: Path, resize: str, length: int) -> None:
    write_words()
    whole = sound(0)[:, 0] / np.float32(2**15)
    start = 10 if (resize, length) == ("crop", 20) else 0
    wanted = np.pad(whole, (0, 20))[start : start + length]
    np.testing.assert_array_equal(all_of(load("words", f"{length}x1", resize=resize).train)[0, 0], wanted)


def test_channels_are_kept_or_become_their_mean(folder: Path) -> None:
    write_words(channels=2)
    both = all_of(load("words", "40x2").train)
    np.testing.assert_allclose(all_of(load("words", "40x1").train)[:, 0], both.mean(1), atol=1e-6)


def test_a_network_for_sound_trains_on_them(folder: Path) -> None:
    write_words(count=8)
    ended = train("input 40x1\nconv 5x4 - relu - gap - fc 2", "run", data=DataRequest("words"), epochs=1, batch=4)
    assert ended.complete


@pytest.mark.parametrize(
    ("size", "said"),
    [
        ("40x3", "`words/no/0.wav` has 1 channel, and the spec's input is 40x3\n"
                 "  = an input of 1 channel takes their mean"),
        ("50x1", "`words/no/0.wav` has 40 values, and the spec's input is 50x1\n"
                 "  = `--resize pad` fills with zeros or cuts the end, `--resize crop` takes the middle"),
        ("8x8x1", "sounds have a length and channels, and the spec's input is 8x8x1\n"
                  "  = write `input 8000x1` for a second at 8,000 values a second"),
    ],
)  # fmt: skip
def test_other_inputs_are_refused(folder: Path, complaint: Complaint, size: str, said: str) -> None:
    write_words()
    assert complaint(load, "words", size) == f"error[data-differs]: {said}"


def test_other_rates_are_refused(folder: Path, complaint: Complaint) -> None:
    write_words()
    write("words/no/9.wav", sound(9), rate=16000)
    assert complaint(load, "words", "40x1") == (
        "error[bad-data]: the sounds of `words` have 8,000, 16,000 values a second\n  = convert them to one rate"
    )


@pytest.mark.parametrize("how", DAMAGES)
def test_damaged_sounds_are_read_or_refused_in_a_line(folder: Path, how: str) -> None:
    from cnncalc.core.errors import DataError

    write_words()
    path = Path("words/yes/1.wav")
    path.write_bytes(DAMAGES[how](path.read_bytes()))
    try:
        assert np.isfinite(all_of(load("words", "40x1", resize="pad").train)).all()
    except DataError as error:
        assert "\n" not in error.message


@pytest.mark.parametrize("what", THINGS)
def test_what_is_no_sound_is_refused(folder: Path, complaint: Complaint, what: str) -> None:
    write_words()
    Path("words/yes/1.wav").unlink()
    THINGS[what](Path("words/yes/1.wav"))
    assert complaint(load, "words", "40x1").startswith("error[bad-data]: ")
