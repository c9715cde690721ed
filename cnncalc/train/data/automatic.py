"""Which data set is meant, where nothing is said: the one whose images are the spec's input."""

from __future__ import annotations

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.train.data.dataset import DataRequest
from cnncalc.train.data.torchvision_sets import mnist_is_there


def choose(request: DataRequest, volume: Volume, classes: int | None) -> tuple[str, str]:
    """Return the name of a data set, and a sentence that says why it is this one.

    Args:
        request: says where the files of MNIST and Fashion-MNIST are looked for.
        volume: the spec's input.
        classes: the number of the network's outputs; None where it is not known.

    Raises:
        DataError: for an input that no data set with a name has.

    """
    if volume == (8, 8, 1):
        return "digits", "digits, since the input is 8x8x1"
    if volume == (28, 28, 1):
        return _mnist_or_fashion(request)
    if volume == (32, 32, 3) and classes in (None, 10):
        return "cifar10", "cifar10, since the input is 32x32x3" + (" and there are 10 outputs" if classes else "")
    if volume == (32, 32, 3) and classes == 100:
        return "cifar100", "cifar100, since the input is 32x32x3 and there are 100 outputs"
    outputs = f" and {classes} outputs" if classes else ""
    message = f"no data set with a name has images of {volume}{outputs}: say which data to train on"
    hints = [
        "`--data FOLDER`: images in a folder for each class, or IDX files",
        "`--data FILE.npz`: arrays x_train and y_train",
        "`--data synthetic`: noise of any size, to measure speed with",
        "`--data auto` knows 8x8x1 (digits), 28x28x1 (mnist), 32x32x3 with 10 or 100 outputs (cifar10, cifar100)",
    ]
    raise DataError("no-such-data", message, hints=hints)


def _mnist_or_fashion(request: DataRequest) -> tuple[str, str]:
    if not mnist_is_there("mnist", request.folder) and mnist_is_there("fashion-mnist", request.folder):
        return "fashion-mnist", "fashion-mnist, since the input is 28x28x1 and its files are there, those of mnist not"
    return "mnist", "mnist, since the input is 28x28x1"
