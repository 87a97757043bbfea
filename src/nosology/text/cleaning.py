"""All that is done to the text of one note: de-identify, leave sections out, normalize, count, and take fingerprints.

This is the work that worker processes share out among themselves, so it depends on nothing but the note itself.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Self

from nosology.text import fingerprint
from nosology.text.normalize import count_words_to_read, normalize
from nosology.text.sections import split_off_diagnoses

if TYPE_CHECKING:
    from nosology.config import PrepareConfig

EMPTY = "no text left"
TOO_SHORT = "fewer words than min_words"
TOO_LONG = "more words than max_words"


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is done to a text; the fields are those of `nosology.config.PrepareConfig`."""

    deidentify: bool
    deidentify_style: Literal["token", "surrogate"]
    leak: Literal["keep", "strip"]
    lowercase: bool
    strip_punctuation: bool
    min_words: int
    max_words: int | None
    with_signature: bool

    @classmethod
    def like(cls, preparation: "PrepareConfig") -> Self:
        """Return what a preparation did to each note it kept, without the filters that lose notes.

        Args:
            preparation: Its configuration, as a dataset's or a run's manifest holds it.
        """
        return cls(
            preparation.deidentify,
            preparation.deidentify_style,
            preparation.leak,
            preparation.lowercase,
            preparation.strip_punctuation,
            min_words=0,
            max_words=None,
            with_signature=False,
        )


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A prepared text with its fingerprints, or the reason why the note is lost.

    Attributes:
        text: The prepared text in UTF-8.
        digest: SHA-256 of the text.
        signature: Bytes of the MinHash signature; empty where none was asked for.
        lost: Why the note is lost; None where it stays.
        left_out: How many characters of sections that state the diagnosis were left out, by kind of section.
    """

    text: bytes = field(repr=False, default=b"")
    digest: bytes = b""
    signature: bytes = field(repr=False, default=b"")
    lost: str | None = None
    left_out: Mapping[str, int] = field(default_factory=dict)


def clean(text: str, patient_id: str, how: Cleaning) -> Cleaned:
    """Return a note's prepared text, or why the note is lost.

    Args:
        text: The text.
        patient_id: Whose note it is; empty where nobody said.
        how: What is done to it.
    """
    if how.deidentify:
        from nosology.deidentification import deidentify  # its patterns take a tenth of a second to compile

        text = deidentify(text, style=how.deidentify_style, patient_key=patient_id).text
    left_out: dict[str, int] = {}
    if how.leak == "strip":
        text, left_out = split_off_diagnoses(text)
    text = normalize(text, lowercase=how.lowercase, strip_punctuation=how.strip_punctuation)
    finished = finish(text, how)
    return replace(finished, left_out=left_out) if left_out else finished


def finish(text: str, how: Cleaning) -> Cleaned:
    """Return a prepared text with its fingerprints, or why the note is lost for its length.

    Args:
        text: The prepared text.
        how: Which lengths stay, and whether a signature is asked for.
    """
    n_words = count_words_to_read(text)
    if not n_words:
        return Cleaned(lost=EMPTY)
    if n_words < how.min_words:
        return Cleaned(lost=TOO_SHORT)
    if how.max_words is not None and n_words > how.max_words:
        return Cleaned(lost=TOO_LONG)
    signature = fingerprint.signature(fingerprint.all_shingle_hashes(text)).tobytes() if how.with_signature else b""
    encoded = text.encode("utf-8", "surrogatepass")
    return Cleaned(encoded, hashlib.sha256(encoded).digest(), signature)


def clean_all(notes: Sequence[tuple[str, str]], how: Cleaning) -> list[Cleaned]:
    """Return the prepared texts of several notes, given as pairs of text and patient id, in their order."""
    return [clean(text, patient_id, how) for text, patient_id in notes]
