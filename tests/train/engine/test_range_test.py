"""The range test: real steps, compared with PyTorch's own and with what theory says of a quadratic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from cnncalc.loading import load
from cnncalc.model.build import build
from cnncalc.network import SpecSettings
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.data import DataRequest
from cnncalc.train.engine.sampling import epoch_order
from cnncalc.train.rate_range import STEPS, ExplosionCheck, RangeObserver, RateRange, rate_at
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run.choosing import TrainRequest, chosen_plan, joined
from cnncalc.train.run.finding import find_learning_rate
from tests.train.runs import SHORT, SPEC, train, weights

LINEAR = "input 8x8x1\nfc 10"
PLAIN = {"shift": 0, "label_smoothing": 0.0, "weight_decay": 0.0}


def asked(spec: str = LINEAR, *, weights: str | None = None, limit: int = 200, **changes: object) -> TrainRequest:
    recipe = load_recipe("default", SHORT | changes)
    return TrainRequest(spec, SpecSettings(), recipe, DataRequest("digits", limit=limit), "cpu", None, weights)


def found_by(request: TrainRequest) -> RateRange:
    return find_learning_rate(request, lambda writes: RangeObserver())


def test_its_losses_are_those_of_sgd_at_rising_rates(folder: Path) -> None:
    """A loop by hand over the same images in the same order, for three epochs of seven batches."""
    request = asked(optimizer="sgd", momentum=0.9, nesterov=False, **PLAIN)
    with joined("cpu") as place:
        train_split = chosen_plan(request, place).plan.splits.train
    values = train_split.pixels.double() / 255
    images = ((values - values.mean()) / values.std(correction=0)).float()
    module = build(load(LINEAR), seed=0)
    optimizer = torch.optim.SGD(module.parameters(), momentum=0.9)
    found = found_by(request)
    for step, picked in enumerate(part for epoch in range(3) for part in epoch_order(200, 0, epoch).split(32)):
        optimizer.param_groups[0]["lr"] = rate_at(step)
        loss = functional.cross_entropy(module(images[picked]).flatten(1), train_split.labels[picked])
        assert found.losses[step] == pytest.approx(loss.item(), rel=1e-4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert step == 20


@pytest.mark.parametrize("curvature", [3.0, 20.0, 400.0])
def test_gradient_descent_on_a_quadratic_turns_at_two_over_its_curvature(curvature: float) -> None:
    """A step multiplies the distance from the least loss by 1 − rate·λ, which is above 1 in size from 2/λ on."""
    weight = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([weight])
    losses = []
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = rate_at(step)
        loss = curvature * weight**2 / 2
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    least = losses.index(min(losses))
    assert rate_at(least - 1) <= 2 / curvature <= rate_at(least)


@pytest.mark.parametrize("steepest", [10.0, 300.0])
def test_sgd_on_a_noisy_quadratic_explodes_just_behind_two_over_the_largest_eigenvalue(steepest: float) -> None:
    """Noise of the gradient stands for batches; the loss explodes within two steps in ten of the rate's doubling."""
    torch.manual_seed(0)
    eigenvalues = torch.logspace(-2, 0, 20) * steepest
    weight, watch = torch.ones(20), ExplosionCheck()
    for step in range(STEPS):
        loss = (eigenvalues * weight**2).sum() / 2
        if watch.exploded(loss.item()):
            break
        weight = weight - rate_at(step) * eigenvalues * (weight + 0.3 * torch.randn(20))
    assert 2 / steepest < rate_at(step) < 2 * 2 / steepest


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_finds_a_rate_near_its_own(optimizer: str, folder: Path) -> None:
    """Those rates are what their authors or PyTorch propose; the suggestion is within a factor of 30 of them."""
    found = found_by(asked(optimizer=optimizer, limit=1000))
    assert found.suggestion is not None
    assert 1 / 30 < found.suggestion / OPTIMIZERS[optimizer].learning_rate < 30


def test_it_leaves_no_run_and_changes_nothing_of_a_later_training(folder: Path) -> None:
    """The same weights come of a training before it and after it, in the same process."""
    train(SPEC, "before")
    found_by(asked(SPEC))
    assert [path.name for path in folder.iterdir()] == ["before"]
    train(SPEC, "after")
    assert weights("after") == weights("before")


def test_it_is_the_same_every_time_and_does_not_depend_on_the_rate_or_the_schedule(folder: Path) -> None:
    one = found_by(asked(SPEC))
    assert found_by(asked(SPEC, learning_rate=3.0, schedule="cosine", warmup=1.0, epochs=9)) == one


def test_frozen_parts_stay_so_and_given_weights_are_begun_with(folder: Path) -> None:
    """The first loss is that of the weights that are given, and with all but the head frozen it falls less."""
    train(LINEAR, "first", epochs=8)
    fresh, given = found_by(asked()), found_by(asked(weights="first"))
    assert given.losses[0] < 0.8 * fresh.losses[0]
    fresh, frozen = found_by(asked(SPEC)), found_by(asked(SPEC, freeze="body"))
    assert min(frozen.smoothed) > min(fresh.smoothed)


def test_accumulated_steps_have_the_loss_of_the_whole_batch(folder: Path) -> None:
    whole, parts = found_by(asked(**PLAIN)), found_by(asked(accumulate=2, **PLAIN))
    assert parts.losses[:100] == pytest.approx(whole.losses[:100], rel=1e-4)


@pytest.mark.parametrize("scale", [1.0, 0.2])
def test_a_linear_network_explodes_just_behind_two_over_the_largest_eigenvalue(scale: float, folder: Path) -> None:
    """Least squares by SGD without momentum: the Hessian of the mean square is 2·XᵀX/n, with a column for the bias."""
    generator = np.random.default_rng(0)
    pixels = (255 * scale * generator.random((256, 4, 4))).round().astype(np.uint8)
    targets = generator.standard_normal(256)
    np.savez("pixels.npz", x_train=pixels, y_train=targets)
    columns = np.hstack([pixels.reshape(256, 16) / 255, np.ones((256, 1))])
    steepest = np.linalg.eigvalsh(2 * columns.T @ columns / 256).max()
    settings = PLAIN | {"optimizer": "sgd", "momentum": 0.0, "nesterov": False, "normalise": "none", "flip": "none"}
    request = asked("input 4x4x1\nfc 1", **settings)
    data = DataRequest("pixels.npz", task="regression")
    found = found_by(request._replace(data=data))
    assert found.explodes is not None
    assert 2 / steepest < found.explodes < 2 * 2 / steepest
    assert found.least < 2 / steepest
