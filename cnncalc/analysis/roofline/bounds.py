"""The least time of every layer and of the network: of each pass the larger of its arithmetic and its traffic.

Williams, Waterman and Patterson, "Roofline: an insightful visual performance model for multicore architectures",
Communications of the ACM 52 (2009). It bounds direct convolutions that read and write memory layer by layer, and
nothing else: Winograd's algorithm computes less, and caches and fused layers move less.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

from cnncalc.analysis.backward import BackwardCounts, backward_counts, needed_gradients
from cnncalc.analysis.roofline.machine import Machine
from cnncalc.analysis.roofline.setup import TimeSetup
from cnncalc.analysis.roofline.work import PassWork, backward_work, forward_work, optimizer_work, whole_work
from cnncalc.analysis.validation import check_network
from cnncalc.core.collector import paused_collector
from cnncalc.network import Network, Node, Operation

COMPUTE, MEMORY, NOTHING = "compute", "memory", ""
"""What bounds a pass; nothing where it neither computes nor moves anything."""


class PassBound(NamedTuple):
    """The bound of one pass of a layer, or of the optimizer's step.

    Attributes:
        name: ``forward``, ``backward`` or ``step``.
        work: what it does for the batch.
        compute: seconds for its arithmetic at the machine's peak.
        memory: seconds for its traffic at the machine's bandwidth.

    """

    name: str
    work: PassWork
    compute: float
    memory: float

    @property
    def seconds(self) -> float:
        """The least time."""
        return max(self.compute, self.memory)

    @property
    def bound_by(self) -> str:
        """What takes that time: ``compute``, ``memory`` or nothing."""
        return NOTHING if not self.seconds else COMPUTE if self.compute >= self.memory else MEMORY


class LayerBound(NamedTuple):
    """The bound of one layer.

    Attributes:
        node: the layer.
        line: the line of the spec that writes it.
        passes: its passes: forward, and of a training step backward.

    """

    node: Node
    line: int
    passes: tuple[PassBound, ...]

    @property
    def seconds(self) -> float:
        """The least time of its passes together."""
        return sum([each.seconds for each in self.passes])

    @property
    def by_compute(self) -> float:
        """The part of that time that passes take which are bound by arithmetic."""
        return sum([each.seconds for each in self.passes if each.bound_by == COMPUTE])

    @property
    def bound_by(self) -> str:
        """What takes most of that time."""
        return most_of(self.by_compute, self.seconds)


class Bound(NamedTuple):
    """The bound of a network.

    Attributes:
        network, setup, machine: what was asked.
        rows: one for each layer, in execution order.
        step: the optimizer's step; None for inference.
        whole: the bound if nothing between the layers crossed the memory, as if all were fused.

    """

    network: Network
    setup: TimeSetup
    machine: Machine
    rows: tuple[LayerBound, ...]
    step: PassBound | None
    whole: PassBound

    @property
    def passes(self) -> Iterator[PassBound]:
        """All passes of all layers, and the optimizer's step."""
        return chain(chain.from_iterable([row.passes for row in self.rows]), [self.step] if self.step else [])

    @property
    def seconds(self) -> float:
        """The least time of all layers, one after the other."""
        return sum([each.seconds for each in self.passes])

    @property
    def images_per_second(self) -> float:
        """The most images per second; infinite where nothing takes time."""
        return self.setup.batch / self.seconds if self.seconds else float("inf")

    def seconds_bound_by(self, what: str) -> float:
        """Return the part of the time that passes take which are bound by ``compute`` or by ``memory``."""
        return sum([each.seconds for each in self.passes if each.bound_by == what])


def most_of(by_compute: float, seconds: float) -> str:
    """Return what takes most of a time, of which passes take a part that are bound by arithmetic."""
    return NOTHING if not seconds else COMPUTE if 2 * by_compute >= seconds else MEMORY


def bound(network: Network, setup: TimeSetup, machine: Machine) -> Bound:
    """Work out the bound of a network on a machine, in time linear in the number of layers.

    Raises:
        SpecError: with the code ``nothing-to-train``, for a training step of a network without parameters.

    """
    check_network(network)
    setup.check_network(network)
    with paused_collector():
        rows = tuple(_rows(network, setup, machine))
        step = _pass("step", optimizer_work(network, setup), machine) if setup.training else None
        flops = sum([each.work.flops for row in rows for each in row.passes])
        whole = _pass("whole", whole_work(network, setup, flops), machine)
    return Bound(network, setup, machine, rows, step, whole)


def _rows(network: Network, setup: TimeSetup, machine: Machine) -> Iterator[LayerBound]:
    known: dict[tuple[Operation, tuple[bool, ...]], tuple[PassBound, ...]] = {}  # what layers that are alike share
    needed = needed_gradients(network) if setup.training else []
    backward = backward_counts(network) if setup.training else []
    for node, line in zip(network.layers, network.lines(), strict=True):
        wanted = tuple([needed[index] for index in node.inputs]) if setup.training else ()
        key = node.operation, wanted
        if key not in known:
            counted = backward[node.index - 1] if setup.training else None
            known[key] = tuple(_passes(node, counted, wanted, setup, machine))
        yield LayerBound(node, line, known[key])


def _passes(
    node: Node, counted: BackwardCounts | None, wanted: tuple[bool, ...], setup: TimeSetup, machine: Machine
) -> Iterator[PassBound]:
    yield _pass("forward", forward_work(node.operation, setup), machine)
    if counted is not None:
        yield _pass("backward", backward_work(counted, wanted, setup), machine)


def _pass(name: str, work: PassWork, machine: Machine) -> PassBound:
    return PassBound(name, work, work.flops / machine.peak, work.bytes / machine.bandwidth)
