"""The page of marked notes: what it shows, in which order, and who may read it."""

import stat
from pathlib import Path

from nosology.deidentification.findings import Finding
from nosology.records import Span
from nosology.report.redactions import Reviewed, drawn, write_redactions


def note(number: int, *certainties: float) -> Reviewed:
    """Return a note whose words are found with these certainties."""
    text = " ".join(f"<b>word{i}</b>" for i in range(len(certainties) + 1))
    found = (Finding(Span(13 * i, 13 * i + 12, "NAME"), share) for i, share in enumerate(certainties))
    return Reviewed(number, text, tuple(found))


def page(path: Path, *notes: Reviewed) -> str:
    """Return the page of the notes."""
    write_redactions(notes, path / "review.html", n_notes=30, recall="balanced")
    return (path / "review.html").read_text(encoding="utf-8")


def test_the_doubtful_notes_come_first_and_those_without_findings_last(tmp_path: Path) -> None:
    shown = page(tmp_path, note(1), note(2, 0.99, 0.97), note(3, 0.99, 0.55))
    assert shown.index("Row 3") < shown.index("Row 2") < shown.index("Row 1")


def test_what_the_network_takes_for_no_identifier_is_the_most_doubtful(tmp_path: Path) -> None:
    shown = page(tmp_path, note(1, 0.5), note(2, 0.05), note(3, 0.71))
    assert shown.index("Row 2") < shown.index("Row 1") < shown.index("Row 3")
    assert shown.count('class="doubtful"') == 2


def test_marks_carry_type_and_certainty_and_doubtful_ones_look_different(tmp_path: Path) -> None:
    shown = page(tmp_path, note(1, 0.99, 0.55))
    assert 'title="NAME, certainty 0.99">&lt;b&gt;word0&lt;/b&gt;' in shown
    assert 'certainty 0.55" class="doubtful">&lt;b&gt;word1&lt;/b&gt;' in shown
    assert "<b>word" not in shown  # a note's own markup is text


def test_a_sample_has_the_size_that_was_asked_for_and_is_the_same_again(tmp_path: Path) -> None:
    assert drawn(30, 7) == drawn(30, 7) != drawn(30, 7, seed=1)
    assert len(set(drawn(30, 7))) == 7
    assert drawn(3, 7) == [0, 1, 2]
    assert "2 of 30 notes" in page(tmp_path, note(1, 0.9), note(2))


def test_the_page_is_its_owners_alone_and_fetches_nothing(tmp_path: Path) -> None:
    shown = page(tmp_path, note(1, 0.9))
    assert stat.S_IMODE((tmp_path / "review.html").stat().st_mode) == 0o600
    assert "http:" not in shown
    assert "https:" not in shown
