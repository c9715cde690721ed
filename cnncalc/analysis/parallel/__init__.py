"""What each of several cards holds in data parallel training, and what they exchange: DDP, ZeRO-1 and FSDP2."""

from cnncalc.analysis.parallel.exchange import Transfer, exchanged
from cnncalc.analysis.parallel.prediction import CardPrediction, CardPredictor
from cnncalc.analysis.parallel.setup import WAYS, Parallel

__all__ = ["WAYS", "CardPrediction", "CardPredictor", "Parallel", "Transfer", "exchanged"]
