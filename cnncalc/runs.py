"""Training from a program: runs that are begun, and runs that are read. Importing this imports no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import ArgumentError
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.library import shown
from cnncalc.network import Network, SpecSettings

if TYPE_CHECKING:
    from cnncalc.shown_run import TrainingRun


def train_network(
    spec: str | os.PathLike[str] | Network,
    *,
    data: str | os.PathLike[str] = "auto",
    out: str | os.PathLike[str] | None = None,
    recipe: str = "default",
    weights: str | os.PathLike[str] | None = None,
    input: str | tuple[int, ...] | None = None,
    params: Mapping[str, int | str] | None = None,
    device: str = "auto",
    quiet: bool = False,
    **settings: Any,
) -> TrainingRun:
    """Train a network, as ``cnncalc train`` does. Imports torch.

    It prints what it trains and a line for every epoch. Ctrl-C (in a notebook: the button that stops a cell) saves the
    run and ends it.

    Args:
        spec: a network that was loaded, or what `load` takes.
        data: name of a data set, folder of images, table or array file, as ``--data`` takes it.
        out: folder of the run; a new one in ``runs`` if None.
        recipe: ``default``, ``fast``, ``lecture``, or a TOML file.
        weights: initial weights: a file, a run's folder or ``"torchvision"``.
        input: the input volume, as in `load`.
        params: values for the spec's parameters, as in `load`.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        quiet: whether nothing is printed.
        settings: settings of the recipe (``epochs=3``, ``learning_rate=0.01``, ``freeze="body"``) and of the data
            (``limit=1000``, ``resize="crop"``, ``colour="grey"``, ``download=True``), by the names of the options.

    Returns:
        The run, as `load_run` reads it.

    Raises:
        ArgumentError: for a setting that there is not.
        SpecError: for what is wrong with the spec, the recipe or the weights.
        DataError: for data that are missing, damaged or do not suit the network.
        DeviceError: for a device that is not there.
        RunError: for a folder that holds something else already.
        CnncalcError: all of these, before anything is written; and where the run fails.

    """
    with optional_packages():
        from cnncalc.train.recipe.presets import load_recipe
        from cnncalc.train.run import planning
        from cnncalc.train.run.choosing import TrainRequest
        from cnncalc.train.run.signals import Signals
        from cnncalc.train.show.display import make_display

    text, loaded = _spec_and_settings(spec, input, params)
    changes, fields = _sorted_settings(settings)
    asked = TrainRequest(
        spec=text,
        settings=loaded,
        recipe=load_recipe(recipe, changes),
        data=fields._replace(data=os.fspath(data)),
        device=device,
        out=None if out is None else os.fspath(out),
        weights=None if weights is None else os.fspath(weights),
    )
    ended = planning.train(
        asked,
        lambda processes: make_display(quiet=quiet, as_json=False, writes=processes.writes),
        Signals(),
    )
    return load_run(ended.folder)


def _spec_and_settings(
    spec: str | os.PathLike[str] | Network,
    input: str | tuple[int, ...] | None,
    params: Mapping[str, int | str] | None,
) -> tuple[str, SpecSettings]:
    """Return what is loaded and how; a network is loaded again from its text, with the numbers that it has."""
    if not isinstance(spec, Network):
        volume = input if input is None or isinstance(input, str) else "x".join(map(str, input))
        named = {name: str(value) for name, value in (params or {}).items()}
        return os.fspath(spec), SpecSettings.of_texts(volume, named, None)
    if input is not None or params is not None:
        raise ArgumentError("bad-argument", "a network that was loaded has its input and its parameters")
    own = {name: str(value) for name, value in spec.parameters.items()}
    volume = None if spec.inputs_at else str(spec.input)
    return spec.source.text, SpecSettings.of_texts(volume, own, spec.rounding)


def _sorted_settings(settings: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """Return the settings of the recipe, and the request for the data with its own.

    Raises:
        ArgumentError: for a name that is neither's.

    """
    from cnncalc.train.data_request import DataRequest
    from cnncalc.train.recipe.settings import settings as of_recipes

    of_recipe = {setting.name for setting in of_recipes()}
    of_data = {*DataRequest._fields} - {"data", "seed"}
    for name in settings:
        if name not in of_recipe | of_data:
            hints = did_you_mean(name, [*of_recipe, *of_data])
            raise ArgumentError("bad-argument", f"there is no setting `{shorten(name)}`", hints=hints)
    changes = {name: value for name, value in settings.items() if name in of_recipe}
    return changes, DataRequest(**{name: value for name, value in settings.items() if name not in of_recipe})


def load_run(path: str | os.PathLike[str]) -> TrainingRun:
    """Read a training run from the folder that `cnncalc train` wrote. Imports no torch.

    In a notebook the run shows its curves.

    Args:
        path: the folder.

    Raises:
        RunError: where this is no training run, or one of its files was changed into something else.

    """
    from cnncalc.shown_run import TrainingRun
    from cnncalc.train.recipe.settings import as_values
    from cnncalc.train.run.folder import RunFolder
    from cnncalc.train.show.curves import images_name

    folder = RunFolder(os.fspath(path))
    facts = folder.facts()
    network, recipe, history = folder.network(facts), folder.recipe(), folder.history()
    return TrainingRun(
        path=folder.path,
        network=shown(network),
        recipe=as_values(recipe),
        classes=facts.classes,
        history=tuple(history.rows),
        gradients={row.epoch: row.norms for row in history.gradients},
        epochs=recipe.epochs,
        tested=images_name(facts.tested),
    )
