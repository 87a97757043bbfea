"""Lines and sentences of a note and their features: offsets hold, nothing is lost, and every row lies in the table."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.text.header_units import N_ROWS, WIDTHS, Unit, features, head_of, units

PIECES = st.sampled_from(
    [
        "Discharge Dx:",
        "gout",
        "Mild. ",
        "Plan",
        "\n",
        "\r\n",
        "\n\n",
        "\t",
        " - ",
        "1) ",
        "## ",
        "é",
        "\ud800",
        "\u2028",
    ]
)
TEXTS = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=200)


@given(TEXTS)
def test_units_hold_everything_but_blank_lines_in_order(text: str) -> None:
    found = list(units(text))
    assert "".join("".join(text[unit.start : unit.end].split()) for unit in found) == "".join(text.split())
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(text[unit.start : unit.end].strip() for unit in found)


@given(TEXTS)
def test_every_feature_lies_in_the_table_and_none_are_too_many(text: str) -> None:
    for unit in units(text):
        for rows, width in zip(features(text, unit), WIDTHS, strict=True):
            assert len(rows) <= width
            assert all(0 < row < N_ROWS for row in rows)


def test_a_unit_says_where_it_stands() -> None:
    text = "Seen today. Dx: gout\n\nPlan\nrest\n"
    assert list(units(text)) == [
        Unit(0, 12, True, True, False),
        Unit(12, 21, False, False, True),
        Unit(22, 27, True, True, False),
        Unit(27, 32, True, False, True),
    ]


@pytest.mark.parametrize(
    ("line", "head"),
    [
        ("Discharge Dx: gout", "Discharge Dx"), ("  **Final Dx (2):** gout", "Final Dx (2)"), ("Plan", "Plan"),
        ("3. Diagnosis - gout", "Diagnosis"), ("## Diagnoses", "Diagnoses"), ("[Dx]", "Dx"), ("Dx\tgout", "Dx"),
        ("Diagnosis.......gout", "Diagnosis"),
    ],
)  # fmt: skip
def test_a_head_is_what_layout_sets_apart(line: str, head: str) -> None:
    (unit,) = units(line)
    assert head_of(line, unit) == head


def test_where_words_stand_and_how_they_are_laid_out_makes_other_features() -> None:
    def of(text: str) -> tuple[Sequence[int], Sequence[int], Sequence[int]]:
        return features(text, next(iter(units(text))))

    colon, dash = of("Gout: plan"), of("Gout - plan")
    assert colon[:2] == dash[:2]
    assert colon[2] != dash[2]
    assert of("Plan: gout")[0] != colon[0]
    assert set(of("Discharge Dianosis")[0]) & set(of("Discharge Diagnosis")[0]), "a slip leaves pieces as they were"
