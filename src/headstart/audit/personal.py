"""Personal data and secrets in texts: found, counted, and masked before anything is shown."""

from __future__ import annotations

import re
from collections.abc import Callable

_SECRET_WORD = r"(?:api[_-]?key|secret|token|passwor[dt]|passwd|pwd)"

PATTERNS: dict[str, re.Pattern[str]] = {
    "private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "access key": re.compile(
        r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|xox[abprs]-[A-Za-z0-9-]{10,}"
        r"|sk-[A-Za-z0-9_-]{20,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{5,})"
    ),
    "password": re.compile(rf"(?i)\b{_SECRET_WORD}\s*[:=]\s*[^\s,;]{{4,}}"),
    "e-mail address": re.compile(
        r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[A-Za-z]{2,24}\b"
    ),
    "IBAN": re.compile(r"\b[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,4})?\b"),
    "payment card": re.compile(r"(?<![\d.-])\d(?:[ -]?\d){12,18}(?![\d.-]?\d)"),
    "social security number": re.compile(r"(?<![\d-])\d{3}-\d{2}-\d{4}(?![\d-])"),
    "phone number": re.compile(
        r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}"
        r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w-])"
    ),
    "IP address": re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"),
}
"""What is looked for, in this order; what one pattern took, the next no longer sees."""

LONGEST = 20_000
"""Characters of a text that are searched."""


def _luhn(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    total = sum(digits[-1::-2]) + sum(sum(divmod(2 * d, 10)) for d in digits[-2::-2])
    return total % 10 == 0 and len(set(digits)) > 1


def _iban(text: str) -> bool:
    """ISO 13616: the rearranged number is 1 modulo 97."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1


def _address(text: str) -> bool:
    parts = [int(part) for part in text.split(".")]
    return max(parts) <= 255 and parts[0] > 0


_CHECKS: dict[str, Callable[[str], bool]] = {
    "payment card": _luhn,
    "IBAN": _iban,
    "IP address": _address,
}


def _search(text: str) -> tuple[str, dict[str, int]]:
    found: dict[str, int] = {}
    for name, pattern in PATTERNS.items():
        check = _CHECKS.get(name)

        def mask(
            match: re.Match[str],
            name: str = name,
            check: Callable[[str], bool] | None = check,
        ) -> str:
            if check is not None and not check(match.group()):
                return match.group()
            found[name] = found.get(name, 0) + 1
            return f"[{name}]"

        text = pattern.sub(mask, text)
    return text, found


def find_personal(text: str) -> dict[str, int]:
    """How often each kind stands in the first 20,000 characters of `text`.

    Card numbers must pass Luhn's check and account numbers ISO 13616's; the rest are patterns.

    >>> find_personal("mail ann@example.org or call +44 20 7946 0958")
    {'e-mail address': 1, 'phone number': 1}
    """
    return _search(text[:LONGEST])[1]


def mask_personal(text: str, *, most: int = 240) -> str:
    """The start of `text` with personal data and secrets replaced by their kind.

    >>> mask_personal("card 4111 1111 1111 1111, ann@example.org")
    'card [payment card], [e-mail address]'
    """
    masked = _search(text[: most + 400])[0]
    return masked if len(masked) <= most else masked[: most - 1] + "…"
