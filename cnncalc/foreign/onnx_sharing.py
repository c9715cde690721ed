"""Tensors of an ONNX file that several nodes read: a trunk for two images, a head for every scale of a detector."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cnncalc.foreign.draft import INPUT, Draft
from cnncalc.foreign.shared_weights import learns, with_weights

_KERNELS = ("conv", "dwconv", "deconv", "fc")
"""Layers whose stored numbers are drawn at random, so that those of two layers are never equal by chance."""


def share(draft: Draft, stored: Mapping[int, Sequence[str]]) -> None:
    """Give layers that read the same tensors one set of weights: ``weights=shared1``.

    Exporters store equal numbers once, and those of norms are equal before training (factors of 1, shifts of 0). So a
    norm shares its weights only behind layers that do.

    Args:
        draft: the steps of the whole graph, some of which are written anew.
        stored: the names of the stored tensors that a step reads, by its index.
    """
    groups: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    behind: dict[int, int] = {}  # the first step with the weights that a step has, or that the step before it has
    for index, step in enumerate(draft.steps, 1):
        source = behind.get(step.inputs[0], INPUT) if len(step.inputs) == 1 else INPUT
        learning = [text.split() for text in step.layers if learns(text)]
        if not learning:
            behind[index] = source
            continue
        is_kernel = learning[0][0] in _KERNELS
        if stored.get(index) and (is_kernel or source):
            sizes = tuple([tuple(words[:2]) for words in learning])
            same = groups[(tuple(stored[index]), sizes, INPUT if is_kernel else source)]
            same.append(index)
            behind[index] = same[0]
    shared = [indices for indices in groups.values() if len(indices) > 1]
    for number, indices in enumerate(shared, 1):
        for index in indices:
            step = draft.steps[index - 1]
            layers = tuple(with_weights(step.layers, f"shared{number}"))
            counted = step.parameters if index == indices[0] else None  # a spec counts them where they stand first
            draft.steps[index - 1] = step._replace(layers=layers, parameters=counted)
