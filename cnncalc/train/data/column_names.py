"""What columns of tables may be called, of CSV files and of Hugging Face data sets: in small letters or capitals."""

from __future__ import annotations

from cnncalc.train.data.mask_names import MASK_FOLDERS

FILE_COLUMNS = (
    "file", "filename", "file_name", "fname", "filepath", "file_path", "path", "image", "image_path", "image_name",
    "image_file", "image_id", "img", "img_path", "id", "name",
)  # fmt: skip
LABEL_COLUMNS = (
    "label", "labels", "class", "class_name", "category", "target", "tags", "species", "breed", "y"
)  # fmt: skip
"""Of classes or labels."""

MASK_COLUMNS = (
    *MASK_FOLDERS, "annotation", "segmentation", "segmentation_mask", "seg", "target", "mask_path", "mask_file",
    "mask_name", "mask_id", "label_path", "annotation_path", "y",
)  # fmt: skip
PART_COLUMNS = ("split", "part", "set", "subset", "fold")
"""Of each kind, the first name that is there counts."""

PART_MARKS = {"is_valid": "validation", "is_val": "validation", "is_test": "test"}
"""Columns that say with 1 or True that an image belongs to a part, as fastai has them."""
