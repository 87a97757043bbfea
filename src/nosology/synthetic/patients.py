"""Who is admitted, when and why: patients, their stays, and the diagnoses of each stay, drawn block by block.

A block is 100 consecutive admissions with a seed of its own, so that any number of processes draws the same patients.
Admissions of a block belong to patients of that block alone, and the last block may be short.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random

from nosology.synthetic.content import Book, RubricContent
from nosology.synthetic.phrases import pick

BLOCK = 100
"""Admissions per block: enough that compression works, few enough that a block of full notes stays under 10 MB."""

FIRST_HADM_ID = 100_001
_FIRST_SUBJECT_ID = 3
_STAYS_PER_PATIENT = ((1, 2, 3, 4, 6), (78, 13, 5, 3, 1))
_INFANT_DAYS = 28
_OLD = 89  # the last age that is no identifier
_OLD_SHARE = 0.12  # among those whose disease occurs so late; 2-3 % of all admissions
_ICD10_SINCE = datetime(2015, 10, 1)  # discharges in the United States are coded with ICD-10-CM from this day


@dataclass(frozen=True, slots=True)
class Patient:
    """Somebody who does not exist.

    Attributes:
        subject_id: Unique over the whole output.
        sex: ``"M"`` or ``"F"``.
        born: Day of birth.
    """

    subject_id: int
    sex: str
    born: datetime


@dataclass(frozen=True, slots=True)
class Stay:
    """One admission and the diagnoses behind its notes.

    Attributes:
        index: Number of the admission in the output, from 0.
        hadm_id: Its identifier.
        patient: Whose it is.
        age: In whole years.
        age_days: In days, for infants.
        admitted: When the patient came.
        discharged: When the patient left or died.
        primary: The reason for the stay.
        past: Other diseases the patient has or had, as history.
        minor: Diseases that complicated this stay.
        version: ICD version that was in force, 9 or 10.
        died: Whether the patient died in hospital.
    """

    index: int
    hadm_id: int
    patient: Patient
    age: int
    age_days: int
    admitted: datetime
    discharged: datetime
    primary: RubricContent
    past: tuple[RubricContent, ...]
    minor: tuple[RubricContent, ...]
    version: int
    died: bool

    def codes(self, version: int) -> tuple[str, ...]:
        """Return the codes in an ICD version, in sequence order: the primary one first, without repeats."""
        rubrics = (self.primary, *self.minor, *self.past)
        codes = (rubric.icd10 if version == 10 else rubric.code for rubric in rubrics)
        return tuple(dict.fromkeys(codes))


def draw_block(block: int, size: int, seed: int, book: Book) -> list[Stay]:
    """Return the stays of one block, patient by patient, each patient's in order of time.

    Args:
        block: Number of the block, from 0.
        size: Admissions to draw; `BLOCK` except in the last block.
        seed: Of the whole output.
        book: The rubrics to draw from.
    """
    rng = Random(f"{seed}/patients/{block}")
    stays: list[Stay] = []
    numbers = rng.sample(range(BLOCK), BLOCK)
    while len(stays) < size:
        n_stays = min(rng.choices(*_STAYS_PER_PATIENT)[0], size - len(stays))
        subject_id = _FIRST_SUBJECT_ID + block * BLOCK + numbers.pop()
        stays += _draw_patient(rng, book, subject_id, n_stays, block * BLOCK + len(stays))
    return stays


def _draw_patient(rng: Random, book: Book, subject_id: int, n_stays: int, index: int) -> list[Stay]:
    primary = book.draw(rng)
    low, high = primary.ages
    age = round(rng.triangular(low, high))
    if high > _OLD and rng.random() < _OLD_SHARE:
        age = _OLD + 1 + int(rng.random() * (high - _OLD))
    age_days = int(rng.random() * 364) if age == 0 else age * 365
    if age == 0 and high == 0:
        age_days = int(rng.random() ** 3 * _INFANT_DAYS)
    admitted = datetime(2003, 1, 1) + timedelta(minutes=int(rng.random() * 18 * 365 * 1440))
    born = (admitted - timedelta(days=age * 365.25 + (age_days if age == 0 else rng.random() * 364))).replace(
        hour=0, minute=0
    )
    patient = Patient(subject_id, primary.sex or pick(rng, ("M", "F")), born)
    earlier: list[RubricContent] = []
    stays: list[Stay] = []
    for number in range(n_stays):
        if number:
            admitted = stays[-1].discharged + timedelta(minutes=int(rng.expovariate(1 / (200 * 1440))) + 2 * 1440)
            days = (admitted - born).days
            age, age_days = max(age, int(days / 365.25)), days
            if primary.ages[1] == 0 or not any(rubric.fits(age, patient.sex) for rubric in book.all):
                break  # newborns do not come back, and nothing is written for the very old
            primary = book.draw(rng, age, patient.sex)
        stays.append(_draw_stay(rng, book, patient, index + number, age, age_days, admitted, primary, earlier))
        earlier.append(primary)
        if stays[-1].died:
            break
    return stays


def _draw_stay(
    rng: Random,
    book: Book,
    patient: Patient,
    index: int,
    age: int,
    age_days: int,
    admitted: datetime,
    primary: RubricContent,
    earlier: list[RubricContent],
) -> Stay:
    length = timedelta(minutes=int(min(rng.gammavariate(1.6, 3.6), 60) * 1440) + 900)
    possible = _possible(book, age, patient.sex)
    past = [rubric for rubric in earlier if rubric.phrases["past"]]
    past += [pick(rng, possible.past) for _ in range(min(age // 9, int(rng.expovariate(0.33)) + 1))]
    n_minor = rng.choices((0, 1, 2, 3), (45, 35, 15, 5))[0]
    minor = [pick(rng, possible.minor) for _ in range(n_minor)] if possible.minor else []
    seen = {primary.code}
    others: list[list[RubricContent]] = [[], []]
    for kept, drawn in zip(others, (minor, past), strict=True):
        for rubric in drawn:
            if rubric.code not in seen:
                seen.add(rubric.code)
                kept.append(rubric)
    return Stay(
        index=index,
        hadm_id=FIRST_HADM_ID + index,
        patient=patient,
        age=age,
        age_days=age_days,
        admitted=admitted,
        discharged=admitted + length,
        primary=primary,
        past=tuple(others[1]),
        minor=tuple(others[0]),
        version=10 if admitted + length >= _ICD10_SINCE else 9,
        died=age > 30 and rng.random() < 0.02,
    )


@dataclass(frozen=True, slots=True)
class _Possible:
    past: tuple[RubricContent, ...]
    minor: tuple[RubricContent, ...]


@cache
def _possible(book: Book, age: int, sex: str) -> _Possible:
    past = tuple(rubric for rubric in book.all if rubric.could_be_past(age, sex))
    minor = tuple(rubric for rubric in book.all if rubric.phrases["minor"] and rubric.fits(age, sex))
    return _Possible(past, minor)
