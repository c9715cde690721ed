"""Names of models of timm and torchvision: their spec takes running their code, which `cnncalc import` alone does."""

from __future__ import annotations

import re

from cnncalc import zoo
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import Draft
from cnncalc.foreign.formats import ForeignFormat

_NAME = re.compile(r"\s*(?P<package>timm|torchvision)(?:\.models)?:(?P<name>[A-Za-z]\w*(?:\.\w+)*)\s*")


class ModelName(ForeignFormat):
    """``timm:resnet50d``: refused, with the line that writes its spec."""

    what = "the name of a model of timm or torchvision"

    def recognises(self, source: Source) -> bool:
        return _NAME.fullmatch(source.text) is not None

    def read(self, draft: Draft) -> None:
        match = _NAME.fullmatch(draft.source.text)
        assert match is not None
        name = match["name"]
        written = draft.source.text.strip()
        hints = [f"this writes its spec: cnncalc import {written} -o {name.lower()}.txt"]
        if match["package"] == "torchvision" and zoo.spec(name.lower()):
            hints.insert(0, f"the zoo has it: write {name.lower()}")
        draft.refuse(Span.of(match, "name"), f"`{written}` is a program, and nothing of it is run here", hints=hints)
