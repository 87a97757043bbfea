"""Postcodes by their form alone, and what has nearly that form."""

import pytest

from nosology.deidentification import deidentify
from nosology.deidentification.detectors.postcodes import postcodes


@pytest.mark.parametrize(
    "code", ["BS8 1TH", "M1 1AE", "CR2 6XH", "DN55 1PT", "W1A 1HQ", "EC1A 1BB", "K1A 0B1", "H3Z-2Y7", "V5T\u00a01H7"]
)
def test_a_postcode_is_found_whole(code: str) -> None:
    text = f"Moved to {code}, settled well."
    (span,) = postcodes(text)
    assert text[span.start : span.end] == code
    assert code not in deidentify(text).text


@pytest.mark.parametrize(
    "text",
    [
        "Tumour at T4 5CM from the verge, pT2 3MG given.",
        "H1N1 vaccine, CD4 250, T2 N0 M0, L4/L5, C5-C6, G2P1.",
        "Wards B4 2nd floor; Q4 2HR obs; X1 2AB; A1 2A.",
        "HLA A2 B7, 5HT2A antagonist, D5 1/2NS at 75.",
        "bs8 1th in small letters is the network's work",
        "REF-BS8 1TH-22 and 7BS8 1TH",
    ],
)
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert not list(postcodes(text))
