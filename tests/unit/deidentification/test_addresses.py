"""Geography smaller than a state is found whole; states, countries and medical words that sound like streets stay."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import found, pieces
from nosology.deidentification.detectors.addresses import addresses
from nosology.deidentification.lexicon import US_STATES


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("lives at 123 Maple Street with", "123 Maple Street"),
        ("45 N. Elm Ave, Apt 3B", "45 N. Elm Ave, Apt 3B"),
        ("221B Baker Street", "221B Baker Street"),
        ("10-12 Harbor View Terrace", "10-12 Harbor View Terrace"),
        ("150 5th Ave", "150 5th Ave"),
        ("77 Avenida de la Paz Road", "77 Avenida de la Paz Road"),
        ("1600 Larkspur Avenue NW, Suite 210", "1600 Larkspur Avenue NW, Suite 210"),
        ("HOME: 123 MAPLE STREET", "123 MAPLE STREET"),
        ("she lives on 88 birch lane in the city", "88 birch lane"),
        ("lives on Fourth Street", "Fourth Street"),
        ("12 Hillcrest Apt 4, Elmwood, TX 75001", "12 Hillcrest Apt 4, Elmwood, TX 75001"),
        ("P.O. Box 1123", "P.O. Box 1123"),
        ("rural route 3, box 14", "rural route 3, box 14"),
        ("PSC 123, Box 45", "PSC 123, Box 45"),
        ("mail to APO AE 09012", "APO AE 09012"),
        ("in Springfield, IL 62704", "Springfield, IL 62704"),
        ("in Dayton, Ohio for years", "Dayton, Ohio"),
        ("Dayton Ohio 45402-1234", "Dayton Ohio 45402-1234"),
        ("FROM DAYTON, OH", "DAYTON, OH"),
        ("dayton, ohio 45402", "dayton, ohio 45402"),
        ("in Cape Cod, Mass. since", "Cape Cod, Mass."),
        ("in Portland, OR", "Portland, OR"),
        ("zip code 02139", "02139"),
        ("ZIP: 02139-1234", "02139-1234"),
        ("moved to Wharton County", "Wharton County"),
        ("County of Marin", "County of Marin"),
        ("the Town of Ashby", "Town of Ashby"),
        ("she lives in Fresno", "Fresno"),
        ("near Walla Walla", "Walla Walla"),
        ("lives in Kansas City", "Kansas City"),
        ("he moved here from Zelkovia last", "Zelkovia"),
        ("born in Mobile", "Mobile"),
    ],
)
def test_a_place_smaller_than_a_state_is_found_whole(text: str, place: str) -> None:
    assert found(addresses, text) == [("LOCATION", place)]


def test_every_line_of_an_address_is_found() -> None:
    text = "1200 Old Mill Rd.\r\nDayton, OH 45402"
    assert pieces(addresses, text) == ["1200 Old Mill Rd.", "Dayton, OH 45402"]


@given(st.sampled_from(sorted(US_STATES)), st.sampled_from(["She is from {}.", "lives in {} now", "moved to {}"]))
def test_a_state_alone_is_no_identifier(state: str, sentence: str) -> None:
    written = "the District of Columbia" if state == "district of columbia" else state.title()
    assert found(addresses, sentence.format(written)) == []


@pytest.mark.parametrize(
    "text",
    [
        "lives in Peru",
        "a native of Vietnam",
        "lives with his wife in rural Iowa",
        "lives in a house with stairs",
        "a 3 Way stopcock",
        "4 Point gait with walker",
        "a 16 French Foley catheter",
        "12 lead EKG",
        "14 Left upper drain",
        "2 Right Lower Lobe",
        "respiratory drive is low",
        "3 mm in the right lane of the film",
        "Mobile chest x-ray",
        "taken to OR, where the",
        "seen by Jane Roe, MD",
        "Hgb 9, CO 22",
        "in OR for repair",
        "in no acute distress",
        "the county has no data",
        "in Parkinson disease",
        "from Crohn's disease",
        "sutured in 2 Layers",
    ],
)
def test_what_is_no_place_stays(text: str) -> None:
    assert found(addresses, text) == []


def test_two_capitals_after_a_name_are_a_degree_and_after_a_city_a_state() -> None:
    assert found(addresses, "Helen Marsh, MD") == []
    assert found(addresses, "in Baltimore, MD") == [("LOCATION", "Baltimore, MD")]


@given(st.integers(1, 99999), st.sampled_from(["Street", "St.", "Avenue", "Rd", "Lane", "Court", "Blvd", "Drive"]))
def test_any_house_number_and_usual_kind_of_street_is_found(number: int, kind: str) -> None:
    assert pieces(addresses, f"Address: {number} Larkspur {kind}") == [f"{number} Larkspur {kind}"]
