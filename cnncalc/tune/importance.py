"""How much each varied name matters for the score, where Optuna can say."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import optuna

LEAST = 10
"""Complete trials of which something can be said."""
METHOD = "fANOVA (Hutter et al., 2014)"


def importances(study: optuna.Study) -> Mapping[str, float]:
    """Return the share of the score's variance that each varied name explains, the largest first; empty if unknown."""
    complete = study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.COMPLETE,))
    if len(complete) < LEAST or len({trial.value for trial in complete}) < 2:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
            found = optuna.importance.get_param_importances(study, evaluator=evaluator)
        except (ImportError, RuntimeError, ValueError):  # without scikit-learn, or where nothing can be told apart
            return {}
    return {name: float(share) for name, share in found.items()}
