"""The form of headstart.toml: every field, its default, its limits and what it means."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MetricName = Literal[
    "accuracy",
    "macro_f1",
    "balanced_accuracy",
    "log_loss",
    "cost",
    "micro_f1",
    "average_precision",
    "hamming_loss",
]


class Form(BaseModel):
    """What all tables share: nothing unknown, nothing converted, no number without an end."""

    model_config = ConfigDict(
        extra="forbid", strict=True, str_max_length=10_000, allow_inf_nan=False
    )


class TaskForm(Form):
    """What is decided, and why it matters."""

    name: str | None = Field(
        None, min_length=1, max_length=200, description="Name of the task. Default: of the data."
    )
    value: str = Field("", description="What the feature is worth, in plain words.")
    use: Literal["commercial", "research"] = Field(
        "commercial", description="commercial or research: which licences may be used."
    )
    carry_over: str = Field(
        "", description="What should carry over from the pretrained model, in a sentence."
    )


class DataForm(Form):
    """The labelled examples. Paths are relative to the folder of headstart.toml."""

    path: str = Field(min_length=1, description="Table or folder of images. Has no default.")
    input: str | None = Field(
        None, description="Column with the text or the image path. Default: found by itself."
    )
    label: str | None = Field(None, description="Column with the label. Default: found by itself.")
    holdout: str | None = Field(
        None,
        min_length=1,
        description="Rows kept for the final judgement. Default: a stratified fifth of the data.",
    )
    group: str | None = Field(
        None,
        description="Column whose rows belong together (customer, device, speaker): never on both "
        "sides of a split. Default: none.",
    )
    time: str | None = Field(
        None,
        description="Column with the time of each row: the latest fifth becomes the hold-out. "
        "Default: none.",
    )
    also: list[str] = Field(
        default_factory=list,
        description="Other label columns of the same rows (urgency, area): audited, and decided "
        "about in the same run. Default: none.",
    )
    separator: str | None = Field(
        None,
        min_length=1,
        max_length=5,
        description="What stands between the labels of a row that may have several, such as ';'. "
        "Default: one label a row.",
    )
    out_of_scope: str | None = Field(
        None,
        min_length=1,
        description="Label of rows that are none of the classes: they train nothing, and it is "
        "measured how many are seen for what they are. Default: none.",
    )
    order: list[str] = Field(
        default_factory=list,
        description="All labels from the lowest to the highest, where they have an order "
        '(["low", "medium", "high"]): a mistake then counts the steps that it is off. '
        "Default: no order.",
    )
    current: str | None = Field(
        None,
        min_length=1,
        description="Column with what today's process answers (a person, rules, another system): "
        "the model is compared with it on the hold-out and never sees it. Default: none.",
    )
    modality: Literal["text", "image"] | None = Field(
        None, description="text or image. Default: found by itself."
    )


class RequirementForm(Form):
    """What the result must reach."""

    metric: MetricName | None = Field(
        None,
        description="Primary metric: accuracy, macro_f1, balanced_accuracy, log_loss or cost (of a "
        "case). Default: cost where [mistakes] names some or [data] order is named (in steps), and "
        "no level is named; else accuracy, or macro_f1 where one class holds over 60% of the "
        "rows. Where a row may have several labels "
        "also micro_f1, average_precision or hamming_loss, and macro_f1 is the default.",
    )
    level: float | None = Field(
        None,
        gt=0,
        description="Level of the primary metric that must be reached to ship. Default: none.",
    )
    margin: float = Field(
        0.01,
        ge=0,
        description="A smaller difference is not worth a more complex approach. With cost as the "
        "metric it is in its unit, and by default 1% of what one answer for all would cost.",
    )
    confidence: float = Field(
        0.95, ge=0.5, le=0.999, description="Confidence level of every interval."
    )
    max_error: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="Largest acceptable share of wrong answers among the cases that are answered "
        "without a person, such as 0.02; the rest goes to a person. Default: none.",
    )
    certainty: float = Field(
        0.95, ge=0.5, le=0.999, description="Confidence with which max_error must be certified."
    )
    false_alarms: float = Field(
        0.05,
        gt=0,
        lt=1,
        description="Share of the rows in scope that may be said to lie out of scope, where "
        "out_of_scope is named.",
    )
    sets: float | None = Field(
        None,
        ge=0.5,
        lt=1,
        description="Answer with the set of all labels that are probable enough, so that it holds "
        "the true one for this share of the cases, such as 0.9. Default: no sets.",
    )


class BudgetForm(Form):
    """What the answer, and each prediction, may cost."""

    minutes: float = Field(
        5.0, gt=0, le=10_000, description="Compute for the run; more gives more repeats of folds."
    )
    latency_ms: float | None = Field(
        None,
        gt=0,
        description="Largest p95 latency of one request, in milliseconds. Where it is "
        "named, the bundle is also measured with the network's weights in eight bits.",
    )
    concurrency: int = Field(
        1, ge=1, le=64, description="Requests under way at once while latency is measured."
    )
    price_per_core_hour: float = Field(
        0.05, ge=0, description="Price of one processor core for an hour, in your currency."
    )


class CostsForm(Form):
    """What mistakes cost, label by label."""

    costs: dict[str, float] = Field(
        default_factory=dict, description="Cost of missing one case, by label; 1.0 if not named."
    )
    false_alarms: dict[str, float] = Field(
        default_factory=dict,
        description="Cost of answering a label wrongly, beside the miss; 0 if not named.",
    )
    matrix: dict[str, dict[str, float]] = Field(
        default_factory=dict, description="Cost of one mistake: true label, then answer."
    )


class MistakesForm(CostsForm):
    """What going wrong costs."""

    failure_cost: Literal["low", "medium", "high"] = Field(
        "medium", description="low, medium or high: how bad a wrong answer in production is."
    )
    review: float | None = Field(
        None,
        ge=0,
        description="Cost of a person's review of one case, in the unit of the other costs. "
        "Default: none.",
    )
    automated: float = Field(
        0.0,
        ge=0,
        description="What a case is worth that is answered without a person, in the same unit.",
    )


class TrialForm(Form):
    """What is tried, and how."""

    backbones: list[str] = Field(
        default_factory=list,
        description="Backbones to try (headstart catalogue). Default: the first built-in one.",
    )
    reference: str | None = Field(
        None,
        min_length=1,
        description="A sample, like the data, of what the backbones were trained on: how far the "
        "data lies from it is measured. Default: none.",
    )
    max_stage: Literal["frozen", "probe", "norms", "top-1", "top-2", "top-4", "full"] = Field(
        "top-4",
        description="How far the backbone may be thawed, where that is shown to be worth it: "
        "frozen, probe (a head on all layers), norms, top-1, top-2, top-4 (blocks) or full.",
    )
    rungs: list[str] = Field(
        default_factory=list,
        max_length=3,
        description="Exactly these rungs are tried, in this order, three at most: the names of "
        "max_stage, lora, pairs, pairs-4, norms-all, early-1, early-2 or what a package offers, "
        "each with options if you like: top-4?label_smoothing=0.1&class_weights=true. Default: "
        "those up to max_stage that the minutes afford.",
    )
    folds: int = Field(5, ge=2, le=20, description="Folds of cross-validation.")
    repeats: int | None = Field(
        None, ge=1, le=50, description="Repeats of the folds. Default: 2, more if minutes allow."
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, description="The same seed, the same decision.")


class BriefForm(Form):
    """headstart.toml."""

    task: TaskForm = Field(default_factory=TaskForm)
    data: DataForm
    labels: dict[str, str] = Field(
        default_factory=dict, description="Definition of each label, in plain words."
    )
    prevalence: dict[str, float] = Field(
        default_factory=dict, description="Share of the cases in use that have each label."
    )
    requirement: RequirementForm = Field(default_factory=RequirementForm)
    budget: BudgetForm = Field(default_factory=BudgetForm)
    mistakes: MistakesForm = Field(default_factory=MistakesForm)
    columns: dict[str, CostsForm] = Field(
        default_factory=dict, description="Costs of mistakes in further label columns, by name."
    )
    trial: TrialForm = Field(default_factory=TrialForm)


TABLES: dict[str, type[Form]] = {
    "task": TaskForm,
    "data": DataForm,
    "requirement": RequirementForm,
    "budget": BudgetForm,
    "mistakes": MistakesForm,
    "trial": TrialForm,
}
"""Every table with fixed keys; the others hold the user's own labels."""

OWN = {"mistakes": ("costs", "false_alarms", "matrix")}
"""Fields of a table that are tables of the user's own labels."""
