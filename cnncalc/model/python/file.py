"""A network as a file of Python that a person could have written: PyTorch, and nothing of this project.

Its modules have the names of those that `cnncalc.build` makes, in the same order, so a state_dict of one
loads into the other. Making it needs no torch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cnncalc.core.collector import paused_collector
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.model.blocks.numbers import Parameter
from cnncalc.model.plan import check_dimensions, placeholders
from cnncalc.model.python.arguments import literal_of
from cnncalc.model.python.calls import Body, BodyItem, Loop, PythonCall, usual
from cnncalc.model.python.classes import Class, classes
from cnncalc.model.python.forward import forward, loop_range, names, setting, turn
from cnncalc.model.python.lines import Brackets, Doc, flat, laid_out
from cnncalc.model.python.own import own_modules
from cnncalc.network import Network

_SCALE = '''
class Scale(nn.Module):
    """Multiplies by a learned tensor that starts at one value."""

    def __init__(self, shape: tuple[int, ...], start: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full(shape, start))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight
'''

_FIXED = '''
class Fixed(nn.Module):
    """Calls a function with a tensor that is not learned."""

    def __init__(self, function: str, values: tuple, shape: tuple, **settings) -> None:
        super().__init__()
        self.function = getattr(nn.functional, function, getattr(torch, function, None))
        self.settings = settings
        tensor = torch.tensor(values).expand(shape).clone()
        self.register_buffer("tensor", tensor, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x, self.tensor, **self.settings)
'''


def python_source(network: Network) -> str:
    """Return the source of a PyTorch module for a network, as ``ruff format`` would lay it out.

    Raises:
        SpecError: for a network that PyTorch has no layers for.

    """
    check_dimensions(network)
    with paused_collector():  # tuples in tuples, and no cycles
        return _file(network)


def _file(network: Network) -> str:
    found = classes(network)
    parts = [_head(network), "import torch\nfrom torch import nn\n"]
    called = {call.target for made in found for call in _calls(made.made)}
    parts += [helper for name, helper in (("Scale", _SCALE), ("Fixed", _FIXED)) if name in called]
    parts += [source for name, source in own_modules().items() if name in called]
    parts += ["\n" + "\n".join(_class(made)) + "\n" for made in found]
    return "\n".join(parts)


def _head(network: Network) -> str:
    """Write the docstring of the file: what it is, what goes in and out, and what it costs."""
    return (
        f'"""{_title(network)}\n\n'
        f"{_takes(network)}\n"
        f"{network.params:,} parameters, {network.macs:,} multiplications (MACs) for one image.\n\n"
        "Written by cnncalc. The weights of `cnncalc.build` for the same spec load into it.\n"
        '"""\n'
    )


def _takes(network: Network) -> str:
    """Say what goes in: images, or several inputs by their names."""
    if not network.inputs_at:
        return (
            f"Takes images of {network.input} as tensors of {_sizes(network.input)}, and makes {network.outputs_text}."
        )
    names = placeholders(network).values()
    lines = [f"- {name}: {each} as {_sizes(each)}" for name, each in zip(names, network.inputs, strict=True)]
    return "\n".join([f"Makes {network.outputs_text} of tensors for several inputs:", "", *lines, ""])


def _sizes(volume: Volume) -> str:
    return " x ".join(["N", str(volume.channels), *map(str, volume.spatial)])


def _tensor(name: str) -> str:
    return f"{name}: torch.Tensor"


def _title(network: Network) -> str:
    """Return the spec's name: its first line, if that is a comment, or what it goes by."""
    first = network.source.text.split("\n", 1)[0].strip()
    named = network.source.name not in ("text", "standard input")
    title = first.lstrip("# ") if first.startswith("#") else network.source.name if named else "A network"
    return shorten(title.replace("\\", "/").replace('"', "'"), 80).strip().rstrip(".") + "."


# ---- classes


def _class(made: Class) -> list[str]:
    about = f"The block `{shorten(made.block)}` of the spec." if made.block else "The whole network."
    statements = forward(made.run)
    mentioned = set(_OWN.findall("\n".join(statements)))
    return [
        f"class {made.name}(nn.Module):",
        f'    """{about}"""',
        "",
        *laid_out("def ", Brackets("__init__(", ("self", *map(_declared, made.parameters))), 4, " -> None:"),
        "        super().__init__()",
        *(f"        self.{held} = {name}" for name, held in made.kept.items() if held in mentioned),
        *(line for item in made.made.items for line in _made(item)),
        *made.ties,
        "",
        *laid_out("def ", Brackets("forward(", ("self", *map(_tensor, made.takes))), 4, f" -> {made.returns}:"),
        *statements,
    ]


_OWN = re.compile(r"self\.(\w+)")


def _declared(parameter: Parameter) -> str:
    types = sorted({type(value).__name__ for value in parameter.values})
    return f"{parameter.name}: {' | '.join(types)}"


def _made(item: BodyItem | Loop) -> list[str]:
    """Write what is made for an item."""
    if isinstance(item, Loop):
        return _made_in_turn(item)
    return laid_out(f"self.{item.name} = ", _call(item.work.make), 8) if item.work.make else []


def _made_in_turn(loop: Loop) -> list[str]:
    makes = [(name, item.work.make) for name, item in zip(names(loop), turn(loop), strict=True) if item.work.make]
    if not makes:
        return []
    lines = [f"        for i in {loop_range(loop)}:"]
    for name, make in makes:
        lines += laid_out("", Brackets("self.add_module(", (f'f"{name}"', _call(make))), 12)
    return lines


def _call(call: PythonCall) -> Brackets:
    """Write a call, without the settings that PyTorch has anyway."""
    settings = usual(call.target)
    items: list[Doc] = []
    if call.target == "nn.ModuleDict":
        parts = [(f'"{label}": ', _call(part)) for label, part in call.arguments]
        named = [Brackets(label + part.head, part.items) for label, part in parts]
        return Brackets("nn.ModuleDict(", (Brackets("{", tuple(named), "}"),))
    for keyword, value in call.arguments:
        if isinstance(value, PythonCall):
            items.append(_call(value))
            continue
        written = setting(value)
        if not keyword:
            items.append(written)
        elif keyword not in settings or flat(written) != literal_of(settings[keyword]):
            items.append(f"{keyword}={flat(written)}")
    return Brackets(f"{call.target}(", tuple(items))


def _calls(body: Body) -> Iterator[PythonCall]:
    for item in body.items:
        for inner in item.items if isinstance(item, Loop) else (item,):
            if inner.work.make:
                yield inner.work.make
                yield from [value for _, value in inner.work.make.arguments if isinstance(value, PythonCall)]
