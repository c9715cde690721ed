"""The inputs of a spec on the way of its expansion: which there are, what the caller says of them, which are read.

One input is no layer: index 0 is its volume. Of several each is a layer without weights, which stands in front of what
reads it first; then index 0 is what they all are given, and nothing else may read it.
"""

from __future__ import annotations

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_INPUTS
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.layers.inputs import InputLayer
from cnncalc.network.network import Network
from cnncalc.network.node import Operation
from cnncalc.network.settings import SpecSettings
from cnncalc.spec import tree
from cnncalc.spec.parser import parse_volume
from cnncalc.spec.values import read_volume

MOST_NAMED = 6
"""So many inputs are named in a message."""

UNREAD = -1
"""Stands in the place of the index of an input that nothing has read yet."""


class Inputs:
    """The inputs of one spec.

    Attributes:
        named: whether there are several, so that each has a name.
        volumes: their volumes by their names, in the order of the spec, as far as it is walked through.
        places: the indices of those that are read.

    """

    def __init__(self, spec: tree.Spec, settings: SpecSettings) -> None:
        self.spec = spec
        self.given = settings.inputs
        self.statements = [each for each in spec.statements if type(each) is tree.Input]
        written = [each.name for each in self.statements]
        self.names = [name for name in (written or self.given) if name]
        self.named = len(self.names) > 1
        if len(self.names) > MAX_INPUTS:
            raise self._too_many()
        self.volumes: dict[str, Volume] = {}
        self.places: dict[str, int] = {}
        self._refuse_unknown()

    @property
    def only_name(self) -> str:
        """The name of the one input; "" where it has none, and where there are several."""
        return self.names[0] if len(self.names) == 1 else ""

    def given_to(self, name: str) -> Volume | None:
        """Return the volume that the caller gives to an input; None where the spec's own holds."""
        source = self.given.get(name)
        if source is None and name == self.only_name:
            source = self.given.get("")
        return None if source is None else input_volume(source)

    def operation(self, name: str) -> Operation:
        """Return what the layer of an input does."""
        volume = self.volumes[name]
        return Operation(InputLayer(), InputLayer.kind, (volume,), volume)

    def statement(self, name: str) -> tree.Input | None:
        """Return where the spec writes an input; None where the caller alone has named it."""
        return next((each for each in self.statements if each.name == name), None)

    # ---- faults

    def hints_on(self, label: str) -> list[str]:
        """Return what would mend a label that is not there, where the caller alone says which inputs there are."""
        if self.statements or not self.names:
            return []
        return [f"if it is an input, give its volume, too: {shorten(label)}=64x64x3"]

    def _refuse_unknown(self) -> None:
        """Refuse volumes for inputs that the spec has not, and one without a name where it has several."""
        if not self.statements:
            self._refuse_labels()
            return
        for name, source in self.given.items():
            if name and name not in self.names:
                has = f"its inputs are {_and(self.names)}" if self.named else self._only()
                hints = [*did_you_mean(name, self.names), has]
                message = f"the spec has no input `{shorten(name)}`"
                raise SpecError("unknown-name", message, hints=hints)
            if not name and self.named:
                raise self.nameless(source)

    def _only(self) -> str:
        return f"its input is {self.only_name}" if self.only_name else "its input has no name: give the volume alone"

    def _refuse_labels(self) -> None:
        """Refuse names of inputs that the caller alone gives, where labels of the spec are called so."""
        for name in self.given if self.named else ():
            if name in self.spec.labels:
                message = f"the spec has a label `{shorten(name)}`, so that no input can be called so"
                raise SpecError("bad-name", message, hints=["choose another name"])
        if "" in self.given and self.named:
            raise self.nameless(self.given[""])

    def _too_many(self) -> SpecError:
        named = [each for each in self.statements if each.name]
        span, source = (named[MAX_INPUTS].span, self.spec.source) if named else (None, None)
        return SpecError("too-long", f"a network has at most {MAX_INPUTS} inputs", span=span, source=source)

    def nameless(self, source: Source) -> SpecError:
        """Return the error for a volume that may be for any of several inputs."""
        message = f"the network has several inputs, {_and(self.names)}: say which one this is for"
        hints = [f"put its name in front: {shorten(self.names[0])}={shorten(source.text)}"]
        return SpecError("bad-name", message, span=Span(0, len(source.text)), source=source, hints=hints)

    def nothing_read(self, span: Span) -> SpecError:
        """Return the error for a step in front of which no input is taken."""
        takes = " or ".join([f"`@{shorten(name)}`" for name in self.names[:MOST_NAMED]])
        message = "the network has several inputs, and nothing says which one is read here"
        return SpecError("which-input", message, span=span, source=self.spec.source, hints=[f"put {takes} in front"])

    def refuse_unread(self) -> None:
        """Refuse a network that does not read all of its inputs."""
        for name in self.names if self.named else ():
            if name not in self.places:
                statement = self.statement(name)
                span, source = (statement.span, self.spec.source) if statement else (None, None)
                hints = [f"take it where it is needed: `@{shorten(name)}`", "or leave it out"]
                message = f"nothing reads the input `{shorten(name)}`"
                raise SpecError("unread-input", message, span=span, source=source, hints=hints)


IN_PYTORCH = "in PyTorch it takes them all: `cnncalc export SPEC -o net.py` writes its module"


def refuse_several_inputs(network: Network, takes_one: str, hint: str = IN_PYTORCH) -> None:
    """Refuse a network with several inputs: ``takes_one`` says what would give it one image at a time.

    Raises:
        SpecError: where the network has several inputs.

    """
    if network.inputs_at:
        message = f"the network has {len(network.inputs_at)} inputs ({', '.join(network.input_names)}), and {takes_one}"
        raise SpecError("several-inputs", message, hints=[hint])


def input_volume(source: Source) -> Volume:
    """Read an input that stands in no spec, ``32x32x3``; raise `SpecError` for what is no volume."""
    return as_input(read_volume(source, parse_volume(source), {}))


def as_input(volume: Volume) -> Volume:
    """Take a single number for a vector, as ``input 784`` means it."""
    return Volume((1, 1, *volume)) if len(volume) == 1 else volume


def _and(names: list[str]) -> str:
    """Write names in a sentence, the first of many."""
    if len(names) > MOST_NAMED:
        return ", ".join([*map(shorten, names[:MOST_NAMED]), "…"])
    *others, last = map(shorten, names)
    return f"{', '.join(others)} and {last}"
