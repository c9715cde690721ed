"""What a run says before its first step: what is trained, on what, where and how."""

from __future__ import annotations

from cnncalc.analysis.training_advice import training_advice
from cnncalc.core.numbers import counted
from cnncalc.core.words import listed, shorten
from cnncalc.train.data import Dataset
from cnncalc.train.data.kinds import CLASSES, MASKS
from cnncalc.train.ends import heads_of
from cnncalc.train.engine.balance import balance_note
from cnncalc.train.engine.data_advice import data_advice
from cnncalc.train.engine.devices import describe
from cnncalc.train.engine.plan import RunPlan
from cnncalc.train.engine.splits import missing_classes
from cnncalc.train.engine.step_memory import data_bytes, memory_line
from cnncalc.train.recipe.settings import Recipe


def about_run(plan: RunPlan, dataset: Dataset) -> list[tuple[str, str]]:
    """Say what is trained, on what, where and how."""
    network, recipe, splits, (device, processes) = plan.network, plan.recipe, plan.splits, plan.place
    tested, test = splits.tested, splits.test
    how = "" if splits.train.in_memory else ", streamed"
    parts = [f"{len(splits.train):,} images to train on{how}"]
    if splits.validates:
        fold = f" (fold {recipe.fold} of {recipe.folds})" if recipe.folds else ""
        parts.append(f"{len(tested or ()):,} to validate{fold}")
    final = test if splits.validates else tested
    if final is not None:
        parts.append(f"{len(final):,} to test")
    held = data_bytes(splits.train, tested, test)
    missing = missing_classes(splits)
    balance = balance_note(splits.train.labels, splits.classes, recipe.balance)
    where = describe(device) + (f", {processes.size} processes" if processes.shared else "")
    chosen = [("data chosen", dataset.chosen)] if dataset.chosen else []
    more = f", and {len(dataset.skipped) - 1:,} more" if len(dataset.skipped) > 1 else ""
    skipped = [("left out", f"{text}{more}") for text in dataset.skipped[:1]]
    advice = training_advice(network, drawn=plan.first is None, learned=splits.kind)
    return [
        ("network", f"{network.source.name}: {network.input} → {network.output}, {network.params:,} parameters"),
        *([("weights", f"{plan.first.name}: {plan.first.matching.text()}")] if plan.first else []),
        *([("frozen", _frozen_line(recipe))] if recipe.freeze else []),
        *chosen,
        ("data", f"{dataset.name} ({dataset.where}): {', '.join(parts)}; {_learned(plan)}"),
        *(("note", note) for note in dataset.notes),
        *skipped,
        *([("few images", missing)] if missing else []),
        *([("balance", balance)] if balance else []),
        *(("hint", text) for text in (*data_advice(plan), *advice)),
        ("device", f"{where}, {recipe.precision}"),
        ("recipe", _recipe_line(recipe)),
        ("augmentation", _augmentation_line(recipe)),
        ("loss", plan.task.loss_note(network) + _auxiliary_text(plan)),
        ("memory", memory_line(plan, held)),
    ]


def _learned(plan: RunPlan) -> str:
    """Say what is learned: ``10 classes``, ``the number age``, ``masks of 3 classes``."""
    names, kind = plan.task.names, plan.splits.kind
    if kind == CLASSES:
        return f"{len(names)} classes"
    if kind == MASKS:
        return f"masks of {len(names)} classes"
    word = kind if len(names) > 1 else kind[:-1]
    some = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")  # in the order of the outputs
    return f"{len(names)} {word}: {shorten(some, 100)}"


def _auxiliary_text(plan: RunPlan) -> str:
    """Say how much the outputs other than the main one count."""
    heads, network = heads_of(plan.network), plan.network
    if not heads.auxiliary:
        return ""
    others = listed([f"@{network.output_names[place]}" for place in heads.auxiliary])
    return f"; that of @{network.output_names[heads.main]}, and {plan.recipe.auxiliary_weight:g} times that of {others}"


def _recipe_line(recipe: Recipe) -> str:
    parts = f" in {recipe.accumulate} parts" if recipe.accumulate > 1 else ""
    batches = f"batches of {counted(recipe.batch, 'image')}{parts}"
    rate = f"learning rate {recipe.learning_rate:g} ({recipe.schedule})"
    decay = f"weight decay {recipe.weight_decay:g}, seed {recipe.seed}"
    return f"{counted(recipe.epochs, 'epoch')}, {batches}, {recipe.optimizer}, {rate}, {decay}"


def _frozen_line(recipe: Recipe) -> str:
    until = f", for {counted(recipe.unfreeze, 'epoch')}" if recipe.unfreeze else ""
    return f"{recipe.freeze}{until}: neither parameters nor running statistics change"


def _augmentation_line(recipe: Recipe) -> str:
    named = [
        (recipe.flip != "none", f"mirrored ({recipe.flip})"),
        (recipe.shift > 0, f"moved by up to {recipe.shift} px ({recipe.fill})"),
        (0 < recipe.crop < 1, f"cropped to at least {recipe.crop:.0%}"),
        (recipe.cutout > 0, f"cutout {recipe.cutout} px"),
        (recipe.mixup > 0, f"mixup {recipe.mixup:g}"),
        (recipe.cutmix > 0, f"cutmix {recipe.cutmix:g}"),
        (bool(recipe.augment), f"by torchvision: {recipe.augment}"),
    ]
    return ", ".join(text for wanted, text in named if wanted) or "none"
