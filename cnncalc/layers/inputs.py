"""The layer that an input of several is, as Keras has it: it reads nothing, and its volume is what is given to it."""

from __future__ import annotations

from typing import ClassVar

from cnncalc.layers.base import Layer, Sources, Texts
from cnncalc.layers.kernels import Kernels
from cnncalc.layers.registry import statement
from cnncalc.layers.steps import Steps


@statement("input")
class InputLayer(Layer):
    """``input left 64x64x3``, where a network has several inputs. No word writes it: it is a statement.

    Its source is its own volume.
    """

    kind: ClassVar[str] = "input"
    role: ClassVar[str] = "input"

    def remarks(self) -> Texts:
        return (self.kind,)  # a picture calls it by its name

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return ()

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return ()
