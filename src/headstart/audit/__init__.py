"""What the data is fit for."""

from __future__ import annotations

from headstart.audit.checks import run_checks
from headstart.audit.columns import check_columns, parse_time
from headstart.audit.further_columns import FurtherColumn, column_costs, further_column
from headstart.audit.labels import LabelRanking, rank_labels
from headstart.audit.marks import doubts_nearby, input_findings
from headstart.audit.near_duplicates import find_near_duplicates
from headstart.audit.split import audit

__all__ = [
    "FurtherColumn",
    "LabelRanking",
    "audit",
    "check_columns",
    "column_costs",
    "doubts_nearby",
    "find_near_duplicates",
    "further_column",
    "input_findings",
    "parse_time",
    "rank_labels",
    "run_checks",
]
