"""Configurations of Darknet: the networks of YOLO. Sections stand one after another, and routes go by their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.core.source import Source
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.darknet_layers import LAYERS, activation, is_over_parts
from cnncalc.foreign.darknet_sections import Section, sections_of
from cnncalc.foreign.draft import Draft
from cnncalc.foreign.draft_volumes import DraftVolumes
from cnncalc.foreign.formats import ForeignFormat

_HEAD = re.compile(r"(?:\s|[#;][^\n]*\n)*\[(?:net|network)\]", re.IGNORECASE)
_SECTION = re.compile(r"^\s*\[(?:convolutional|conv|connected|maxpool|yolo|net)\]", re.MULTILINE | re.IGNORECASE)
_SAME = ("cost", "contrastive", "silence", "empty")
_RECURRENT = ("rnn", "crnn", "gru", "lstm", "conv_lstm")


class DarknetConfiguration(ForeignFormat):
    """``[net]`` with the input, then ``[convolutional]``, ``[route]``, ``[shortcut]``, ``[yolo]``… with ``key=value``.

    Windows round down. A max pool without ``padding`` is padded by its size − 1, the larger half behind.
    """

    what = "a Darknet cfg"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return _HEAD.match(head) is not None or len(_SECTION.findall(head)) > 1

    def read(self, draft: Draft) -> None:
        draft.names_all = False
        sections = sections_of(draft.source)
        _Reader(draft).read(sections)
        if not draft.steps:
            draft.damaged(sections[0].span, "this configuration has no layers")


class _Reader:
    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.made: list[int] = []
        """For every section behind the first, the step that makes its volume."""
        self.heads: list[int] = []
        self.volumes = DraftVolumes(draft)

    def read(self, sections: list[Section]) -> None:
        self.net(sections[0])
        for number, section in enumerate(sections[1:]):
            before = self.draft.last
            self.made.append(self.section(section, sections[number]))
            if self.draft.last > before:
                self.draft.amend(name=f"layer{number}", remark=f"{number} {section.name}")
        ends = list(dict.fromkeys(self.heads))
        if self.made[-1:] and self.made[-1] not in ends:
            ends.append(self.made[-1])
        if ends != [self.draft.last]:
            self.draft.outputs = [index for index in ends if index]

    def net(self, section: Section) -> None:
        if section.name not in ("net", "network"):
            section.damaged("a configuration begins with [net]")
        if section.has("height") or section.has("width"):
            sizes = [section.number(name, least=1) for name in ("height", "width")]
            self.draft.input = "x".join(map(str, (*sizes, section.number("channels", 3, least=1))))
        else:
            self.draft.input = str(section.number("inputs", least=1))

    @property
    def here(self) -> int:
        """The step whose volume arrives at a section."""
        return self.made[-1] if self.made else 0

    def section(self, section: Section, before: Section) -> int:
        """Add what a section does, and return the step that makes its volume."""
        if section.name in ("yolo", "region", "detection", "gaussian_yolo"):
            return self.head(section, before)
        if section.name in _SAME:
            return self.here
        if is_over_parts(section):
            self.draft.remarks.append("a softmax over parts of the channels is left out: a spec has no word for it")
            return self.here
        reader = _MERGES.get(section.name)
        if reader is not None:
            return reader(self, section)
        layers = LAYERS.get(section.name)
        if layers is None:
            section.refuse(*self.unknown(section.name))
        written = [layer for layer in layers(section) if layer] or ["identity"]
        if section.number("share_index", 0):
            written[0] += f" weights={self.shared(section)}"
        return self.draft.add(written, section.span, [self.here])

    def shared(self, section: Section) -> str:
        """Return a name for the weights that a section shares with one before, and give them to that one, too."""
        index = self.at(section, section.number("share_index"))
        owner = self.draft.steps[index - 1] if index else None
        if owner is None or not owner.layers or not owner.layers[0].startswith("conv "):
            section.damaged("the layer whose weights it shares is not convolutional")
        if " weights=" not in owner.layers[0]:
            name = f"layer{self.made.index(index)}"
            layers = (f"{owner.layers[0]} weights={name}", *owner.layers[1:])
            self.draft.steps[index - 1] = owner._replace(layers=layers)
        return self.draft.steps[index - 1].layers[0].rpartition("=")[2]

    def unknown(self, name: str) -> tuple[str, list[str]]:
        if name in _RECURRENT:
            return f"[{name}] is recurrent, and a spec has no layer that is", []
        hints = did_you_mean(name, [*LAYERS, *_MERGES, *_SAME, "yolo", "region", "detection"])
        return f"a spec has no word for the section [{name}]", hints

    def head(self, section: Section, before: Section) -> int:
        """Let a head of YOLO be an output; the channels that it needs are those that arrive."""
        wanted = _channels_of(section)
        if wanted is not None and before.name in ("convolutional", "conv") and before.number("filters", 1) != wanted[0]:
            made = before.number("filters", 1)
            section.damaged(
                f"this [{section.name}] takes {wanted[0]} channels, {wanted[1]}, but {made} filters stand before it"
            )
        if self.here:
            self.heads.append(self.here)
        return self.here

    def at(self, section: Section, written: int) -> int:
        """Return the step that a number of a route means: counted from here, or from the first section."""
        number = written + len(self.made) if written < 0 else written
        if not 0 <= number < len(self.made):
            section.damaged(f"there is no layer {written} in front of layer {len(self.made)}")
        return self.made[number]

    def route(self, section: Section) -> int:
        inputs = [self.at(section, number) for number in section.numbers("layers")]
        groups, group = section.number("groups", 1, least=1), section.number("group_id", 0, least=0)
        if groups == 1:
            return self.draft.join("concat", inputs, section.span)
        if group >= groups:
            section.damaged(f"group_id={group} is not one of {groups} groups")
        part = f"slice {{{group}*C/{groups}}}:{{{group + 1}*C/{groups}}}"
        if len(inputs) == 1:
            return self.draft.add(part, section.span, inputs)
        parts = [self.draft.add(part, section.span, [index]) for index in inputs]
        return self.draft.join("concat", parts, section.span)

    def shortcut(self, section: Section) -> int:
        inputs = [self.here, *[self.at(section, number) for number in section.numbers("from")]]
        inputs[1:] = [self.fitted(section, index) for index in inputs[1:]]
        weights = section.text("weights_type", "none")
        if weights != "none":
            if section.text("weights_normalization", "none") != "none":
                section.refuse("its sum has learned weights that are normalised, and a spec has no layer for that")
            factor = "scale" if weights == "per_channel" else "scale one"
            inputs = [self.draft.add(factor, section.span, [index]) for index in inputs]
        return self.draft.join("add", inputs, section.span, activation(section, "linear"))

    def fitted(self, section: Section, index: int) -> int:
        """Return what a shortcut adds of a layer: where the volumes differ, Darknet adds the part that both have."""
        here, other = self.volumes.of(self.here), self.volumes.of(index)
        if here is None or other is None or here == other:
            return index
        step = max(1, other.spatial[0] // here.spatial[0])
        if tuple([-(-size // step) for size in other.spatial]) != here.spatial:
            section.refuse(f"it adds {other} to {here}: one is not every second or third position of the other")
        layers = [f"maxpool 1x1 s{step}"] if step > 1 else []
        if here.channels < other.channels:
            layers.append(f"slice 0:{here.channels}")
        elif here.channels > other.channels:
            layers.append(f"padchannels 0:{here.channels - other.channels}")
        return self.draft.add(layers, section.span, [index])

    def scale_channels(self, section: Section) -> int:
        inputs = [self.at(section, section.number("from")), self.here]
        return self.draft.join("mul", inputs, section.span, activation(section, "linear"))


def _channels_of(section: Section) -> tuple[int, str] | None:
    """Return the channels that a head takes, and how they come about; None where they are not known."""
    if section.name == "detection":
        return None
    classes = section.number("classes", 20)
    if section.name == "region":
        count, values = section.number("num", 1), section.number("coords", 4) + 1
    else:
        count = len(section.numbers("mask")) if section.has("mask") else section.number("num", 1)
        values = 9 if section.name == "gaussian_yolo" else 5
    return count * (classes + values), f"{count}·({classes} + {values})"


_MERGES: Mapping[str, Callable[[_Reader, Section], int]] = {
    "route": _Reader.route,
    "shortcut": _Reader.shortcut,
    "scale_channels": _Reader.scale_channels,
    "sam": _Reader.scale_channels,
}
