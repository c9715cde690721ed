"""``torch.einsum`` and products with matrices as the calls that they stand for, which are read one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch.nn import functional

MOST = 2
"""Most operands of an equation that is written out."""


def written_equation(equation: Any, *operands: Any) -> Any:
    """Compute an equation by permutations, a product and a sum; None for what is not written out.

    A matrix of the module beside a volume is a linear layer along one index.
    """
    operands = tuple(operands[0]) if len(operands) == 1 and isinstance(operands[0], tuple | list) else operands
    if not isinstance(equation, str) or not 1 <= len(operands) <= MOST or "." in equation:
        return None
    given, arrow, wanted = equation.replace(" ", "").partition("->")
    terms = given.split(",")
    if not arrow:
        wanted = "".join([index for index in sorted(set(given) - {","}) if given.count(index) == 1])
    if len(terms) != len(operands) or any(len(set(term)) < len(term) for term in (*terms, wanted)):
        return None
    sizes = {index: size for term, value in zip(terms, operands, strict=True) for index, size in _sizes(term, value)}
    if len(terms) == MOST:
        matrices = [place for place, value in enumerate(operands) if _is_matrix(value)]
        if matrices and (made := _linear(terms, operands, wanted, matrices[-1])) is not None:
            return made
    left = [_without_ones(term, value, sizes, wanted) for term, value in _pairs(terms, operands)]
    terms, values = [term for term, _ in left], [value for _, value in left]
    order = "".join(dict.fromkeys([*[index for index in wanted if index in "".join(terms)], *"".join(terms)]))
    made = _spread(values[0], terms[0], order)
    for term, value in _pairs(terms[1:], values[1:]):
        made = made * _spread(value, term, order)
    return _reduced(made, order, wanted)


def _pairs(terms: Sequence[str], values: Sequence[Any]) -> list[tuple[str, Any]]:
    return list(zip(terms, values, strict=True))


def _sizes(term: str, value: Any) -> list[tuple[str, int]]:
    return list(zip(term, value.shape, strict=True))


def _is_matrix(value: Any) -> bool:
    """Say whether an operand is a matrix that the module has."""
    return len(value.shape) == 2 and getattr(getattr(value, "node", None), "op", "") == "get_attr"


def _linear(terms: Sequence[str], values: Sequence[Any], wanted: str, place: int) -> Any:
    """Multiply with a matrix along the one index that both have and that is summed; None where it is not so."""
    matrix, term = values[place], terms[place]
    other, value = terms[1 - place], values[1 - place]
    summed = [index for index in term if index in other and index not in wanted]
    made = [index for index in term if index not in other and index in wanted]
    if len(summed) != 1 or len(made) != 1:
        return None
    arranged = other.replace(summed[0], "") + summed[0]
    value = value if arranged == other else value.permute(*[other.index(index) for index in arranged])
    rows = term[1] == summed[0]
    result = functional.linear(value, matrix if rows else matrix.t())
    return _reduced(result, arranged[:-1] + made[0], wanted)


def _without_ones(term: str, value: Any, sizes: dict[str, int], wanted: str) -> tuple[str, Any]:
    """Leave out the indices of size 1 that the result does not have."""
    for index in [index for index in term if sizes[index] == 1 and index not in wanted]:
        value, term = value.squeeze(term.index(index)), term.replace(index, "")
    return term, value


def _spread(value: Any, term: str, order: str) -> Any:
    """Return a value with its indices in an order, and a dimension of 1 for each that it has not."""
    own = [index for index in order if index in term]
    places = [term.index(index) for index in own]
    value = value if places == sorted(places) else value.permute(*places)
    for place, index in enumerate(order):
        if index not in term:
            value = value.unsqueeze(place)
    return value


def _reduced(value: Any, order: str, wanted: str) -> Any:
    """Sum over the indices that are not wanted, and bring the others into their order."""
    gone = [place for place, index in enumerate(order) if index not in wanted]
    value = value.sum(gone) if gone else value
    left = [index for index in order if index in wanted]
    places = [left.index(index) for index in wanted]
    return value if places == sorted(places) else value.permute(*places)


def _product(value: Any, matrix: Any, *rest: Any) -> Any:
    """Multiply a volume with a matrix whose columns are the outputs; None for another product."""
    return functional.linear(value, matrix.t()) if not rest and _is_matrix(matrix) and not _is_matrix(value) else None


def _sum_and_product(bias: Any, value: Any, matrix: Any, *rest: Any) -> Any:
    if rest or not _is_matrix(matrix) or _is_matrix(value):
        return None
    return functional.linear(value, matrix.t(), bias)


WRITTEN_OUT: Mapping[str, Callable[..., Any]] = {
    "einsum": written_equation,
    **dict.fromkeys(("matmul", "mm", "__matmul__"), _product),
    "addmm": _sum_and_product,
}
"""Functions that are written out as others, where what is behind them returns something."""
