"""Reading labelled files and splitting them."""

from __future__ import annotations

from headstart.data.checks import check_spellings
from headstart.data.examples import with_examples
from headstart.data.keys import dataset_key, file_key, text_key
from headstart.data.label_names import label_name, spelling
from headstart.data.loading import load_dataset
from headstart.data.one_name import column_read_as, column_values, known_name, one_name, read_as
from headstart.data.splitting import carve_holdout, make_folds
from headstart.data.values import UnlabelledTable, load_values

__all__ = [
    "UnlabelledTable",
    "carve_holdout",
    "check_spellings",
    "column_read_as",
    "column_values",
    "dataset_key",
    "file_key",
    "known_name",
    "label_name",
    "load_dataset",
    "load_values",
    "make_folds",
    "one_name",
    "read_as",
    "spelling",
    "text_key",
    "with_examples",
]
