"""The small parts: offsets through de-identification, rates, what a log line may say, agreement and drift."""

import json
import logging
import math
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.feedback.agreement import agreement_report, drift, stability_index
from nosology.feedback.store import Decision
from nosology.serve.http import logs
from nosology.serve.http.limits import RateLimit
from nosology.serve.http.problems import safe_fields
from nosology.serve.masking import MaskedNote, Replacement

# ---- masking


@given(
    st.lists(st.tuples(st.text("abc 💉", max_size=6), st.text("NAME", min_size=1, max_size=5)), max_size=6), st.data()
)
def test_what_was_not_replaced_is_found_again_in_the_original(pieces, data):
    original, masked, replacements, kept = "", "", [], []
    for plain, secret in pieces:
        kept.append((len(masked), len(masked) + len(plain)))
        original, masked = original + plain, masked + plain
        replacements.append(Replacement(len(masked), len(masked) + 6, len(original), len(original) + len(secret)))
        original, masked = original + secret, masked + "<NAME>"
    note = MaskedNote(masked, tuple(replacements))
    for start, end in kept:
        a, b = note.original_span(start, end)
        if end > start:
            assert original[a:b] == masked[start:end]
    if masked:
        start = data.draw(st.integers(0, len(masked)))
        end = data.draw(st.integers(start, len(masked)))
        a, b = note.original_span(start, end)
        assert 0 <= a <= b <= len(original)


def test_a_stretch_that_cuts_a_replacement_takes_all_of_it():
    note = MaskedNote("Dr. <NAME> came.", (Replacement(4, 10, 4, 12),))
    assert note.original_span(0, 16) == (0, 18)
    assert note.original_span(6, 16) == (4, 18)
    assert note.original_span(0, 7) == (0, 12)


def test_a_real_note_is_masked_and_found_again():
    text = "Seen by Dr. Jane Roe on 3/14/2019. Chest pain since then."
    note = MaskedNote.of(text)
    assert "Roe" not in note.text
    start = note.text.index("Chest pain")
    a, b = note.original_span(start, start + len("Chest pain"))
    assert text[a:b] == "Chest pain"


# ---- rates


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_then_the_rate():
    clock = Clock()
    limit = RateLimit(60, 3, clock)
    assert [limit.take("a") for _ in range(5)] == [0, 0, 0, 1, 1]
    assert limit.take("b") == 0, "everybody has a bucket of their own"
    clock.now = 1.0
    assert (limit.take("a"), limit.take("a")) == (0, 1)
    clock.now = 100.0
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1], "a bucket never holds more than its burst"


def test_asking_how_long_to_wait_uses_nothing_up():
    limit = RateLimit(6, 1, Clock())
    assert [limit.wait("a"), limit.wait("a"), limit.take("a"), limit.wait("a")] == [0, 0, 0, 10]


def test_names_are_forgotten_before_they_fill_the_memory():
    limit = RateLimit(60, 1, Clock())
    for number in range(20_000):
        limit.take(str(number))
    assert len(limit._buckets) <= 10_000


# ---- logs


def line(record: logging.LogRecord) -> dict:
    return json.loads(logs.TextlessFormatter().format(record))


def record(name: str, message: str, *args, error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, error.__traceback__) if error else None
    return logging.LogRecord(name, logging.ERROR, "file.py", 1, message, args, info)


def test_an_exception_is_logged_by_its_type_and_place_alone():
    try:
        raise ValueError("cannot read 'SECRET note'")
    except ValueError as error:
        written = line(record("uvicorn.error", "Exception in ASGI application", error=error))
    assert written["error"] == "ValueError"
    assert any("test_serve_parts.py" in place for place in written["places"])
    assert "SECRET" not in json.dumps(written)


@pytest.mark.parametrize(
    ("message", "args"),
    [("got %s", ("SECRET",)), ("SECRET", ()), ("{SECRET}", ()), ("%(a)s", ({"a": "SECRET"},))],
)
def test_other_libraries_values_never_reach_the_log(message, args):
    assert "SECRET" not in json.dumps(line(record("some.library", message, *args)))


def test_our_own_lines_keep_their_fields():
    ours = record("nosology.serve", "request")
    ours.fields = {"status": 200, "route": "/v1/classify"}
    assert line(ours)["status"] == 200
    assert line(ours)["message"] == "request"


def test_every_logger_goes_through_the_formatter(monkeypatch):
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    monkeypatch.setattr(logging, "captureWarnings", lambda _: None)
    before = {
        name: (logging.getLogger(name).handlers, logging.getLogger(name).level) for name in ("uvicorn", "asyncio")
    }
    logs.set_up()
    assert [type(handler.formatter) for handler in root.handlers] == [logs.TextlessFormatter]
    assert root.handlers[0].stream is sys.stderr
    for name, (handlers, level) in before.items():
        assert logging.getLogger(name).propagate
        logging.getLogger(name).handlers, logging.getLogger(name).level = handlers, level


# ---- errors


def test_a_validation_error_is_told_without_the_callers_words():
    errors = [
        {"type": "extra_forbidden", "loc": ("body", "notes", 0, "SECRET"), "msg": "SECRET", "input": "SECRET"},
        {"type": "some_new_type", "loc": ("body", "notes"), "msg": "SECRET", "ctx": {"error": "SECRET"}},
    ]
    assert safe_fields(errors) == [
        {"field": "body.notes.0", "problem": "is a field that this request does not have"},
        {"field": "body.notes", "problem": "is not valid"},
    ]


# ---- agreement and drift


def decision(note: str, predicted: str, category: str) -> Decision:
    verdict = "accepted" if predicted == category else "corrected"
    return Decision("id", "local", "", "", note, "m", predicted, 0.5, False, (), verdict, category)


def test_the_latest_decision_on_a_note_counts():
    decisions = [decision("1", "A", "A"), decision("2", "A", "B"), decision("1", "A", "B"), decision("3", "B", "B")]
    found = agreement_report(decisions, [], ["A", "B"], None)
    assert (found["n_decisions"], found["n_accepted"], found["n_corrected"]) == (3, 1, 2)
    assert found["categories"][0] == {
        "category": "A",
        "n_predicted": 2,
        "n_accepted": 0,
        "n_corrected": 2,
        "n_decided_for": 0,
        "corrected_to": {"B": 2},
    }
    assert found["drift"] is None


def test_nothing_decided_is_no_agreement_at_all():
    found = agreement_report([], [], ["A"], None)
    assert (found["agreement"], found["agreement_interval"]) == (None, None)


def test_the_interval_is_wilsons():
    # 8 of 10 by Wilson's formula with z = 1.96: 0.490 to 0.943 (Newcombe 1998, the usual worked example).
    decided = [decision(str(n), "Respiratory" if n < 8 else "Digestive", "Respiratory") for n in range(10)]
    low, high = agreement_report(decided, [], ["Respiratory", "Digestive"], None)["agreement_interval"]
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert agreement_report([], [], ["Respiratory"], None)["agreement_interval"] is None


def read(note: str, label: str, *, abstained: bool = False) -> dict:
    return {"note_sha256": note, "label": label, "probability": 0.5, "abstained": abstained}


def test_drift_is_nothing_when_the_shares_are_the_training_shares():
    entries = [read(str(i), "A" if i % 4 else "B") for i in range(400)]
    found = drift(entries, ["A", "B"], {"A": 0.75, "B": 0.25})
    assert found["psi"] < 0.001
    assert found["total_variation"] == pytest.approx(0)


def test_drift_is_large_when_the_shares_change_places():
    entries = [read(str(i), "B" if i % 4 else "A", abstained=i < 40) for i in range(400)]
    found = drift(entries, ["A", "B"], {"A": 0.75, "B": 0.25})
    assert found["psi"] == pytest.approx(0.5 * math.log(3) * 2, rel=0.02)  # (.5)(ln 3) twice, by hand
    assert found["total_variation"] == pytest.approx(0.5)
    assert found["not_sure_share"] == 0.1


def test_a_note_read_twice_counts_once_and_an_unseen_category_is_finite():
    entries = [read("1", "A"), read("1", "B"), read("2", "B")]
    found = drift(entries, ["A", "B"], {"A": 0.0, "B": 1.0})
    assert found["n_notes"] == 2
    assert math.isfinite(stability_index({"A": 0, "B": 5}, {"A": 0.5, "B": 0.5}, ["A", "B"]))
    assert found["categories"][0] == {"category": "A", "now": 0.0, "training": 0.0}
