"""Which stretches of a note did not fit into the model and were not read, as offsets into the original."""

from itertools import pairwise

from nosology.modeling.encoding import PromptEncoder
from nosology.text.alignment import AlignedText

_FEWEST_WORDS = 3  # between the ends of two tokens that follow each other; fewer are the second token's own


def left_out(encoder: PromptEncoder, aligned: AlignedText) -> list[tuple[int, int]]:
    """Return the stretches of a note of which no token stayed.

    Args:
        encoder: Cuts the note as the model reads it.
        aligned: The prepared text and where it came from.
    """
    note = encoder.note(aligned.text, with_places=True)
    if not note.truncated_tokens or note.places is None:
        return []
    text, found = aligned.text, []
    edges = [-1, *sorted({place for place in note.places if place >= 0}), len(text)]
    for before, after in pairwise(edges):
        words = text[before + 1 : after + 1].split()
        is_end = after == len(text)
        if len(words) < (1 if is_end else _FEWEST_WORDS):
            continue
        end = after if is_end else after + 1 - len(words[-1])  # the last word's token was read
        found.append((aligned.starts[before + 1], aligned.ends[end - 1]))
    return found
