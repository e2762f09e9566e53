"""Near-duplicates within the rows that are trained on, and against the hold-out."""

from headstart.audit.near_duplicates.find import NearDuplicates, find_near_duplicates
from headstart.audit.near_duplicates.findings import near_duplicate_findings

__all__ = ["NearDuplicates", "find_near_duplicates", "near_duplicate_findings"]
