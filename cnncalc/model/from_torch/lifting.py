"""Networks that work in several numbers of dimensions: all in the largest one, where the others have dimensions of 1.

A module may look at a signal as an image of one row, or leave that row out again: ``conv 1x5x8`` is a 1-D convolution.
"""

from __future__ import annotations

from cnncalc.core.volume import Volume
from cnncalc.layers.written import Number, Token
from cnncalc.model.from_torch.emitter import layer_of
from cnncalc.model.from_torch.given import GivenInput
from cnncalc.model.from_torch.operations import ReadLayer, Readout
from cnncalc.model.from_torch.refusals import cannot_say
from cnncalc.model.from_torch.simplify import without
from cnncalc.spec.steps import MERGES

NEUTRAL = {"s": 1, "d": 1, "x": 1, "size=": 1, "p": 0, "op": 0}
"""What an option says of a dimension of 1."""

POOLS = ("avgpool", "lppool", "maxpool", "minpool", "pool", "adaptiveavgpool", "adaptivemaxpool")

OF_DIMENSIONS = {"pad": 0, "crop": 0} | dict.fromkeys(
    (*POOLS, "conv", "dwconv", "deconv", "local", "upsample", "reshape"), 1
)
"""Words whose size has one number for each dimension, with what it is where that is 1."""

LINEAR = "linear", "bilinear", "trilinear"
"""What blends in one, two and three dimensions."""


def lifted(readout: Readout) -> Readout:
    """Return the same network with as many dimensions everywhere as it has anywhere.

    Raises:
        SpecError: for a layer that works in its own number of dimensions alone.
    """
    volumes = [each.volume for each in readout.given] + [each.output for each in readout.operations]
    dimensions = max([volume.dimensions for volume in volumes])
    if min([volume.dimensions for volume in volumes]) == dimensions:
        return readout
    given = tuple([_given(each, dimensions) for each in readout.given])
    operations = tuple([_operation(each, readout, dimensions) for each in readout.operations])
    raised = readout._replace(given=given, operations=operations)
    for operation in operations:
        source = raised.volume(operation.inputs[0])
        if operation.word in MERGES or operation.is_input:
            continue
        layer = layer_of(operation.words, source)
        if layer is None or layer.output((source,)) != operation.output:
            why = f"other parts of the network have {dimensions} dimensions, and it has fewer"
            raise cannot_say(operation.path, f"`{operation.word}`", why, line=operation.line)
    return without(raised, [_says_nothing(each, raised) for each in operations])


def _says_nothing(operation: ReadLayer, readout: Readout) -> bool:
    """Say whether a change of shape keeps its volume, now that both have as many dimensions."""
    return operation.word in ("flatten", "reshape") and readout.volume(operation.inputs[0]) == operation.output


def _volume(volume: Volume, dimensions: int) -> Volume:
    return Volume((*(1,) * (dimensions - volume.dimensions), *volume))


def _given(given: GivenInput, dimensions: int) -> GivenInput:
    return given._replace(volume=_volume(given.volume, dimensions), taken=given.shape[1:])


def _operation(operation: ReadLayer, readout: Readout, dimensions: int) -> ReadLayer:
    source = readout.volume(operation.inputs[0])
    more = dimensions - (operation.output if operation.word == "reshape" else source).dimensions
    tokens = tuple([_token(token, operation.word, more) for token in operation.tokens])
    return operation._replace(tokens=tokens, output=_volume(operation.output, dimensions))


def _token(token: Token, word: str, more: int) -> Token:
    """Return a word of a layer for more dimensions in front of its own."""
    if token.prefix in LINEAR and more:
        return token._replace(prefix=LINEAR[LINEAR.index(token.prefix) + more])
    neutral = NEUTRAL.get(token.prefix) if token.prefix else OF_DIMENSIONS.get(word)
    if neutral is None or not more:
        return token
    first = token.numbers[0]
    number: Number = f"{neutral}:{neutral}" if isinstance(first, str) and ":" in first else neutral
    usual = None if token.usual is None else (*token.usual[:1] * more, *token.usual)
    return token._replace(
        numbers=(number,) * more + token.numbers, kinds=token.kinds[:1] * more + token.kinds, usual=usual
    )
