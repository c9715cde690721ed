"""The grammar. Each method reads one rule, which its docstring states.

The parser walks the text once from left to right and looks at most one token ahead, so that it takes
time in proportion to the text's length. Recursion follows the nesting of brackets, which is limited.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_NESTING, MAX_TEXT, MAX_WORDS
from cnncalc.core.source import Source, Span
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.spec import table, tree
from cnncalc.spec.expressions import Expression, ExpressionParser
from cnncalc.spec.scanner import CLOSING, GAP, NAME, WORD, Scanner

MERGES = ("add", "concat", "mul")
ROUNDINGS = ("strict", "floor", "ceil")
STATEMENTS = ("input", "rounding", "param", "block", "end", "use")

Library = Callable[[str], Source | None]
"""Finds the block file that a name of ``use`` stands for."""

_PLAIN_WORD = r"(?:[^\s()\[\]|,;#@*=→{}:-]+|:(?=[0-9])|-(?=[0-9])){1,500}"
_PLAIN_LAYER = re.compile(
    rf"{_PLAIN_WORD}(?:[^\S\n]+{_PLAIN_WORD}|[^\S\n]*=(?!>)[^\S\n]*{_PLAIN_WORD}){{0,{2 * MAX_WORDS}}}"
)
_LAYER_WORD = re.compile(r"[a-z_][a-z0-9_]*(?:-[0-9]+)?")
_STEP_ENDS = re.compile(r"[^\S\n]*(?:[\n,;]|-\s|$)")
_NOT_PLAIN = re.compile(r"[^\S\n]*(?:[:-]?\{|=(?!>))")
_OPTION = re.compile(r"\s*=\s*")
_ASSIGN = re.compile(r"[^\S\n]*=(?!>)[^\S\n]*")
_CLAIM = re.compile(r"[^\S\n]*=>[^\S\n]*")
_COUNT = re.compile(r"[0-9a-z_]")
_IN_BRACKETS = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
_LINE = re.compile(r"[^\n]*")
_DIGIT = re.compile(r"[0-9]")
_CLOSERS = {"(": ")", "[": "]"}


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


class Parser(Scanner):
    """Reads statements, steps and items: each method is a rule of the grammar."""

    def __init__(self, source: Source, library: Library = no_library) -> None:
        super().__init__(source)
        self.library = library
        self.blocks: dict[str, tree.BlockSyntax] = {}
        self.totals: list[tree.Stated] = []
        self.unread: list[Span] = []
        self.labels: dict[str, Span] = {}
        self.shared: dict[tuple[str, ...], tuple[str, ...]] = {}

    # ---- statements

    def spec(self) -> tree.Spec:
        """spec = { input | rounding | param | block | total | step }, separated"""
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
                statements.append(self.table_row() or self.step())
            self.count_part()
            self.separator()
        totals, unread = tuple(self.totals), tuple(self.unread)
        return tree.Spec(self.source, tuple(statements), self.blocks, frozenset(self.labels), totals, unread)

    def keyword(self) -> str:
        """Return the statement's word at this position, or "" where there is none (or it is a label)."""
        match = NAME.match(self.text, self.position)
        if match is None or match[0] not in STATEMENTS:
            return ""
        colon = GAP.match(self.text, match.end()).end()  # type: ignore[union-attr]  # matches always
        return "" if self.text.startswith(":", colon) else match[0]

    def input(self) -> tree.Input:
        """input = "input" volume"""
        start = self.position
        self.position += len("input")
        volume = self.volume("a volume such as `input 224x224x3`")
        return tree.Input(volume, Span(start, self.position))

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
        self.expect(_ASSIGN, "`=` and a value, as in `param width = 64`")
        value = self.expression(across_lines=False)
        return tree.ParameterSyntax(name, value, Span(start, self.position))

    def block(self) -> None:
        """block = "block" name [ "(" [ parameter { "," parameter } ] ")" ] { step } "end" """
        start = self.position
        self.position += len("block")
        name = self.name("a name, as in `block residual(width)`")
        head = Span(start, self.position)
        self.refuse_long(name)
        if name in self.blocks or name in MERGES or name in STATEMENTS:
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
            value = self.expression() if self.match(_ASSIGN) else None
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

    # ---- steps

    def step(self) -> tree.StepSyntax:
        """step = [ label ":" ] item { "*" count } [ "=>" volume ]"""
        if plain := self.plain_step():
            return plain
        start = self.position
        label = self.label()
        item = self.item()
        repeats = self.repeats()
        claim = self.volume("the volume that is claimed, as in `=> 28x28x6`") if self.match(_CLAIM) else None
        return tree.StepSyntax(item, Span(start, self.position), label, repeats, claim)

    def plain_step(self) -> tree.StepSyntax | None:
        """step, where it is a layer and nothing else, as most are: a short way to what `step` makes of it"""
        match = _PLAIN_LAYER.match(self.text, self.position)
        if match is None or not _STEP_ENDS.match(self.text, match.end()):
            return None
        texts = tuple(_OPTION.sub("=", match[0]).split()) if "=" in match[0] else tuple(match[0].split())
        if len(texts) > MAX_WORDS or not _LAYER_WORD.fullmatch(texts[0]):
            return None
        self.position = match.end()
        span = Span(*match.span())
        return tree.StepSyntax(tree.LayerSyntax(span, self.shared.setdefault(texts, texts)), span)

    def label(self) -> str | None:
        """[ name ":" ]"""
        match = NAME.match(self.text, self.position)
        if match is None:
            return None
        colon = GAP.match(self.text, match.end()).end()  # type: ignore[union-attr]
        if not self.text.startswith(":", colon):
            return None
        name, span = match[0], Span(match.start(), match.end())
        if name in self.labels:
            first = self.source.line(self.labels[name].start)
            hints = [f"the first one stands on line {first}; choose another name"]
            raise self.error("bad-name", f"the label `{shorten(name)}` is used twice", span, hints)
        self.position = match.end()
        self.refuse_long(name)
        self.labels[name] = span
        self.count_part()
        self.position = colon + 1
        self.space()
        return name

    def table_row(self) -> tree.StepSyntax | tree.Input | None:
        """row = layer ":" "[" volume "]" …, as the lecture prints it"""
        row = table.read_row(self.source, self.text, self.position)
        if row is not None:
            self.position = row.span.end
        return row

    def item(self) -> tree.Item:
        """item = group | "@" name | claim | merge | call | layer"""
        start = self.position
        character = self.text[start : start + 1]
        if character in _CLOSERS:
            return self.group(character)
        if character == "@":
            return self.take_label()
        if _CLAIM.match(self.text, start):
            return tree.Here(Span(start, start + 2))
        name = NAME.match(self.text, start)
        if name is None:
            raise self.unexpected("a layer")
        self.position = name.end()
        self.gap()
        if self.text.startswith("(", self.position):
            return self.merge(name[0], start) if name[0] in MERGES else self.call(name[0], start)
        self.position = start
        return self.layer()

    def group(self, opener: str) -> tree.Group:
        """group = "(" sequence ")" | "[" sequence "]" """
        start = self.position
        self.position += 1
        body = self.sequence(start)
        if not self.take(_CLOSERS[opener]):
            raise self.unclosed(start, _CLOSERS[opener])
        span = Span(start, self.position)
        if not body:
            raise self.error("empty", "these brackets are empty", span, ["write a layer between them"])
        return tree.Group(body, span)

    def take_label(self) -> tree.TakeSyntax:
        """take = "@" name"""
        start = self.position
        self.position += 1
        name = self.name("a label's name, as in `@enc1`")
        return tree.TakeSyntax(name, Span(start, self.position))

    def merge(self, word: str, start: int) -> tree.MergeSyntax:
        """merge = word "(" sequence { "|" sequence } ")" """
        opened = self.position
        self.position += 1
        branches = [self.sequence(opened)]
        while self.take("|"):
            branches.append(self.sequence(opened))
        if not self.take(")"):
            raise self.unclosed(opened, ")")
        span = Span(start, self.position)
        if len(branches) < 2:
            hints = [f"separate its branches by `|`: {word}( conv 3x3x64 p1 | )"]
            raise self.error("bad-merge", f"{word} takes two branches or more", span, hints)
        return tree.MergeSyntax(word, tuple(branches), span)

    def sequence(self, opened: int) -> tree.Sequence:
        """sequence = [ step { separator step } ]"""
        self.depth += 1
        self.count_part()
        if self.depth > MAX_NESTING:
            message = f"brackets nest at most {MAX_NESTING} deep"
            raise self.error("too-deep", message, Span(opened, opened + 1))
        steps: list[tree.StepSyntax] = []
        self.then()
        while self.position < len(self.text) and self.text[self.position] not in CLOSING:
            if keyword := self.keyword():
                raise self.misplaced(keyword, "inside brackets")
            steps.append(self.step())
            self.count_part()
            self.separator(CLOSING)
        self.depth -= 1
        return tuple(steps)

    def call(self, name: str, start: int) -> tree.CallSyntax:
        """call = name "(" [ argument { "," argument } ] ")" """
        opened = self.position
        self.position += 1
        arguments: list[tree.ArgumentSyntax] = []
        self.space()
        while not self.take(")"):
            arguments.append(self.argument())
            self.comma_or_close(opened)
        return tree.CallSyntax(name, tuple(arguments), Span(start, self.position))

    def argument(self) -> tree.ArgumentSyntax:
        """argument = [ name "=" ] expression"""
        start = self.position
        self.count_part()
        name = NAME.match(self.text, start)
        if name and (assign := _ASSIGN.match(self.text, name.end())):
            self.position = assign.end()
            value = self.expression()
            return tree.ArgumentSyntax(name[0], value, Span(start, self.position))
        value = self.expression()
        return tree.ArgumentSyntax(None, value, Span(start, self.position))

    def layer(self) -> tree.LayerSyntax:
        """layer = word { word | name "=" word }"""
        match = _PLAIN_LAYER.match(self.text, self.position)
        if match is None or _NOT_PLAIN.match(self.text, match.end()):
            return self.layer_with_expressions()
        self.position = match.end()
        texts = tuple(_OPTION.sub("=", match[0]).split(None, MAX_WORDS))
        if len(texts) > MAX_WORDS:
            raise self.too_many_words(Span(*match.span()))
        return tree.LayerSyntax(Span(*match.span()), self.shared.setdefault(texts, texts))

    def layer_with_expressions(self) -> tree.LayerSyntax:
        """The same, for a layer in which something has to be computed."""
        words = [self.word("a layer")]
        while (argument := self.layer_argument()) is not None:
            words.append(argument)
            self.count_part()
            if len(words) > MAX_WORDS:
                raise self.too_many_words(Span(words[0].span.start, self.position))
        span = Span(words[0].span.start, words[-1].span.end)
        texts = [word.constant for word in words if word.constant is not None]
        return tree.LayerSyntax(span, tuple(texts) if len(texts) == len(words) else None, tuple(words))

    def layer_argument(self) -> tree.Word | None:
        """[ word | name "=" word ]"""
        before = self.position
        self.gap()
        match = WORD.match(self.text, self.position)
        if match is None:
            self.position = before
            return None
        assign = _ASSIGN.match(self.text, match.end())
        if assign is None:
            return self.word("an option")
        self.position = assign.end()
        value = self.word(f"a value for `{shorten(match[0])}`")
        name = match[0] + "="
        constant = None if value.constant is None else name + value.constant
        return tree.Word((name, *value.parts), Span(match.start(), value.span.end), constant)

    def repeats(self) -> tuple[Expression, ...]:
        """{ "*" count }; a count is a number, a parameter or `{` expression `}`"""
        counts: list[Expression] = []
        before = self.position
        self.gap()
        while self.take("*"):
            self.count_part()
            self.gap()
            counts.append(self.braced() if self.text.startswith("{", self.position) else self.count())
            before = self.position
            self.gap()
        self.position = before
        return tuple(counts)

    def count(self) -> Expression:
        """count = number | name"""
        if not _COUNT.match(self.text, self.position):
            raise self.unexpected("how often to repeat, as in `*3`")
        parser = ExpressionParser(self.source, self.text, self.position, len(self.text))
        value = parser.atom()
        self.position = parser.position
        return value
