"""What the page of a run shows, as data: from the run's folder, or sent while it trains; without torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cnncalc.network import Network
from cnncalc.train.progress import EpochGradients, EpochMetrics, best_row
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.facts import RunFacts
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.show.curves import images_name


class SeenPicture(NamedTuple):
    """A picture of pixels, a byte each of red, green, blue and opacity; the page shows it ``factor`` times as large."""

    pixels: bytes
    width: int
    height: int
    factor: int = 1


class Guessed(NamedTuple):
    """An image, and what the network takes it for.

    Attributes:
        picture: the image itself; None where it is no picture that can be shown.
        label: the name of its class, or what else it is.
        guesses: the likeliest classes with their probabilities, the likeliest first.
        judged: whether the likeliest class is right or wrong; other things than classes are neither.
        holding: the names of the classes or labels that it has.
        masks: its mask and the predicted one, by what they are called; none of other tasks.
        colours: those of ``guesses`` in these masks.

    """

    picture: SeenPicture | None
    label: str
    guesses: Sequence[tuple[str, float]]
    judged: bool = True
    holding: Sequence[str] = ()
    masks: Sequence[tuple[str, SeenPicture]] = ()
    colours: Sequence[str] = ()

    @property
    def right(self) -> bool:
        """Whether the likeliest class is its own."""
        return self.judged and bool(self.guesses) and self.guesses[0][0] == self.label


class SeenLayer(NamedTuple):
    """What a layer makes of some images: a picture for each, of the first ``shown`` of its ``channels``."""

    name: str
    written: str
    output: str
    channels: int
    shown: int
    pictures: Sequence[SeenPicture]


class Seen(NamedTuple):
    """What a network sees.

    Attributes:
        reason: why there is nothing to see; else "".
        when: the weights with which it sees.
        filters_of: the layer whose filters are shown.
        filters: its filters; None where it has none that are pictures.
        images: with what they are taken for.
        layers: what layers make of the first of the images.

    """

    reason: str = ""
    when: str = ""
    filters_of: str = ""
    filters: SeenPicture | None = None
    images: Sequence[Guessed] = ()
    layers: Sequence[SeenLayer] = ()


class PagePart(NamedTuple):
    """A part of the page that is made already: its id, its title, and its HTML."""

    name: str
    title: str
    html: str


class RunView(NamedTuple):
    """A run as its page shows it.

    Attributes:
        name: what the page calls it.
        path: its folder.
        network: what is trained.
        facts: what the run remembers of itself.
        recipe: how it is trained.
        rows, gradients: what its epochs came to.
        steps: pairs of a place in epochs and the mean loss of the steps up to there; while it trains only.
        state: where it stands, as a sentence; "" for a run that is not watched.
        seen: what its network sees.
        parts: of `cnncalc inspect`: mistakes, metrics and so on.
        untested: why there are none.

    """

    name: str
    path: str
    network: Network
    facts: RunFacts
    recipe: Recipe
    rows: Sequence[EpochMetrics]
    gradients: Sequence[EpochGradients]
    steps: Sequence[tuple[float, float]] = ()
    state: str = ""
    seen: Seen = Seen()
    parts: Sequence[PagePart] = ()
    untested: str = ""

    def without_weights(self, why: str) -> RunView:
        """Return it with the reason why nothing can be said of its weights."""
        reason = f"Not shown: {why}."
        return self._replace(untested=reason, seen=Seen(reason=reason))

    @property
    def tested(self) -> str:
        """What the images are called that every epoch is tested on."""
        return images_name(self.facts.tested)

    @property
    def best(self) -> EpochMetrics | None:
        """The first epoch that is best by its measure, such as the accuracy."""
        return best_row(self.rows)


def view_of(path: str) -> RunView:
    """Return what a run's folder says by itself.

    Raises:
        SpecError: where this is no run, or one of its files was changed into something else.

    """
    folder = RunFolder(path)
    facts = folder.facts()
    network, recipe, history = folder.network(facts), folder.recipe(), folder.history()
    name = Path(path).absolute().name
    return RunView(name, path, network, facts, recipe, history.rows, history.gradients)
