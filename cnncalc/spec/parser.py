"""The grammar. Each method reads one rule, which its docstring states.

The parser walks the text once from left to right and looks at most one token ahead, so that it takes
time in proportion to the text's length. Recursion follows the nesting of brackets, which is limited.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_TEXT
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.spec import table, tree
from cnncalc.spec.expressions import Expression
from cnncalc.spec.steps import ASSIGN, STATEMENTS, StepParser

ROUNDINGS = ("strict", "floor", "ceil")

Library = Callable[[str], Source | None]
"""Finds the block file that a name of ``use`` stands for."""

_IN_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
_BLOCK = re.compile(r"block(?<!\wblock)[^\S\n]+([a-z_][a-z0-9_]*)")  # found faster than what begins with \b
_OUTPUT = re.compile(r"output[^\S\n]+@")
_NEXT_OUTPUT = re.compile(r"[^\S\n]*,?[^\S\n]*@")
_LINE = re.compile(r"[^\n]*")
_DIGIT = re.compile(r"[0-9]")


def no_library(name: str) -> None:
    """Know no block files."""


def parse(source: Source, library: Library = no_library) -> tree.Spec:
    """Parse a text into its syntax tree, or raise `SpecError`."""
    if len(source.text) > MAX_TEXT:
        raise SpecError("too-long", f"`{source.name}` is too long: a spec has at most {MAX_TEXT:,} characters")
    return Parser(source, library).spec()


def parse_volume(source: Source) -> tree.Word:
    """Parse a text that is one volume and nothing else: the input that a caller gives."""
    parser = Parser(source)
    if inner := _IN_BRACKETS.fullmatch(parser.text):
        parser.text = " " * inner.start(1) + inner[1]
    volume = parser.volume("a volume such as 224x224x3")
    parser.end_of_text()
    return volume


def parse_value(source: Source) -> Expression:
    """Parse a text that is one expression and nothing else: the value that a caller gives a parameter."""
    parser = Parser(source)
    value = parser.expression()
    parser.end_of_text()
    return value


def layer_words(source: Source, span: Span) -> tuple[Span, ...]:
    """Return where the words of a layer stand: the layer's own word, then one span per size or option."""
    parser = Parser(Source(source.name, source.text[: span.end]))
    parser.position = span.start
    return tuple(word.span for word in parser.layer_with_expressions().words)


class Parser(StepParser):
    """Reads statements: each method is a rule of the grammar."""

    def __init__(self, source: Source, library: Library = no_library) -> None:
        super().__init__(source)
        self.library = library
        self.blocks: dict[str, tree.BlockSyntax] = {}
        self.totals: list[tree.Stated] = []
        self.unread: list[Span] = []

    # ---- statements

    @cached_property
    def defined(self) -> frozenset[str]:
        """The names of all blocks that the text defines, in front of this place and behind it."""
        return frozenset(_BLOCK.findall(self.text))

    def is_block(self, name: str) -> bool:
        """Say whether the text defines a block of a name, here or further down, or has brought it in."""
        return name in self.blocks or name in self.defined

    def spec(self) -> tree.Spec:
        """spec = { input | rounding | param | block | total | output | step }, separated"""
        statements: list[tree.Statement] = []
        rules: dict[str, Callable[[], tree.Statement]] = {
            "input": self.input,
            "rounding": self.rounding,
            "param": self.param,
        }
        self.then()
        while self.position < len(self.text):
            keyword = self.keyword()
            if not keyword and (plain := self.plain_step()):
                statements.append(plain)
            elif keyword in rules:
                statements.append(rules[keyword]())
            elif not keyword and _OUTPUT.match(self.text, self.position):
                statements.append(self.output())
            elif keyword == "block":
                self.block()
            elif keyword == "use":
                self.use()
            elif keyword == "end":
                span = Span(self.position, self.position + len("end"))
                raise self.error("unopened", "this `end` closes no block", span)
            elif table.starts_total(self.text, self.position):
                self.total()
            else:
                statements.append(self.table_row() or self.full_step())
            self.count_part()
            self.separator()
        totals, unread = tuple(self.totals), tuple(self.unread)
        return tree.Spec(self.source, tuple(statements), self.blocks, frozenset(self.labels), totals, unread)

    def input(self) -> tree.Input:
        """input = "input" [ name ] volume"""
        start = self.position
        self.position += len("input")
        self.gap()
        begins = self.position
        name = self.label_name() or ""
        if name:
            self.input_name(name, Span(begins, self.position))
        volume = self.volume(
            f"a volume such as `input {shorten(name)} 64x64x3`" if name else "a volume such as `input 224x224x3`"
        )
        return tree.Input(volume, Span(start, self.position), (), name)

    def input_name(self, name: str, span: Span) -> None:
        """Take the name of an input, which is a label of its volume."""
        if name in self.labels:
            first = self.source.line(self.labels[name].start)
            hints = [f"the first one stands on line {first}; choose another name"]
            raise self.error("bad-name", f"the name `{shorten(name)}` is used twice", span, hints)
        self.refuse_long(name, span)
        self.labels[name] = span
        self.count_part()

    def output(self) -> tree.OutputSyntax:
        """output = "output" "@" name { [ "," ] "@" name }, to the end of the line"""
        start = self.position
        self.position += len("output")
        labels: list[tree.TakeSyntax] = []
        while self.match(_NEXT_OUTPUT):
            self.position -= 1  # the @
            labels.append(self.take_label())
            self.count_part()
        return tree.OutputSyntax(tuple(labels), Span(start, self.position))

    def rounding(self) -> tree.Rounding:
        """rounding = "rounding" ( "strict" | "floor" | "ceil" )"""
        start = self.position
        self.position += len("rounding")
        mode = self.name("how to round: strict, floor or ceil")
        span = Span(self.position - len(mode), self.position)
        if mode not in ROUNDINGS:
            hints = did_you_mean(mode, ROUNDINGS) or ["choose from " + ", ".join(ROUNDINGS)]
            raise self.error("bad-rounding", f"there is no rounding `{shorten(mode)}`", span, hints)
        return tree.Rounding(mode, Span(start, self.position))

    def param(self) -> tree.ParameterSyntax:
        """param = "param" name "=" expression"""
        start = self.position
        self.position += len("param")
        name = self.parameter_name()
        self.expect(ASSIGN, "`=` and a value, as in `param width = 64`")
        value = self.expression(across_lines=False)
        return tree.ParameterSyntax(name, value, Span(start, self.position))

    def block(self) -> None:
        """block = "block" name [ "(" [ parameter { "," parameter } ] ")" ] { step } "end" """
        start = self.position
        self.position += len("block")
        name = self.name("a name, as in `block residual(width)`")
        head = Span(start, self.position)
        self.refuse_long(name)
        if name in self.blocks or name in STATEMENTS:
            why = "is already defined" if name in self.blocks else "is a word of the language"
            raise self.error("bad-name", f"`{shorten(name)}` {why}", head, ["choose another name"])
        parameters = self.block_parameters()
        outer, self.labels = self.labels, {}
        self.separator()
        body = self.steps_until_end(head)
        self.blocks[name] = tree.BlockSyntax(name, parameters, body, frozenset(self.labels), head, self.source)
        self.labels = outer

    def use(self) -> None:
        """use = "use" name, which brings in the blocks of a file that ships with the package"""
        self.position += len("use")
        name = self.name("the name of a block file, as in `use resnet`")
        span = Span(self.position - len(name), self.position)
        source = self.library(name)
        if source is None:
            hints = ["a block file is one that ships with the package, such as `use resnet`; the zoo's page lists them"]
            raise self.error("unknown-name", f"there is no block file `{shorten(name)}`", span, hints)
        for block in Parser(source).only_blocks().values():
            if block.name in self.blocks:
                message = f"`{name}` brings in a block `{block.name}`, which is already defined"
                raise self.error("bad-name", message, span, ["choose another name for your block"])
            self.blocks[block.name] = block

    def only_blocks(self) -> dict[str, tree.BlockSyntax]:
        """Read a text that holds blocks and nothing else."""
        self.then()
        while self.position < len(self.text):
            if self.keyword() != "block":
                raise self.unexpected("`block`: a block file holds blocks alone")
            self.block()
            self.separator()
        return self.blocks

    def block_parameters(self) -> tuple[tree.ParameterSyntax, ...]:
        """parameter = name [ "=" expression ]"""
        self.gap()
        opened = self.position
        if not self.take("("):
            return ()
        parameters: dict[str, tree.ParameterSyntax] = {}
        optional = False
        self.space()
        while not self.take(")"):
            start = self.position
            name = self.parameter_name()
            value = self.expression() if self.match(ASSIGN) else None
            span = Span(start, self.position)
            self.count_part()
            if name in parameters:
                raise self.error("bad-name", f"`{shorten(name)}` is named twice", span)
            if value is None and optional:
                hints = [f"give `{name}` a default, or put it first"]
                raise self.error("bad-name", f"`{name}` has no default but follows one that has", span, hints)
            optional = value is not None
            parameters[name] = tree.ParameterSyntax(name, value, span)
            self.comma_or_close(opened)
        return tuple(parameters.values())

    def steps_until_end(self, head: Span) -> tree.Sequence:
        """{ step } "end" """
        steps: list[tree.StepSyntax] = []
        while (keyword := self.keyword()) != "end":
            if self.position >= len(self.text):
                hints = ["close it with a line `end`"]
                raise self.error("unclosed", "this block has no `end`", head, hints)
            if keyword:
                raise self.misplaced(keyword, "inside a block")
            steps.append(self.step())
            self.count_part()
            self.separator()
        self.position += len("end")
        if not steps:
            raise self.error("empty", "this block is empty", head, ["write a layer between `block` and `end`"])
        return tuple(steps)

    def total(self) -> None:
        """total = "total" ( "memory" | "params" ) ":" …, the last rows of the lecture's table"""
        start, end = self.position, _LINE.match(self.text, self.position).end()  # type: ignore[union-attr]
        comment = self.text.find("#", start, end)
        row = Span(start, end if comment < 0 else comment)
        stated = table.stated_numbers(self.source, self.text, row)
        self.count_part(len(stated))
        self.totals.extend(stated)
        if not stated and _DIGIT.search(self.text, *row):
            self.unread.append(row)
        self.position = end
