"""Data sets: where images come from, and what must hold before training starts."""

from cnncalc.train.data.check import check_class_names, check_dataset
from cnncalc.train.data.dataset import Dataset, Split
from cnncalc.train.data.fingerprint import fingerprint
from cnncalc.train.data.images import read_colours, read_image
from cnncalc.train.data.in_memory import MemorySplit
from cnncalc.train.data.load import load_dataset
from cnncalc.train.data.source import SOURCES, DataSource, dataset_names, register
from cnncalc.train.data.statistics import channel_statistics
from cnncalc.train.data.stratify import folds_of, held_out
from cnncalc.train.data.stream import StreamedSplit
from cnncalc.train.data.transformed import TransformedSplit
from cnncalc.train.data.transforms import ImageTransforms, check_augmentations
from cnncalc.train.data_request import DataRequest

__all__ = [
    "SOURCES",
    "DataRequest",
    "DataSource",
    "Dataset",
    "ImageTransforms",
    "MemorySplit",
    "Split",
    "StreamedSplit",
    "TransformedSplit",
    "channel_statistics",
    "check_augmentations",
    "check_class_names",
    "check_dataset",
    "dataset_names",
    "fingerprint",
    "folds_of",
    "held_out",
    "load_dataset",
    "read_colours",
    "read_image",
    "register",
]
