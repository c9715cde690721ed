"""From a word to a layer."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc.layers import find, foreign, registry, words
from cnncalc.layers.base import ROLES, Layer
from cnncalc.layers.registry import SELDOM, register
from tests.layers.helpers import hints, layer, told


def test_a_word_is_registered_once():
    """A second layer of the same word is a mistake in the code, found at import."""
    with pytest.raises(ValueError, match="two layers are written 'conv'"):
        register("conv")(Layer)


def test_words_of_other_tools_lead_to_ours():
    """Every foreign word stands for a word of the language, and is not one itself."""
    assert set(foreign().values()) <= set(words())
    assert not set(foreign()) & set(words())
    assert {foreign()[word] for word in ("conv2dtranspose", "averagepool", "shortcut", "groupnorm")} == {
        *("deconv", "avgpool", "add", "gn")
    }
    assert hints("linear 10", "8x8x4") == "write `fc 10`"
    assert hints("average pooling 2x2", "8x8x4") == "write `avgpool 2x2`"
    assert hints("transposed convolution 2x2x8", "8x8x4") == "write `deconv 2x2x8`"
    assert hints("cat 10", "8x8x4") == "did you mean `concat`?"


def test_an_unknown_word_gets_a_guess():
    """`con` is nearly `conv`."""
    assert told("con 3x3x4", "8x8x4") == ("unknown-layer", "there is no layer `con`")
    assert "`conv`" in hints("con 3x3x4", "8x8x4")


@pytest.mark.parametrize("word", ["relu3", "conv3", "gap2", "bn-4"])
def test_only_some_words_have_a_shorthand(word: str):
    """`conv3-64`, `pool2` and `fc-10` do; others are not read as one."""
    assert find(word) is None


@pytest.mark.parametrize("word", words())
def test_every_layer_plays_a_role_in_pictures(word: str):
    """The colours of a picture come from the role."""
    found = find(word)
    assert found is not None and found[0].role in ROLES


def test_captions_say_what_a_picture_has_room_for():
    """The kernel and the filters, or the outputs; and below what is not the usual setting."""
    said = {
        "conv 3x3x8 p1": ("conv 3×3, 8",),
        "conv 2x4x8 s2x4": ("conv 2×4, 8", "stride 2×4"),
        "conv 1x1x8 g4": ("conv 1×1, 8", "4 groups"),
        "conv 3x3x8 d2": ("conv 3×3, 8", "dilation 2"),
        "dwconv 3x3": ("dwconv 3×3",),
        "dwconv 3x3x8": ("dwconv 3×3, 8",),
        "deconv 2x2x8 s2": ("deconv 2×2, 8", "stride 2"),
        "maxpool 2x2": ("max pool 2×2", "stride 2"),
        "adaptiveavgpool 2x2": ("avg pool to 2×2",),
        "gap": ("gap",),
        "relu": ("relu",),
        "fc 10": ("fc 10",),
    }
    found = {text: layer(text, "8x8x4").layer for text in said}
    assert {text: (found[text].caption(), *found[text].remarks()) for text in said} == said


def test_every_file_of_layers_is_loaded_with_the_package_or_when_a_word_is_not_known():
    """A new file belongs into one of two lists: the imports of `cnncalc.layers`, or `SELDOM`."""
    folder = Path(registry.__file__).parent
    registering = {path.stem for path in folder.glob("*.py") if "\n@register(" in path.read_text()}
    (imports,) = [
        {alias.name for alias in statement.names}
        for statement in ast.parse((folder / "__init__.py").read_text()).body
        if isinstance(statement, ast.ImportFrom) and statement.module == "cnncalc.layers"
    ]
    assert sorted([*imports, *SELDOM]) == sorted(registering)


def test_seldom_words_are_known_to_stand_in_their_files():
    """The words of a file that is loaded when one of them is met are those that it registers."""
    code = (
        "import json; from cnncalc.layers import find, words; from cnncalc.layers.registry import SELDOM\n"
        "files = {word: find(word)[0].__module__.rpartition('.')[2] for word in words()}\n"
        "print(json.dumps({name: sorted(word for word, own in files.items() if own == name) for name in SELDOM}))"
    )
    assert json.loads(printed_by(code)) == {name: list(words) for name, words in SELDOM.items()}


def printed_by(code: str) -> str:
    """Return what a Python of its own prints, which has loaded nothing yet."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_a_usual_network_loads_no_file_of_seldom_words():
    """LeNet-5 needs none; that of `deconv` is loaded when it is met, and all with the words of other packages."""
    code = (
        "import sys, cnncalc; from cnncalc.layers import find; from cnncalc.layers.registry import SELDOM\n"
        "def loaded(): return sorted(name for name in SELDOM if f'cnncalc.layers.{name}' in sys.modules)\n"
        "cnncalc.load('lenet5'); print(loaded())\n"
        "print(find('none', elsewhere=False), find('deconv')[0].__name__, loaded())\n"
        "print(find('none'), loaded() == sorted(SELDOM))"
    )
    assert printed_by(code) == "[]\nNone TransposedConvolution ['transposed']\nNone True\n"


def test_a_word_of_a_seldom_file_is_registered_once_too():
    """A program's own layer comes before `deconv` is loaded; it is refused where it stands, and not at another word."""
    code = (
        "import cnncalc\nfrom cnncalc.layers import Layer\nfrom cnncalc.layers.registry import register\n"
        "class Own(Layer): pass\n"
        "try: register('deconv')(Own)\nexcept ValueError as error: print(error)\n"
        "print(cnncalc.load('input 2x2x1 - deconv 2x2x1 s2').output)"
    )
    assert printed_by(code) == "two layers are written 'deconv'\n4x4x1\n"
