"""Which names of columns a message may show, and how a column is found."""

import pytest

from nosology.sources.names import describe_columns, find_column, is_showable


@pytest.mark.parametrize("name", ["id", "TEXT", "note_text", "NoteText", "Discharge summary", "HADM_ID", "icd-code"])
def test_names_that_columns_of_notes_usually_have_are_shown(name: str) -> None:
    assert is_showable(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Zebrafink",
        "John Smith",
        "text of Smith",
        "icd10",
        "4711",
        "note: fever",
        "note text " * 5,
        "text?",
        "Fieber",
    ],
)
def test_names_that_could_be_content_are_not(name: str) -> None:
    assert not is_showable(name)


def test_a_header_is_described_by_its_usual_names() -> None:
    assert describe_columns(["id", "body"]) == "the table has id, body"
    assert describe_columns(["id", "body", "Smith", "icd10"]) == (
        "the table has id, body, and 2 more whose names are not shown, as they could be content"
    )
    assert describe_columns(["7", "Smith"]).startswith("there seems to be no header line")
    assert describe_columns(["id", "fever and cough " * 4]).startswith("there seems to be no header line")


def test_a_column_is_found_in_any_case_and_with_blanks_but_the_exact_name_goes_first() -> None:
    assert find_column(["Text", "text"], "text") == "text"
    assert find_column([" Text "], "TEXT") == " Text "
    assert find_column(["notes"], "note") is None
