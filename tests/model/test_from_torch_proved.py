"""An import proves itself: what computes something else is refused."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune

import cnncalc
from cnncalc.layers.activation import Activation
from cnncalc.layers.written import Words
from cnncalc.model.from_torch import import_module
from tests.model.test_from_torch_proof import Does, refusal

# ---- the proof


def test_an_import_that_computes_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where a last factor of 0 hides the branch; the error says from which layer on."""

    def branch(m: Does, x: torch.Tensor) -> torch.Tensor:
        y = m.a(x)
        return y + m.bn(m.b(functional.relu(y)))  # type: ignore[no-any-return]

    module = Does(branch)
    nn.init.zeros_(module.bn.weight)
    monkeypatch.setattr(Activation, "from_torch", lambda call: call.elementwise(Words("sigmoid")))
    assert refusal(module) == (
        "the text would compute something else than the module: the module (LINE) differs from `sigmoid` on; "
        "nothing is written"
    )
    assert "sigmoid" in cnncalc.from_torch(module, "8x8x3", prove=False)


def test_the_module_is_handed_back_as_it_was() -> None:
    """Whatever its forward sets, and whether its weights are parameters or computed by a hook."""
    module = Does(lambda m, x: setattr(m, "seen", x) or m.bn(m.b(m.a(x))))
    prune.random_unstructured(module.b, "weight", 0.5)
    before = {name: values.clone() for name, values in module.state_dict().items()}
    weight, attributes = module.b.weight, set(vars(module))
    import_module(module, "8x8x3")
    assert all(torch.equal(values, before[name]) for name, values in module.state_dict().items())
    assert module.b.weight is weight
    assert set(vars(module)) == attributes
    assert all(part.training for part in module.modules())


def test_the_random_state_is_left_alone() -> None:
    module = Does(lambda m, x: m.a(x))
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    cnncalc.from_torch(module, "8x8x3")
    assert torch.rand(1) == expected


def test_tensors_are_named_after_the_module_s() -> None:
    """The built network's state comes from the module's, name by name."""
    module = Does(lambda m, x: m.bn(m.a(x)))
    imported = import_module(module, "8x8x3")
    state = module.state_dict()
    built = cnncalc.build(imported.network).eval()
    built.load_state_dict({name: state[path] for name, path in imported.tensors.items()}, strict=False)
    images = torch.randn(1, 3, 8, 8)
    assert torch.equal(built(images), module.eval()(images))


def frozen() -> nn.Module:
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3))
    module[0].requires_grad_(False)
    return module


def pruned() -> nn.Module:
    module = nn.Sequential(nn.Conv2d(3, 8, 3))
    prune.l1_unstructured(module[0], "weight", 0.5)
    return module


@pytest.mark.parametrize(
    ("make", "note"),
    [
        (frozen, "frozen in the module (requires_grad=False), and learned in the spec: 0"),
        (pruned, "`0.weight` is computed in the module (L1Unstructured), and is a plain weight in the spec"),
        (
            lambda: nn.Sequential(parametrizations.weight_norm(nn.Conv2d(3, 8, 3))),
            "`0.weight` is computed in the module (WeightNorm), and is a plain weight in the spec",
        ),
        (
            lambda: nn.Sequential(parametrizations.spectral_norm(nn.Conv2d(3, 8, 3))),
            "`0.weight` is computed in the module (SpectralNorm), and is a plain weight in the spec",
        ),
    ],
)
def test_notes_say_what_the_text_does_not(make: Callable[[], nn.Module], note: str) -> None:
    with pytest.warns(UserWarning, match="^" + re.escape(note) + "$"):
        cnncalc.from_torch(make(), "8x8x3")


def test_a_module_that_fails_on_numbers_is_not_proved() -> None:
    """Its shapes suit, and its numbers do not."""

    def picky(m: Does, x: torch.Tensor) -> torch.Tensor:
        if type(x) is torch.Tensor:
            raise RuntimeError("no numbers, please")
        return m.a(x)  # type: ignore[no-any-return]

    assert refusal(Does(picky)) == (
        "the module cannot compute on random images (LINE): RuntimeError: no numbers, please"
    )
