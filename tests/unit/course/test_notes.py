"""Invented notes of a course: balanced, repeatable, half of them without a name, and not the demo's."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from pathlib import Path
from random import Random

import pytest

from nosology.coding import icd
from nosology.coding.labels import LabelSet
from nosology.course.cases import FRAGMENTS, Case, shipped_cases
from nosology.course.compose import CourseText
from nosology.course.notes import (
    NOUNS,
    _complaint,
    _denied,
    _filled,
    _illnesses,
    _listed,
    _once,
    _slots,
    _usual_place,
    compose_notes,
    pools,
    styles,
    wording,
)
from nosology.course.people import Person
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


# ---- the parts of a note

BY_NAME = {case.names[0]: case for case in CASES}


def denied_for(name: str) -> list[Case]:
    case = BY_NAME[name]
    by_first = {other.names[0]: other for other in CASES}
    return [by_first[other] for other in _denied(CASES, case)]


def test_nobody_denies_an_illness_of_their_own_category_or_of_another_age() -> None:
    for name in ("gout", "croup", "prematurity"):
        case, others = BY_NAME[name], denied_for(name)
        assert len(others) > 10
        assert case.category not in {other.category for other in others}
        assert {other.group == "adult" for other in others} == {case.group == "adult"}


def test_adults_deny_nothing_of_one_sex_alone_and_nothing_of_newborns() -> None:
    others = denied_for("gout")
    assert {other.sex for other in others} == {""}
    assert not {other.code[0] for other in others} & set("PQ")


def test_injuries_symptoms_and_circumstances_are_no_illnesses_to_deny() -> None:
    for case in CASES[::20]:
        denied = {other.code[0] for other in denied_for(case.names[0])}
        assert not denied & set("ORSTVWXYZ")


def test_an_illness_that_shares_a_word_with_the_disease_is_not_denied() -> None:
    gout = replace(BY_NAME["gout"], names=("gout", "chronic kidney stones"))
    asthma, kidney = (
        replace(BY_NAME["cellulitis"], names=(name,), code="J45", sex="")
        for name in ("asthma, chronic", "kidney failure")
    )
    assert _denied([asthma, kidney], gout) == ["asthma, chronic"]


@pytest.mark.parametrize(
    ("parts", "unfit", "kept"),
    [
        (["{pmh}", "{illnesses}."], set(), ["{pmh}"]),
        (["{name} a", "{name} b"], set(), ["{name} a", "{name} b"]),
        (["{kin} well", "{family}"], set(), ["{kin} well"]),
        (["{tests}", "{exam} and {tests}", "{exam}"], set(), ["{tests}", "{exam}"]),
        (["{drug_line}", "plain"], {"drugs"}, ["plain"]),
    ],
)
def test_a_note_says_a_thing_once(parts: list[str], unfit: set[str], kept: list[str]) -> None:
    assert _once(parts, frozenset(unfit)) == kept


def test_what_says_something_of_the_disease_has_its_usual_place_and_the_rest_stands_anywhere() -> None:
    draw = Random(0)
    order = ["{complaint}.", "{words}", "{pmh}", "{drug_line}", "{exam}", "{tests}", "{treatment}", "{course}"]
    places = [_usual_place(part, draw) for part in order]
    assert places == sorted(places)
    assert len({_usual_place("{filler}", draw) for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{course}.", "Went home."),
        ("{Complaint}", "Pain"),
        ("{complaint}", "pain"),
        ("{question}.", "Why?"),
        ('"{question}".', '"Why?"'),
        ("no slot", "no slot"),
    ],
)
def test_a_template_is_filled_and_its_stops_are_single(template: str, text: str) -> None:
    slots = {"course": "Went home.", "complaint": "pain", "question": "Why?"}
    assert _filled(template, slots, Random(0)) == text


@pytest.mark.parametrize(("names", "listed"), [(["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")])
def test_illnesses_are_listed_as_people_say_them(names: list[str], listed: str) -> None:
    assert _listed(names) == listed


def test_a_complaint_is_rather_a_noun_where_there_is_one() -> None:
    not_noun = pools()["not_nouns"][0]
    case = replace(
        BY_NAME["gout"], fragments={**BY_NAME["gout"].fragments, "complaint": ("toe pain", f"{not_noun} all night")}
    )
    draw = Random(1)
    counts = Counter(_complaint(case, draw) for _ in range(1000))
    assert counts["toe pain"] / 1000 == pytest.approx(NOUNS + (1 - NOUNS) / 2, abs=0.04)


def test_other_illnesses_of_the_young_are_those_of_the_young() -> None:
    tables = wording()["comorbidities"]
    draw, case = Random(2), BY_NAME["gout"]
    for age, table in ((25, "young"), (70, "adult")):
        person = Person(f"{age}-year-old man", f"{age}M", "man", age, "patient")
        found = {name for _ in range(60) for name in _illnesses(case, person, LABELS, draw)}
        assert found <= set(tables[table])
    child = Person("7-year-old boy", "7M", "boy", 7, "mother")
    assert len(_illnesses(BY_NAME["croup"], child, LABELS, draw)) == 2


def test_a_style_suits_a_case_of_one_of_its_settings_and_one_that_needs_none_suits_all() -> None:
    style = next(style for style in styles() if style.needs)
    assert not style.suits(replace(BY_NAME["gout"], settings=""))
    assert style.suits(replace(BY_NAME["gout"], settings=f"?{style.needs[-1]}"))
    assert replace(style, needs="").suits(replace(BY_NAME["gout"], settings=""))


def test_vital_signs_are_left_out_where_the_examination_has_numbers() -> None:
    case, draw = BY_NAME["gout"], Random(3)
    person = Person("54-year-old man", "54M", "man", 54, "patient")
    for examination, has_vitals in (("temperature 38.4", False), ("swollen toe", True)):
        told = replace(case, fragments={**case.fragments, "examination": (examination,)})
        slots = _slots(told, person, ["asthma", "gout", "anaemia"], LABELS, draw)
        assert bool(slots["vitals"]) == has_vitals
        assert slots["exam"] == examination


def test_numbers_of_a_note_are_plausible_whatever_is_drawn() -> None:
    case, draw = BY_NAME["gout"], Random(4)
    person = Person("54-year-old man", "54M", "man", 54, "patient")
    for _ in range(200):
        slots = _slots(case, person, ["asthma", "anaemia"], LABELS, draw)
        assert slots["absent"] != slots["inherited"]
        assert 8 <= int(slots["low"]) < int(slots["high"]) < 100
        assert int(slots["low"]) <= int(slots["pct"]) <= 94
        assert re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", slots["clock"])
        assert 36.2 <= float(slots["temp"]) <= 37.2
        systolic, diastolic = map(int, slots["bp"].split("/"))
        assert 110 <= systolic <= 139
        assert 64 <= diastolic <= 86


def test_no_note_is_asked_for_and_none_is_composed_whatever_the_label_set_knows(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\ticd10\nHeart\tI20-I25\nOther\tU80-U85\n", encoding="utf-8")
    assert compose_notes(LabelSet.load(tmp_path / "own.tsv"), 0, 0) == []


def test_notes_of_another_label_set_are_of_its_categories_in_turn(tmp_path: Path) -> None:
    (tmp_path / "own.tsv").write_text("category\ticd10\nSkin\tL00-L99\nHeart\tI20-I25\n", encoding="utf-8")
    notes = compose_notes(LabelSet.load(tmp_path / "own.tsv"), 5, 0)
    assert [note.phrase.category for note in notes] == ["Heart", "Skin", "Heart", "Skin", "Heart"]
    assert {note.phrase.source for note in notes} == {"nosology"}


def test_more_notes_begin_with_the_same_ones() -> None:
    assert compose_notes(LABELS, 40, 3)[:20] == compose_notes(LABELS, 20, 3)
