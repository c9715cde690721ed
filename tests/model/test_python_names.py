"""The names in exported source: whatever a spec calls its parts, the file is Python that computes the same."""

from __future__ import annotations

import ast
import builtins
import keyword

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.model.python import python_source
from cnncalc.model.python.arguments import USED
from tests.model.test_python import assert_same, images

RESERVED = [
    *sorted({word.lower() for word in keyword.kwlist}),
    *sorted(name for name in dir(builtins) if name.islower() and not name.startswith("_")),
    *["self", "nn", "torch", "f", "x", "y", "i", "forward", "training", "network", "scale", "channels", "value1"],
    *["_", "__", "_2", "__init__", "__class__", "_modules", "match", "annotations"],
]
"""Names with a meaning in Python, in PyTorch or in the source itself, as a spec writes them: in lower case."""


def usable(name: str, text: str) -> bool:
    """Say whether the language lets a spec use a name here; it keeps some for itself, such as `end`."""
    try:
        cnncalc.load(text, input="4x4x3")
    except cnncalc.SpecError as error:
        assert error.code in ("bad-name", "syntax", "misplaced", "bad-call", "empty")
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize(
    "template",
    [
        "block b({0})\nconv 1x1x{{{0}}} - relu\nend\nb(3) - b(4)",
        "block b(n)\n({0}: conv 1x1x{{n}} - bn)*3 - concat( | @{0} )\nend\nb(3) - b(4)",
        "block b({0})\n(conv 1x1x4 - relu)*{{{0}}}\nend\nb(3) - b(4)",
        "{0}: conv 1x1x3 - conv 1x1x3 - add( | @{0} )",
        "{0}1: conv 1x1x3 - {0}2: conv 1x1x3 - {0}3: conv 1x1x3 - {0}4: conv 1x1x3",
        "block {0}(n)\nconv 1x1x{{n}} - scale 0.5\nend\n{0}(3) - {0}(4)",
    ],
    ids=["argument", "label in a block", "number of turns", "label", "label of a loop", "block"],
)
def test_any_name_is_safe(template: str) -> None:
    """Every word of Python and of the source itself, as the name of an argument, a layer or a block."""
    tried = [name for name in RESERVED if usable(name, template.format(name))]
    assert len(tried) > 50
    for name in tried:
        network = cnncalc.load(template.format(name), input="4x4x3")
        assert_same(network, images(network))


def test_a_loop_of_items_named_by_a_keyword_has_another_variable() -> None:
    """What a turn reads twice has a variable, which cannot be called `class`."""
    text = "(class: conv 1x1x3 - add( conv 1x1x3 | conv 1x1x3 ))*4"
    turns = "\n".join(f"class{n}: conv 1x1x3\nadd( relu | bn )" for n in range(1, 5))
    for spec in (text, turns):
        network = cnncalc.load(spec, input="4x4x3")
        assert_same(network, images(network))


def test_blocks_whose_class_names_coincide_stay_two_classes() -> None:
    """`a_b` and `a__b` are both AB in Python, `ab2` and the second class of `ab` both Ab2."""
    text = (
        "block a_b(n)\nconv 1x1x{n}\nend\nblock a__b(n)\nconv 1x1x{n} - relu\nend\n"
        "block ab(n)\n(conv 1x1x{n} - bn)*n\nend\nblock ab2(n)\nbn - conv 1x1x{n}\nend\n"
        "a_b(3) - a__b(4) - ab(1) - ab(2) - ab2(3) - ab2(4)"
    )
    network = cnncalc.load(text, input="4x4x3")
    assert_same(network, images(network))
    classes = [node.name for node in ast.parse(python_source(network)).body if isinstance(node, ast.ClassDef)]
    assert len(classes) == len(set(classes))


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "convnext_tiny", "unet", "mobilenet_v3_small"])
def test_the_list_of_names_that_the_source_uses_is_whole(name: str) -> None:
    """Whatever a function of the source reads and does not define stands in the list, or is a class or a type."""
    assert name in zoo.names()
    tree = ast.parse(python_source(cnncalc.load(name)))
    classes = {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        names = [node for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Name)]
        own = {argument.arg for argument in function.args.args}
        own |= {node.id for node in names if isinstance(node.ctx, ast.Store)}
        assert {node.id for node in names} <= own | classes | USED


def test_a_loop_that_starts_at_a_sum_counts_from_it() -> None:
    """`i - (depth + 1)`: where a loop starts is an expression of its own, and numbers grow from there."""
    text = (
        "block b(depth)\n(conv 1x1x3)*{depth} - relu - "
        "conv 1x1x{depth} - conv 1x1x{depth+1} - conv 1x1x{depth+2}\nend\n"
        "b(2) - b(3) - b(5)"
    )
    network = cnncalc.load(text, input="4x4x3")
    assert_same(network, images(network))
