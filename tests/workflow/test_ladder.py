"""The ladder in a run: what is tried, what ships where a rung is adopted, what the memo says."""

from __future__ import annotations

import csv
import json
import random
import re
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import headstart
from headstart import bootstrap
from headstart.adapt.probe import ProbeRung
from headstart.adapt.rung import Rung, rungs
from headstart.types.errors import InputError
from headstart.types.ladder import RungFold
from headstart.types.result import NotAvailable
from headstart.workflow import ladder

WORDS = {
    "praise": ("lovely", "great", "superb", "kind", "fast"),
    "blame": ("awful", "slow", "rude", "broken", "late"),
}


@pytest.fixture
def opinions(tmp_path: Path) -> Path:
    """opinions.csv: 280 short texts, of which a fifth has the wrong label."""
    chance = random.Random(0)
    rows = set()
    while len(rows) < 280:
        label = ("praise", "blame")[len(rows) % 2]
        about = chance.choice(("driver", "room", "meal", "clerk", "parcel", "answer", "site"))
        when = chance.choice(("today", "again", "on monday", "at noon", "last week", "as ever"))
        said = f"the {about} was {chance.choice(WORDS[label])} {when} {chance.randrange(99)}"
        if chance.random() < 0.2:
            label = {"praise": "blame", "blame": "praise"}[label]
        rows.add((said, label))
    path = tmp_path / "opinions.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("text", "label"), *sorted(rows)])
    return path


@pytest.fixture(autouse=True)
def _cached(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(cache))


def ledger(pilot: Path, pointer: str) -> dict[str, Any]:
    with sqlite3.connect(pilot / "headstart.db") as store:
        rows = store.execute(
            "select pointer, value from ledger where pointer like ?", (f"{pointer}%",)
        )
        return {place.removeprefix(pointer): json.loads(value) for place, value in rows}


def always_wrong(
    self: Rung, rows: object, base: Any, train: Any, test: Any, *rest: object
) -> RungFold:
    """Folds in which the rung is always wrong."""
    wrong = np.full((len(test), self.classes), 0.99, np.float32)
    wrong[np.arange(len(test)), self.codes[test]] = 0.01
    return RungFold(wrong, wrong, wrong, wrong, (), 1.0)


def test_rungs_up_to_a_cap() -> None:
    assert rungs("frozen") == ()
    assert rungs("probe") == ("probe",)
    assert rungs("norms") == ("probe", "norms")
    assert rungs("top-4") == ("probe", "top-1", "top-4")
    assert rungs("full") == ("probe", "top-1", "top-4", "full")


def test_a_rung_that_gains_nothing_is_not_adopted_and_the_memo_says_so(
    opinions: Path, tmp_path: Path
) -> None:
    pilot = tmp_path / "p"
    decision = headstart.run(opinions, out=pilot, minutes=1, max_stage="top-1")
    assert decision.approach != "adapted"
    found = ledger(pilot, "/adapt/ladder")
    assert found["/base"] == "frozen"
    if found["/not_climbed"]:
        assert "negative transfer" in found["/not_climbed"]
        pytest.fail("the frozen backbone was expected to hold its own here")
    assert [found[f"/outcomes/{i}/rung"] for i in (0, 1)] == ["probe", "top-1"]
    for outcome in ("/outcomes/0", "/outcomes/1"):
        assert found[f"{outcome}/verdict"] in ("stay", "not enough evidence")
        assert found[f"{outcome}/folds_run"] >= 2
    assert found["/adopted"] is None
    assert "How far it was thawed" in (pilot / "memo.html").read_text(encoding="utf-8")
    memo = (pilot / "memo.md").read_text(encoding="utf-8")
    assert "No rung was adopted" in memo
    # What a fold took is known, though the folds were trained before they were recorded.
    taken = ledger(pilot, "/timings/ladder~1top-1~1")
    assert len(taken) == found["/outcomes/1/folds_run"]
    assert min(taken.values()) > 0.05
    row = next(line for line in memo.splitlines() if line.startswith("| top-1"))
    minutes = float(row.split("|")[4].split("[")[0])
    assert minutes == pytest.approx(sum(taken.values()) / 60, rel=0.06)
    assert not list((Path(pilot)).rglob("*.safetensors"))


def test_a_brief_that_stays_frozen_is_not_thawed(opinions: Path, tmp_path: Path) -> None:
    headstart.run(opinions, out=tmp_path / "p", minutes=1, max_stage="frozen")
    found = ledger(tmp_path / "p", "/adapt/ladder")
    assert found["/not_climbed"] == "the brief stays with the frozen backbone"
    assert not ledger(tmp_path / "p", "/timings/ladder")


def test_with_too_few_rows_for_the_gate_nothing_is_trained(opinions: Path, tmp_path: Path) -> None:
    lines = opinions.read_text(encoding="utf-8").splitlines()
    few = tmp_path / "few.csv"
    few.write_text("\n".join(lines[:1] + lines[1::4]) + "\n", encoding="utf-8")
    headstart.run(few, out=tmp_path / "p", minutes=30)
    found = ledger(tmp_path / "p", "/adapt/ladder")
    assert "rows are needed before thawing can be judged" in found["/not_climbed"]
    assert not [place for place in found if place.startswith("/outcomes/")]
    memo = (tmp_path / "p" / "memo.md").read_text(encoding="utf-8")
    assert "rows are needed before thawing can be judged" in memo


def test_few_blocks_give_way_where_the_budget_affords_more(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rung, "fold", always_wrong)
    headstart.run(opinions, out=tmp_path / "p", minutes=30)
    found = ledger(tmp_path / "p", "/adapt/ladder")
    assert [found[f"/outcomes/{i}/rung"] for i in (0, 1, 2)] == ["probe", "top-1", "top-4"]
    assert found["/outcomes/0/folds_run"] >= 2
    assert found["/outcomes/1/verdict"] == "not tried"
    assert "'top-4', which goes further" in found["/outcomes/1/reason"]
    assert found["/outcomes/2/verdict"] == "stay"
    assert found["/outcomes/2/folds_run"] == 2


def test_few_texts_are_paired_where_the_budget_affords_no_more(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rung, "fold", always_wrong)
    monkeypatch.setattr("headstart.adapt.rung.FEW", 140)
    monkeypatch.setattr(Rung, "seconds", lambda self, k: 1e6 if self.name == "top-4" else 1.0)
    headstart.run(opinions, out=tmp_path / "p", minutes=1)
    found = ledger(tmp_path / "p", "/adapt/ladder")
    assert [found[f"/outcomes/{i}/rung"] for i in (0, 1, 2)] == ["probe", "pairs", "top-4"]
    assert (found["/outcomes/1/verdict"], found["/outcomes/1/folds_run"]) == ("stay", 2)
    assert found["/outcomes/2/verdict"] == "not tried"
    assert "on pairs of rows" in found["/outcomes/1/describe"]


def test_a_rung_that_leaves_nothing_for_the_others_is_not_tried(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The top four blocks alone would fit into the 36 seconds, but not beside the probe."""
    monkeypatch.setattr(Rung, "fold", always_wrong)
    monkeypatch.setattr(ProbeRung, "seconds", lambda self, k: 4.0)
    monkeypatch.setattr(Rung, "seconds", lambda self, k: 34.0 if self.name == "top-4" else 8.0)
    headstart.run(opinions, out=tmp_path / "p", minutes=1)
    found = ledger(tmp_path / "p", "/adapt/ladder")
    assert [found[f"/outcomes/{i}/rung"] for i in (0, 1, 2)] == ["probe", "top-1", "top-4"]
    assert [found[f"/outcomes/{i}/folds_run"] > 0 for i in (0, 1, 2)] == [True, True, False]
    # 4, 8 and 34 seconds in three fifths of the budget.
    assert found["/outcomes/2/needs_minutes"] == 2
    assert "try it with --minutes 2" in found["/outcomes/2/reason"]


def test_a_rung_that_the_network_lacks_spares_no_other(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ladder.plan_of

    def short(name: str, encoder: Any, **more: Any) -> Any:
        if name == "top-4":
            return NotAvailable("the network has 3 blocks")
        return made(name, encoder, **more)

    monkeypatch.setattr(ladder, "plan_of", short)
    monkeypatch.setattr(Rung, "fold", always_wrong)
    headstart.run(opinions, out=tmp_path / "p", minutes=30)
    found = ledger(tmp_path / "p", "/adapt/ladder")
    assert (found["/outcomes/1/rung"], found["/outcomes/1/verdict"]) == ("top-1", "stay")
    assert found["/outcomes/2/reason"] == "the network has 3 blocks"


def test_what_is_adopted_is_trained_on_every_row_and_ships(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perfect(
        self: Rung,
        rows: object,
        base: object,
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        *rest: object,
    ) -> RungFold:
        """Folds in which the rung is always right; the training of what ships is real."""
        right = np.full((len(test), self.classes), 0.01, np.float32)
        right[np.arange(len(test)), self.codes[test]] = 0.99
        return RungFold(right, right, 1 - right, 1 - right, (), 1.0)

    monkeypatch.setattr(Rung, "fold", perfect)
    pilot = tmp_path / "p"
    decision = headstart.run(opinions, out=pilot, minutes=5, max_stage="top-1")
    found = ledger(pilot, "/adapt/ladder")
    assert found["/adopted"] == "adapted:top-1"
    assert decision.approach == "adapted"
    assert found["/outcomes/1/gain"]["kind"] == "Comparison"
    run = found["/outcomes/1/folds_run"]
    assert run in (5, 10)  # of three repeats; the other arms had more
    assert found["/outcomes/1/remarks"] == [f"clear after {run} of 15 folds: no more were trained"]
    assert "credible at a level of 0.0005" in found["/outcomes/1/reason"]
    memo = (pilot / "memo.html").read_text(encoding="utf-8")
    assert re.search(r"adapted:top-1(</bdi>)? was adopted", memo)
    assert f"clear after {run} of 15 folds" in (pilot / "memo.md").read_text(encoding="utf-8")
    model = headstart.load(pilot / "bundle")
    texts = ["the driver was awful", "the meal was superb", "a lovely room", "rude and late"]
    said = [one.label for one in model.predict(texts)]
    assert (
        sum(a == b for a, b in zip(said, ["blame", "praise", "praise", "blame"], strict=True)) >= 3
    )
    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["approach"] == "adapted"


def test_where_a_row_may_have_several_labels_a_thawed_network_ships_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perfect(
        self: Rung, rows: object, base: object, train: Any, test: Any, *rest: object
    ) -> RungFold:
        """Folds in which the rung is always right; the training of what ships is real."""
        right = np.where(self.codes[test] == 1, 0.98, 0.02).astype(np.float32)
        return RungFold(right, right, 1 - right, 1 - right, (), 1.0)

    monkeypatch.setattr(Rung, "fold", perfect)
    words = {
        "weather": "rain snow hail sleet fog storm thunder sunshine drizzle frost gale clouds",
        "travel": "train bus tram ferry plane taxi bicycle metro airport luggage ticket road",
        "food": "soup bread cheese rice pasta salad apple curry fish pancake noodles tomato",
    }
    chance, path = random.Random(1), tmp_path / "complaints.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(("text", "about"))
        for number in range(240):
            about = [one for one in words if chance.random() < 0.4]
            said = " and ".join(chance.choice(words[one].split()) for one in about)
            marked = [one for one in about if chance.random() < 0.75]
            rows.writerow((f"visit {number}: {said}", ";".join(marked) or ";"))
    options = bootstrap.Options(minutes=5, rungs=("top-1",), separator=";", seed=1)
    pilot = bootstrap.init_pilot(tmp_path / "p", path, options)
    brief = pilot.brief.read_text(encoding="utf-8")
    named = "".join(f"{one} = 5.0\n" for one in words)
    for costs in ("[mistakes.costs]\n", "[mistakes.false_alarms]\n"):
        assert costs in brief
        brief = brief.replace(costs, costs + named, 1)
    pilot.brief.write_text(brief, encoding="utf-8")
    headstart.run(tmp_path / "p")
    found = ledger(tmp_path / "p", "/adapt/ladder")
    assert found["/metric"] == "cost"
    assert found["/adopted"] == "adapted:top-1"
    assert [found[f"/outcomes/0/guards/{i}/falls"] for i in range(3)] == [False] * 3
    manifest = json.loads((tmp_path / "p/bundle/manifest.json").read_text(encoding="utf-8"))
    assert manifest["approach"] == "adapted"
    assert manifest["separator"] == ";"
    model = headstart.load(tmp_path / "p" / "bundle")
    texts = ["a blizzard", "tram and ferry", "fog and pizza", "visit 7"]
    given = [set(one.label.split(";")) - {""} for one in model.predict(texts)]
    wanted = [{"weather"}, {"travel"}, {"weather", "food"}, set[str]()]
    assert sum(a == b for a, b in zip(given, wanted, strict=True)) >= 3


def test_adapters_that_are_adopted_ship_in_the_weights(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perfect(
        self: Rung, rows: object, base: object, train: Any, test: Any, *rest: object
    ) -> RungFold:
        """Folds in which the rung is always right; the training of what ships is real."""
        right = np.full((len(test), self.classes), 0.01, np.float32)
        right[np.arange(len(test)), self.codes[test]] = 0.99
        return RungFold(right, right, 1 - right, 1 - right, (), 1.0)

    monkeypatch.setattr(Rung, "fold", perfect)
    monkeypatch.setattr(Rung, "seconds", lambda self, k: 1.0)
    pilot = tmp_path / "p"
    decision = headstart.run(opinions, out=pilot, minutes=1, rungs=("lora",))
    assert decision.approach == "adapted"
    assert ledger(pilot, "/adapt/ladder")["/adopted"] == "adapted:lora"
    model = headstart.load(pilot / "bundle")
    texts = ["the driver was awful", "the meal was superb", "a lovely room", "rude and late"]
    said = [one.label for one in model.predict(texts)]
    assert (
        sum(a == b for a, b in zip(said, ["blame", "praise", "praise", "blame"], strict=True)) >= 3
    )


def test_a_probe_that_is_adopted_ships_with_all_layers_of_the_network(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perfect(
        self: ProbeRung, rows: object, base: object, train: Any, test: Any, *rest: object
    ) -> RungFold:
        """Folds in which the probe is always right; the head that ships is a real one."""
        right = np.full((len(test), self.classes), 0.01, np.float32)
        right[np.arange(len(test)), self.codes[test]] = 0.99
        return RungFold(right, right, 1 - right, 1 - right, (), 1.0)

    monkeypatch.setattr(ProbeRung, "fold", perfect)
    pilot = tmp_path / "p"
    headstart.run(opinions, out=pilot, minutes=5, max_stage="probe")
    assert ledger(pilot, "/adapt/ladder")["/adopted"] == "adapted:probe"
    memo = (pilot / "memo.html").read_text(encoding="utf-8")
    assert re.search(r"adapted:probe(</bdi>)? was adopted", memo)
    texts = ["the driver was awful", "the meal was superb", "a lovely room", "rude and late"]
    model = headstart.load(pilot / "bundle")
    said = [one.label for one in model.predict(texts)]
    assert (
        sum(a == b for a, b in zip(said, ["blame", "praise", "praise", "blame"], strict=True)) >= 3
    )
    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["approach"] == "adapted"
    assert "layer=all" in json.dumps(manifest)
    again = headstart.run(pilot)
    assert again.approach == "adapted"


def by_chance(self: Rung, rows: object, base: Any, train: Any, test: Any, *rest: object) -> Any:
    """Folds in which a rung answers as chance would."""
    even = np.full((len(test), self.classes), 1 / self.classes, np.float32)
    return RungFold(even, even, even, even, (), 1.0)


def test_the_rungs_that_are_named_are_tried_and_no_others(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rung, "fold", by_chance)
    pilot, named = tmp_path / "p", ("norms", "top-1?label_smoothing=0.1")
    headstart.run(opinions, out=pilot, minutes=30, rungs=named)
    tried = ledger(pilot, "/adapt/ladder/outcomes/")
    assert [tried[f"{i}/rung"] for i in range(2)] == list(named)
    assert "2/rung" not in tried
    assert {tried[f"{i}/verdict"] for i in range(2)} == {"stay"}
    assert "rungs = [" in (pilot / "headstart.toml").read_text(encoding="utf-8")


def test_an_unknown_rung_is_refused_before_any_work(opinions: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="unknown rung 'top-5'"):
        headstart.run(opinions, out=tmp_path / "p", rungs=["top-5"])
    with pytest.raises(InputError, match=r"\[trial\] rungs is .*must have at most 3 items, not 4"):
        headstart.run(opinions, out=tmp_path / "q", rungs=["top-1", "top-2", "top-4", "full"])
    # Nothing is left that the corrected command would trip over.
    assert not (tmp_path / "p").exists()
    assert not (tmp_path / "q").exists()


def forwarded(opinions: Path, held: Path) -> Path:
    """A hold-out whose inputs can be told from the training rows."""
    with opinions.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with held.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "label"))
        writer.writerows(
            (f"RE: RE: {row['text'].upper()} !!! unsubscribe here", row["label"])
            for row in rows[::3]
        )
    return held


def test_where_the_inputs_differ_the_lowest_block_is_tried_and_the_memo_says_why(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rung, "fold", by_chance)
    held, pilot = forwarded(opinions, tmp_path / "held.csv"), tmp_path / "p"
    headstart.run(opinions, holdout=held, out=pilot, minutes=60, max_stage="top-1")
    tried = ledger(pilot, "/adapt/ladder/")
    assert tried["outcomes/1/rung"] == "early-1"
    assert str(tried["note"]).startswith("The hold-out can be told from the training rows (AUC ")
    assert "the lowest block, which reads the input" in (pilot / "memo.html").read_text("utf-8")
    said = (pilot / "memo.md").read_text("utf-8")
    assert "the lowest block, which reads the input" in said
    assert "\n\n| Rung | Gain, points |" in said


def test_a_lowest_block_that_does_not_fit_beside_the_others_names_the_minutes_that_it_takes(
    opinions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes = {"early-1": 4.0, "top-4": 3.0}
    monkeypatch.setattr(Rung, "seconds", lambda rung, _: 60 * minutes[rung.name])
    monkeypatch.setattr(Rung, "fold", always_wrong)
    held, pilot = forwarded(opinions, tmp_path / "held.csv"), tmp_path / "p"
    headstart.run(opinions, holdout=held, out=pilot, minutes=10, max_stage="top-4")
    tried = ledger(pilot, "/adapt/ladder/")
    assert [tried[f"outcomes/{i}/rung"] for i in range(3)] == ["probe", "early-1", "top-4"]
    assert tried["outcomes/1/verdict"] == "not tried"
    # The ladder has six minutes of the ten, and both take seven.
    assert tried["outcomes/1/needs_minutes"] == 12
    assert "try it with --minutes 12" in str(tried["outcomes/1/reason"])
    assert tried["outcomes/2/folds_run"] == 2
