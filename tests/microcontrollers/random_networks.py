"""Small networks for microcontrollers that nobody designed: one line of text for each seed."""

from __future__ import annotations

from random import Random

ACTIVATIONS = ("relu", "relu", "relu6", "leakyrelu", "hardswish", "sigmoid", "tanh", "silu", "hardsigmoid", "prelu")
MERGES = ("add", "add", "concat", "concat", "mul", "max", "sub")


def random_network(seed: int) -> str:
    """Return a spec with its input, in one line; a kernel that does not fit is left out by ``same``."""
    random = Random(seed)
    size = random.choice((16, 20, 24, 32, 33, 40, 48))
    layers = [_convolution(random, random.choice((4, 8, 12, 16)))]
    for _ in range(random.randint(1, 4)):
        layers += [_body(random) for _ in range(random.randint(0, 2))]
        layers.append(random.choice(("pool 2x2 floor", "avgpool 2x2 floor", "maxpool 3x3 s2 same", _down(random))))
    head = random.choice(("gap", "gmp", "gap", "flatten" if random.random() < 0.3 else "gap", ""))
    layers += [head] if head else []
    layers.append(f"fc {random.choice((2, 10, 16))}")
    layers += ["softmax"] if random.random() < 0.5 else []
    return f"input {size}x{size}x{random.choice((1, 3))}; {' - '.join(layers)}"


def _convolution(random: Random, filters: int) -> str:
    kernel = random.choice((1, 3, 3, 5))
    norm = random.choice((" nobias - bn", "", " nobias - bn"))
    act = random.choice(ACTIVATIONS)
    return f"conv {kernel}x{kernel}x{filters} same{norm} - {act}" + (" - dropout 0.2" if random.random() < 0.1 else "")


def _down(random: Random) -> str:
    if random.random() < 0.5:
        return f"conv 3x3x{random.choice((8, 16, 24))} s2 p1 floor - relu"
    return f"dwconv 3x3 s2 {random.choice(('same', 'p1 floor'))} nobias - bn - relu6"


def _depthwise(random: Random) -> str:
    return f"dwconv {random.choice(('3x3', '5x5'))} same nobias - bn - {random.choice(ACTIVATIONS)}"


def _branch(random: Random, filters: int) -> str:
    parts = [random.choice((_depthwise(random), _convolution(random, random.choice((4, 8)))))]
    parts = parts if random.random() < 0.7 else []
    return " - ".join([*parts, _convolution(random, filters)])


def _body(random: Random) -> str:
    """Return a convolution, a depthwise one, a squeeze-and-excitation, or branches that are merged."""
    kind = random.choice(("conv", "dwconv", "merge", "merge", "se", "identity"))
    if kind == "conv":
        return _convolution(random, random.choice((8, 12, 16, 24)))
    if kind == "dwconv":
        return _depthwise(random)
    filters = random.choice((4, 8, 16))
    if kind == "se":
        gate = f"gap - fc 4 - relu - fc {filters} - sigmoid"
        return f"conv 1x1x{filters} - relu - mul( identity | {gate} )"
    if kind == "identity":
        return f"conv 1x1x{filters} - relu - add( {_branch(random, filters)} | identity ) - relu"
    merge = random.choice(MERGES)
    count = 2 if merge == "sub" else random.choice((2, 2, 3))
    return f"{merge}( {' | '.join(_branch(random, filters) for _ in range(count))} )"
