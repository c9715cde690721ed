"""Command lines that nobody means well with, over all commands and all their options.

The options come from the commands themselves, so a new option is tried as soon as it is there. Half of the values are
right, the others are out of range, of another kind, or hostile. The same seed yields the same lines.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import click

from cnncalc.commands.cli import COMMANDS, cli
from cnncalc.commands.options import SpecArgument
from tests.fuzz.texts import texts

NEVER = {"help", "version", "data_download", "recipe_compile", "watch", "serve", "measure"}
"""Options that go out of the machine, do not end, or take long each time."""

HOSTILE = (
    *("", " ", "0", "-1", "1.5", "1e400", "nan", "-inf", "10**20", "9" * 30, "٣", "²", "True", "null", "[]", "{}"),
    *("a\x1b[31mred", "\u202eabc", "\udcff", "a" * 5000, "--", "-", "-o", "=", "a=", "=1", "%s", "$HOME", "../..", "/"),
    *("/dev/null", "/dev/full", "/proc/self/x", "missing/x.json", "x.pdf", "x.csv", "x.JSON", "out.md", "out.tex"),
)
SPECS = (
    *("conv 3x3x4 p1 - bn - relu - pool2 - fc 10", "gap - bn - relu - fc 10", "fc 10 - softmax", "relu", "conv 9x9x2"),
    *("a: conv 1x1x4 - add(|conv 1x1x4) - @a - fc 10", "param n = 3\n(conv 3x3x{n} p1)*n - gap - fc 10", "gap - gn 8"),
    *("block b(k)\nconv 3x3x{k} p1 - dropout 0.5\nend\nb(4)*2 - flatten - fc 10", "conv 1x1 s3 p2:0 floor - fc 10"),
    *("input 8x8x1\nconv 3x3x4 - relu - fc 10", "input 8x8x3\nbn - gap - fc 2", "input 6x5x4x2\nconv 3x3x3x2 - fc 3"),
    *("input 8x8x3\nconv 3x3x4 p1 - relu - conv 1x1x3", "input 8x8x3\nconv 3x3x4 - relu - fc 3", "input 8x8x3\nfc 1"),
    *("input 3x32x32\nconv 5x5x10 s1 p2", "input 1x1\nconv 1x1 s3 p2:0 floor", "input 20x2\nlrn 3 - deconv 4x16 s4"),
)
ZOO = ("lenet5", "vgg16", "resnet18", "convnetjs_cifar10", "ResNet-50", "vgg16.txt", "googlenet", "unet")
FILES = ("spec.txt", "spec.txt", "bad.txt", "folder", "/dev/null", "missing.txt", "run")
INPUTS = ("8x8x1", "8x8x3", "16x16x3", "1x1x1", "32x32", "3x32x32", "7", "0x0x0", "8x8x", "32,32,3", "5x4x3x2", "9x2")
DATA = ("digits", "synthetic", "folder", "bad", "split", "arrays.npz", "bad.npz", "idx", "empty", "missing", "mnist")
TABLES = ("classes.csv", "labels.csv", "numbers.csv", "masks.csv", "mutant.csv", "mutant.csv", "mutant.csv", "scans")
DATA += TABLES
RUNS = ("run", "run", "mutant", "mutant", "mutant", "empty", "missing", "folder", "seven.png")
RUNS += ("of-classes", "of-labels", "of-numbers", "of-masks", "of-binary")
IMAGES = ("seven.png", "wide.png", "bad.png", "missing.png", "folder", "notes.txt", "/dev/null", "\x1b[31m.png", "bad")
IMAGES += ("scans/images", "scans/images/0.png", "arrays.npz")
MODELS = (
    *("torch.nn:ReLU", "torch.nn:Conv2d", "torch.nn:Identity", "torch.nn:LSTM", "torch.nn:Linear", "nothing:at", "x"),
    *("os:getcwd", "math:pi", "torch.nn:Nothing", "a:b:c", ":", "torch.nn:", "json:loads", "torch.nn:BatchNorm2d"),
)
ARGUMENTS = ("in_channels=3", "out_channels=4", "kernel_size=3", "kernel_size='same'", "stride=0", "a=b=c", "x", "p=(")
POOLS: dict[str, tuple[str, ...]] = {
    "input": INPUTS,
    "parameters": ("n=2", "n = 3", "n = 0", "n=1/0", "n={", "m=3", "n", "=3", "n=10**12", "n=nan"),
    "output": (
        *("o.json", "o.csv", "o.md", "o.tex", "o.txt", "o.py", "o.pt", "o.svg", "o.pdf", "o.png"),
        *("folder", "missing/o.csv", "."),
    ),
    "image": ("seven.png", "wide.png", "bad.png", "missing.png", "folder", "/dev/null"),
    "layer": ("1", "conv1", "fc", "b", "0", "relu1"),
    "budget": ("24GiB", "8GB", "1e3", "0", "8", "1.5 kib", "24 QB"),
    "gpu": ("a100", "rtx4090", "RTX 3060", "abacus"),
    "model": MODELS,
    "arguments": ARGUMENTS,
    "device": ("cpu", "cpu", "cpu", "auto", "cuda", "cuda:9", "mps", "gpu", "meta"),
    "recipe": ("default", "fast", "lecture", "recipe.toml", "bad.toml", "folder", "/dev/null"),
    "out": ("new", "new", "run", "folder", "seven.png", "missing/deep/run", "/proc/self/run"),
    "resume": RUNS,
    "run": RUNS,
    "target": (*RUNS, "spec.txt", "lenet5", "bad.txt"),
    "weights": ("best", "last", "run/best.safetensors", "run", "mutant", "seven.png", "missing.pt"),
    "units": ("0", "1", "99"),
    "layers": ("1", "conv1", "fc", "b", "0", "relu1"),
    "images": IMAGES,
    "picture": ("c.svg", "c.png", "c.pdf", "folder/c.svg", "missing/c.svg"),
    "data_data": DATA,
    "data_folder": ("folder", "empty", "missing", "."),
    "data_limit": ("1", "2", "7", "40", "0", "-3", "1e3"),
    "data_workers": ("0", "1", "-1", "many"),
    "recipe_epochs": ("1", "1", "0", "0.5", "-1"),
    "recipe_batch": ("1", "2", "3", "16", "0", "1000000000000"),
    "name": ZOO,
    "files": ("spec.txt", "bad.txt", "folder", "-", "missing.txt", "/dev/null", "empty"),
    "pattern": ("(CONV-RELU)*2-POOL-FC", "[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K,SOFTMAX", "(CONV", "FC*0", "CONV-GN"),
    "like": ("resnet18", "vgg16", "lenet5", "spec.txt", "bad.txt", "resnt"),
    "vary": (
        *(
            "batch=2,4",
            "learning-rate=0.01,0.1",
            "n=1..3",
            "n=2,4",
            "input=8x8x3,16x16x3",
            "input=8,16",
            "n=1..64:log",
            "n=1..9:step=2",
            "n=1..9:count=3",
        ),
        *("lr=1e-4..1e-1:log", "learning-rate=0.1,0.2", "b=b|b", "b=b", "n=..", "n=9..1", "n=1..1e9", "n=0.5..2"),
        *("spec.n=1..3", "recipe.epochs=1,2", "n=1..10000000", "n=-3..3", "n=1e1", "=", "n=1..3:foo", "n=1,,2"),
    ),
    "where": (
        *("params < 1M", "macs <= 5M and params > 10", "memory < 8GiB", "field >= input", "depth < 9", "size < 100KB"),
        *("params < 1", "macs/params > 2", "output == 1", "params/0 < 1", "(params < 1M)", "params < 50,000", "n = 2"),
        *("or", "params <", "1 < params < 2M", "memory < 3", "params < 1X", "((((params))))<1", "-1 < params", "§ < 2"),
    ),
    "maximise": ("params", "macs", "macs/params", "nothing", "n", "memory", "params+macs", "params/0"),
    "minimise": ("params", "macs", "macs/params", "nothing", "n", "memory", "field", "-params"),
    "pareto": ("macs,params", "params,macs", "macs", "-macs,-memory", "macs,macs", ",", "macs,nothing"),
    "show": ("depth", "depth,memory", "field", "nothing", ",", "conv1", "a,b"),
    "scale": ("n=1.1", "n=1.2:2", "n=1.1,input=1.15", "n=0.5", "n=1.1:0", "n", "n=1.1,n=1.2", "m=2", "n=99"),
    "write": ("best.txt", "new.txt", "spec.txt", "best.csv", "missing/best.txt", "folder"),
    "plot": ("front.svg", "new.svg", "front.png", "spec.txt", "missing/front.svg", "folder"),
    "near": ("8", "8x8", "7x9", "0", "8x8x3", "100000", "8x", "x", "8x8x8x8x8"),
    "values": (
        *("1 2; 3 4", "1 2 3; 4 5 6; 7 8 9", "[[1, 2], [3, 4]]", "1 2; 3", "1/2 -3; 1e3 .5", "values.csv", "x", "1/0"),
        *("1 2; 3 4 | 5 6; 7 8", "a=1 2", "[[1, 2]", "arrays.npz", "seven.png", "1e999", "1" * 40),
    ),
    "tensors": ("conv1.weight=1", "conv1.bias=0", "fc1.weight=1 2; 3 4", "x=1", "conv1.weight", "conv1.weight=x", "=1"),
    "at": ("0,0", "0,1", "0,0,0", "9,9", "0", "-1,0", "a,b", "0,0,0,0", "1e3,0"),
    "gradient": ("1", "1 2; 3 4", "x", "1 0 0; 0 0 0; 0 0 0"),
    "rate": ("0.1", "1/2", "0", "-1", "x", "1e-400"),
    "kernels": ("all", "sobelx", "sobelx,gaussian", "nothing", ""),
    "accuracy": ("lenet5=99", "resnet18=70%", "lenet5=120", "x=5", "lenet5", "=", "lenet5=nan"),
    "cards": ("cards.csv", "cards.csv", "bad.txt", "missing.csv", "folder", "/dev/null"),
    "boards": ("cards.csv", "bad.txt", "missing.csv"),
    "prices": ("cards.csv", "bad.txt", "missing.csv"),
    "mcu": ("stm32h743", "STM32F746", "esp32s3", "nothing"),
    "sram": ("320KB", "1MiB", "0", "1B", "x"),
    "flash": ("1MB", "10KiB", "1", "-1MB"),
    "task": ("classification", "segmentation", "Video", "nothing"),
    "family": ("ResNet", "u-net", "nothing"),
    "folder": ("site", "folder", "empty", "spec.txt", "missing/deep", "."),
    "pyodide": ("folder", "missing", "empty"),
    "tensorflow": ("folder", "missing", "empty"),
    "masks": ("masks", "folder", "spec.txt"),
    "show_batch": ("batch.png", "batch.svg", "missing/batch.png"),
    "storage": ("sqlite:///study.db", "journal.log", "mysql://x", "folder"),
    "trackers": ("tensorboard", "wandb", "nothing"),
    "trials": ("1", "2", "0", "many"),
    "times": ("N=2", "M=3", "K=1", "N=0", "N", "N=-1"),
}
"""Values for options and arguments that are words, by the name of the parameter; the first are right mostly."""

ENVIRONMENTS: tuple[dict[str, str], ...] = (
    *({}, {}, {}, {"COLUMNS": "40"}, {"COLUMNS": "1"}, {"COLUMNS": "0"}, {"COLUMNS": "wide"}, {"COLUMNS": "100000"}),
    *({"NO_COLOR": "1"}, {"TERM": "dumb"}, {"LANG": "C", "LC_ALL": "C"}, {"TERM": ""}, {"HOME": "/nowhere"}),
    *({"LOCAL_RANK": "zero"}, {"WORLD_SIZE": "x"}, {"FORCE_COLOR": "1"}, {"TMPDIR": "/nowhere"}, {"PYTHONUTF8": "0"}),
)
STREAMS = ("pipe",) * 12 + ("terminal",) * 4 + ("ascii", "latin-1", "closed", "full", "broken", "no buffer", "no input")
FOLDERS = ("here",) * 12 + ("/proc/self", "gone")
"""Where a command runs: in the folder with the files, where nothing can be written, in one that has been deleted."""


class Line(NamedTuple):
    """A command line and what surrounds it."""

    arguments: list[str]
    stdin: bytes
    environment: dict[str, str]
    streams: str
    folder: str

    def __str__(self) -> str:
        around = [f"{name}={value}" for name, value in self.environment.items()]
        around += [self.streams] * (self.streams != "pipe") + [self.folder] * (self.folder != "here")
        stdin = f" < {self.stdin[:60]!r}" if self.stdin else ""
        return f"{' '.join(around)} {[argument[:200] for argument in self.arguments]}{stdin}".strip()


COSTS = {"zoo": 1, "verify": 3, "export": 2, "import": 2, "train": 4, "evaluate": 2, "predict": 2, "inspect": 2}
"""How often the commands that take long come; the others come 12 times."""


def lines(seed: int, count: int, only: tuple[str, ...] = COMMANDS) -> Iterator[Line]:
    """Yield command lines."""
    rng = random.Random(seed)
    hostile = texts(seed, 10**9)
    weights = [COSTS.get(name, 12) for name in only]
    context = click.Context(cli)
    for _ in range(count):
        name = rng.choices(only, weights)[0]
        command = cli.get_command(context, name)
        assert command is not None
        stdin = [b""]
        words = _words(rng, name, command, lambda stdin=stdin: _spec(rng, hostile, stdin))
        words = _typing_mistake(rng, words) if rng.random() < 0.05 else words
        streams, folder = rng.choice(STREAMS), rng.choice(FOLDERS)
        yield Line(words, stdin[0], rng.choice(ENVIRONMENTS), streams, folder)


def _words(rng: random.Random, name: str, command: click.Command, spec: Callable[[], str]) -> list[str]:
    """Write a call of one command, with some of its options in any order."""
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    options = [one for one in command.params if isinstance(one, click.Option) and one.name not in NEVER]
    chosen = rng.sample(options, min(len(options), rng.choice((0, 0, 1, 1, 2, 3, 4, 7))))
    given = [_option(rng, option) for option in chosen]
    given += _needed(rng, name, {option.name for option in chosen})
    if name in ("train", "tune"):
        given += _briefly(rng, {option.name for option in chosen})
    for argument in arguments:
        times = 1 if argument.nargs == 1 else rng.choice((1, 1, 2, 3))
        if rng.random() < (0.97 if argument.required or name in ("train", "tune") else 0.4):
            word = spec if argument.name in ("spec", "first", "others") else lambda one=argument: _value(rng, one)
            given += [[word()] for _ in range(times)]
    if name not in ("train", "tune", "import", "zoo", "evaluate", "predict", "inspect") and rng.random() < 0.7:
        given.append(["--input", rng.choice(INPUTS[: rng.choice((2, 3, 3, len(INPUTS)))])])
    rng.shuffle(given)
    return [name, *(word for words in given for word in words)]


NEEDED: dict[str, tuple[str, ...]] = {
    "sweep": ("vary",),
    "search": ("vary", "maximise"),
    "tune": ("vary",),
    "new": ("input", "pattern"),
    "time": ("gpu",),
}
"""Options without which a command says only that they are missing."""


def _needed(rng: random.Random, name: str, given: set[str | None]) -> list[list[str]]:
    """Return what a command cannot do without, as far as the line has it not; mostly, and with a right value mostly."""
    return [
        [f"--{option}", rng.choice(POOLS[option][: rng.choice((2, 3, len(POOLS[option])))])]
        for option in NEEDED.get(name, ())
        if option not in given and rng.random() < 0.85
    ]


def _briefly(rng: random.Random, given: set[str | None]) -> list[list[str]]:
    """Return what makes a run short, unless the line says something else."""
    usual = {
        "recipe_epochs": ["--epochs", "1"],
        "data_limit": ["--limit", rng.choice(("20", "40", "1", "3"))],
        "data_data": ["--data", rng.choice(("digits", "digits", "synthetic", rng.choice(DATA), rng.choice(TABLES)))],
        "input": ["--input", rng.choice(("8x8x1", "8x8x3"))],
        "device": ["--device", "cpu"],
        "data_workers": ["--workers", "0"],
    }
    asked = [words for name, words in usual.items() if name not in given]
    return asked if "resume" not in given or rng.random() < 0.2 else []


def _option(rng: random.Random, option: click.Option) -> list[str]:
    """Write one option, sometimes with = or without its value."""
    name = rng.choice([*option.opts, *option.secondary_opts])
    if option.is_flag:
        return [name] if rng.random() < 0.97 else [f"{name}=yes"]
    value = _value(rng, option)
    form = rng.random()
    return [f"{name}={value}"] if form < 0.1 and name.startswith("--") else [name] if form > 0.98 else [name, value]


def _value(rng: random.Random, parameter: click.Parameter) -> str:
    """Make up a value: mostly one of the kind that is asked for."""
    name, kind = parameter.name or "", parameter.type
    if rng.random() < 0.12:
        return rng.choice(HOSTILE)
    if name == "model" and isinstance(kind, SpecArgument):  # of predict; elsewhere it is one of PyTorch
        return rng.choice(RUNS)
    if name in POOLS:
        return rng.choice(POOLS[name][: rng.choice((2, 3, len(POOLS[name])))])
    if isinstance(kind, click.Choice):
        return str(rng.choice(list(kind.choices)))
    if isinstance(kind, click.IntRange):
        least = int(kind.min or 0)
        return str(rng.choice((least, least + 1, least + 2, 3, 16, 64, least - 1, (kind.max or 10**9) + 1)))
    choices = list(getattr(getattr(kind, "kind", None), "choices", ()))
    values = [*choices, "0", "1", "0.1", "0.5", "1e-3", "2", "16", "-1", "1e30"]
    right = [value for value in values if _is_taken(kind, value)] if rng.random() < 0.75 else []
    return str(rng.choice(right or values))


def _is_taken(kind: click.ParamType[Any], value: str) -> bool:
    """Say whether an option takes a value, by itself."""
    try:
        kind.convert(value, None, None)
    except click.BadParameter:
        return False
    return True


def _spec(rng: random.Random, hostile: Iterator[tuple[str, Any]], stdin: list[bytes]) -> str:
    """Make up a spec: a small one, a name of the zoo, a file, or a hostile text, written out or on standard input."""
    kind = rng.random()
    if kind < 0.6:
        return rng.choice(SPECS)
    if kind < 0.75:
        return rng.choice(
            (*ZOO[:4], "spec.txt", "bad.txt", "folder", "/dev/null", "missing.txt", "run", rng.choice(HOSTILE))
        )
    text = next(hostile)[1]
    while len(text) > 3000 and rng.random() < 0.98:
        text = next(hostile)[1]
    if isinstance(text, bytes) or kind > 0.9 or len(text) > 100_000 or "\0" in text:  # more than an argument can be
        stdin[0] = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
        return "-"
    return text.encode("utf-8", "replace").decode()


def _typing_mistake(rng: random.Random, words: list[str]) -> list[str]:
    """Lose, double or misspell a word."""
    place = rng.randrange(len(words))
    word = words[place]
    return words[:place] + rng.choice(([], [word, word], [word[1:]], [word + "s"], ["--help"])) + words[place + 1 :]
