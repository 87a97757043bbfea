"""What did not fit into the model is named by its place in the note as it was written."""

from nosology.classifier.unread import left_out
from nosology.modeling.encoding import PromptEncoder
from nosology.text.alignment import align
from nosology.text.cleaning import Cleaning
from tiny_models import CATEGORIES, TEMPLATE, chatml_tokenizer

WORDS = [f"word{number}" for number in range(200)]
NOTE = " ".join(WORDS)
PLAIN = Cleaning(False, "token", "keep", True, True, 0, None, False)


def encoder(max_note_tokens: int) -> PromptEncoder:
    return PromptEncoder(chatml_tokenizer(), TEMPLATE, CATEGORIES, max_note_tokens=max_note_tokens)


def test_of_a_note_that_fits_nothing_is_left_out() -> None:
    assert left_out(encoder(100_000), align(NOTE, PLAIN)) == []


def test_the_middle_that_does_not_fit_lies_between_what_was_read() -> None:
    made = encoder(300)
    note = made.note(NOTE, with_places=True)
    assert note.truncated_tokens
    (stretch,) = left_out(made, align(NOTE, PLAIN))
    kept = [place for place in note.places or () if place >= 0]
    inside = [place for place in kept if stretch[0] <= place < stretch[1]]
    assert inside == []
    assert {"word100", "word110"} <= set(NOTE[slice(*stretch)].split())
    assert {"word0", "word199"}.isdisjoint(NOTE[slice(*stretch)].split())


def test_places_are_of_the_note_as_it_was_written() -> None:
    written = "!!! " + " ... ".join(WORDS)
    (start, end) = left_out(encoder(300), align(written, PLAIN))[0]
    assert "word100" in written[start:end]
    assert "word199" not in written[start:end]
