"""The systems that an evaluation sets side by side: one table of their names, and how they are told and drawn."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["baseline", "encoder", "base", "start", "tuned"]
"""Without a language model; another, smaller one; the model without an adapter; with the adapter that training went on
from; after training, alone or in an ensemble."""
Reading = Literal["strict", "lenient", "none", "length", "prior"]
"""How the base model answers: its generated words read strictly or leniently, or scores with a correction."""


@dataclass(frozen=True, slots=True)
class System:
    """One system.

    Attributes:
        kind: What it is made of.
        title: A few words for tables and figures.
        description: One sentence.
        short_name: For legends.
        role: Names the colour of the report.
        reading: How the base model answers; None for other systems.
    """

    kind: Kind
    title: str
    description: str
    short_name: str
    role: Literal["floor", "linear", "encoder", "base", "start", "tuned", "blend"]
    reading: Reading | None = None


def _base(title: str, description: str, reading: Reading) -> System:
    return System("base", title, description, "base", "base", reading)


SYSTEMS: dict[str, System] = {
    "majority": System(
        "baseline",
        "Most common category",
        "Always answers the most common category of the training notes.",
        "most common",
        "floor",
    ),
    "tfidf": System(
        "baseline",
        "TF-IDF + linear SVM",
        "Frequencies of words and word pairs, a linear classifier, cross-validated on the model's own training notes.",
        "TF-IDF",
        "linear",
    ),
    "tfidf_all": System(
        "baseline",
        "TF-IDF + linear SVM, whole split",
        "The same, trained on every note of the training split.",
        "TF-IDF, all",
        "linear",
    ),
    "tfidf_parts": System(
        "baseline",
        "TF-IDF with parts of words + linear SVM",
        "Words, word pairs and parts of words of three to five letters; the linear member of the ensemble.",
        "TF-IDF, parts",
        "linear",
    ),
    "tfidf_knowledge": System(
        "baseline",
        "TF-IDF + linear SVM, phrases too",
        "Words and word pairs of the model's own training notes and, each weighing less, of a course's phrases.",
        "TF-IDF, phrases",
        "linear",
    ),
    "encoder": System(
        "encoder",
        "Encoder",
        "A pretrained encoder with a classification head, fine-tuned whole on the model's own notes; calibrated.",
        "encoder",
        "encoder",
    ),
    "base_strict": _base(
        "Base, exact answer",
        "The untrained model writes an answer, which counts only if it is exactly a category.",
        "strict",
    ),
    "base_lenient": _base(
        "Base, forgiving reading",
        "The same answers, read leniently: template residue, case and punctuation ignored.",
        "lenient",
    ),
    "base": _base("Base, scored", "The untrained model scores every category; the best one is its answer.", "none"),
    "base_length": _base(
        "Base, scored per token",
        "The same scores, each divided by the number of tokens of the category's name.",
        "length",
    ),
    "base_prior": _base(
        "Base, scored less prior",
        "The same scores, less what the model says of an empty note (contextual calibration).",
        "prior",
    ),
    "starter": System(
        "start",
        "Starter",
        "The run that training went on from, before it saw a training note; scores as they are, with the same prompt.",
        "starter",
        "start",
    ),
    "tuned": System(
        "tuned",
        "Tuned",
        "The fine-tuned model scores every category; probabilities are calibrated.",
        "tuned",
        "tuned",
    ),
    "ensemble": System(
        "tuned",
        "Ensemble",
        "Tuned model and linear model over parts of words, blended on validation notes and calibrated.",
        "ensemble",
        "blend",
    ),
}
"""In the order of tables and figures; `nosology.config.EvaluateConfig` names the same ones, but for `ON_DEMAND`."""

ON_DEMAND = ("tfidf_knowledge", "encoder")
"""Scored only where a configuration asks for them: they take minutes."""

BASELINES = tuple(name for name, system in SYSTEMS.items() if system.kind == "baseline")
BASE_SYSTEMS = tuple(name for name, system in SYSTEMS.items() if system.kind == "base")
