from __future__ import annotations

from types import SimpleNamespace

import pytest

import headstart.registry as module
from headstart.registry import Registry
from headstart.types.errors import InputError


class Point:
    def __init__(self, name: str, loaded: object, package: str = "stranger") -> None:
        self.name, self.value, self._loaded = name, f"{package}:thing", loaded
        self.dist = SimpleNamespace(name=package)

    def load(self) -> object:
        if isinstance(self._loaded, Exception):
            raise self._loaded
        return self._loaded


def offering(monkeypatch: pytest.MonkeyPatch, *points: Point) -> list[str]:
    asked: list[str] = []

    def entry_points(*, group: str) -> list[Point]:
        asked.append(group)
        return list(points)

    monkeypatch.setattr(module, "entry_points", entry_points)
    return asked


def test_a_taken_name_is_refused_and_both_owners_are_named() -> None:
    registry = Registry[int]("check")
    registry.add("size", 1)
    with pytest.raises(InputError, match=r"two checks are named 'size'.*headstart.*stranger"):
        registry.add("size", 2, origin="stranger")
    assert registry.get("size") == 1


def test_an_unknown_name_suggests_the_nearest() -> None:
    registry = Registry[int]("check")
    registry.add("duplicates", 1)
    with pytest.raises(InputError) as caught:
        registry.get("duplicate")
    assert caught.value.tip == "did you mean 'duplicates'?"


def test_plugins_load_only_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = offering(monkeypatch, Point("b", 2), Point("a", 1))
    registry = Registry[int]("check", group="headstart.checks")
    assert asked == []
    assert len(registry) == 0
    registry.load_plugins()
    assert asked == ["headstart.checks"]
    assert list(registry) == ["a", "b"]


def test_a_plugin_may_not_take_a_built_in_name(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, Point("size", 2))
    registry = Registry[int]("check", group="headstart.checks")
    registry.add("size", 1)
    with pytest.raises(InputError, match="stranger"):
        registry.load_plugins()


def test_a_broken_plugin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, Point("size", ImportError("no module named x")))
    with pytest.raises(InputError, match=r"plugin 'size' \(stranger:thing\).*no module named x"):
        Registry[int]("check", group="headstart.checks").load_plugins()


def test_build_turns_what_is_loaded_into_an_item(monkeypatch: pytest.MonkeyPatch) -> None:
    offering(monkeypatch, Point("one", lambda: 1))
    registry = Registry[int]("check", group="g", build=lambda loaded: loaded())
    registry.load_plugins()
    assert registry.get("one") == 1


def test_without_a_group_there_are_no_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = offering(monkeypatch, Point("one", 1))
    Registry[int]("check").load_plugins()
    assert asked == []
