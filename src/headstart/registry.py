"""Named things of one kind: built-ins added explicitly, a stranger's through entry points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

from headstart.types.errors import InputError, did_you_mean

T = TypeVar("T")


class Registry(Generic[T]):
    """Items of one kind by name.

    what: the kind, for messages. group: entry-point group; it is read only by `load_plugins`.
    build: turns what an entry point gives into an item (default: as it is). reserved: names that
    stand for something else and cannot be taken.

    >>> schemes = Registry[int]("scheme")
    >>> schemes.add("pkg", 1)
    >>> schemes.get("pkg")
    1
    """

    def __init__(
        self,
        what: str,
        *,
        group: str | None = None,
        build: Callable[[Any], T] | None = None,
        reserved: Sequence[str] = (),
    ) -> None:
        self.what = what
        self.group = group
        self._build = build
        self._items: dict[str, T] = {}
        self._origins = dict.fromkeys(reserved, "headstart")

    def add(self, name: str, item: T, *, origin: str = "headstart") -> None:
        """Register an item.

        Raises:
            InputError: the name is taken.
        """
        if name in self._origins:
            raise InputError(
                f"two {self.what}s are named '{name}', one of {self._origins[name]} and one of "
                f"{origin}",
                tip="uninstall one of the two packages",
            )
        self._items[name] = item
        self._origins[name] = origin

    def load_plugins(self) -> None:
        """Add what installed packages offer under the entry-point group.

        Raises:
            InputError: a plugin cannot be loaded, or takes a name that is taken.
        """
        if self.group is None:
            return
        for point in sorted(entry_points(group=self.group), key=lambda p: (p.name, p.value)):
            origin = point.dist.name if point.dist is not None else point.value
            self.add(point.name, self._load(point), origin=origin)

    def _load(self, point: EntryPoint) -> T:
        try:
            loaded = point.load()
            item: T = self._build(loaded) if self._build is not None else loaded
            return item
        except Exception as error:  # a stranger's code may raise anything
            raise InputError(
                f"the {self.what} plugin '{point.name}' ({point.value}) cannot be loaded: {error}",
                tip="repair or uninstall the package that offers it",
            ) from error

    def get(self, name: str) -> T:
        """The item of that name.

        Raises:
            InputError: there is none; the nearest names are suggested.
        """
        if name not in self._items:
            raise InputError(
                f"unknown {self.what} '{name}'", tip=did_you_mean(name, sorted(self._items))
            )
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)
