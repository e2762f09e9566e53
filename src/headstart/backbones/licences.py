"""What a licence's name says of use. This is a reading aid and no legal advice.

The names are those of SPDX and of model hubs. Weights may carry further terms (of the data they
were trained on, of a hub, of a contract), which no name tells: before anything ships, somebody
who may decide reads the licence itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Use = Literal["commercial", "research"]

VENDOR_TERMS = "vendor terms"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Licence:
    """What a licence asks for.

    spdx: SPDX identifier, `LicenseRef-…` where SPDX has none, or `unknown`. commercial: None where
    the name alone does not say. note: what else to know, a sentence or nothing.
    """

    spdx: str
    commercial: bool | None
    attribution: bool
    share_alike: bool
    note: str = ""


_NOTICE = "Keep the copyright notice and the licence text."
_COPYLEFT = "What is passed on that builds on it must be under the same licence, with its source."
_USES = "It names uses that are forbidden, and these conditions must be passed on."
_NO_DERIVATIVES = "Changed versions, fine-tuned weights among them, must not be passed on."

_PERMISSIVE = (
    ("Apache-2.0", "Keep the notices, and say what was changed; it grants patents."),
    ("MIT", _NOTICE),
    ("MIT-0", ""),
    ("BSD-2-Clause", _NOTICE),
    ("BSD-3-Clause", _NOTICE),
    ("BSD-3-Clause-Clear", f"{_NOTICE} It grants no patents."),
    ("BSD-4-Clause", f"{_NOTICE} Advertising must name the authors."),
    ("0BSD", ""),
    ("ISC", _NOTICE),
    ("Zlib", _NOTICE),
    ("BSL-1.0", _NOTICE),
    ("NCSA", _NOTICE),
    ("PostgreSQL", _NOTICE),
    ("AFL-3.0", _NOTICE),
    ("ECL-2.0", _NOTICE),
    ("MS-PL", _NOTICE),
    ("Artistic-2.0", _NOTICE),
    ("CC0-1.0", ""),
    ("Unlicense", ""),
    ("WTFPL", ""),
    ("PDDL-1.0", ""),
    ("CDLA-Permissive-1.0", _NOTICE),
    ("CDLA-Permissive-2.0", _NOTICE),
    ("ODC-By-1.0", "Name the source of the data."),
)
_FREE_OF_NOTICE = {"MIT-0", "0BSD", "CC0-1.0", "Unlicense", "WTFPL", "PDDL-1.0"}
_SHARE_ALIKE = (
    "GPL-2.0",
    "GPL-3.0",
    "LGPL-2.1",
    "LGPL-3.0",
    "AGPL-3.0",
    "MPL-2.0",
    "EPL-1.0",
    "EPL-2.0",
    "EUPL-1.1",
    "EUPL-1.2",
    "ODbL-1.0",
    "OSL-3.0",
)
_CREATIVE_COMMONS = ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
_CREATIVE_VERSIONS = ("1.0", "2.0", "2.5", "3.0", "4.0")
_RAIL = (
    "openrail",
    "openrail++",
    "openrail-m",
    "creativeml-openrail-m",
    "bigscience-openrail-m",
    "bigscience-bloom-rail-1.0",
    "bigcode-openrail-m",
)
_RESEARCH_ONLY = (
    "apple-amlr",
    "deepfloyd-if",
    "fair-noncommercial-research",
    "intel-research",
    "nsclv1",
)
_ALIASES = {
    "apache": "apache-2.0",
    "apache-2": "apache-2.0",
    "apache2": "apache-2.0",
    "apache2.0": "apache-2.0",
    "apache-software-2.0": "apache-2.0",
    "expat": "mit",
    "bsd": "bsd-3-clause",
    "bsd-2": "bsd-2-clause",
    "bsd-3": "bsd-3-clause",
    "bsd-new": "bsd-3-clause",
    "bsd-simplified": "bsd-2-clause",
    "new-bsd": "bsd-3-clause",
    "simplified-bsd": "bsd-2-clause",
    "cc0": "cc0-1.0",
    "cc0-1.0-universal": "cc0-1.0",
    "pddl": "pddl-1.0",
    "odc-by": "odc-by-1.0",
    "odbl": "odbl-1.0",
    "mpl": "mpl-2.0",
    "ms-public": "ms-pl",
    "gplv2": "gpl-2.0",
    "gplv3": "gpl-3.0",
    "lgplv3": "lgpl-3.0",
    "agplv3": "agpl-3.0",
    "gnu-gpl-3.0": "gpl-3.0",
    "gnu-agpl-3.0": "agpl-3.0",
    "gnu-lgpl-3.0": "lgpl-3.0",
    "creative-commons-attribution-4.0": "cc-by-4.0",
    "creative-commons-attribution-4.0-international": "cc-by-4.0",
}
_VAGUE = {
    "gpl": ("GPL", True),
    "lgpl": ("LGPL", True),
    "agpl": ("AGPL", True),
    "cc": ("CC", False),
}


def licence_of(text: str) -> Licence:
    """What is known of a licence by its SPDX identifier, its name on a model hub or a common
    spelling; a licence that is not known, or is several, is `unknown`.

    >>> licence_of("Apache License, Version 2.0").spdx
    'Apache-2.0'
    >>> licence_of("cc-by-nc-4.0").commercial
    False
    """
    name = _plain(text)
    name = _ALIASES.get(name, name)
    # A GPL's version is the same whether or not a later one may be chosen.
    name = re.sub(r"^((?:l|a)?gpl-\d\.\d)(?:-only|-or-later|\+)$", r"\1", name)
    known = _KNOWN.get(name)
    if known is not None:
        return known
    if re.match(r"(meta-)?llama($|[-\d])", name):
        return Licence(
            spdx=f"LicenseRef-{name}",
            commercial=None,
            attribution=True,
            share_alike=False,
            note="It depends on the version and on how many users you have. " + _USES,
        )
    if re.fullmatch(r"gemma(-terms-of-use)?(-\d)?", name):
        return Licence("LicenseRef-gemma", True, True, False, _USES)
    if name in _VAGUE:
        spdx, alike = _VAGUE[name]
        note = "The name leaves out the version and the kind."
        return Licence(f"LicenseRef-{spdx}", None, True, alike, note)
    if re.search(r"(^|-)(or|and|with)(-|$)", name):
        return Licence(UNKNOWN, None, True, False, "Several licences are named.")
    if name in ("", UNKNOWN, "none", "other", "noassertion", "proprietary", "custom"):
        return Licence(UNKNOWN, None, True, False, "No known licence is named.")
    return Licence(
        UNKNOWN, None, True, False, f"'{text.strip()}' is not a name that is known here."
    )


def allowed(licence: Licence, use: Use) -> tuple[bool | None, str]:
    """(whether the use is allowed, a sentence that says why); None where it must be found out.

    >>> allowed(licence_of("cc-by-nc-4.0"), "commercial")[0]
    False
    >>> allowed(licence_of("other"), "research")[0] is None
    True
    """
    note = f" {licence.note}" if licence.note else ""
    if licence.spdx == UNKNOWN:
        return None, (
            f"The licence is not known.{note} Ask the publisher, or read the licence where the "
            "weights come from, before they are used."
        )
    if licence.spdx == "LicenseRef-vendor-terms":
        return None, f"The vendor's contract decides.{note}"
    if use == "commercial" and licence.commercial is None:
        return None, f"{licence.spdx} does not settle it.{note} Read it, and ask who may decide."
    if use == "commercial" and not licence.commercial:
        return False, f"{licence.spdx} excludes commercial use.{note} Ask for another licence."
    duties = []
    if licence.attribution:
        duties.append("the authors are named")
    if licence.share_alike:
        duties.append("what is built on it is passed on under the same licence")
    said = f", if {' and '.join(duties)}" if duties else ""
    return True, f"{licence.spdx} allows {use} use{said}.{note}"


def _plain(text: str) -> str:
    """Lower case, words joined by hyphens, without the words that every licence's name has."""
    words = re.sub(r"[^a-z0-9.+]+", "-", text.lower()).strip("-.").split("-")
    words = [re.sub(r"^v(?=\d)", "", word) for word in words]
    idle = ("the", "license", "licence", "licenses", "version", "v", "licenseref", "agreement")
    return "-".join(word for word in words if word and word not in idle)


def _table() -> dict[str, Licence]:
    found = [
        Licence(spdx, True, spdx not in _FREE_OF_NOTICE, False, note) for spdx, note in _PERMISSIVE
    ]
    for spdx in _SHARE_ALIKE:
        network = " So must what is offered over a network." if spdx == "AGPL-3.0" else ""
        found.append(Licence(spdx, True, True, True, _COPYLEFT + network))
    for kind in _CREATIVE_COMMONS:
        note = _NO_DERIVATIVES if kind.endswith("-nd") else ""
        for version in _CREATIVE_VERSIONS:
            spdx = f"CC-{kind.upper()}-{version}"
            found.append(Licence(spdx, "nc" not in kind, True, kind.endswith("-sa"), note))
    table = {_plain(licence.spdx): licence for licence in found}
    for kind in _CREATIVE_COMMONS:
        # The newest version stands for a name without one: the permissions are the same.
        table[f"cc-{kind}"] = table[f"cc-{kind}-4.0"]
    for name in _RAIL:
        table[_plain(name)] = Licence(f"LicenseRef-{name}", True, True, False, _USES)
    for name in _RESEARCH_ONLY:
        note = "It is for research only."
        table[_plain(name)] = Licence(f"LicenseRef-{name}", False, True, False, note)
    table["vendor-terms"] = Licence(
        "LicenseRef-vendor-terms",
        None,
        False,
        False,
        "Read what it says of commercial use, of keeping embeddings and of training on your texts.",
    )
    return table


_KNOWN = _table()
