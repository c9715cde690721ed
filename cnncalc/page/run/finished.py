"""What takes PyTorch to say of a run: what its network sees, what it gets wrong, and how well it classifies images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.core.errors import CnncalcError
from cnncalc.inspect.html import part_html
from cnncalc.inspect.look import look_at
from cnncalc.inspect.options import LookOptions
from cnncalc.inspect.subject import Subject, subject_of_run
from cnncalc.page.run.looking import Watched, look, samples_of
from cnncalc.page.run.view import PagePart, RunView
from cnncalc.train.ends import heads_of
from cnncalc.train.engine.devices import choose_device
from cnncalc.train.engine.session import autocast
from cnncalc.train.recipe.settings import Recipe

PARTS = ("cam", "patches", "mistakes", "metrics")
"""Parts of `cnncalc inspect` that stand on the page of a run, below filters, images and maps."""


def with_weights(view: RunView, device: str, data: Mapping[str, Any]) -> RunView:
    """Return the view of a run with what its best weights see, and a test on its own images.

    What cannot be said (there are no weights yet, the data have gone) is said with the reason.

    Args:
        view: what the folder says.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
        data: fields of a `DataRequest` that are to be others than the run's, and ``limit``.

    Raises:
        DeviceError: for a device that is not there.

    """
    chosen = choose_device(device)
    try:
        subject = subject_of_run(view.path, "best", chosen, data)
    except CnncalcError as error:
        return view.without_weights(error.message)
    when = f"With the weights of epoch {subject.epoch:,}, the best so far."
    if subject.images is None:
        return view.without_weights(subject.missing)._replace(seen=look(_watched(subject, view.recipe), None, when))
    samples = samples_of(subject.images.split.to(chosen))
    wanted = PARTS if subject.classifies else tuple(name for name in PARTS if name not in ("cam", "mistakes"))
    parts = look_at(subject, LookOptions(only=wanted)).parts
    shown = [
        PagePart(f"part{place}", part.title, "".join(part_html(part, f"part{place}")))
        for place, part in enumerate(parts)
    ]
    return view._replace(seen=look(_watched(subject, view.recipe), samples, when), parts=shown)


def _watched(subject: Subject, recipe: Recipe) -> Watched:
    cast = autocast(recipe, subject.device)
    return Watched(
        subject.module, subject.network, subject.augmenter, cast, subject.task, heads_of(subject.network).main
    )
