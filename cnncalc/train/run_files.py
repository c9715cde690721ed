"""The names of the files and folders in the folder of a run."""

from cnncalc.model.weights import RUN_WEIGHTS

SPEC, RECIPE, RUN, METRICS, CURVE = "spec.txt", "recipe.toml", "run.json", "metrics.csv", "curve.svg"
GRADIENTS = "gradients.csv"
BEST, LAST, CHECKPOINTS, TENSORBOARD = RUN_WEIGHTS, "last.safetensors", "checkpoints", "tensorboard"
WEIGHTS = {"best": BEST, "last": LAST}
"""The weights that a run has, by the names that options give them: of its best epoch, and of its last."""
CARD, EVALUATIONS = "README.md", "evaluations.json"
ENERGY = "energy.csv"
"""What the epochs took of energy, where it is measured."""
TRACKING = "tracking.json"
"""The name under which trackers know the run."""
LOCK = "lock"
"""A file that is there while a process writes the run."""
FOLDS = "folds.json"
"""What the runs of a cross-validation came to, in the folder that has a folder for each of them."""
