"""Invented notes of a course: balanced, repeatable, half of them without a name, and not the demo's."""

import re
from collections import Counter
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import pytest

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.course.cases import FRAGMENTS, Case, shipped_cases
from nosology.course.compose import CourseText
from nosology.course.notes import compose_notes, pools, styles, wording
from nosology.errors import DataError, LabelError

LABELS = LabelSet.load("icd-chapters-18")
CASES = shipped_cases(LABELS)
NOTES = compose_notes(LABELS, 900, 11)


def case_of(note: CourseText) -> Case:
    return next(case for case in CASES if (case.code, case.names[0]) == (note.phrase.code, note.phrase.text))


def is_in(name: str, text: str) -> bool:
    return bool(re.search(rf"(?<![a-z0-9]){re.escape(name.lower())}(?![a-z0-9])", text.lower()))


def is_named(note: CourseText) -> bool:
    return note.form.endswith(", named")


def test_one_seed_gives_one_set_of_notes_and_another_seed_another() -> None:
    assert compose_notes(LABELS, 60, 3) == compose_notes(LABELS, 60, 3)
    assert compose_notes(LABELS, 60, 3) != compose_notes(LABELS, 60, 4)


def test_categories_come_equally_often_and_so_do_their_diseases() -> None:
    counts = Counter(note.phrase.category for note in NOTES)
    assert set(counts.values()) == {50}
    for category in LABELS.names:
        of_one = Counter(note.phrase.text for note in NOTES if note.phrase.category == category)
        assert max(of_one.values()) - min(of_one.values()) <= 1
        assert len(of_one) >= 12


def test_about_half_of_the_notes_name_their_disease() -> None:
    assert 0.42 < sum(map(is_named, NOTES)) / len(NOTES) < 0.58
    for note in NOTES:
        if is_named(note):
            assert any(is_in(name, note.text) for name in case_of(note).names), note.text


def test_a_note_without_a_name_holds_none_of_its_disease() -> None:
    for note in NOTES:
        if not is_named(note):
            for name in case_of(note).names:
                assert not is_in(name, note.text), f"{name}: {note.text}"


def test_every_note_says_what_its_disease_looks_like() -> None:
    for note in NOTES:
        said = [
            text for slot in FRAGMENTS for text in case_of(note).fragments[slot] if text.lower() in note.text.lower()
        ]
        assert len(said) >= 2, note.text


def test_there_are_ten_styles_at_least_and_each_is_drawn() -> None:
    assert len(styles()) >= 10
    assert {note.form.removesuffix(", named") for note in NOTES} == {style.name for style in styles()}


def test_a_style_that_needs_a_setting_is_kept_for_cases_that_have_it() -> None:
    by_name = {style.name: style for style in styles()}
    for note in NOTES:
        assert by_name[note.form.removesuffix(", named")].suits(case_of(note))
    assert {note.phrase.category for note in NOTES if note.form.startswith("obstetrics")} == {"Pregnancy Complications"}


def test_the_lengths_are_those_of_notes() -> None:
    lengths = sorted(len(note.text.split()) for note in NOTES)
    assert lengths[0] >= 25
    assert 70 <= lengths[len(lengths) // 2] <= 130
    assert 200 <= lengths[-1] <= 420


def test_no_slot_is_left_open_and_no_stop_is_doubled() -> None:
    for note in NOTES:
        assert not re.search(r"[{}]|\.\.|\?\.|\ba an?\b", note.text), note.text


def test_other_illnesses_are_of_other_categories() -> None:
    tables = {name: code for table in wording()["comorbidities"].values() for name, code in table.items()}
    n_seen = 0
    for note in NOTES:
        for name in re.findall(r"(?:PMH|Background|also treated for|Long-standing) ([^.;]*)", note.text):
            for illness in re.split(r", | and ", name.strip(" :")):
                if illness in tables:
                    n_seen += 1
                    category = LABELS.category_of(icd.normalize(tables[illness], 10) or "", 10)
                    assert category != note.phrase.category, note.text
    assert n_seen > 100


def test_other_illnesses_have_codes_of_some_category() -> None:
    for table in wording()["comorbidities"].values():
        for name, code in table.items():
            assert LABELS.category_of(icd.normalize(code, 10) or "", 10), name


def test_the_smallest_have_no_trade_and_no_tablets() -> None:
    for note in NOTES:
        if case_of(note).group in ("infant", "newborn"):
            assert not re.search(r"Works as|Usual tablets|PMH", note.text), note.text


def test_sections_come_in_many_orders() -> None:
    places: Counter[bool] = Counter()
    for note in NOTES:
        said = [case_of(note).fragments[slot] for slot in ("examination", "tests")]
        found = [next((note.text.find(text) for text in texts if text in note.text), -1) for texts in said]
        if min(found) >= 0:
            places[found[0] < found[1]] += 1
    assert min(places[True], places[False]) > 100


def test_a_label_set_without_codes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\nA\nB\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no code ranges"):
        compose_notes(LabelSet.load(tmp_path / "own.tsv"), 4, 0)


def test_a_label_set_that_knows_one_category_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\ticd10\nHeart\tI20-I25\nOther\tU80-U85\n", encoding="utf-8")
    with pytest.raises(DataError, match="1 of the categories"):
        compose_notes(LabelSet.load(tmp_path / "own.tsv"), 4, 0)


def words_in_a_row(text: str, n: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z]+", re.sub(r"\{[^}]*\}", " 0 ", text.lower()))
    return {tuple(words[i : i + n]) for i in range(len(words) - n + 1)}


def wordings() -> Iterator[str]:
    for style in styles():
        yield from (
            text for parts in (style.first, style.core, style.parts, style.last) for part in parts for text in part
        )
        yield from style.named
    for pool in pools().values():
        yield from pool
    for case in CASES:
        for slot in FRAGMENTS:
            yield from case.fragments[slot]


def test_no_carrier_and_no_fragment_is_one_of_the_demo() -> None:
    """The demo's notes judge what the course taught, so five words in a row may not be common to both."""
    own = set().union(*(words_in_a_row(text, 5) for text in wordings()))
    folder = resources.files("nosology") / "data/synthetic"
    files = [file for part in (folder, folder / "rubrics") for file in part.iterdir() if file.is_file()]
    assert len(files) > 20
    shared = {file.name: own & words_in_a_row(file.read_text(encoding="utf-8"), 5) for file in files}
    assert not {name: rows for name, rows in shared.items() if rows}
