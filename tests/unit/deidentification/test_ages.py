"""Ages over 89 are identifiers of Safe Harbor; ages up to 89 and measurements of ninety and more are not."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import found, pieces
from nosology.deidentification.detectors.ages import ages


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("This is a 93-year-old man", "93-year-old"),
        ("a 90 year old woman", "90 year old"),
        ("pt is a 91 y/o male", "91 y/o"),
        ("94yo female", "94yo"),
        ("92 y.o. retired baker", "92 y.o."),
        ("she is 101 yrs old", "101 yrs old"),
        ("at 90 years of age", "90 years of age"),
        ("A 96-YEAR-OLD WOMAN", "96-YEAR-OLD"),
        ("a 93 1/2 year old", "93 1/2 year old"),
        ("129 years old", "129 years old"),
        ("the 95-year-old's daughter", "95-year-old"),
        ("aged 95", "95"),
        ("at the age of 90 he fell", "90"),
        ("Age: 90", "90"),
        ("Age/Sex: 93/F", "93"),
        ("he turned 90 last week", "90"),
        ("lived to be 99", "99"),
        ("mother died at 93 of a stroke", "93"),
        ("her father is 97", "97"),
        ("one sister, 95, healthy", "95"),
        ("after his 90th birthday", "90th"),
        ("in the 93rd year of life", "93rd"),
        ("ninety-three year old", "ninety-three year old"),
        ("one hundred and two years old", "one hundred and two years old"),
        ("in her early nineties", "nineties"),
        ("a man in his 90s", "90s"),
        ("a woman in her mid-90s", "90s"),
        ("a man in his late-90s", "90s"),
        ("a spry nonagenarian", "nonagenarian"),
        ("93F with chest pain", "93F"),
        ("93 M s/p fall", "93 M"),
        ("93M p/w fall\r\n", "93M"),
    ],
)
def test_an_age_over_89_is_found(text: str, age: str) -> None:
    assert found(ages, text) == [("AGE90", age)]


@pytest.mark.parametrize(
    "text",
    [
        "an 89-year-old woman",
        "Age: 89",
        "in his late eighties",
        "in her 80s",
        "the 130-year-old building",
        "a 189-year-old house",
        "BP 98/60, HR 92, RR 18",
        "O2 sat 94% on room air",
        "O2 sats in the 90s on 2 liters",
        "systolic pressures in the 90s",
        "95 mg daily",
        "temperature 98.6",
        "T 98 F with chills",
        "HR 93 M",
        "for 90 days",
        "weight 93 kg",
        "a 95 pack year smoker",
        "aged 9",
        "age 90.5 percentile",
        "ninety percent of the lesion",
        "0.93 years old",
        "in 1990 she had",
    ],
)
def test_younger_ages_and_measurements_stay(text: str) -> None:
    assert found(ages, text) == []


@given(st.integers(0, 150), st.sampled_from(["-year-old", " year old", " y/o", "yo", " years of age"]))
def test_the_line_is_drawn_between_89_and_90(age: int, unit: str) -> None:
    expected = [f"{age}{unit}"] if 90 <= age < 130 else []
    assert pieces(ages, f"She is a {age}{unit} patient.") == expected


@pytest.mark.parametrize("change", [str, str.upper, str.lower])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Gran 94, well.", ["94"]),
        ("Her cousin would have been 101.", ["101"]),
        ("He sits with a lady of 97.", ["97"]),
        ("An uncle lived past 103 years.", ["103"]),
        ("Her aunt (92) is well.", ["92"]),
        ("His son weighs 95 kg.", []),
        ("Her aunt, pulse 96, is well.", []),
        ("The baby is 98 cm long, the child 95.", []),
        ("His uncle smoked about 100 a day.", []),
        ("Her sister is in room 101.", []),
    ],
)
def test_a_number_beside_a_person_is_an_age(text: str, expected: list[str], change: Callable[[str], str]) -> None:
    text = change(text)
    assert [text[span.start : span.end] for span in ages(text)] == expected
