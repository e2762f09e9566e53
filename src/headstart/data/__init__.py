"""Reading labelled files and splitting them."""

from __future__ import annotations

from headstart.data.keys import dataset_key, file_key, text_key
from headstart.data.loading import load_dataset
from headstart.data.splitting import carve_holdout, make_folds
from headstart.data.values import UnlabelledTable, load_values

__all__ = [
    "UnlabelledTable",
    "carve_holdout",
    "dataset_key",
    "file_key",
    "load_dataset",
    "load_values",
    "make_folds",
    "text_key",
]
