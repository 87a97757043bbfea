"""How often people agreed with a run, and whether the notes it reads now are like those it was trained on.

Agreement counts the latest decision on each note. Apart from that, notes decided blind, before the prediction was
shown, count by the first blind decision of somebody who had not decided on them before, even where it was changed or
undone: whoever did that had seen the prediction by then. All others count as seen; people who see a prediction first
agree more easily. Drift compares the
categories predicted lately with the training notes' categories: the population stability index (PSI; below 0.1
nothing, above 0.25 act) and the total variation distance, with the share of notes that the run was not sure about.
Predictions drift when the notes do, but also when a model is biased towards a category; so the figure starts a
question, it does not answer one.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nosology.feedback.store import Decision
from nosology.metrics.agreement import wilson_interval
from nosology.sources.feedback import UNDONE, latest_by_note

_ROOM = 0.5  # added to every count, so that a category nobody predicted yet does not make the index infinite


def agreement_report(
    decisions: Iterable[Decision],
    audit_entries: Iterable[Mapping[str, Any]],
    categories: Sequence[str],
    training: Mapping[str, float] | None,
) -> dict[str, Any]:
    """Return agreement, by category, and drift.

    Args:
        decisions: All, oldest first.
        audit_entries: Predictions of the run, from the audit log.
        categories: Of the label set, in its order.
        training: The training notes' share of each category; None where nobody knows.
    """
    decided = list(decisions)
    latest = latest_by_note(decided)
    blind = _first_blind(decided)
    rows = []
    for name in categories:
        predicted = [decision for decision in latest if decision.predicted == name]
        n_right = sum(decision.verdict == "accepted" for decision in predicted)
        corrections = Counter(decision.category for decision in predicted if decision.verdict == "corrected")
        rows.append(
            {
                "category": name,
                "n_predicted": len(predicted),
                "n_accepted": n_right,
                "n_corrected": len(predicted) - n_right,
                "n_decided_for": sum(decision.category == name for decision in latest),
                "corrected_to": dict(corrections.most_common()),
            }
        )
    return {
        **_agreement(latest),
        "blind": _agreement([*blind.values()]),
        "seen": _agreement([decision for decision in latest if decision.note_sha256 not in blind]),
        "categories": rows,
        "drift": drift(audit_entries, categories, training),
    }


def _first_blind(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return by note the first blind decision of somebody who had not decided on it before, then or in another list."""
    firsts: dict[tuple[str, str], Decision] = {}
    for decision in decisions:
        firsts.setdefault((decision.note_sha256, decision.actor), decision)
    blind: dict[str, Decision] = {}
    for decision in firsts.values():
        if decision.blind and decision.verdict != UNDONE:
            blind.setdefault(decision.note_sha256, decision)
    return blind


def _agreement(decisions: Sequence[Decision]) -> dict[str, Any]:
    """Return how many decisions accept the prediction, and the share with its 95 % interval (Wilson's)."""
    n_accepted = sum(decision.verdict == "accepted" for decision in decisions)
    return {
        "n_decisions": len(decisions),
        "n_accepted": n_accepted,
        "n_corrected": len(decisions) - n_accepted,
        "agreement": n_accepted / len(decisions) if decisions else None,
        "agreement_interval": wilson_interval(n_accepted, len(decisions)) if decisions else None,
    }


def drift(
    audit_entries: Iterable[Mapping[str, Any]], categories: Sequence[str], training: Mapping[str, float] | None
) -> dict[str, Any] | None:
    """Return how far predictions are from the training distribution; each note counts once, by its last prediction.

    Args:
        audit_entries: Predictions, from the audit log.
        categories: Of the label set, in its order.
        training: The training notes' share of each category; None where nobody knows.
    """
    latest = {entry["note_sha256"]: entry for entry in audit_entries}
    if not latest:
        return None
    counts = Counter(str(entry["label"]) for entry in latest.values())
    n_notes = len(latest)
    figures: dict[str, Any] = {
        "n_notes": n_notes,
        "not_sure_share": sum(bool(entry["abstained"]) for entry in latest.values()) / n_notes,
        "mean_probability": sum(float(entry["probability"]) for entry in latest.values()) / n_notes,
        "categories": [
            {
                "category": name,
                "now": counts[name] / n_notes,
                "training": None if training is None else training.get(name, 0.0),
            }
            for name in categories
        ],
        "psi": None,
        "total_variation": None,
    }
    if training is not None:
        figures["psi"] = stability_index(counts, training, categories)
        figures["total_variation"] = (
            sum(abs(counts[name] / n_notes - training.get(name, 0.0)) for name in categories) / 2
        )
    return figures


def stability_index(counts: Mapping[str, int], training: Mapping[str, float], categories: Sequence[str]) -> float:
    """Return the population stability index: the sum of (now - then) ln(now / then), counts smoothed by `_ROOM`.

    Args:
        counts: Predictions by category.
        training: The training notes' share of each category; None where nobody knows.
        categories: Of the label set, in its order.
    """
    total = sum(counts.get(name, 0) for name in categories) + _ROOM * len(categories)
    index = 0.0
    for name in categories:
        now = (counts.get(name, 0) + _ROOM) / total
        then = max(training.get(name, 0.0), _ROOM / total)
        index += (now - then) * math.log(now / then)
    return index
