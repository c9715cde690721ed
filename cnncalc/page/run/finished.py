"""What takes PyTorch to say of a run: how well its network tells images apart, and what it sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cnncalc.core.errors import CnncalcError
from cnncalc.page.run.looking import Watched, look, samples_of
from cnncalc.page.run.view import RunView
from cnncalc.report.evaluate import Evaluation
from cnncalc.train.engine.classifier_head import without_softmax
from cnncalc.train.engine.devices import choose_device
from cnncalc.train.engine.session import autocast
from cnncalc.train.run.trained import Trained, load_trained


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
        trained = load_trained(view.path, "best", chosen)
    except CnncalcError as error:
        return view.without_weights(error)
    when = f"With the weights of epoch {trained.epoch:,}, the best so far."
    try:
        images = trained.images(data)
        tested = trained.test_on(images, None)
    except CnncalcError as error:
        return view.without_weights(error)._replace(seen=look(_watched(trained), None, when))
    evaluation = Evaluation(
        run=view.path,
        weights="best",
        epoch=trained.epoch,
        data=tested.data,
        views=tested.views,
        classes=trained.facts.classes,
        confusion=tested.score.confusion.tolist(),
        loss=tested.score.loss,
        top5=tested.score.top5,
        notes=tested.notes,
    )
    return view._replace(test=evaluation, seen=look(_watched(trained), samples_of(images.split.to(chosen)), when))


def _watched(trained: Trained) -> Watched:
    network = without_softmax(trained.network)
    return Watched(
        trained.module, network, trained.augmenter, autocast(trained.recipe, trained.device), trained.facts.classes
    )
