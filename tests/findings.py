"""What a detector finds, as readable pairs, and texts that property tests try detectors on."""

from hypothesis import strategies as st

from nosology.deidentification.spans import Detector, merge_spans

_FRAGMENTS = (
    "Dr. ", "Mr. O'Shea", "her daughter ", "Attending: ", "seen by ", "Lindqvist", "ROE, JANE", "MD", "March 14, 2019",
    "Anna-Lena van der Berg", "3/14", "14:35", "93-year-old", "90", "MRN: 4471902", "#", "(617) 555-0142", "@", "x4512",
    "12 Birch Lane", "Dayton, OH 45402", "lives in ", "St. ", "Lakeview Hospital", "University of ", "works at ",
    "Inc.", "[**Known lastname 12**]", "[**", "**]", "___", "<NAME>", "<DATE", ">", "Foley catheter", "Crohn's", " ",
    "\n", "\r\n", "\t", "é", "e\u0301", "ß", "İ", "李", "👩🏽‍⚕️", "\u00a0", "²", "½", "\x00", "\ud800", "'", "’", "-",
    ".", ",", ":", "/", "the patient was stable ", "http://", "ext", "0", "٣", "_",
)  # fmt: skip

note_like = st.lists(st.sampled_from(_FRAGMENTS) | st.text(st.characters(), max_size=6), max_size=24).map("".join)
"""Texts made of pieces that detectors react to, broken ones too, with anything that Unicode holds between them."""


def found(detector: Detector, text: str) -> list[tuple[str, str]]:
    """Return type and text of everything a detector finds, in reading order, overlaps joined."""
    return [(span.type, text[span.start : span.end]) for span in merge_spans(detector(text), len(text))]


def pieces(detector: Detector, text: str) -> list[str]:
    """Return the text of everything a detector finds, in reading order, overlaps joined."""
    return [piece for _, piece in found(detector, text)]
