"""Each arm on rows where the right answer is known."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from headstart.adapt import ArmFeatures, ArmInputs, plan_arms, refit, run_arm
from headstart.adapt.arms.scratch_text import BUCKETS, hashed_ngrams
from headstart.data.splitting import make_folds
from headstart.engines.local import LocalEngine
from headstart.package import trained_probabilities
from headstart.types.adapt import ArmSpec
from headstart.types.data import Folds
from headstart.types.errors import InterruptedRunError
from headstart.types.model import ArmResult, BackboneCard, EncoderFeatures, NoFeatures, Unavailable

SOURCE = EncoderFeatures("pkg:small", "0" * 64, 8)
FEATURED = ("frozen", "random", "zero-shot")
WORDS = {"card": "card pin bank atm", "refund": "money back return", "trip": "train hotel flight"}


def quiet(what: str, done: int, total: int) -> None:
    """Hears of progress and says nothing."""


def texts(n: int = 90, seed: int = 0) -> ArmInputs:
    """Texts whose class is told by their words, with features that tell it too."""
    random = np.random.default_rng(seed)
    labels = tuple(WORDS)
    codes = np.arange(n) % 3
    values = []
    for i, code in enumerate(codes):
        hint = random.choice(WORDS[labels[code]].split())
        values.append(f"please help with my {hint} case {random.integers(10_000)} thanks {i}")
    centres = np.eye(3, 8, dtype=np.float32)
    matrix = centres[codes] + 0.1 * random.standard_normal((n, 8)).astype(np.float32)
    noise = random.standard_normal((n, 8)).astype(np.float32)
    features = {
        "frozen": ArmFeatures(matrix, SOURCE),
        "random": ArmFeatures(noise, SOURCE),
        "zero-shot": ArmFeatures(matrix, SOURCE, labels=5 * centres),
    }
    return ArmInputs("text", values, codes, labels, np.arange(n), features=features)


def folds_of(inputs: ArmInputs, repeats: int = 2, k: int = 3) -> Folds:
    return make_folds(inputs.codes, inputs.groups, k, repeats, 0)


def spec(family: str) -> ArmSpec:
    return ArmSpec(family, family, f"the {family} arm")


def result(family: str, inputs: ArmInputs, folds: Folds | None = None, seed: int = 1) -> ArmResult:
    found = run_arm(spec(family), inputs, folds or folds_of(inputs), seed, quiet, LocalEngine())
    assert isinstance(found, ArmResult), found
    return found


EVERY = ["majority", "zero-shot", "classical", "scratch", "random", "frozen"]
LEARNING = ["zero-shot", "classical", "scratch", "frozen"]


@pytest.mark.parametrize("family", EVERY)
def test_scores_and_probabilities_have_their_shapes(family):
    inputs = texts()
    found = result(family, inputs)
    assert {"accuracy", "macro_f1", "balanced_accuracy", "log_loss"} <= set(found.scores)
    assert all(scores.shape == (6,) for scores in found.scores.values())
    assert all(np.isfinite(scores).all() for scores in found.scores.values())
    assert found.out_of_fold.shape == (90, 3)
    assert found.out_of_fold.dtype == np.float32
    np.testing.assert_allclose(found.out_of_fold.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("family", LEARNING)
def test_arms_that_can_see_the_answer_find_it(family):
    assert result(family, texts()).scores["accuracy"].mean() > 0.9


def test_arms_that_cannot_see_the_answer_stay_at_chance():
    inputs = texts(300)
    assert result("random", inputs).scores["accuracy"].mean() == pytest.approx(1 / 3, abs=0.1)
    assert result("majority", inputs).scores["accuracy"].mean() == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize("family", ["classical", "scratch", "random", "frozen"])
def test_shuffled_labels_teach_nothing(family):
    """A leak of test labels into a fold would show as skill."""
    inputs = texts(240)
    shuffled = np.random.default_rng(5).permutation(inputs.codes)
    inputs = replace(inputs, codes=shuffled)
    assert result(family, inputs).scores["accuracy"].mean() < 0.45


@pytest.mark.parametrize("family", EVERY)
def test_labels_of_the_test_rows_change_no_answer(family):
    inputs = texts(60)
    split = np.zeros((1, 60), dtype=np.int64)
    split[0, 30:] = 1
    folds = Folds(split, 2)
    other = inputs.codes.copy()
    other[30:] = (other[30:] + 1) % 3
    # The rows 30… are tested by the model that learned from rows 0 to 29, whose labels are equal.
    first = result(family, inputs, folds).out_of_fold[30:]
    second = result(family, replace(inputs, codes=other), folds).out_of_fold[30:]
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("family", EVERY)
def test_same_seed_same_bits(family):
    inputs = texts(60)
    first, second = (result(family, inputs) for _ in range(2))
    np.testing.assert_array_equal(first.out_of_fold, second.out_of_fold)
    assert first.settings == second.settings


def test_scratch_does_not_touch_the_callers_random_state():
    import torch

    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    threads = torch.get_num_threads()
    result("scratch", texts(30))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_out_of_fold_is_the_mean_over_repeats():
    inputs = texts()
    folds = folds_of(inputs)
    single = [Folds(folds.assignment[r : r + 1], folds.k) for r in range(2)]
    parts = [result("majority", inputs, fold).out_of_fold for fold in single]
    np.testing.assert_allclose(
        result("majority", inputs, folds).out_of_fold, np.mean(parts, axis=0), atol=1e-6
    )


def test_progress_hears_of_every_fold_and_may_stop_the_arm():
    heard = []
    run_arm(
        spec("majority"),
        texts(),
        folds_of(texts()),
        0,
        lambda *args: heard.append(args),
        LocalEngine(1),
    )
    assert heard == [("majority", i, 6) for i in range(1, 7)]

    def stop(what: str, done: int, total: int) -> None:
        raise InterruptedRunError("stopped")

    with pytest.raises(InterruptedRunError):
        run_arm(spec("majority"), texts(), folds_of(texts()), 0, stop, LocalEngine())


class Given:
    """Stands where the encoder would: the features are there already."""

    def __init__(self, matrix):
        self.matrix = matrix

    def encode(self, values, keys):
        return self.matrix


@pytest.mark.parametrize("family", ["majority", "zero-shot", "classical", "frozen"])
def test_refitted_model_answers_as_the_arm_does(family):
    inputs = texts()
    model = refit(spec(family), inputs, 0)
    assert model.approach == family
    assert model.weights.dtype == model.bias.dtype == np.float32
    assert model.weights.shape == (3, model.featurizer.width) or family == "zero-shot"
    matrix = inputs.features[family].matrix if family in inputs.features else None
    proba = trained_probabilities(model, Given(matrix), list(inputs.values))
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    if family == "majority":
        assert isinstance(model.featurizer, NoFeatures)
        np.testing.assert_allclose(proba, 1 / 3, rtol=1e-5)
    else:
        assert (proba.argmax(axis=1) == inputs.codes).mean() > 0.9


@pytest.mark.parametrize("family", ["scratch", "random"])
def test_controls_are_not_shipped(family):
    with pytest.raises(TypeError, match="control"):
        refit(spec(family), texts(), 0)


@pytest.mark.parametrize("family", FEATURED)
def test_an_arm_without_features_is_a_reason(family):
    inputs = replace(texts(), features={}, absent={"frozen": "no backbone is installed"})
    found = run_arm(spec(family), inputs, folds_of(inputs), 0, quiet, LocalEngine())
    assert isinstance(found, Unavailable)
    expected = "no backbone is installed" if family == "frozen" else "no backbone gave features"
    assert expected in found.why.reason
    if family != "random":
        with pytest.raises(ValueError, match=expected):
            refit(spec(family), inputs, 0)


def test_zero_shot_has_no_meaning_for_images():
    inputs = replace(texts(), modality="image")
    found = run_arm(spec("zero-shot"), inputs, folds_of(inputs), 0, quiet, LocalEngine())
    assert isinstance(found, Unavailable)
    assert "images only" in found.why.reason


def test_scratch_without_torch_names_the_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    found = run_arm(spec("scratch"), texts(), folds_of(texts()), 0, quiet, LocalEngine())
    assert isinstance(found, Unavailable)
    assert "pip install 'headstart[text]'" in found.why.reason


def test_zero_shot_ranks_by_cosine_whatever_the_lengths():
    random = np.random.default_rng(1)
    inputs = texts(30)
    rows = random.standard_normal((30, 8)) * random.uniform(0.1, 9, (30, 1))
    names = random.standard_normal((3, 8)) * np.array([[1.0], [50.0], [0.01]])
    feature = ArmFeatures(rows.astype(np.float32), SOURCE, names.astype(np.float32))
    found = result("zero-shot", replace(inputs, features={"zero-shot": feature}))
    cosine = (rows @ names.T) / np.outer(
        np.linalg.norm(rows, axis=1), np.linalg.norm(names, axis=1)
    )
    assert (found.out_of_fold.argmax(axis=1) == cosine.argmax(axis=1)).all()


def test_label_names_help_a_head_of_few_rows():
    names = np.eye(3, 8, dtype=np.float32)
    gains = []
    for seed in range(5):
        few = texts(18)
        noise = 0.4 * np.random.default_rng(seed).normal(size=(18, 8)).astype(np.float32)
        matrix = few.features["frozen"].matrix + noise
        plain, named = (
            result("frozen", replace(few, features={"frozen": one})).scores["log_loss"].mean()
            for one in (ArmFeatures(matrix, SOURCE), ArmFeatures(matrix, SOURCE, labels=names))
        )
        gains.append(plain - named)
    assert np.mean(gains) > 0.05


@pytest.mark.parametrize(("order", "share"), [((0, 1, 2), 0.5), ((2, 0, 1), 0.0)])
def test_label_names_are_left_out_where_they_mislead(order, share):
    names = np.eye(3, 8, dtype=np.float32)[list(order)]
    inputs = texts(18)
    matrix = inputs.features["frozen"].matrix
    given = {"frozen": ArmFeatures(matrix, SOURCE, labels=names)}
    model = refit(spec("frozen"), replace(inputs, features=given), 0)
    assert model.settings["label_names"] == share
    assert ("towards the label names" in model.head) == (share > 0)


def test_a_class_that_a_fold_never_trains_on_gets_finite_scores():
    inputs = texts(31)
    codes = inputs.codes.copy()
    codes[:] = codes % 2
    codes[30] = 2
    inputs = replace(inputs, codes=codes)
    for family in EVERY:
        found = result(family, inputs, folds_of(inputs))
        assert all(np.isfinite(scores).all() for scores in found.scores.values()), family


@pytest.mark.parametrize("family", ["classical", "scratch", "frozen"])
def test_two_classes_and_more_features_than_rows(family):
    inputs = texts(24)
    wide = np.random.default_rng(0).standard_normal((24, 500)).astype(np.float32)
    inputs = replace(
        inputs,
        codes=inputs.codes % 2,
        labels=("no", "yes"),
        features={"frozen": ArmFeatures(wide, SOURCE)},
    )
    assert result(family, inputs).out_of_fold.shape == (24, 2)


def test_hashed_ngrams_are_the_same_in_every_process():
    assert hashed_ngrams("A b").tolist() == hashed_ngrams("a  B").tolist()
    assert hashed_ngrams("").tolist() == [0]
    found = hashed_ngrams("card lost")
    assert found[0] == 0xBA80_8C0D % BUCKETS  # CRC-32 of "wcard"
    assert 0 <= found.min() <= found.max() < BUCKETS
    assert len(hashed_ngrams("word " * 10_000)) <= 400


def card(name: str) -> BackboneCard:
    return BackboneCard(f"pkg:{name}", name, "text", "MIT", 8, "a source")


def test_arms_of_several_backbones_are_told_apart():
    names = [arm.name for arm in plan_arms("text", [card("one")])]
    assert names == ["majority", "classical", "scratch", "zero-shot", "random", "frozen"]
    several = plan_arms("text", [card("one"), card("two")])
    assert {"frozen:one", "frozen:two", "zero-shot:two"} <= {arm.name for arm in several}
    assert sum(arm.family == "random" for arm in several) == 1
    assert {arm.name for arm in several if arm.pretrained} == {
        *("frozen:one", "frozen:two", "zero-shot:one", "zero-shot:two")
    }
    assert {arm.family for arm in several if not arm.deployable} == {"scratch", "random"}
    assert [arm.name for arm in plan_arms("text", [])] == names
    assert plan_arms("text", [])[0].describe == "always the most frequent class"
    assert plan_arms("text", [], by_cost=True)[0].describe.endswith("that costs least")
    assert plan_arms("text", [], several=True, by_cost=True)[0].describe.startswith("the same")


def pictures(folder, n: int) -> ArmInputs:
    """Bright squares left or right of the middle, on noise."""
    random = np.random.default_rng(0)
    codes = np.arange(n) % 2
    paths = []
    for i, code in enumerate(codes):
        pixels = random.integers(0, 90, (48, 48, 3), dtype=np.uint8)
        x = 4 + 24 * code + random.integers(0, 8)
        pixels[18:30, x : x + 12] = 250
        paths.append(str(folder / f"{i}.png"))
        Image.fromarray(pixels).save(paths[-1])
    return ArmInputs("image", paths, codes, ("left", "right"), np.arange(n))


@pytest.mark.parametrize("family", ["classical", "scratch"])
def test_image_arms_learn_where_the_square_is(tmp_path, family):
    inputs = pictures(tmp_path, 80)
    assert result(family, inputs).scores["accuracy"].mean() > 0.85
