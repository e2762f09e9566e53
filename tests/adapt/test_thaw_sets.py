"""Thawing where a row may have several labels: each of them is a question of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import log_loss, recall_score

from headstart.adapt.gate import FoldAnswers, Rule, gaps_between, guards
from headstart.adapt.inner import TEMPERATURES, judged, summed_losses
from headstart.adapt.log_losses import scaled_log_losses
from headstart.adapt.plans import find_plan
from headstart.adapt.probe import ProbeRung, layered
from headstart.adapt.run import scored
from headstart.adapt.rung import Rung, plan_of
from headstart.adapt.thaw import ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones.encoder import FrozenEncoder
from headstart.data import make_folds, text_key
from headstart.heads import fit_linear
from headstart.types.model import ArmResult
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, TrainingStage, TunedNetwork

pytestmark = pytest.mark.usefixtures("one_thread")
TOPICS = (("rain", "storm", "snow"), ("train", "bus", "tram"), ("soup", "bread", "cheese"))
RULE = Rule("macro_f1", 0.01, 0.95, 60, 5)
STAGE = TrainingStage("top", 1, epochs=3, learning_rate=2e-4, patience=3)
PLAN = AdaptationPlan("test", (STAGE,), batch_size=4, averaging=(0.5, 1.0))


def messages(n: int, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """Texts with a word of each of their topics, and which topics these are (n, 3)."""
    chance = np.random.default_rng(seed)
    marks = (chance.random((n, 3)) < 0.4).astype(np.int64)
    texts = [
        " ".join(["about", *(chance.choice(TOPICS[t]) for t in np.flatnonzero(row)), str(i)])
        for i, row in enumerate(marks)
    ]
    return texts, marks


def answers(marks: np.ndarray, seed: int, noise: float = 0.2) -> np.ndarray:
    chance = np.random.default_rng(seed)
    found = 0.5 * marks + 0.25 + chance.normal(0, noise, marks.shape)
    return np.clip(found, 0.01, 0.99).astype(np.float32)


def test_the_loss_is_that_of_each_label_by_itself() -> None:
    _, marks = messages(40)
    proba = answers(marks, 1).astype(np.float64)
    logits = torch.from_numpy(np.log(proba) - np.log1p(-proba))
    wanted = 40 * sum(log_loss(marks[:, one], proba[:, one]) for one in range(3))
    codes = torch.from_numpy(marks)
    assert float(summed_losses(logits, codes)) == pytest.approx(wanted)
    # A tenth of each label's weight is for both answers alike.
    smooth = 0.9 * wanted + 0.1 * float(summed_losses(logits, codes) + logits[codes == 1].sum()
                                        - logits[codes == 0].sum()
                                        + summed_losses(logits, codes)) / 2  # fmt: skip
    assert float(summed_losses(logits, codes, smoothing=0.1)) == pytest.approx(smooth)


def test_inner_rows_are_judged_at_the_best_temperature_and_by_whole_answers() -> None:
    _, marks = messages(40)
    proba = answers(marks, 2).astype(np.float64)
    logits = 4 * torch.from_numpy(np.log(proba) - np.log1p(-proba))
    found = judged(logits, torch.from_numpy(marks))
    right = ((proba > 0.5) == (marks == 1)).all(axis=1).mean()
    assert found.accuracy == pytest.approx(right)
    assert found.temperature > 1.5
    losses = [float(summed_losses(logits / t, torch.from_numpy(marks))) / 40 for t in TEMPERATURES]
    assert found.loss == min(losses)


def test_a_thawed_network_learns_the_labels_and_kept_activations_change_nothing(
    encoder: FrozenEncoder,
) -> None:
    texts, marks = messages(48)
    keys, every = [text_key(text) for text in texts], np.arange(48)
    runs = []
    for kept in (True, False):
        rows = boundary_rows(encoder, PLAN, texts, keys, kept=kept)
        runs.append(thaw(PLAN, ThawRows(rows, marks, every, every, 3), seed=1))
    first, second = (run.result for run in runs)
    assert isinstance(first, TunedNetwork)
    assert isinstance(second, TunedNetwork)
    assert first.tensors
    for name, tensor in first.tensors.items():
        np.testing.assert_array_equal(tensor, second.tensors[name])
    np.testing.assert_array_equal(first.weights, second.weights)
    trained = [one.training_loss for one in runs[0].history if one.training_loss is not None]
    assert trained[-1] < trained[0]
    assert min(one.inner_loss for one in runs[0].history[1:]) < runs[0].history[0].inner_loss


def test_a_fold_gives_every_label_its_own_probability(
    encoder: FrozenEncoder, tmp_path: Path
) -> None:
    texts, marks = messages(60)
    keys, groups = tuple(map(text_key, texts)), np.arange(60)
    train, test = np.arange(45), np.arange(45, 60)
    base = fit_linear(encoder.encode(texts, keys)[train], marks[train], 3, exact=False)

    def silent(what: str, done: int, total: int) -> None:
        pass

    known = (encoder, tuple(texts), keys, marks, groups, 3)
    every = layered(encoder)
    assert not isinstance(every, NotAvailable)
    for rung in (Rung(PLAN, *known), ProbeRung(every, *known[1:])):
        rows = rung.activations(silent)
        kept = tmp_path / f"{rung.name}.safetensors"
        found = rung.fold(rows, base, train, test, 0, kept, silent)  # type: ignore[arg-type]
        for proba in (found.proba, found.shifted, found.base, found.base_shifted):
            assert proba.shape == (15, 3)
            assert ((proba >= 0) & (proba <= 1)).all()
            assert proba.sum(axis=1).std() > 0.1  # No shares of one: several may apply, or none.
        aware = np.mean((found.proba > 0.5) == (marks[test] == 1))
        assert aware > np.mean(marks[test] == 0) + 0.1


def test_what_takes_one_label_a_row_says_so(encoder: FrozenEncoder) -> None:
    for name in ("pairs", "top-1?class_weights=true"):
        why = plan_of(name, encoder, several=True)
        assert isinstance(why, NotAvailable)
        assert "are for rows with one label each" in why.reason
        assert not isinstance(plan_of(name, encoder), NotAvailable)
    assert plan_of("top-4", encoder, several=True) == find_plan("top-4")


def folds_of(marks: np.ndarray, seed: int, noise: float) -> tuple[list[np.ndarray], ArmResult]:
    """(an arm's answers in five folds, what is known of it)."""
    folds = make_folds(marks, np.arange(len(marks)), 5, 1, 0)
    proba = answers(marks, seed, noise)
    found = [proba[test] for _, test in folds]
    of = scored(found, marks, folds, metric="macro_f1")
    return found, ArmResult(
        "arm", "frozen", pretrained=True, deployable=True, describe="", scores=of.scores,
        out_of_fold=of.out_of_fold, by_row=of.by_row, log_losses=of.log_losses,
    )  # fmt: skip


def test_the_gate_knows_how_uncertain_a_gain_is_from_the_rows() -> None:
    _, marks = messages(300, 3)
    tests = [test for _, test in make_folds(marks, np.arange(300), 5, 1, 0)]
    better, _ = folds_of(marks, 4, 0.2)
    _, arm = folds_of(marks, 5, 0.5)
    rung = [FoldAnswers(marks[test], own, own) for test, own in zip(tests, better, strict=True)]
    gaps = gaps_between(rung, arm, RULE)
    assert gaps.mean > 0.1
    assert gaps.by_rows is not None
    assert gaps.in_log_loss is not None
    assert gaps.in_log_loss.mean > 0.05
    losses = scaled_log_losses([marks[test] for test in tests], better)
    assert [len(one) for one in losses] == [len(test) for test in tests]
    # A temperature never makes it worse, but for a prior that is worth half a nat in all.
    plain = np.mean([log_loss(marks[:, one], answers(marks, 4, 0.2)[:, one]) for one in range(3)])
    assert np.concatenate(losses).mean() <= plain + 0.5 / 900


def test_a_label_that_is_no_longer_found_keeps_a_rung_from_being_adopted() -> None:
    _, marks = messages(400, 6)
    tests = [test for _, test in make_folds(marks, np.arange(400), 5, 1, 0)]
    base, _ = folds_of(marks, 7, 0.3)
    lost = [one.copy() for one in base]
    for one in lost:
        one[:, 2] *= 0.5
    arms = [
        [FoldAnswers(marks[test], own, own) for test, own in zip(tests, arm, strict=True)]
        for arm in (lost, base)
    ]
    labels = ("weather", "travel", "food")
    found = {one.name: one for one in guards(*arms, ("rung", "frozen"), labels, RULE)}
    recall = found["recall of every class"]
    assert recall.falls
    assert "'food'" in recall.reason
    whole = [
        recall_score(marks[:, 2], np.concatenate(arm)[np.argsort(np.concatenate(tests)), 2] > 0.5)
        for arm in (lost, base)
    ]
    assert recall.comparison.difference == pytest.approx(whole[0] - whole[1])
    same = guards(arms[1], arms[1], ("rung", "frozen"), labels, RULE)
    assert not any(one.falls for one in same)
