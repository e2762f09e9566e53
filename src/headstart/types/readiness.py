"""What people say of a pilot that its evidence cannot say."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Answers:
    """readiness.toml: answers and owners by the key of a line; `owner` is that of all others."""

    texts: dict[str, str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    owner: str = ""

    def owner_of(self, key: str) -> str:
        """Whose line it is; empty where nobody is named."""
        return self.owners.get(key, self.owner)
