"""Counts designs of a spec: what is asked, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from typing import NamedTuple

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.plans import PeakCounter
from cnncalc.core.collector import paused_collector
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.design.quantities import QUANTITIES
from cnncalc.design.space import BLOCK, INPUT, DesignSpace, with_blocks
from cnncalc.design.terms import Amount
from cnncalc.network import ExpansionMemory, Network, SpecSettings, expand
from cnncalc.network.costs import Totals, totals_of
from cnncalc.network.totals import NearLimits, RefusedDesign, Totalling
from cnncalc.spec import tree

MOST_CALLS = 5_000
"""Most calls that are kept from one network to the next; then all are forgotten, so that memory has a bound."""


class Design(NamedTuple):
    """One design.

    Attributes:
        number: its number in the space.
        parameters: the values of the parameters that are varied.
        volume: its input, if that is varied.
        blocks: which block is called in the place of another.

    """

    number: int
    parameters: Mapping[str, int]
    volume: Volume | None
    blocks: tuple[tuple[str, str], ...]


class _Variant:
    """The spec with one choice of its blocks: what counts its designs, and what makes their networks."""

    def __init__(self, spec: tree.Spec, settings: SpecSettings, *, layers: bool) -> None:
        self.spec = spec
        self.memory = ExpansionMemory(spec)
        self.totalling = Totalling(spec, settings, self.memory, layers=layers)


class DesignCounter:
    """Counts the designs of a space.

    Attributes:
        space: the designs.
        settings: what holds for all of them.
        setup: how they are trained, for their memory.
        layers: whether the layers of designs are wanted, and not their totals alone.

    """

    def __init__(self, spec: tree.Spec, settings: SpecSettings, space: DesignSpace, setup: TrainingSetup) -> None:
        self.spec, self.settings, self.space, self.setup = spec, settings, space, setup
        self.layers = False
        self.variants: dict[tuple[tuple[str, str], ...], _Variant] = {}
        self.input = next((place for place, axis in enumerate(space.axes) if axis.kind == INPUT), None)
        self.blocks = [(place, axis.name) for place, axis in enumerate(space.axes) if axis.kind == BLOCK]
        others = [place for place in range(len(space.axes)) if place != self.input]
        self.parameters = [(place, space.axes[place].name) for place in others if space.axes[place].kind != BLOCK]
        self.values = [axis.values for axis in space.axes]

    def design(self, number: int) -> Design:
        """Return a design by its number."""
        places = self.space.places(number)
        values = self.values
        volume = None if self.input is None else values[self.input][places[self.input]]
        parameters = {name: values[place][places[place]] for place, name in self.parameters}
        blocks = tuple([(name, values[place][places[place]]) for place, name in self.blocks]) if self.blocks else ()
        return Design(number, parameters, volume, blocks)  # type: ignore[arg-type]  # each axis has values of its kind

    def totals(self, design: Design) -> Totals:
        """Count the totals of a design.

        Raises:
            RefusedDesign: where it does not load.
        """
        variant = self._variant(design)
        try:
            return variant.totalling.totals(design.parameters, design.volume)
        except NearLimits:
            return totals_of(self.network(design))

    def network_counted(self, design: Design) -> Network:
        """Make the network of the design whose totals were counted last, without names of layers.

        Raises:
            RefusedDesign: where it does not load.
        """
        totalling = self._variant(design).totalling
        return totalling.network_counted() if totalling.was_counted else self.network(design)

    def network(self, design: Design) -> Network:
        """Make the network of a design.

        Raises:
            RefusedDesign: where it does not load.
        """
        try:
            return self.load(design)
        except SpecError as error:
            raise RefusedDesign(error.code) from None

    def load(self, design: Design) -> Network:
        """Make the network of a design, or raise `SpecError`, which says what is wrong with it."""
        variant = self._variant(design)
        if len(variant.memory.calls) > MOST_CALLS:
            variant.memory.calls.clear()
        with paused_collector():
            return expand(variant.spec, self.settings_of(design), memory=variant.memory)

    def settings_of(self, design: Design) -> SpecSettings:
        """Return the settings with which a design is loaded."""
        given = {name: Source(name, str(value)) for name, value in design.parameters.items()}
        inputs = self.settings.inputs if design.volume is None else {"": Source("input", str(design.volume))}
        return SpecSettings(inputs, {**self.settings.parameters, **given}, self.settings.rounding)

    def _variant(self, design: Design) -> _Variant:
        found = self.variants.get(design.blocks)
        if found is None:
            spec = with_blocks(self.spec, dict(design.blocks)) if design.blocks else self.spec
            found = self.variants[design.blocks] = _Variant(spec, self.settings, layers=self.layers)
        return found


class AskedAmounts:
    """The amounts that are asked of designs: cheap ones from totals, dear ones from layers.

    Attributes:
        cheap, dear: their names.

    """

    def __init__(self, counter: DesignCounter, names: Iterable[str], parameters: Container[str]) -> None:
        self.counter = counter
        self.peaks = PeakCounter(counter.setup)
        asked = [name for name in dict.fromkeys(names) if name not in parameters]
        self.cheap: dict[str, Callable[[Totals], Amount]] = {}
        self.dear: dict[str, Callable[[Network, PeakCounter], Amount | None]] = {}
        for name in asked:
            quantity = QUANTITIES[name]
            if quantity.of_totals is not None:
                self.cheap[name] = quantity.of_totals
            elif quantity.of_network is not None:
                self.dear[name] = quantity.of_network
        counter.layers = bool(self.dear)

    def of_totals(self, design: Design) -> dict[str, Amount | None]:
        """Return the cheap amounts of a design, and the values of its parameters; raise `RefusedDesign`."""
        totals = self.counter.totals(design)
        known: dict[str, Amount | None] = {**totals.parameters}
        for name, read in self.cheap.items():
            known[name] = read(totals)
        return known

    def of_network(self, design: Design) -> dict[str, Amount | None]:
        """Return the dear amounts of the design whose totals were counted last."""
        network = self.counter.network_counted(design)
        return {name: work_out(network, self.peaks) for name, work_out in self.dear.items()}
