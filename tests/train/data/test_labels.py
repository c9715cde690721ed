"""ReadLabels in the forms in which people keep them: numbers, names, rows with a single 1; counted from 0 or from 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.preprocessing import LabelBinarizer, LabelEncoder

from cnncalc.train.data.labels import Named, ReadLabels, read_labels

Complaint = Callable[..., str]
WANTED = "  = labels are one whole number for each image, counted from 0; or names, or rows with a single 1"


def read(*arrays: object, outputs: int | None = None) -> ReadLabels:
    """Read arrays of labels: those of training, and those of tests."""
    named = zip(("y_train", "y_test"), arrays, strict=False)
    return read_labels([Named(name, np.asarray(values)) for name, values in named], outputs)


@pytest.mark.parametrize(
    "labels",
    [
        [0, 2, 1, 2],
        [[0], [2], [1], [2]],
        [0.0, 2.0, 1.0, 2.0],
        np.array([0, 2, 1, 2], np.uint8),
        np.array([0, 2, 1, 2], ">i4"),
        np.array([0, 2, 1, 2], np.float16),
        LabelBinarizer().fit_transform([0, 2, 1, 2]),
        LabelBinarizer().fit_transform([0, 2, 1, 2]).astype(float),
        LabelBinarizer().fit_transform([0, 2, 1, 2]).astype(bool),
    ],
)
def test_numbers_of_every_kind(labels: object) -> None:
    """Whole numbers as they are, as floats, in a column, and as rows with a single 1 (one-hot)."""
    found = read(labels, labels)
    assert [index.tolist() for index in found.indices] == [[0, 2, 1, 2]] * 2
    assert (found.classes, found.note) == (("0", "1", "2"), "")


def test_two_classes_may_be_true_and_false() -> None:
    assert read([True, False, True]).indices[0].tolist() == [1, 0, 1]


@pytest.mark.parametrize("kind", ["U", "S"])
def test_names_become_classes_in_their_order(kind: str) -> None:
    """As scikit-learn's LabelEncoder numbers them; the test images need not have all."""
    names = np.array(["dog", "cat", "ape", "dog", "café".encode() if kind == "S" else "café"], kind)
    encoder = LabelEncoder().fit(["dog", "cat", "ape", "café"])
    found = read(names, names[1:3])
    assert found.classes == tuple(encoder.classes_)
    assert found.indices[0].tolist() == encoder.transform(["dog", "cat", "ape", "dog", "café"]).tolist()
    assert found.indices[1].tolist() == encoder.transform(["cat", "ape"]).tolist()


def test_the_columns_of_rows_are_the_classes_also_where_one_is_never_used() -> None:
    assert read(np.eye(4, dtype=np.uint8)[:3]).classes == ("0", "1", "2", "3")


# ---- counted from 1


def test_labels_are_counted_from_1_where_nothing_else_suits_the_network() -> None:
    """ReadLabels 1 to 10 for 10 outputs, as in EMNIST's letters; the classes keep their numbers."""
    found = read(np.arange(1, 11), np.arange(1, 4), outputs=10)
    assert [index.tolist() for index in found.indices] == [list(range(10)), [0, 1, 2]]
    assert found.classes == tuple(map(str, range(1, 11)))
    assert found.note == "the labels go from 1 to 10: they are counted from 1"


@pytest.mark.parametrize(
    ("train", "test", "outputs", "classes"),
    [
        ([1, 2, 3], [1], 4, 4),  # class 0 has no training image
        ([1, 2, 3], [0], 3, 4),  # a test image shows that they are counted from 0
        ([2, 3], [2], 3, 4),
        ([0, 1, 2], [1], 2, 3),
        ([1, 2, 3], [1], None, 4),
        (np.eye(4)[[1, 2, 3]], [1], 3, 4),
    ],
)
def test_else_they_are_counted_from_0(train: list[int], test: list[int], outputs: int | None, classes: int) -> None:
    found = read(train, test, outputs=outputs)
    assert (len(found.classes), found.note) == (classes, "")


def test_labels_from_1_for_a_network_with_too_many_outputs() -> None:
    """The error that follows then says `fc 10`, and not `fc 11`."""
    assert len(read(np.arange(1, 11), outputs=12).classes) == 10


# ---- what is refused


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ([[0, 0.5, 1]], f"y_train has a label 0.5\n{WANTED}"),
        ([[0, float("nan")]], f"y_train has a label nan\n{WANTED}"),
        ([[0, float("inf")]], f"y_train has a label inf\n{WANTED}"),
        ([[0, 1e300]], f"y_train has a label 1e+300\n{WANTED}"),
        (
            [[[1, 0], [0.6, 0.4]]],
            f"y_train has the shape 2 x 2, and its row 1 is not a single 1 among zeros\n{WANTED}",
        ),
        (
            [[[1, 1, 0], [0, 0, 1]]],
            f"y_train has the shape 2 x 3, and its row 0 is not a single 1 among zeros\n{WANTED}",
        ),
        ([["a", "b"], [0, 1]], "y_train and y_test are not both numbers or both names"),
        ([["a", "b"], ["a", "c"]], "y_test has a class that y_train does not have"),
        ([np.array([b"\xff"])], "y_train has names that are not UTF-8"),
        ([np.array(["2020-01-01"], "M8[D]")], f"y_train holds datetime64[D] of shape 1\n{WANTED}"),
        ([[-1.0, 3.0]], "y_train has labels from -1 to 3\n  = labels are counted from 0, up to 99,999"),
        ([[0, 1], [7]], "y_test has a label 7; those of training go up to 1"),
    ],
)
def test_other_labels_are_refused(complaint: Complaint, arrays: list[object], text: str) -> None:
    assert complaint(read, *arrays) == f"error[bad-data]: {text}"
