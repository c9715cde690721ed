"""PyTorch as the oracle of memory on several cards: real processes over gloo, each under PyTorch's own tracker.

FSDP2 also runs in one process with a group that exchanges nothing: it is what NCCL does, which reduces in place, where
gloo reduces a copy.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import distributed, fx, multiprocessing, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.nn.parallel import DistributedDataParallel
from torch.testing._internal.distributed.fake_pg import FakeStore
from torch.utils.checkpoint import checkpoint

import cnncalc
from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.parallel import CardPrediction, CardPredictor, Parallel
from cnncalc.model.checkpointing import CheckpointedPart, checkpointed
from tests.oracle.torch_memory import OPTIMIZERS, Tracker, fake_mode, inputs, labels, with_memory

STEPS = 4
"""Steps that are run: DDP makes its buckets again before the second one, and the optimizer has its state then. The
least peak of the last three counts: threads of gloo may hold a tensor for a moment after it has been exchanged."""


class Case(NamedTuple):
    """A step on every card. ``batch`` are the images of one pass of a card; ``spec`` is a text or a name of the zoo."""

    spec: str
    batch: int
    way: str = "ddp"
    views: bool = True
    optimizer: str = "sgd"
    implementation: str = "foreach"
    passes: int = 1
    checkpointing: bool = False
    input: str | None = None


class Measured(NamedTuple):
    """Bytes of a process: at the peak, and between two steps."""

    peak: int
    between: int


class InBlocks(nn.Module):
    """A built module whose blocks, those that checkpointing has, are modules of their own."""

    def __init__(self, module: fx.GraphModule, network: cnncalc.Network, *, again: bool) -> None:
        super().__init__()
        whole = checkpointed(module, network)
        self.parts: Sequence[CheckpointedPart] = whole._parts
        self.sources, self.outputs = whole._sources, whole._outputs
        self.blocks = nn.ModuleList([part.run for part in self.parts])
        self.again = again

    def sharded(self) -> list[nn.Module]:
        """Return the blocks with parameters, each for `fully_shard`."""
        found = [part.run for part in self.parts if part.again]
        return [block for block in found if next(block.parameters(), None) is not None]

    def forward(self, *images: torch.Tensor) -> Any:
        values = dict(zip(self.sources, images, strict=True))
        del images
        for part, block in zip(self.parts, self.blocks, strict=True):
            read = [values[name] for name in part.reads]
            made = checkpoint(block, *read, use_reentrant=False) if self.again and part.again else block(*read)
            del read
            values.update(zip(part.makes, made, strict=True))
            del made
            for name in part.last:
                del values[name]
        return values[self.outputs] if isinstance(self.outputs, str) else [values[name] for name in self.outputs]


def predicted(case: Case, cards: int, *, alone: bool = False) -> CardPrediction:
    """Return what is predicted for the card that takes most; ``alone`` is what `measured_alone` runs."""
    parallel = Parallel(cards, case.way, case.views, copies=not alone)
    setup = TrainingSetup(
        batch=case.batch * case.passes * cards,
        optimizer=case.optimizer,
        implementation=case.implementation,
        accumulate=case.passes,
        checkpointing=case.checkpointing,
        device="cpu",
    )
    return CardPredictor(cnncalc.load(case.spec, input=case.input), parallel).predict(parallel.of_card(setup))


def measured(cases: Sequence[Case], cards: int) -> list[list[Measured]]:
    """Return what each process takes, for each case: real tensors, exchanged over gloo."""
    with tempfile.TemporaryDirectory() as folder:
        multiprocessing.spawn(_process, (cards, tuple(cases), folder), nprocs=cards)
        found = [torch.load(Path(folder) / f"{rank}.pt") for rank in range(cards)]
    return [[Measured(*each) for each in of_case] for of_case in zip(*found, strict=True)]


def measured_alone(cases: Sequence[Case], cards: int) -> list[Measured]:
    """Return what the first of so many processes takes, for each case: fake tensors, and nothing is exchanged."""
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=cards)
    try:
        mesh = init_device_mesh("cpu", (cards,))
        with fake_mode():
            return [_measure(case, mesh) for case in cases]
    finally:
        distributed.destroy_process_group()


def _process(rank: int, cards: int, cases: Sequence[Case], folder: str) -> None:
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=cards)
    mesh = init_device_mesh("cpu", (cards,))
    torch.save([tuple(_measure(case, mesh)) for case in cases], Path(folder) / f"{rank}.pt")
    distributed.barrier()
    distributed.destroy_process_group()


def _measure(case: Case, mesh: Any) -> Measured:
    """Take steps under the tracker, and return the least peak of all but the first, with what is there between two."""
    network = cnncalc.load(case.spec, input=case.input)
    built = with_memory(cnncalc.build(network, device="meta"))
    seen = inputs(network, case.batch)
    with torch.no_grad():
        wanted = labels(built.eval()(*seen))
    built.train()
    module = _sharded(built, network, case, mesh) if case.way == "fsdp2" else _whole(built, network, case)
    stepper = _stepper(module, case)
    tracker = Tracker()
    tracker.track_external(module, *seen, wanted)
    with tracker:
        forward = module if case.way == "fsdp2" else DistributedDataParallel(module, gradient_as_bucket_view=case.views)
        found = []
        for _ in range(STEPS):
            tracker.forget_peak()
            _step(forward, stepper, case, seen, wanted)
            tracker.reset_mod_stats()
            (snapshot,) = tracker.get_tracker_snapshot("current").values()
            (highest,) = tracker.get_tracker_snapshot("peak").values()
            found.append(Measured(int(highest["Total"]), int(snapshot["Total"])))
    return min(found[1:])


def _step(module: nn.Module, stepper: Any, case: Case, seen: Sequence[torch.Tensor], wanted: torch.Tensor) -> None:
    for number in range(case.passes):
        output = loss = None  # what the pass before has made is given back
        with _silent(module, last=number == case.passes - 1):
            output = module(*seen)
            loss = nn.functional.cross_entropy(output, wanted)
            loss.backward()
    stepper.step()
    stepper.zero_grad()


def _whole(built: fx.GraphModule, network: cnncalc.Network, case: Case) -> nn.Module:
    return checkpointed(built, network) if case.checkpointing else built


def _sharded(built: fx.GraphModule, network: cnncalc.Network, case: Case, mesh: Any) -> nn.Module:
    module = InBlocks(built, network, again=case.checkpointing)
    for block in module.sharded():
        fully_shard(block, mesh=mesh)
    fully_shard(module, mesh=mesh)
    return module


def _stepper(module: nn.Module, case: Case) -> Any:
    kind, settings = OPTIMIZERS[case.optimizer]
    chosen = {case.implementation: True} if case.implementation != "loop" else {"foreach": False}
    if case.way == "zero1":
        return ZeroRedundancyOptimizer(module.parameters(), kind, **settings, **chosen)
    return kind(module.parameters(), **settings, **chosen)


def _silent(module: nn.Module, *, last: bool) -> AbstractContextManager[Any]:
    """Return the context in which DDP does not exchange gradients; FSDP2 reduces them in every pass."""
    return module.no_sync() if isinstance(module, DistributedDataParallel) and not last else nullcontext()
