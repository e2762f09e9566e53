"""Labels: which are probably wrong, which contradict one another, which cannot be told apart."""

from headstart.audit.labels.agreement import Consensus, consensus, krippendorff_alpha
from headstart.audit.labels.confusion import ConfusedPair, confused_pairs
from headstart.audit.labels.contradictions import Contradiction, contradictions
from headstart.audit.labels.findings import label_findings
from headstart.audit.labels.ranking import LabelRanking, rank_labels
from headstart.audit.labels.spellings import label_spellings, spelling_findings

__all__ = [
    "ConfusedPair",
    "Consensus",
    "Contradiction",
    "LabelRanking",
    "confused_pairs",
    "consensus",
    "contradictions",
    "krippendorff_alpha",
    "label_findings",
    "label_spellings",
    "rank_labels",
    "spelling_findings",
]
