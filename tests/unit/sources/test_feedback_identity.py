"""Notes of decisions are found whatever became of their line ends, outer blanks and Unicode form."""

from dataclasses import dataclass

import pytest

from nosology.errors import DataError
from nosology.files import sha256_text
from nosology.sources.feedback import FeedbackSource

SENT = "Ménière's disease.\nSeen on the ward.\nLeft well."


@dataclass(frozen=True)
class Decided:
    """A decision without its text, as a service that keeps none stores it."""

    note_sha256: str
    patient_id: str = ""
    verdict: str = "accepted"
    category: str = "Nervous System"
    code: str | None = None
    icd_version: int | None = None
    text: str | None = None


def n_found(sent: str, given: str) -> int:
    """Return how many notes are found for a decision on one text, when another one is given."""
    return sum(len(batch.notes) for batch in FeedbackSource([Decided(sha256_text(sent))], [given]).batches())


@pytest.mark.parametrize(
    "given",
    [
        SENT,
        SENT.replace("\n", "\r\n"),
        SENT.replace("\n", "\r"),
        f"  \n{SENT}\n\n ",
        SENT.replace("é", "e\u0301").replace("è", "e\u0300"),
        SENT.replace("\n", "\r\n") + "\r\n",
    ],
)
def test_a_note_is_found_in_every_form(given: str) -> None:
    assert n_found(SENT, given) == 1
    assert n_found(SENT + "\n", given) == 1
    assert n_found(SENT.replace("\n", "\r\n"), given) == 1


def test_another_note_is_not_found() -> None:
    for given in (SENT.replace("ward", "unit"), SENT.lower()):
        with pytest.raises(DataError, match="no decision is left"):
            n_found(SENT, given)
