"""A table's column of codes: read cell by cell, numbers refused, and what the codes as a whole let suspect."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.records import Code
from nosology.sources.codecolumn import CodeColumn, CodeSuspicions


def column() -> CodeColumn:
    return CodeColumn("icd", "notes.csv")


def suspected(*codes: str) -> list[str]:
    suspicions = CodeSuspicions()
    for code in codes:
        suspicions.add(code)
    return suspicions.notices("column icd")


@pytest.mark.parametrize(
    ("cell", "version", "expected"),
    [
        ("038.9", 9, ["0389"]),
        ("0389, 4280", 9, ["0389", "4280"]),
        ("4280 4280", 9, ["4280"]),
        (["4280", "0389"], 9, ["4280", "0389"]),
        (("4280", None, "nan"), 9, ["4280"]),
        ("V58.61", 9, ["V5861"]),
        ("i21.4", 10, ["I214"]),
        ("I21.4; J18.9", 10, ["I214", "J189"]),
        ("['I214', 'J189']", 10, ["I214", "J189"]),
        ("J18.9 (pneumonia)", 10, ["J189"]),
    ],
)
def test_a_cells_codes_are_read_in_order_without_repeats(cell: Any, version: int, expected: list[str]) -> None:
    assert [code.value for code in column().read(cell, version)] == expected


def test_codes_are_numbered_from_the_primary_one() -> None:
    assert column().read("4280;0389", 9) == (Code("4280", 9, 1), Code("0389", 9, 2))


@pytest.mark.parametrize("cell", [None, "", "  ", float("nan"), "null", [], [None, ""]])
def test_a_cell_of_nothing_gives_one_empty_code(cell: Any) -> None:
    assert column().read(cell, 10) == (Code("", 10, 1),)


@pytest.mark.parametrize("cell", ["banana", " 12x ", "see notes"])
def test_what_is_no_code_stays_as_it_is_spelled(cell: str) -> None:
    assert column().read(cell, 9) == (Code(cell.strip(), 9, 1),)


@pytest.mark.parametrize("cell", [389, 389.0, [389], ["0389", 4280], "[389, 4280]", "4280.0", " 42800.0 "])
def test_a_number_is_refused_because_leading_zeros_are_lost(cell: Any) -> None:
    with pytest.raises(DataError, match="column icd holds numbers, not codes") as caught:
        column().read(cell, 9)
    assert caught.value.place == "notes.csv"
    assert "hearing loss" in caught.value.hint


def test_a_column_whose_codes_all_end_in_one_zero_behind_the_dot_was_numbers() -> None:
    codes = column()
    for cell in ("428.0", "486.0", "410.0"):
        codes.read(cell, 9)
    with pytest.raises(DataError, match="holds numbers"):
        codes.check()


def test_one_code_that_ends_so_is_only_a_code() -> None:
    codes = column()
    codes.read("428.0", 9)
    assert codes.check() == []


def test_a_second_code_that_does_not_end_so_clears_the_column() -> None:
    codes = column()
    for cell in ("428.0", "038.9"):
        codes.read(cell, 9)
    assert codes.check() == []


def test_codes_of_icd_10_raise_no_suspicion_of_lost_zeros() -> None:
    codes = column()
    for number in range(100, 300):
        codes.read(f"I{number % 100:02}.{number % 10}", 10)
    assert codes.check() == []


def test_short_numbers_without_any_leading_zero_let_suspect_that_zeros_were_lost() -> None:
    (said,) = suspected("38", "389", "428")
    assert said == (
        "no ICD-9 code in column icd begins with 0, and 1 have less than three digits: were leading zeros lost? "
        "Then 0389 reads as 389"
    )


def test_one_leading_zero_clears_that_suspicion() -> None:
    assert suspected("38", "0389", "428") == []


def test_few_codes_may_have_no_leading_zero() -> None:
    assert suspected(*(f"{number}11" for number in range(300, 399))) == []


def test_a_hundred_codes_without_a_leading_zero_are_suspicious() -> None:
    (said,) = suspected(*(f"{number}11" for number in range(300, 400)))
    assert said.startswith("no ICD-9 code in column icd begins with 0: were leading zeros lost?")


def test_two_digits_before_the_dot_are_how_procedures_look() -> None:
    (said,) = suspected("01.23", "38.9", "45.13", "0389")
    assert said.startswith("3 different ICD-9 codes in column icd have two digits before the dot")


@pytest.mark.parametrize("n_procedures", [0, 1, 2])
def test_up_to_two_of_them_are_slips(n_procedures: int) -> None:
    assert suspected(*["01.23", "02.34"][:n_procedures], "038.9", "428.0") == []


def test_fifty_codes_of_which_none_has_five_digits_may_be_procedures() -> None:
    codes = ["0389", *(f"{number}1" for number in range(300, 349))]
    assert suspected(*codes) == [
        "no ICD-9 code in column icd has five digits, as many diagnoses do: are they procedures?"
    ]
    assert suspected(*codes, "41401") == []
    assert suspected(*codes[:-1]) == []


@given(st.lists(st.sampled_from(["038.9", "428.0", "V58.61", "E870.0", "banana", "486", "41401"]), max_size=20))
def test_the_order_of_codes_changes_no_suspicion(codes: list[str]) -> None:
    assert suspected(*codes) == suspected(*reversed(codes)) == suspected(*codes, *codes)
