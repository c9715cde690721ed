"""``cnncalc predict``"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cnncalc.commands.options import SpecArgument, output_options, spec_options, take_output, take_spec_options
from cnncalc.commands.training import (
    device_option,
    refuse_replacing_run,
    views_option,
)
from cnncalc.commands.whole import Whole
from cnncalc.core.needs import optional_packages
from cnncalc.core.writing import complain
from cnncalc.network import SpecSettings
from cnncalc.train.data_request import RESIZES
from cnncalc.train.run_files import WEIGHTS

if TYPE_CHECKING:
    from cnncalc.train.run.predicting import ImagePredictor

T = TypeVar("T")

FEW = 32
"""Up to so many images there is no progress bar."""


@click.command()
@click.argument("model", metavar="RUN|SPEC|FILE", type=SpecArgument())
@click.argument("images", metavar="IMAGE|FOLDER|FILE.npy...", nargs=-1, required=True)
@click.option(
    "--weights",
    metavar="best|last|torchvision",
    default="best",
    show_default=True,
    help="Of a run: best or last; of a spec: torchvision.",
)
@views_option
@device_option
@click.option(
    "--top",
    type=Whole(1),
    metavar="N",
    default=3,
    show_default=True,
    help="Number of classes shown per image.",
)
@click.option("--masks", metavar="FOLDER", help="Folder for predicted masks, as PNG files with a palette.")
@click.option(
    "--resize", type=click.Choice(RESIZES), help="Resizing of images of another size. [default: as in training]"
)
@spec_options
@output_options
def predict(
    model: str,
    images: tuple[str, ...],
    weights: str,
    views: int | None,
    device: str,
    top: int,
    masks: str | None,
    resize: str | None,
    **options: Any,
) -> None:
    """Classify images, or predict what else a run has learned.

    RUN is the folder that `cnncalc train` wrote: its labels, numbers or masks are predicted likewise. A network of the
    zoo takes torchvision's weights, classes and preprocessing. FILE is an .onnx file that `cnncalc export` wrote of a
    run, or a .safetensors file that the playground saved. Images in a folder that cannot be read are listed and left
    out. Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc predict first seven.png
      cnncalc predict first photos -o answers.csv
      cnncalc predict resnet18 --weights torchvision photo.jpg
      cnncalc predict unet-run photos --masks found
    """
    output, settings = take_output(options), take_spec_options(options)
    refuse_replacing_run(model, output.path)
    with optional_packages():
        from cnncalc.train.run.predicting import images_of, predictions

    make = _maker(model, weights)
    predictor = make(model, settings, weights, views, device, resize)
    if masks is not None and predictor.task.name != "masks":
        learned = predictor.task.learned
        raise click.UsageError(f"--masks is for runs that have learned masks; this one has learned {learned}")
    paths, folders = images_of(images)
    told, left_out = [], []
    for image in _shown(predictions(predictor, paths, passing=folders), len(paths)):
        if image.result is None:
            left_out.append((image.path, image.fault))
        else:
            told.append((image.path, image.result))
    if masks is not None:
        from cnncalc.train.show.mask_pictures import write_masks

        write_masks(told, masks)
    output.emit(predictor.task.predictions(model, told, left_out, top))
    if output.path is not None or output.form == "csv":  # elsewhere they stand below the table
        for path, fault in left_out:
            complain(f"note: left out {path}: {fault}")
    if not told:
        raise click.exceptions.Exit(1)


def _of_run(
    run: str, settings: SpecSettings, weights: str, views: int | None, device: str, resize: str | None
) -> ImagePredictor:
    from cnncalc.train.engine.devices import choose_device
    from cnncalc.train.run.predicting import RunPredictor
    from cnncalc.train.run.trained import load_trained

    if settings != SpecSettings():
        raise click.UsageError("--input, --set and --rounding are for a spec: a run has its own")
    trained = load_trained(run, weights, choose_device(device))
    return RunPredictor(trained, resize or str(trained.facts.data.get("resize", "none")), trained.views(views))


def _published(
    spec: str, settings: SpecSettings, weights: str, views: int | None, device: str, resize: str | None
) -> ImagePredictor:
    from cnncalc.train.engine.devices import choose_device
    from cnncalc.train.run.predicting import published_predictor

    if os.path.isdir(spec):
        raise click.UsageError(f"a run has its own weights, {' and '.join(WEIGHTS)}, and not {weights!r}")
    for name, value in (("--views", views), ("--resize", resize)):
        if value is not None:
            raise click.UsageError(f"{name} is for a run: published weights have their own preprocessing")
    return published_predictor(spec, settings, weights, choose_device(device))


def _maker(model: str, weights: str) -> Callable[..., ImagePredictor]:
    """Return the function that makes the predictor of a model."""
    by_ending = {".onnx": _exported, ".safetensors": _saved}
    ending = os.path.splitext(model)[1].lower()
    if ending in by_ending and os.path.isfile(model):
        return by_ending[ending]
    return _of_run if weights in WEIGHTS else _published


def _saved(
    path: str, settings: SpecSettings, weights: str, views: int | None, device: str, resize: str | None
) -> ImagePredictor:
    from cnncalc.train.engine.devices import choose_device
    from cnncalc.train.run.file_predicting import file_predictor

    if settings != SpecSettings() or weights != "best" or views is not None:
        raise click.UsageError("a .safetensors file has its own weights; it takes --top, --device and --resize alone")
    return file_predictor(path, resize, choose_device(device))


def _exported(
    path: str, settings: SpecSettings, weights: str, views: int | None, device: str, resize: str | None
) -> ImagePredictor:
    with optional_packages():
        from cnncalc.train.run.onnx_predicting import onnx_predictor

    if settings != SpecSettings() or weights != "best" or views is not None or device not in ("auto", "cpu"):
        raise click.UsageError("an .onnx file has its weights and runs on the CPU; it takes --top and --resize alone")
    return onnx_predictor(path, resize)


def _shown(items: Iterable[T], count: int) -> Iterator[T]:
    """Go through items, and show a bar in a terminal where there are many."""
    if count <= FEW or not sys.stderr.isatty():
        yield from items
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items, "images", total=count, console=Console(stderr=True), transient=True)
