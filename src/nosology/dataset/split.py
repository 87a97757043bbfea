"""Which patients train, which validate, which test.

A patient's place follows from the seed and the patient's id alone, so it never changes when other patients come or go,
rows are shuffled, or a dataset is prepared again with other filters.
"""

import hashlib
from collections.abc import Iterable

from nosology.dataset.folder import Split
from nosology.errors import DataError


def split_of(patient_id: str, seed: int, shares: tuple[float, float, float]) -> Split:
    """Return a patient's split.

    Args:
        patient_id: Whose split.
        seed: Another seed draws other splits.
        shares: Shares of patients in train, validation and test; they sum to 1.
    """
    digest = hashlib.sha256(f"{seed}:{patient_id}".encode()).digest()
    drawn = int.from_bytes(digest[:8], "big") / 2**64
    if drawn < shares[0]:
        return "train"
    # A share of nothing must stay empty, however the sum of the others is rounded.
    return "validation" if drawn < shares[0] + shares[1] or not shares[2] else "test"


def check_disjoint(pairs: Iterable[tuple[str, str]]) -> None:
    """Make sure that no patient is in two splits.

    Args:
        pairs: Patient id and split of every note.

    Raises:
        DataError: A patient is; the number of them and the first one are named.
    """
    seen: dict[str, str] = {}
    torn = sorted({patient for patient, split in pairs if seen.setdefault(patient, split) != split})
    if torn:
        raise DataError(
            f"{len(torn)} patients are in two splits, first {torn[0]!r}",
            place="split",
            hint="put all notes of a patient into one split, or leave the split column out and let it be drawn",
        )
