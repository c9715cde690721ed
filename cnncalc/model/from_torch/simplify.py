"""What a person would not write: layers that compute nothing, and padding that `same` says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cnncalc.layers import class_of
from cnncalc.layers.convolution import Convolution
from cnncalc.layers.pooling import MaxPool
from cnncalc.layers.window_words import keeping
from cnncalc.layers.written import Token
from cnncalc.model.from_torch.operations import ReadLayer, Readout


def simplified(readout: Readout) -> Readout:
    """Return the same network in fewer words.

    A rate of 0 says nothing, unless the same layer has another rate elsewhere: there the zeros are one of many.
    """
    return _with_same(_without_idle(readout))


def _without_idle(readout: Readout) -> Readout:
    rates = {each.word: class_of(each.word).role == "regularisation" for each in readout.operations}
    needed = {each.word for each in readout.operations if rates[each.word] and each.tokens[0].numbers[0]}
    means = _means_of_means(readout)
    operations = enumerate(readout.operations, 1)
    idle = [(rates[each.word] and each.word not in needed) or index in means for index, each in operations]
    return without(readout, idle)


def without(readout: Readout, gone: Sequence[bool]) -> Readout:
    """Return a network without some operations, whose readers read what those did; never without all."""
    places = [0]
    count = 0
    for operation, left_out in zip(readout.operations, gone, strict=True):
        count += not left_out
        places.append(places[operation.inputs[0]] if left_out else count)
    kept = [
        operation._replace(inputs=tuple([places[source] for source in operation.inputs]))
        for operation, left_out in zip(readout.operations, gone, strict=True)
        if not left_out
    ]
    return readout._replace(operations=tuple(kept)).at(places) if kept else readout


_OVER_ALL = {"gap": "adaptiveavgpool", "gmp": "adaptivemaxpool"}


def _means_of_means(readout: Readout) -> set[int]:
    """Return the means over columns that a mean over rows alone reads next: ``x.mean(3).mean(2)``."""
    readers = Counter([source for each in readout.operations for source in each.inputs])
    found = set()
    for each in readout.operations:
        source = each.inputs[0]
        before = readout.operations[source - 1] if source else None
        if before is None or before.word != _OVER_ALL.get(each.word) or readers[source] > 1 or source in readout.ends:
            continue
        sizes = zip(before.output.spatial, readout.volume(before.inputs[0]).spatial, strict=True)
        if all(made in (1, size) for made, size in sizes):
            found.add(source)
    return found


def _with_same(readout: Readout) -> Readout:
    """Write `same` where one side gets more padding because of it, and everywhere if all of a network is padded so."""
    same = [_is_same(each, readout) for each in readout.operations]
    everywhere = all(found or not _pads(each) for found, each in zip(same, readout.operations, strict=True))
    uneven = [_uneven(each) for each in readout.operations]
    if not any(map(bool.__and__, same, uneven)):
        return readout
    written = [
        operation._replace(tokens=tuple([Token("same") if t.prefix == "p" else t for t in operation.tokens]))
        if found and (everywhere or odd)
        else operation
        for found, odd, operation in zip(same, uneven, readout.operations, strict=True)
    ]
    return readout._replace(operations=tuple(written))


def _uneven(operation: ReadLayer) -> bool:
    return any(before != after for before, after in _pads(operation))


def _pads(operation: ReadLayer) -> list[tuple[int, int]]:
    """Return the padding before and after, per dimension; [] where there is none."""
    numbers = next((token.numbers for token in operation.tokens if token.prefix == "p"), ())
    pairs = [str(number).split(":") for number in numbers]
    pads = [(int(pair[0]), int(pair[-1])) for pair in pairs]
    return pads if any(map(any, pads)) else []


def _is_same(operation: ReadLayer, readout: Readout) -> bool:
    """Say whether `same` pads as an operation does."""
    pads = _pads(operation)
    if not issubclass(class_of(operation.word), Convolution | MaxPool) or not pads:
        return False
    tokens = {token.prefix: token.numbers for token in operation.tokens}
    ones = (1,) * len(pads)
    settings = [[int(n) for n in tokens.get(prefix, ones)[: len(pads)]] for prefix in ("", "s", "d")]
    sizes = readout.volume(operation.inputs[0]).spatial
    return "ceil" not in tokens and pads == [keeping(*cell) for cell in zip(*settings, sizes, strict=True)]
