"""The question: what does a network need on a microcontroller?"""

from __future__ import annotations

from dataclasses import dataclass

from cnncalc.microcontrollers.advice import ArenaAdvice, arena_advice
from cnncalc.microcontrollers.arena import Arena, Buffer, arena_of
from cnncalc.microcontrollers.converter import convert
from cnncalc.microcontrollers.flash import Flash, flash_of
from cnncalc.microcontrollers.graph import Graph
from cnncalc.microcontrollers.structs import BOARD, Build
from cnncalc.network import Network


@dataclass(frozen=True)
class McuPrediction:
    """What an int8 network takes under TensorFlow Lite Micro.

    Attributes:
        network: what it was worked out for.
        graph: the operators that the converter makes of it.
        arena: its memory.
        flash: its file.
        peak: the operator during which most bytes of tensors and scratch buffers are alive, by its step; from 1.
        advice: what would lower the arena, the best first.

    """

    network: Network
    graph: Graph
    arena: Arena
    flash: Flash
    peak: int
    advice: tuple[ArenaAdvice, ...]

    @property
    def alive(self) -> list[Buffer]:
        """What is alive during the operator at the peak, the largest first."""
        return sorted(alive_at(self.arena, self.peak), key=lambda buffer: -buffer.bytes)


def predict_mcu(network: Network, build: Build = BOARD) -> McuPrediction:
    """Work out the memory of a network that is quantised to int8, under TensorFlow Lite Micro.

    Raises:
        SpecError: for a layer that Keras, the converter or the interpreter has nothing for.

    """
    graph = convert(network)
    arena = arena_of(graph, build)
    steps = range(1, len(graph.operators) + 1)
    peak = max(steps, key=lambda step: sum(each.aligned for each in alive_at(arena, step)), default=0)
    advice = arena_advice(graph, arena.head)
    return McuPrediction(network, graph, arena, flash_of(graph, network), peak, tuple(advice))


def alive_at(arena: Arena, step: int) -> list[Buffer]:
    """Return the buffers that are alive during a step."""
    return [each for each in arena.buffers if each.first <= step <= each.last]
