"""The grammar of steps: layers, merges, groups, block calls, labels, repeats. Each method reads one rule."""

from __future__ import annotations

import re
from functools import cached_property

from cnncalc.core.limits import MAX_NESTING, MAX_WORDS
from cnncalc.core.source import Source, Span
from cnncalc.core.words import shorten
from cnncalc.spec import table, tree
from cnncalc.spec.expressions import Expression, ExpressionParser
from cnncalc.spec.scanner import CLOSING, NAME, WORD, Scanner

MERGES = ("add", "concat", "mul", "sub", "max", "min", "mean")
STATEMENTS = ("input", "rounding", "param", "block", "end", "use")

_KEYWORD = re.compile(rf"(?:{'|'.join(STATEMENTS)})(?![a-z0-9_]|[^\S\n]*:)")
_PLAIN_WORD = r"(?:[^\s()\[\]|,;#@*=→{}:-]+|:(?=[0-9])|-(?=[0-9])){1,500}"
_PLAIN_LAYER = re.compile(
    rf"{_PLAIN_WORD}(?:[^\S\n]+{_PLAIN_WORD}|[^\S\n]*=(?!>)[^\S\n]*{_PLAIN_WORD}){{0,{2 * MAX_WORDS}}}"
)
_LAYER_WORD = re.compile(r"[a-z_][a-z0-9_]*(?:-[0-9]+)?")
_STEP_ENDS = re.compile(r"[^\S\n]*(?:[\n,;]|-\s|$)")
_NOT_PLAIN = re.compile(r"[^\S\n]*(?:[:-]?\{|=(?!>)|@)")
_OPTION = re.compile(r"\s*=\s*")
ASSIGN = re.compile(r"[^\S\n]*=(?!>)[^\S\n]*")
_MAY_BE_LABEL = re.compile(r"[a-z0-9_]*(?:[^\S\n]*:|[^\x00-\x7f])")
"""A name and its colon, or letters of another script, which are looked at one by one."""
_TIMES = re.compile(r"[^\S\n]*\*[^\S\n]*")
_ARGUMENT = re.compile(rf"[^\S\n]*({WORD.pattern})({ASSIGN.pattern})?")
_CLAIM = re.compile(r"[^\S\n]*=>[^\S\n]*")
_WEIGHTS = re.compile(r"[^\S\n]*weights[^\S\n]*=(?!>)")
_COUNT = re.compile(r"[0-9a-z_]")
_MARKS = re.compile(r"#[^\n]*|[(\[)\]|]")
_WITHOUT_FORK = re.compile(r"\([^()\[\]|#]*\)")
"""Brackets that hold no others and no `|`, as those of most calls."""
_CLOSERS = {"(": ")", "[": "]"}


class StepParser(Scanner):
    """Reads steps and items: each method is a rule of the grammar."""

    def __init__(self, source: Source) -> None:
        super().__init__(source)
        self.labels: dict[str, Span] = {}
        self.shared: dict[tuple[str, ...], tuple[str, ...]] = {}

    @cached_property
    def forks(self) -> frozenset[int]:
        """The places of brackets that hold a `|` of their own, and no list of numbers."""
        found: set[int] = set()
        opened: list[int] = []
        for mark in _MARKS.finditer(self.text):
            sign = mark[0]
            if sign in "([":
                opened.append(mark.start())
            elif sign in ")]" and opened:
                opened.pop()
            elif sign == "|" and opened:
                found.add(opened[-1])
        return frozenset(found)

    def is_block(self, name: str) -> bool:
        """Say whether the text defines a block of a name, here or further down."""
        return False

    def keyword(self) -> str:
        """Return the statement's word at this position, or "" where there is none (or it is a label)."""
        match = _KEYWORD.match(self.text, self.position)
        return match[0] if match else ""

    def step(self) -> tree.StepSyntax:
        """step = [ label ":" ] item { "*" count } [ "=>" volume ]"""
        return self.plain_step() or self.full_step()

    def full_step(self) -> tree.StepSyntax:
        """step, with all that may be written around a layer"""
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
        span = Span.of(match)
        return tree.StepSyntax(tree.LayerSyntax(span, self.shared.setdefault(texts, texts)), span)

    def label(self) -> str | None:
        """[ name ":" ]"""
        if not _MAY_BE_LABEL.match(self.text, self.position):
            return None
        start = self.position
        name = self.label_name()
        span = Span(start, self.position)
        self.gap()
        if name is None or not self.take(":"):
            self.position = start
            return None
        if name in self.labels:
            first = self.source.line(self.labels[name].start)
            hints = [f"the first one stands on line {first}; choose another name"]
            raise self.error("bad-name", f"the label `{shorten(name)}` is used twice", span, hints)
        self.refuse_long(name, span)
        self.labels[name] = span
        self.count_part()
        self.space()
        return name

    def table_row(self) -> tree.StepSyntax | tree.Input | None:
        """row = layer ":" "[" volume "]" …, as the lecture prints it"""
        row = table.read_row(self.source, self.text, self.position)
        if row is not None:
            self.position = row.span.end
        return row

    def item(self) -> tree.Item:
        """item = group | "@" name | claim | merge | call | layer; what has `|` in its brackets is a merge"""
        start = self.position
        character = self.text[start : start + 1]
        if character in _CLOSERS:
            return self.group(character)
        if character == "@":
            return self.take_label()
        if self.text.startswith("=>", start):
            return tree.Here(Span(start, start + 2))
        name = NAME.match(self.text, start)
        if name is None:
            raise self.unexpected("a layer")
        self.position = name.end()
        self.gap()
        if self.text.startswith("(", self.position):
            return self.merge(name[0], start) if self._merges(name[0]) else self.call(name[0], start)
        self.position = start
        return self.layer()

    def _merges(self, word: str) -> bool:
        """Say whether the bracket at this position, which follows a word, is that of a merge."""
        if word in MERGES and not self.is_block(word):
            return True
        return not _WITHOUT_FORK.match(self.text, self.position) and self.position in self.forks

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
        self.gap()
        name = self.label_name()
        if name is None:
            raise self.unexpected("a label's name, as in `@enc1`")
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
        """call = name "(" [ argument { "," argument } ] ")" [ "weights" "=" name ]"""
        opened = self.position
        self.position += 1
        arguments: list[tree.ArgumentSyntax] = []
        self.space()
        while not self.take(")"):
            arguments.append(self.argument())
            self.comma_or_close(opened)
        weights = self._weights_name() if self.match(_WEIGHTS) else ""
        self.refuse_long(weights)
        return tree.CallSyntax(name, tuple(arguments), Span(start, self.position), weights)

    def _weights_name(self) -> str:
        """letter { letter | digit | "_" }, letters of any script"""
        self.gap()
        name = self.label_name()
        if name is None:
            raise self.unexpected("a name for the weights, as in `weights=head`")
        return name

    def argument(self) -> tree.ArgumentSyntax:
        """argument = [ name "=" ] expression"""
        start = self.position
        self.count_part()
        name = NAME.match(self.text, start)
        if name and (assign := ASSIGN.match(self.text, name.end())):
            self.position = assign.end()
            value = self.expression()
            return tree.ArgumentSyntax(name[0], value, Span(start, self.position))
        value = self.expression()
        return tree.ArgumentSyntax(None, value, Span(start, self.position))

    def layer(self) -> tree.LayerSyntax:
        """layer = word { word | name "=" ( word | numbers ) | "@" name }"""
        match = _PLAIN_LAYER.match(self.text, self.position)
        if match is None or _NOT_PLAIN.match(self.text, match.end()):
            return self.layer_with_expressions()
        self.position = match.end()
        texts = tuple(_OPTION.sub("=", match[0]).split(None, MAX_WORDS))
        if len(texts) > MAX_WORDS:
            raise self.too_many_words(Span.of(match))
        return tree.LayerSyntax(Span.of(match), self.shared.setdefault(texts, texts))

    def layer_with_expressions(self) -> tree.LayerSyntax:
        """The same, for a layer in which something has to be computed, or that has numbers or labels."""
        words = [self.word("a layer")]
        labels: list[tree.TakeSyntax] = []
        while (argument := self.layer_argument()) is not None:
            words.append(argument)
            self.count_part()
            if argument.constant is not None and argument.constant.startswith("@"):
                labels.append(tree.TakeSyntax(argument.constant[1:], argument.span))
            if len(words) > MAX_WORDS:
                raise self.too_many_words(Span(words[0].span.start, self.position))
        span = Span(words[0].span.start, words[-1].span.end)
        texts = [word.constant for word in words if word.constant is not None]
        constant = tuple(texts) if len(texts) == len(words) else None
        return tree.LayerSyntax(span, constant, tuple(words), tuple(labels))

    def layer_argument(self) -> tree.Word | None:
        """[ word | name "=" ( word | numbers ) | "@" name ]"""
        match = _ARGUMENT.match(self.text, self.position)
        if match is None:
            return self.label_as_word()
        if match[2] is None:
            return self.word_at(Span.of(match, 1))
        self.position = match.end()
        bracket = self.text.startswith("[", self.position)
        value = self.numbers() if bracket else self.word(f"a value for `{shorten(match[1])}`")
        name = match[1] + "="
        constant = None if value.constant is None else name + value.constant
        return tree.Word((name, *value.parts), Span(match.start(1), value.span.end), constant)

    def label_as_word(self) -> tree.Word | None:
        """[ "@" name ]"""
        before = self.position
        self.gap()
        if not self.text.startswith("@", self.position):
            self.position = before
            return None
        taken = self.take_label()
        return tree.Word(("@" + taken.label,), taken.span, "@" + taken.label)

    def repeats(self) -> tuple[Expression, ...]:
        """{ "*" count }; a count is a number, a parameter or `{` expression `}`"""
        counts: list[Expression] = []
        while self.match(_TIMES):
            self.count_part()
            counts.append(self.braced() if self.text.startswith("{", self.position) else self.count())
        return tuple(counts)

    def count(self) -> Expression:
        """count = number | name"""
        if not _COUNT.match(self.text, self.position):
            raise self.unexpected("how often to repeat, as in `*3`")
        parser = ExpressionParser(self.source, self.text, self.position, len(self.text))
        value = parser.atom()
        self.position = parser.position
        return value
