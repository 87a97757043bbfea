"""Hard-wrapped notes: names over a line break are one name, and lists and headers keep their lines."""

from hypothesis import given
from hypothesis import strategies as st

from nosology.deidentification import deidentify
from nosology.deidentification.wrapping import unwrap

WRAPPED = (
    "The patient was seen in the emergency department by Dr. Lucinda\n"
    "Adebayo, who recommended that she stay overnight for observation\n"
    "and return to the clinic.\n"
)


def test_a_line_break_that_only_wraps_reads_as_a_blank() -> None:
    assert unwrap(WRAPPED) == WRAPPED.replace("\n", " ")[:-1] + "\n"


def test_a_name_over_a_wrap_is_replaced_whole() -> None:
    assert deidentify(WRAPPED).text.startswith("The patient was seen in the emergency department by Dr. <NAME>, who")


def test_headers_lists_and_signatures_keep_their_lines() -> None:
    text = "Service: MEDICINE\nAllergies: none\n\n1. aspirin 81 mg daily by mouth with food in the morning\n2. rest\n"
    assert unwrap(text) == text


def test_text_without_wrapping_stays_as_it_is() -> None:
    one_long_line = "a word " * 40 + "\nand the next line"
    assert unwrap(one_long_line) == one_long_line


@given(st.text(alphabet=st.sampled_from("ab .:\n\t"), max_size=400))
def test_only_line_breaks_change_and_the_length_never(text: str) -> None:
    read = unwrap(text)
    assert len(read) == len(text)
    assert all(new == old or (old, new) == ("\n", " ") for old, new in zip(text, read, strict=True))
