"""Loading: from a path, a text or standard input to a network."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from cnncalc import zoo
from cnncalc.core.collector import paused_collector
from cnncalc.core.errors import ArgumentError, ArgumentTypeError, SpecError
from cnncalc.core.limits import MAX_TEXT
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.core.words import closest, listed, shorten, shorten_path, type_text
from cnncalc.layers import find, foreign
from cnncalc.network import Network, SpecSettings, expand, input_volume
from cnncalc.network.settings import InputTexts
from cnncalc.spec import parse

if TYPE_CHECKING:
    from cnncalc.foreign import Translation

InputSizes = str | tuple[int, ...] | Mapping[str, str | tuple[int, ...]] | None
"""The size of the input, ``"32x32x3"`` or ``(32, 32, 3)``, or those of several by their names."""

_LOOKS_LIKE_A_FILE = re.compile(r"[^\s()\[\]{}|,;*]*(?:[/\\][^\s()\[\]{}|,;*]*|\.[A-Za-z][A-Za-z0-9]{0,7})")

_MOST_BYTES = 4 * MAX_TEXT  # a character takes at most four

_ONNX = b"\x08"
"""How an ONNX file begins, with the number of its version; no text has this character."""
_BINARY = (b"PK\x03\x04", b"\x89HDF\r\n", b"\x80\x02", b"\x80\x04")
"""How files begin that hold models of Keras and PyTorch with their weights: zip, HDF5 and pickle."""


def load(
    spec: str | os.PathLike[str],
    *,
    input: InputSizes = None,
    params: Mapping[str, int | str] | None = None,
    rounding: str | None = None,
) -> Network:
    """Read a spec and return its network.

    Args:
        spec: the path of a file, or the text itself; a `pathlib.Path` is always a path.
        input: the input volume, ``"32x32x3"`` or ``(32, 32, 3)``; overrides the spec's own. Of several inputs a
            mapping from names: ``{"left": "64x64x3"}``.
        params: values for the spec's parameters.
        rounding: ``"strict"``, ``"floor"`` or ``"ceil"``; overrides the spec's own.

    Raises:
        SpecError: for every fault in the spec, and for a file that cannot be read.
        ArgumentTypeError: for an argument of the wrong type, a kind of SpecError too.

    """
    if rounding not in (None, "strict", "floor", "ceil"):
        hints = ["choose strict, floor or ceil"]
        raise ArgumentError("bad-rounding", f"there is no rounding {shorten(repr(rounding))}", hints=hints)
    return load_with(spec, _settings(_input_texts(input), params or {}, rounding))


def load_with(spec: str | os.PathLike[str], settings: SpecSettings) -> Network:
    """Read a spec with settings that know where they come from, so that a fault in one is shown there."""
    return load_source(read_source(spec), settings)


def load_source(source: Source, settings: SpecSettings) -> Network:
    """Load a text that was read already, as standard input can be only once; see `load_with`."""
    try:
        with paused_collector():
            return _with_note_on_input(expand(parse(source, zoo.blocks), settings), source, settings)
    except SpecError as error:
        if translation := translated(source, settings):
            return load_translation(translation, settings)
        if missing := _missing(error, source):
            raise missing from None
        from cnncalc.network.trials import hints  # only on the way to an error

        with paused_collector():
            found = hints(error, source, settings, zoo.blocks)
            error.hints = (*found, *_zoo_hints(error, source), *_hints_on_files(error, source))
        raise


def translated(source: Source, settings: SpecSettings) -> Translation | None:
    """Read a text that is no valid spec as one of another tool; None where it is none."""
    from cnncalc.foreign import read_foreign  # a valid spec needs nothing of it

    with paused_collector():
        return read_foreign(source, settings.inputs)


def read_translation(spec: str, settings: SpecSettings) -> Translation:
    """Read a text, a path or ``-`` as one of another tool, for the inputs of the settings.

    Raises:
        SpecError: ``not-foreign`` where it is of no known format.
    """
    source = read_source(spec)
    if found := translated(source, settings):
        return found
    from cnncalc.foreign import FORMATS

    names = listed([each.what for each in FORMATS], limit=20)
    hints = [f"what is read: {names}", "or name a callable, package.module:callable, that makes a PyTorch module"]
    raise SpecError("not-foreign", f"`{shorten_path(spec)}` is of no format that is known here", hints=hints)


def load_translation(translation: Translation, settings: SpecSettings) -> Network:
    """Return the network of a text of another tool, whose stated numbers hold; errors have their places there."""
    with paused_collector():
        try:
            network = expand(parse(translation.spec, zoo.blocks), settings)
        except SpecError as error:
            if rows := translation.without_total(error):
                rows.prove(expand(parse(rows.spec, zoo.blocks), settings))
            raise translation.placed(error) from None
        translation.prove(network)
    return replace(network, notes=(*network.notes, translation.note()))


def _with_note_on_input(network: Network, source: Source, settings: SpecSettings) -> Network:
    """Return a network with a note where its input seems to have its channels in front, as PyTorch's has."""
    if not any(volume[0] in (1, 3) and volume[-1] == volume[-2] for volume in network.inputs):
        return network  # most are not in question, and what answers need not be loaded
    from cnncalc.network.trials import note_on_input

    note = note_on_input(network, source, settings, zoo.blocks)
    return replace(network, notes=(*network.notes, note)) if note else network


def read_input(volume: str | tuple[int, ...]) -> Volume:
    """Read an input volume, ``"32x32x3"`` or ``(32, 32, 3)``; raise `SpecError` for what is none."""
    return input_volume(Source("input", _volume_text(volume)))


def _input_texts(input: InputSizes) -> InputTexts:
    """Return the volume of an input as text, or those of several by their names."""
    if input is None or not isinstance(input, Mapping):
        return None if input is None else _volume_text(input)
    if not all(isinstance(name, str) and name.strip() for name in input):
        hints = ['write input={"left": "64x64x3", "right": "64x64x3"}']
        raise ArgumentTypeError("bad-name", "the names of the inputs are not all texts", hints=hints)
    return {name: _volume_text(volume) for name, volume in input.items()}


def _volume_text(volume: str | Iterable[int]) -> str:
    try:
        return volume if isinstance(volume, str) else "x".join(map(str, volume))
    except (TypeError, ValueError):  # nothing to go through, or a number too long to be written
        hints = ['write input="32x32x3" or input=(32, 32, 3)']
        message = f"the input, {type_text(volume)}, is not a volume"
        raise ArgumentTypeError("bad-volume", message, hints=hints) from None


def _settings(volume: InputTexts, params: Mapping[str, int | str], rounding: str | None) -> SpecSettings:
    try:
        return SpecSettings.of_texts(volume, {name: str(value) for name, value in params.items()}, rounding)
    except (AttributeError, ValueError):  # no mapping, a name that is no text, or a number too long to be written
        hints = ['write params={"width": 64}']
        message = "params is not a mapping from names to numbers in range"
        raise ArgumentTypeError("bad-name", message, hints=hints) from None


def read_source(spec: str | os.PathLike[str]) -> Source:
    """Find the text that a person means: a file, ``-`` for standard input, a zoo's name, or the text itself."""
    if not isinstance(spec, str):
        return _read_file(_path(spec), is_path=True)
    if spec == "-":
        return _read_standard_input()
    if len(spec) > 4096 or "\0" in spec or ("\n" in spec and not os.path.exists(spec)):
        return Source("text", _checked("text", spec))
    if os.path.exists(spec) or _LOOKS_LIKE_A_FILE.fullmatch(spec):
        return _read_file(spec)
    return zoo.spec(spec.lower()) or zoo.spec(zoo.named(spec) or "") or Source("text", _checked("text", spec))


def _path(spec: os.PathLike[str]) -> str:
    try:
        return os.fsdecode(spec)
    except TypeError:
        hints = ["give a text, the path of a file, or a name of the zoo"]
        raise ArgumentTypeError("bad-argument", f"{type_text(spec)} is not a spec", hints=hints) from None


_A_NAME = re.compile(r"[^\W\d][\w.-]*")


def _missing(error: SpecError, source: Source) -> SpecError | None:
    """Return the error for a word that names neither a file nor a network; None for what was meant as a spec."""
    word = source.text.strip()
    codes = {"no-input", "unknown-layer"} | (set() if word.isascii() else {"syntax"})  # letters of no layer's word
    if source.name != "text" or error.code not in codes or not _A_NAME.fullmatch(word):
        return None
    near = zoo.near_hints(word, " of the zoo")
    if find(word) is not None or word in foreign() or (error.code == "unknown-layer" and not near):
        return None
    specs = _specs_in(".")
    files = [f"{word}.txt"] if f"{word}.txt" in specs else closest(word, specs)
    hints = [
        *near,
        *(f"did you mean the file `{name}`?" for name in files),
    ]
    hints += ["`cnncalc zoo` lists the networks that ship", 'a spec can stand in quotes: "conv 3x3x16 - relu"']
    message = f"there is no file and no network of the zoo called `{shorten(word)}`"
    return SpecError("no-such-file", message, hints=hints)


def _zoo_hints(error: SpecError, source: Source) -> list[str]:
    """Suggest a name of the zoo where a single unknown word was meant for one."""
    if error.code not in ("unknown-layer", "no-input"):
        return []
    return zoo.near_hints(source.text, " of the zoo")


_OF_OTHER_TOOLS = (".cfg", ".html", ".js", ".json", ".onnx", ".prototxt", ".py", ".yaml", ".yml")


def _hints_on_files(error: SpecError, source: Source) -> list[str]:
    """Say what is read beside specs, where a file has the ending of another tool's and is none that is known."""
    if error.source != source or not source.name.lower().endswith(_OF_OTHER_TOOLS):
        return []
    from cnncalc.foreign import FORMATS

    names = listed([each.what for each in FORMATS], limit=20)
    return [f"this is read as a spec; a file of another tool would be one of these: {names}"]


def _read_standard_input() -> Source:
    name = "standard input"
    if sys.stdin is None:
        raise SpecError("cannot-read", f"cannot read {name}: it is closed")
    stream = getattr(sys.stdin, "buffer", sys.stdin)  # a notebook's has no bytes below its characters
    try:
        data = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # a closed file is a ValueError
        reason = error.strerror if isinstance(error, OSError) else error
        raise SpecError("cannot-read", f"cannot read {name}: {reason}") from None
    return Source(name, _decode(name, data if isinstance(data, bytes) else data.encode("utf-8", "surrogatepass")))


def _read_file(name: str, *, is_path: bool = False) -> Source:
    try:
        with open(name, "rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise SpecError(
            "no-such-file", f"there is no file `{shorten_path(name)}`", hints=_near(name, is_path=is_path)
        ) from None
    except IsADirectoryError:
        hints = ["name one of its files: " + ", ".join(sorted(_specs_in(name))[:5])] if _specs_in(name) else []
        raise SpecError("not-a-file", f"`{shorten_path(name)}` is a directory", hints=hints) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SpecError("cannot-read", f"cannot read `{shorten_path(name)}`: {reason}") from None
    if data.startswith(_ONNX):
        return Source(name, _onnx_listing(name))
    if data.startswith(_BINARY):
        from cnncalc.foreign.binary_files import text_of  # a spec needs nothing of it

        return Source(name, _checked(name, text_of(name)))
    return Source(name, _decode(name, data))


def _onnx_listing(name: str) -> str:
    """Return an ONNX file as text; its weights are passed over, however many there are."""
    from mmap import ACCESS_READ, mmap

    from cnncalc.foreign.onnx_listing import listing

    try:
        with open(name, "rb") as file:
            data = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError) as error:
        raise SpecError("cannot-read", f"cannot read `{shorten_path(name)}`: {error}") from None
    return listing(name, memoryview(data))


def _decode(name: str, data: bytes) -> str:
    if len(data) > _MOST_BYTES:
        raise SpecError("too-long", f"`{shorten_path(name)}` is too long: a spec has at most {MAX_TEXT:,} characters")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"`{shorten_path(name)}` is not a text in UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}"
        raise SpecError("not-text", message, hints=["save it as plain text in UTF-8"]) from None
    old_mac = "\r" in text and "\n" not in text  # its lines end so, and each stays where it is
    return _checked(name, text.replace("\r", "\n") if old_mac else text)


def _checked(name: str, text: str) -> str:
    if "\0" in text:
        raise SpecError("not-text", f"`{shorten_path(name)}` is not a text: it holds zero bytes")
    try:
        text.encode()
    except UnicodeEncodeError as error:  # what Python makes of bytes on the command line that are no text
        message = f"`{shorten_path(name)}` is not a text in UTF-8: character {error.start + 1} is not valid"
        raise SpecError("not-text", message, hints=["save it as plain text in UTF-8"]) from None
    return text.removeprefix("\ufeff")


def _near(name: str, *, is_path: bool) -> list[str]:
    folder = os.path.dirname(name)
    if not folder and (known := zoo.named(name.rpartition(".")[0])):
        return [f"the zoo has `{known}`: leave out the ending"]
    matches = closest(os.path.basename(name), _specs_in(folder or "."))
    if not matches and is_path:
        return []
    if not matches:
        return ['to write a spec in place of a file, put it in quotes: "conv 3x3x16 - relu"']
    return [f"did you mean `{os.path.join(folder, matches[0])}`?"]


def _specs_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in islice(entries, 10_000) if entry.is_file()]
    except OSError:
        return []
