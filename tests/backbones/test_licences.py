"""What licences' names say, in the spellings that hubs and publishers use."""

from __future__ import annotations

import pytest

from headstart.backbones import built_in
from headstart.backbones.licences import allowed, licence_of
from headstart.workflow.catalogue import card_text


@pytest.mark.parametrize(
    ("text", "spdx", "commercial", "attribution", "share_alike"),
    [
        ("apache-2.0", "Apache-2.0", True, True, False),
        ("Apache License, Version 2.0", "Apache-2.0", True, True, False),
        ("Apache 2.0", "Apache-2.0", True, True, False),
        ("'apache-2.0'", "Apache-2.0", True, True, False),
        ("The MIT License", "MIT", True, True, False),
        ("mit", "MIT", True, True, False),
        ("bsd-2-clause", "BSD-2-Clause", True, True, False),
        ("BSD 3-Clause", "BSD-3-Clause", True, True, False),
        ("bsd-3-clause-clear", "BSD-3-Clause-Clear", True, True, False),
        ("bsd", "BSD-3-Clause", True, True, False),
        ("cc0-1.0", "CC0-1.0", True, False, False),
        ("CC0", "CC0-1.0", True, False, False),
        ("cc-by-4.0", "CC-BY-4.0", True, True, False),
        ("CC BY 4.0", "CC-BY-4.0", True, True, False),
        ("cc-by-sa-4.0", "CC-BY-SA-4.0", True, True, True),
        ("cc-by-sa-3.0", "CC-BY-SA-3.0", True, True, True),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0", False, True, False),
        ("CC-BY-NC-SA-4.0", "CC-BY-NC-SA-4.0", False, True, True),
        ("cc-by-nc-nd-4.0", "CC-BY-NC-ND-4.0", False, True, False),
        ("gpl-3.0", "GPL-3.0", True, True, True),
        ("GPL-3.0-or-later", "GPL-3.0", True, True, True),
        ("GPL-2.0-only", "GPL-2.0", True, True, True),
        ("GPLv3", "GPL-3.0", True, True, True),
        ("agpl-3.0", "AGPL-3.0", True, True, True),
        ("AGPL-3.0+", "AGPL-3.0", True, True, True),
        ("LGPL-2.1", "LGPL-2.1", True, True, True),
        ("mpl-2.0", "MPL-2.0", True, True, True),
        ("openrail", "LicenseRef-openrail", True, True, False),
        ("openrail++", "LicenseRef-openrail++", True, True, False),
        ("creativeml-openrail-m", "LicenseRef-creativeml-openrail-m", True, True, False),
        ("gemma", "LicenseRef-gemma", True, True, False),
        ("llama3.1", "LicenseRef-llama3.1", None, True, False),
        ("llama2", "LicenseRef-llama2", None, True, False),
        ("gpl", "LicenseRef-GPL", None, True, True),
        ("apple-amlr", "LicenseRef-apple-amlr", False, True, False),
        ("vendor terms", "LicenseRef-vendor-terms", None, False, False),
        ("other", "unknown", None, True, False),
        ("unknown", "unknown", None, True, False),
        ("", "unknown", None, True, False),
        ("MIT OR Apache-2.0", "unknown", None, True, False),
        ("MIT (non-commercial)", "unknown", None, True, False),
        ("apache-2.0-nc", "unknown", None, True, False),
        ("llamaindex", "unknown", None, True, False),
        ("gpl-9.9", "unknown", None, True, False),
    ],
)
def test_names_are_understood(
    text: str, spdx: str, commercial: bool | None, attribution: bool, share_alike: bool
) -> None:
    licence = licence_of(text)
    assert licence.spdx == spdx
    assert licence.commercial is commercial
    assert (licence.attribution, licence.share_alike) == (attribution, share_alike)


@pytest.mark.parametrize(
    ("text", "use", "answer", "said"),
    [
        ("mit", "commercial", True, "MIT allows commercial use, if the authors are named."),
        ("cc0", "commercial", True, "CC0-1.0 allows commercial use."),
        ("cc-by-sa-4.0", "commercial", True, "passed on under the same licence"),
        ("cc-by-nc-4.0", "commercial", False, "excludes commercial use"),
        ("cc-by-nc-4.0", "research", True, "allows research use"),
        ("cc-by-nd-4.0", "commercial", True, "fine-tuned weights among them"),
        ("agpl-3.0", "commercial", True, "over a network"),
        ("gemma", "commercial", True, "uses that are forbidden"),
        ("llama3", "commercial", None, "how many users"),
        ("llama3", "research", True, "allows research use"),
        ("other", "commercial", None, "Ask the publisher"),
        ("our own", "research", None, "'our own' is not a name that is known here"),
        ("vendor terms", "commercial", None, "contract decides"),
        ("vendor terms", "research", None, "contract decides"),
    ],
)
def test_uses_are_answered_with_a_reason(
    text: str, use: str, answer: bool | None, said: str
) -> None:
    verdict, reason = allowed(licence_of(text), use)  # type: ignore[arg-type]
    assert verdict is answer
    assert said in reason
    assert reason.endswith(".")


def test_built_in_backbones_may_be_used_commercially() -> None:
    for card in built_in():
        assert allowed(licence_of(card.licence), "commercial")[0] is True


def test_a_card_is_shown_with_what_its_licence_says() -> None:
    assert card_text("all-MiniLM-L6-v2").endswith(
        "commercial use yes. Apache-2.0 allows commercial use, if the authors are named. "
        "Keep the notices, and say what was changed; it grants patents. This is no legal advice."
    )
    vendor = card_text("api:https://api.vendor.example/v1?model=m")
    assert "commercial use to be settled. The vendor's contract decides." in vendor
