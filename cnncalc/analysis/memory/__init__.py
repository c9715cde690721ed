"""How much memory a training step or an inference takes, worked out from the network alone."""

from cnncalc.analysis.memory.prediction import MemoryPrediction, Predictor, largest_batch, predict_memory
from cnncalc.analysis.memory.saved import saved_bytes
from cnncalc.analysis.memory.setup import DEVICES, TrainingSetup
from cnncalc.analysis.memory.timeline import KINDS, PHASES

__all__ = [
    "DEVICES",
    "KINDS",
    "PHASES",
    "MemoryPrediction",
    "Predictor",
    "TrainingSetup",
    "largest_batch",
    "predict_memory",
    "saved_bytes",
]
