"""The notes: their lengths, their identifiers, and how hard they are to classify."""

import re
from collections import Counter
from random import Random
from statistics import mean

import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from nosology.synthetic import SPAN_TYPES, iter_admissions
from nosology.synthetic.identifiers import Style
from nosology.synthetic.notes import WrittenNote, discharge_note, spans_of
from nosology.synthetic.patients import Stay
from nosology.synthetic.ward import ward_notes

RNG = Random(0)
Pairs = list[tuple[Stay, WrittenNote]]

PLACEHOLDER = re.compile(r"\[\*\*[^\[\]]*\*\*\]")


@pytest.fixture(scope="module")
def short() -> Pairs:
    return list(iter_admissions(2400, 11))


@pytest.fixture(scope="module")
def realistic() -> Pairs:
    return list(iter_admissions(2000, 12, style="realistic"))


@pytest.fixture(scope="module")
def full() -> Pairs:
    return list(iter_admissions(120, 13, length="full"))


def normalized(text: str) -> str:
    return " ".join(
        re.sub(r"[^a-z0-9]+", " ", PLACEHOLDER.sub(" hidden ", text.lower()).replace("___", "hidden")).split()
    )


def test_nearly_all_short_notes_have_50_to_100_words_once_normalized(short: Pairs) -> None:
    lengths = [len(normalized(note.text).split()) for _, note in short]
    assert sum(50 <= length <= 100 for length in lengths) / len(lengths) > 0.97


def test_full_notes_have_the_length_of_real_summaries(full: Pairs) -> None:
    lengths = [len(note.text.split()) for _, note in full]
    assert min(lengths) >= 300
    assert max(lengths) <= 1800
    assert 950 < mean(lengths) < 1250


def test_mixed_notes_are_half_short_half_full() -> None:
    lengths = [len(note.text.split()) for _, note in iter_admissions(40, 1, length="mixed")]
    assert all(length < 130 for length in lengths[0::2])
    assert all(length >= 300 for length in lengths[1::2])


def test_a_linear_classifier_finds_short_notes_neither_trivial_nor_hopeless(short: Pairs) -> None:
    train, rest = short[:1000], short[1000:]
    known = {stay.patient.subject_id for stay, _ in train}
    test = [(stay, note) for stay, note in rest if stay.patient.subject_id not in known]
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    features = vectorizer.fit_transform(normalized(note.text) for _, note in train)
    model = LinearSVC().fit(features, [stay.primary.category for stay, _ in train])
    truth = [stay.primary.category for stay, _ in test]
    found = model.predict(vectorizer.transform(normalized(note.text) for _, note in test))
    assert len(test) > 1000
    assert 0.60 < sum(a == b for a, b in zip(truth, found, strict=True)) / len(truth) < 0.92


def test_many_short_notes_do_not_name_their_diagnosis_and_none_says_its_category(short: Pairs) -> None:
    named = 0
    for stay, note in short:
        text = normalized(note.text)
        titles = [normalized(part) for phrase in stay.primary.phrases["called"] for part in [phrase.render(RNG, str)]]
        named += any(re.search(rf"\b{re.escape(title)}\b", text) for title in titles if title)
        assert f"category {stay.primary.category.lower()}" not in text
    assert 0.3 < named / len(short) < 0.7


def test_short_notes_hardly_ever_repeat(short: Pairs) -> None:
    assert len({normalized(note.text) for _, note in short}) == len(short)


def test_openings_vary(short: Pairs) -> None:
    openings = Counter(" ".join(note.text.split()[:3]) for _, note in short)
    assert openings.most_common(1)[0][1] / len(short) < 0.06


def test_masked_notes_hold_only_well_formed_placeholders(short: Pairs, full: Pairs) -> None:
    for _, note in short + full:
        assert note.marks == []
        rest = PLACEHOLDER.sub("", note.text)
        assert "[**" not in rest
        assert "**]" not in rest
        assert not re.search(r"[\x00-\x08\x0b-\x1f{}]", rest)


def test_masked_notes_use_many_of_mimics_placeholder_forms(full: Pairs) -> None:
    forms = {re.sub(r"\d+", "9", found) for _, note in full for found in PLACEHOLDER.findall(note.text)}
    expected = {
        *("[**9-9-9**]", "[**9-9**]", "[**Known lastname 9**]", "[**Hospital9 9**]", "[**Last Name (un) **]"),
        *("[**First Name9 (NamePattern9) **]", "[**Telephone/Fax (9) 9**]", "[**Location (un) **]"),
    }
    assert expected <= forms
    assert len(forms) > 40


def test_blanks_of_mimic_iv_replace_every_identifier() -> None:
    for _, note in iter_admissions(100, 2, style="mimic4"):
        assert "[**" not in note.text
        assert note.marks == []
    assert any("___" in note.text for _, note in iter_admissions(20, 2, style="mimic4"))


def test_spans_lie_in_order_and_never_overlap(realistic: Pairs) -> None:
    for _, note in realistic:
        ends = [0, *(end for _, end, _ in note.marks)]
        assert all(start >= end for (start, _, _), end in zip(note.marks, ends, strict=False))
        assert all(start < end <= len(note.text) for start, end, _ in note.marks)
        assert "[**" not in note.text


def test_every_kind_of_identifier_occurs_often_enough_to_measure(realistic: Pairs) -> None:
    kinds = Counter(span["kind"] for _, note in realistic for span in spans_of(note))
    assert set(kinds) == set(SPAN_TYPES)
    assert min(kinds.values()) >= 50


SHAPES = {
    "social security number": r"\d{3}[- ]?\d{2}[- ]?\d{4}",
    "zip code": r"\d{5}(-\d{4})?",
    "phone number": r"(1-)?\(?\d{3}\)?[-. ]?555[-. ]\d{4}|\d{5}",
    "fax number": r"(1-)?\(?\d{3}\)?[-. ]?555[-. ]\d{4}",
    "email address": r"\S+@\S*example\.\w+",
    "url": r"(https?://)?(www|portal)\.[\w.]*example\.\S+",
    "ip address": r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}",
    "age over 89": r"9\d|10[0-2]",
}


def test_spans_cover_whole_identifiers_and_nothing_else(realistic: Pairs) -> None:
    for _, note in realistic:
        for span in spans_of(note):
            text = str(span["text"])
            assert text == note.text[int(span["start"]) : int(span["end"])]
            assert text == text.strip()
            shape = SHAPES.get(str(span["kind"]))
            assert shape is None or re.fullmatch(shape, re.sub(r"\s", " ", text)), span["kind"]


def test_nothing_that_looks_like_a_number_to_reach_somebody_is_left_unmarked(realistic: Pairs) -> None:
    pattern = re.compile(r"\d{3}\)?[-. ]555[-. ]\d{4}|\S+@\S+|https?://\S+|\b\d{3}-\d{2}-\d{4}\b")
    for _, note in realistic:
        hidden = list(note.text)
        for start, end, _ in note.marks:
            hidden[start:end] = "#" * (end - start)
        assert not pattern.search("".join(hidden))


def test_ages_over_89_are_marked_and_lower_ones_are_not(realistic: Pairs) -> None:
    for stay, note in realistic:
        for match in re.finditer(r"\b(\d{2,3})[- ](?:year[- ]old|yo\b|y/o)", note.text):
            marked = any(start == match.start() and kind == "age over 89" for start, _, kind in note.marks)
            assert marked == (int(match[1]) > 89), stay.index


def test_names_come_in_many_forms(realistic: Pairs) -> None:
    names = [note.text[start:end] for _, note in realistic for start, end, kind in note.marks if kind.endswith("name")]
    forms = (
        r"[A-Z]{2,}, ?[A-Z]{2,}.*",
        r"[A-Z]\. \w+",
        r"\S+ [A-Z]\. \S+",
        r".*\w-[A-Z].*",
        r"[A-Z]\.?[A-Z]\.?",
        r"[A-Z ]{6,}",
    )
    for form in forms:
        assert any(re.fullmatch(form, name) for name in names), form


def test_a_patient_keeps_the_same_name_in_all_notes() -> None:
    surnames: dict[int, set[str]] = {}
    for stay, note in iter_admissions(600, 4, style="realistic"):
        for title in re.finditer(r"(?:Mr|Mrs|Ms)\.\s(?P<name>\S+)", note.text):
            if any(start == title.start("name") and kind == "patient name" for start, _, kind in note.marks):
                name = next(note.text[s:e] for s, e, _ in note.marks if s == title.start("name"))
                surnames.setdefault(stay.patient.subject_id, set()).add(name.upper().replace("\n", " "))
    assert len(surnames) > 50
    assert all(len(names) == 1 for names in surnames.values())


def test_a_note_depends_on_its_admission_alone() -> None:
    (stay, _), *_ = iter_admissions(1, 9)
    again = discharge_note(stay, 9, "mimic3", "short")
    assert again == discharge_note(stay, 9, "mimic3", "short")
    assert again.text != discharge_note(stay, 10, "mimic3", "short").text


def test_infants_have_no_habits_jobs_or_titles() -> None:
    infants = [(stay, note) for stay, note in iter_admissions(1500, 3) if stay.age < 1]
    assert len(infants) > 50
    for _, note in infants:
        assert not re.search(r"\b(smokes|beers|Retired|Mr\.|Mrs\.|year-old (man|woman))", note.text)


@pytest.mark.parametrize("style", ["mimic3", "realistic"])
def test_ward_notes_keep_their_spans_while_their_numbers_change(style: Style) -> None:
    (stay, _), *_ = iter_admissions(1, 9)
    notes = ward_notes(stay, 9, style, 300)
    assert len(notes) == 300
    assert {"Nursing/other", "Radiology", "ECG", "Physician "} <= {note.category for note in notes}
    assert len({note.text for note in notes}) > 250
    assert all(stay.admitted <= note.charted <= stay.discharged for note in notes)
    for note in notes:
        for span in spans_of(note):
            shape = SHAPES.get(str(span["kind"]))
            assert shape is None or re.fullmatch(shape, re.sub(r"\s", " ", str(span["text"])))
    assert any(note.marks for note in notes) == (style == "realistic")


def test_text_never_shows_in_a_repr(short: Pairs) -> None:
    _, note = short[0]
    assert note.text[:20] not in repr(note)


def test_a_patients_numbers_stay_the_same_from_note_to_note() -> None:
    numbers: dict[tuple[int, str], set[str]] = {}
    for stay, note in iter_admissions(900, 4, style="realistic"):
        for start, end, kind in note.marks:
            if kind in ("medical record number", "social security number", "health plan number"):
                key = (stay.patient.subject_id, kind)
                numbers.setdefault(key, set()).add(" ".join(note.text[start:end].split()))
    assert len(numbers) > 50
    assert all(len(found) == 1 for found in numbers.values())
