"""What every task answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, Protocol

from torch import Tensor

from cnncalc.core.errors import ArgumentError
from cnncalc.network import Network
from cnncalc.report.evaluate import TestedOn
from cnncalc.report.report import Report
from cnncalc.train.ends import ends_in, without_end
from cnncalc.train.measures import Measure


class Targets(NamedTuple):
    """Targets of a batch, as `cnncalc.train.data.kinds` has them.

    Of mixed images also those of what was mixed in, and the first ones' share.
    """

    labels: Tensor
    others: Tensor | None = None
    share: float = 1.0


class TaskScore(Protocol):
    """What a test came to."""

    @property
    def images(self) -> int:
        """How many were tested."""
        ...

    @property
    def loss(self) -> float:
        """The mean loss, without label smoothing."""
        ...

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """The task's measures, by their names."""
        ...


class TestTally(Protocol):
    """What is counted of the images that one process tests."""

    def add(self, places: Tensor, targets: Tensor, predicted: Tensor) -> None:
        """Count a batch: the places of its images, int64 [N], their targets, and what `Task.joined` made of them."""
        ...

    def counted(self) -> list[Tensor]:
        """Return what is to be summed up over all processes."""
        ...

    def score(self, counted: Sequence[Tensor]) -> TaskScore:
        """Return what the sums come to."""
        ...


class Task(ABC):
    """What images are learned as.

    Args:
        names: of the classes, the labels or the numbers, in the order of the network's outputs.

    Attributes:
        name: what ``--task`` calls it.
        learned: what it learns, as a plural: ``classes``.
        named: what one of ``names`` is a name of.
        loss_words: what its loss is called.
        ends: kinds of layers at the end of a spec that the loss does itself.
        measures: the numbers by which a test is judged; the first says which epoch is best.
        most_views: how many views of an image can be averaged.
        confuses: whether a test has a confusion matrix.
        confusable: whether an image has one class, which is predicted rightly or not.
        model_words: what a network is called that has learned it.
        hub_task: what Hugging Face calls the task.
        evaluates, predicts: what `cnncalc evaluate` and `cnncalc predict` do for it.

    """

    name: ClassVar[str]
    learned: ClassVar[str]
    named: ClassVar[str] = "class"
    loss_words: ClassVar[str]
    ends: ClassVar[tuple[str, ...]]
    measures: ClassVar[tuple[Measure, ...]]
    most_views: ClassVar[int] = 6
    confuses: ClassVar[bool] = True
    confusable: ClassVar[bool] = False
    model_words: ClassVar[str] = "image classifier"
    hub_task: ClassVar[str] = "image-classification"
    evaluates: ClassVar[str] = "accuracy per class and the confusion matrix"
    predicts: ClassVar[str] = "classifies images"

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def logits(self, network: Network) -> Network:
        """Return the network without the layers at its ends that the loss does itself."""
        return without_end(network, self.ends)

    def loss_note(self, network: Network) -> str:
        """Say what the loss makes of the network's end."""
        end = network.layers[network.output_index - 1]
        if ends_in(network, self.ends):
            return f"{self.loss_words}, which does the {end.layer.kind} of `{end.name}` itself"
        return self.loss_words

    def first_biases(self, targets: Tensor) -> Tensor | None:
        """Return what the biases of the last layer begin with, by the targets of the training images; None: with 0."""
        return None

    def loss(self, outputs: Tensor, targets: Targets, smoothing: float = 0.0, weights: Tensor | None = None) -> Tensor:
        """Return the mean loss of a batch; of mixed images that of both targets. See `plain_loss`."""
        loss = self.plain_loss(outputs, targets.labels, smoothing, weights)
        if targets.others is None:
            return loss
        other = self.plain_loss(outputs, targets.others, smoothing, weights)
        return loss * targets.share + other * (1 - targets.share)

    @abstractmethod
    def plain_loss(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """Return the mean loss of a batch.

        Args:
            outputs: of the network, without the end that the loss does itself.
            targets: of as many images.
            smoothing: the share of label smoothing.
            weights: of each class in the loss, float32 [classes]; None where all count alike. What each image has is
                multiplied by the weight of its class, and the sum is not divided by that of the weights, which differs
                from part to part of a batch.

        """

    def right(self, outputs: Tensor, targets: Tensor) -> Tensor | None:
        """Return how many targets of a batch are predicted right and how many there are, int64 [2]; None: no such."""
        return None

    @abstractmethod
    def joined(self, views: Sequence[Tensor]) -> Tensor:
        """Return what is predicted for images from the network's outputs for some views of them, float32."""

    @abstractmethod
    def tally(self, images: int, like: Tensor) -> TestTally:
        """Return what counts a test of so many images, on the device of a tensor."""

    def measured(self, score: Any) -> dict[str, float]:
        """Return what a test came to by what people call it; what is not known is left out."""
        values = {measure.words: score.metrics[measure.name] for measure in self.measures}
        return {**{words: value for words, value in values.items() if value is not None}, "loss": score.loss}

    def remarks(self, data: str, score: Any) -> list[str]:
        """Return sentences about a test on some data that are worth telling."""
        return []

    @abstractmethod
    def report(self, tested: TestedOn, score: Any) -> Report:
        """Return the report of a test."""

    def confusion(self, tested: TestedOn, score: Any) -> Report:
        """Return the confusion matrix of a test as a report.

        Raises:
            ArgumentError: where nothing is confused.

        """
        raise self.no_confusion()

    def no_confusion(self) -> ArgumentError:
        """Return the error for who wants a confusion matrix of what has none."""
        message = f"there is no confusion matrix of {self.learned}, which this run has learned"
        return ArgumentError("bad-option", message, hints=["leave --confusion and --picture out"])

    @abstractmethod
    def results(self, predicted: Tensor) -> Tensor:
        """Return the predictions of images, from what `joined` returned: probabilities, numbers, or masks."""

    @abstractmethod
    def caption(self, target: Tensor) -> str:
        """Say what an image is, by its target; "" for what words do not say."""

    def holding(self, target: Tensor) -> list[str]:
        """Return the names, as `guesses` has them, of what an image has by its target; none where it has numbers."""
        return []

    def captioned(self, target: Tensor, result: Tensor) -> str:
        """Say what an image is, and what is predicted where `guesses` do not say it."""
        return self.caption(target)

    def estimated(self, result: Tensor) -> str:
        """Say which numbers are predicted for an image; "" of other tasks."""
        return ""

    def pictured(self, target: Tensor | None, result: Tensor) -> Sequence[tuple[str, Tensor]]:
        """Return what an image is, where that is known, and what is predicted: masks by what they are called."""
        return ()

    @abstractmethod
    def guesses(self, result: Tensor, most: int) -> list[tuple[str, float]]:
        """Return what is predicted for an image, by `results`, as names with shares in 0..1, the largest first."""

    @abstractmethod
    def predictions(self, model: str, told: Sequence[tuple[str, Tensor]], left_out: LeftOut, top: int) -> Report:
        """Return the report of predictions.

        Args:
            model: the run.
            told: the images' paths, and what `results` made of each.
            left_out: the images that cannot be used, and why.
            top: how many classes are shown of an image at most.

        """


LeftOut = Sequence[tuple[str, str]]
"""Paths of images that cannot be used, each with the reason."""
