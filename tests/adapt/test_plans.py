"""Plans by name: built in, offered by packages, with options."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from headstart import registry
from headstart.adapt.plans import check_rungs, early_blocks, find_plan, plans, top_blocks
from headstart.types.errors import InputError
from headstart.types.thaw import AdaptationPlan, TrainingStage

OWN = AdaptationPlan("gentle", (TrainingStage("top block", 1, 2, 1e-5),))


def made() -> AdaptationPlan:
    return OWN


def offered(monkeypatch: pytest.MonkeyPatch, name: str, what: str) -> None:
    """An installed package that offers something of this module as a plan."""
    value = f"{Path(__file__).stem}:{what}"
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    point = EntryPoint(name=name, value=value, group="headstart.plans")
    real = registry.entry_points

    def points(*, group: str) -> object:
        return [point] if group == "headstart.plans" else real(group=group)

    monkeypatch.setattr(registry, "entry_points", points)


@pytest.mark.parametrize("what", ["OWN", "made"])
def test_a_package_offers_a_plan(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    offered(monkeypatch, "gentle", what)
    assert find_plan("gentle").stages[0].learning_rate == 1e-5
    assert find_plan("gentle?label_smoothing=0.2").label_smoothing == 0.2


def test_what_is_no_plan_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    offered(monkeypatch, "gentle", "Path")
    with pytest.raises(InputError, match=r"plan plugin 'gentle' .* not an AdaptationPlan"):
        plans()


@pytest.mark.parametrize("name", ["top-1", "probe"])
def test_a_built_in_name_cannot_be_taken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    offered(monkeypatch, name, "OWN")
    with pytest.raises(InputError, match=f"two plans are named '{name}', one of headstart"):
        plans()


def test_options_follow_the_name() -> None:
    plan = find_plan("top-4?mixup=0.2&copies=2&class_weights=true&batch_size=8")
    assert plan.stages == top_blocks(4).stages
    assert (plan.mixup, plan.copies, plan.class_weights, plan.batch_size) == (0.2, 2, True, 8)
    assert plan.name == "top-4?mixup=0.2&copies=2&class_weights=true&batch_size=8"
    assert find_plan("top-4") == top_blocks(4)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("top-9", "unknown rung 'top-9'"),
        ("top-1?speed=2", "unknown option 'speed'"),
        ("top-1?mixup=much", "mixup cannot be 'much'"),
        ("top-1?class_weights=1", "class_weights cannot be '1'"),
        ("top-1?copies=0.5", "copies cannot be '0.5'"),
        ("top-1?mixup=-1", r"mixup -1\.0 is no good"),
        ("top-1?mixup=1&pairs=2", "mixup 1.0 is no good"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_rungs(["probe", name])


def test_known_plans_are_named_and_none_twice() -> None:
    with pytest.raises(InputError) as error:
        check_rungs(["tops"])
    assert "probe, norms, top-1" in str(error.value.tip)
    with pytest.raises(InputError, match="'top-1' is named twice"):
        check_rungs(["top-1", "lora", "top-1"])


def test_early_blocks_open_from_the_bottom() -> None:
    stage = early_blocks(2).stages[0]
    assert (stage.top, stage.bottom) == (None, 3)
    with pytest.raises(ValueError, match="bottom 0"):
        TrainingStage("none", None, 1, 1e-4, bottom=0)
