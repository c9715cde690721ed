"""Where the data of a run come from, and whether they are still those that it began with."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.core.cleaning import printable
from cnncalc.core.errors import RunError
from cnncalc.network import Network
from cnncalc.train.data import (
    DataRequest,
    Dataset,
    check_class_names,
    check_dataset,
    dataset_names,
    fingerprint,
    load_dataset,
)
from cnncalc.train.data_request import read_request
from cnncalc.train.engine.augment import BYTES, FLOATS, PixelNormalisation
from cnncalc.train.run.facts import DATA, RunFacts


def request_of(facts: RunFacts) -> DataRequest:
    """Return how a run's data were asked for; what stands in its file may have been changed into anything."""
    try:
        return read_request(facts.data)
    except TypeError:
        raise RunError("no-run", "the run does not say what it was trained on") from None


def normalisation_of(facts: RunFacts) -> PixelNormalisation:
    """Return by what the values of a run's images are normalised."""
    return PixelNormalisation(facts.mean, facts.deviation, FLOATS if facts.floats else BYTES)


def dataset_of_run(facts: RunFacts, network: Network, given: Mapping[str, Any] | None = None) -> Dataset:
    """Return the data of a run, or others that its network can be tested on.

    Args:
        facts: of the run.
        network: likewise.
        given: fields of the request that are to be others. With ``data``, all images there are.

    Raises:
        SpecError: where they do not suit the network. Whether they are those of the run is asked by `check_data`.

    """
    request = request_of(facts)
    if given:
        limit = None if "data" in given else request.limit
        request = with_whole_paths(request._replace(limit=limit, **given))
    dataset = load_dataset(request._replace(trained=True), network.input, classes=network.output.channels)
    check_dataset(dataset, network, trained=True)
    check_class_names(dataset, facts.classes)
    return dataset


def check_data(dataset: Dataset, facts: RunFacts, hints: Sequence[str]) -> None:
    """Refuse data that are not those that a run began with; a run that has no fingerprint of them is believed.

    Raises:
        RunError: with the hints.

    """
    if DATA in facts.fingerprints and facts.fingerprints[DATA] != fingerprint(dataset):
        message = f"the data {printable(dataset.name)} are not those that the run began with"
        detail = "images, labels or names of classes have changed: put them back as they were, or begin a new run"
        raise RunError("other-data", message, hints=[detail, *hints])


def with_whole_paths(request: DataRequest) -> DataRequest:
    """Name folders from the root, so that a run can be continued from anywhere; names stay, and so do mistyped ones."""
    path = request.data not in (*dataset_names(), "auto") and os.path.exists(request.data)
    return request._replace(
        data=os.path.abspath(request.data) if path else request.data, folder=os.path.abspath(request.folder)
    )
