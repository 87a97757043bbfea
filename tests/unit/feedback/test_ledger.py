"""A decision is stored and audited, or neither: whatever breaks between the two."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nosology.cli import app, register_commands
from nosology.errors import DataError
from nosology.feedback.audit import AuditError, AuditLog, entries
from nosology.feedback.checking import check, compare
from nosology.feedback.ledger import Conflict, Ledger, Unsettled
from nosology.feedback.store import Decision, FeedbackStore, StoreError

ONE = Decision("1" * 36, "ward 3", "", "", "a" * 64, "b" * 64, "X", 0.5, False, ("X",), "accepted", "X")


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Any]:
    store = FeedbackStore(f"sqlite:///{tmp_path / 'feedback.db'}")
    store.create()
    audit = AuditLog(tmp_path / "audit.jsonl")
    yield Ledger(store, audit), store, audit
    audit.close()
    store.close()


def events(audit: AuditLog) -> list[str]:
    return [entry["event"] for entry in entries(audit.path)]


def fail(*_args: Any, **_kwargs: Any) -> None:
    raise AuditError(28, "No space left on device")


def test_a_decision_is_in_both_and_the_log_knows_all_of_it(parts: Any) -> None:
    ledger, store, audit = parts
    stored, is_new = ledger.take(ONE)
    assert is_new
    assert store.all() == [stored]
    (line,) = entries(audit.path)
    assert (line["decision_id"], line["decision_sha256"]) == (ONE.decision_id, stored.sha256)


def test_a_decision_that_cannot_be_audited_is_not_stored(parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, store, audit = parts
    monkeypatch.setattr(audit, "append", fail)
    with pytest.raises(AuditError):
        ledger.take(ONE)
    assert store.all() == []


def test_a_decision_that_cannot_be_stored_is_not_audited(parts: Any, tmp_path: Path) -> None:
    ledger, _, audit = parts
    (tmp_path / "feedback.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreError):
        ledger.take(ONE)
    assert events(audit) == []


def broken_commit(store: Any, monkeypatch: pytest.MonkeyPatch, *, is_stored: bool) -> None:
    """Let the store's next commit fail: before it happens, or after it did and before anybody heard of it."""
    add = store.add

    def failing(decision: Any, before_commit: Any = None) -> None:
        monkeypatch.setattr(store, "add", add)
        if is_stored:
            add(decision, before_commit)
        else:
            before_commit()
        raise StoreError("OperationalError")

    monkeypatch.setattr(store, "add", failing)


def test_a_commit_that_failed_withdraws_its_line(parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, store, audit = parts
    broken_commit(store, monkeypatch, is_stored=False)
    with pytest.raises(StoreError) as caught:
        ledger.take(ONE)
    assert not isinstance(caught.value, Unsettled), "it is known that nothing was stored"
    assert events(audit) == ["decision", "decision-withdrawn"]
    assert store.all() == []
    assert ledger.take(ONE)[1]
    assert compare(audit.path, store.all()).n_same == 1


def test_a_commit_that_worked_before_the_connection_broke_counts(parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, store, audit = parts
    broken_commit(store, monkeypatch, is_stored=True)
    assert ledger.take(ONE)[1]
    assert events(audit) == ["decision"]
    assert len(store.all()) == 1


def test_where_nobody_can_know_the_answer_says_so_and_the_next_decision_settles_it(
    parts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, store, audit = parts
    broken_commit(store, monkeypatch, is_stored=False)
    get = store.get
    monkeypatch.setattr(store, "get", lambda _: (_ for _ in ()).throw(StoreError("OperationalError")))
    with pytest.raises(Unsettled):
        ledger.take(ONE)
    monkeypatch.setattr(store, "get", get)
    ledger.take(replace(ONE, decision_id="2" * 36))
    assert events(audit) == ["decision", "decision-withdrawn", "decision"]


def test_a_process_that_died_between_line_and_row_withdraws_at_the_next_start(parts: Any) -> None:
    ledger, store, audit = parts
    ledger.take(ONE)
    audit.append([{"event": "decision", "decision_id": "2" * 36}, {"event": "classify"}])  # and then it died
    again = Ledger(store, audit)
    again.begin()
    again.begin()
    assert events(audit) == ["decision", "decision", "classify", "decision-withdrawn"]


def test_a_decision_sent_again_keeps_its_actor_and_the_log_names_who_sent_it(parts: Any) -> None:
    ledger, _, audit = parts
    first, _ = ledger.take(ONE)
    stored, is_new = ledger.take(replace(ONE, actor="ward 4"))
    assert (stored, is_new) == (first, False)
    assert [(line["event"], line["actor"], line.get("by")) for line in entries(audit.path)] == [
        ("decision", "ward 3", None),
        ("decision-repeated", "ward 4", "ward 3"),
    ]


def test_another_decision_under_the_same_id_is_refused_and_audited(parts: Any) -> None:
    ledger, store, audit = parts
    ledger.take(ONE)
    with pytest.raises(Conflict):
        ledger.take(replace(ONE, actor="ward 4", verdict="corrected", category="Y"))
    assert [item.category for item in store.all()] == ["X"]
    assert [(line["event"], line["actor"]) for line in entries(audit.path)][1] == ("decision-refused", "ward 4")


def test_a_locked_database_refuses_and_leaves_both_alone(
    parts: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, store, audit = parts
    monkeypatch.setattr("nosology.feedback.store.BUSY_MILLISECONDS", 50)
    other = sqlite3.connect(tmp_path / "feedback.db")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError):
        ledger.take(ONE)
    other.close()
    assert (store.all(), events(audit)) == ([], [])
    assert ledger.take(ONE)[1]


# ---- what `nosology audit` says of the store


def change(tmp_path: Path, sql: str) -> None:
    connection = sqlite3.connect(tmp_path / "feedback.db")
    connection.execute(sql)
    connection.commit()
    connection.close()


EDITS = {
    "UPDATE decisions SET category = 'Y'": "edited in the store",
    "UPDATE decisions SET actor = 'ward 4'": "edited in the store",
    "DELETE FROM decisions": "removed from the store",
    "INSERT INTO decisions SELECT 9, 'x', decided_at, actor, note_id, patient_id, note_sha256, model_sha256, "
    "predicted, probability, abstained, prediction_set, verdict, category, code, icd_version, text, blind "
    "FROM decisions": ("put into the store beside the service"),
}


@pytest.mark.parametrize("sql", EDITS)
def test_a_decision_edited_removed_or_added_in_the_store_is_found_by_the_command(
    parts: Any, tmp_path: Path, sql: Any
) -> None:
    ledger, _, audit = parts
    ledger.take(ONE)
    register_commands()
    assert CliRunner().invoke(app, ["audit", str(audit.path)]).exit_code == 0
    change(tmp_path, sql)
    assert check(audit.path).first_broken is None, "the log itself is whole"
    done = CliRunner().invoke(app, ["audit", str(audit.path)])
    assert isinstance(done.exception, DataError)
    assert EDITS[sql] in str(done.exception)
