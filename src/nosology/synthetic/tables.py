"""Rows of MIMIC's tables as CSV text: MIMIC-III's columns with its quoting, MIMIC-IV's with its own."""

import csv
import io
from calendar import isleap
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal

from nosology.synthetic.patients import Patient, Stay

Layout = Literal["mimic3", "mimic4"]

HEADERS: dict[str, dict[str, str]] = {
    "mimic3": {
        "NOTEEVENTS": "ROW_ID,SUBJECT_ID,HADM_ID,CHARTDATE,CHARTTIME,STORETIME,CATEGORY,DESCRIPTION,CGID,ISERROR,TEXT",
        "DIAGNOSES_ICD": "ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE",
        "D_ICD_DIAGNOSES": "ROW_ID,ICD9_CODE,SHORT_TITLE,LONG_TITLE",
        "PATIENTS": "ROW_ID,SUBJECT_ID,GENDER,DOB,DOD,DOD_HOSP,DOD_SSN,EXPIRE_FLAG",
        "ADMISSIONS": "ROW_ID,SUBJECT_ID,HADM_ID,ADMITTIME,DISCHTIME,DEATHTIME,ADMISSION_TYPE,ADMISSION_LOCATION,"
        "DISCHARGE_LOCATION,INSURANCE,LANGUAGE,RELIGION,MARITAL_STATUS,ETHNICITY,EDREGTIME,EDOUTTIME,DIAGNOSIS,"
        "HOSPITAL_EXPIRE_FLAG,HAS_CHARTEVENTS_DATA",
    },
    "mimic4": {
        "note/discharge": "note_id,subject_id,hadm_id,note_type,note_seq,charttime,storetime,text",
        "hosp/diagnoses_icd": "subject_id,hadm_id,seq_num,icd_code,icd_version",
        "hosp/d_icd_diagnoses": "icd_code,icd_version,long_title",
        "hosp/patients": "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod",
        "hosp/admissions": "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,"
        "admission_location,discharge_location,insurance,language,marital_status,race,edregtime,edouttime,"
        "hospital_expire_flag",
    },
}
"""Layout to table to header line. The tables' order is the order in which they are written."""

_HIDDEN_YEARS = 100  # MIMIC moves every date into the 22nd century
_OLD = 89
_OLD_SHIFT_YEARS = 300  # MIMIC-III moves the birth of those over 89 to 300 years before the first admission


def header(layout: Layout, table: str) -> str:
    """Return a table's first line as the original files have it."""
    names = HEADERS[layout][table]
    if layout == "mimic4":
        return names + "\n"
    return ",".join(f'"{name}"' for name in names.split(",")) + "\n"


def rows_text(rows: Iterable[tuple[str | int | None, ...]], layout: Layout) -> str:
    """Return rows as CSV: in MIMIC-III's layout all text is quoted and numbers are not; None is empty in both."""
    buffer = io.StringIO()
    if layout == "mimic4":
        csv.writer(buffer, lineterminator="\n").writerows(rows)
        return buffer.getvalue()
    for row in rows:
        buffer.write(",".join(map(_quoted, row)))
        buffer.write("\n")
    return buffer.getvalue()


def moment(when: datetime, is_masked: bool, has_time: bool = True) -> str:
    """Return a point in time as the tables write it, moved into the 22nd century where identifiers are masked.

    Args:
        when: The point in time.
        is_masked: Whether dates are moved.
        has_time: Whether the hour is written.
    """
    year = when.year + (_HIDDEN_YEARS if is_masked else 0)
    is_leap_day = (when.month, when.day) == (2, 29)
    day = f"{year}-{when.month:02d}-{28 if is_leap_day and not isleap(year) else when.day:02d}"
    return f"{day} {when.hour:02d}:{when.minute:02d}:00" if has_time else day


def diagnosis_rows(stay: Stay, layout: Layout) -> list[tuple[str | int | None, ...]]:
    """Return the coded diagnoses of a stay, the primary one with sequence number 1; without ROW_ID."""
    patient = stay.patient.subject_id
    if layout == "mimic4":
        codes = stay.codes(stay.version)
        return [(patient, stay.hadm_id, rank, code, stay.version) for rank, code in enumerate(codes, start=1)]
    return [(patient, stay.hadm_id, rank, code) for rank, code in enumerate(stay.codes(9), start=1)]


def patient_row(patient: Patient, stays: list[Stay], layout: Layout, is_masked: bool) -> tuple[str | int | None, ...]:
    """Return the patient's row; MIMIC-III's without ROW_ID.

    Args:
        patient: The patient.
        stays: Their hospital stays.
        layout: MIMIC-III's or MIMIC-IV's tables.
        is_masked: Whether dates are moved.
    """
    death = next((stay.discharged for stay in stays if stay.died), None)
    first = stays[0]
    if layout == "mimic4":
        year = first.admitted.year + (_HIDDEN_YEARS if is_masked else 0)
        group = f"{first.admitted.year // 3 * 3} - {first.admitted.year // 3 * 3 + 2}"
        dod = moment(death, is_masked, has_time=False) if death else None
        return (patient.subject_id, patient.sex, min(first.age, 91), year, group, dod)
    born = patient.born
    if first.age > _OLD and is_masked:
        born = first.admitted.replace(day=min(first.admitted.day, 28), year=first.admitted.year - _OLD_SHIFT_YEARS)
        born = born.replace(hour=0, minute=0)
    dod = moment(death.replace(hour=0, minute=0), is_masked) if death else None
    return (patient.subject_id, patient.sex, moment(born, is_masked), dod, dod, None, int(death is not None))


def admission_row(stay: Stay, layout: Layout, is_masked: bool, diagnosis: str) -> tuple[str | int | None, ...]:
    """Return the admission's row; MIMIC-III's without ROW_ID.

    Args:
        stay: The admission.
        layout: Which columns.
        is_masked: Whether dates are moved.
        diagnosis: What the front desk wrote down.
    """
    came, left = moment(stay.admitted, is_masked), moment(stay.discharged, is_masked)
    died = left if stay.died else None
    kind = _admission_type(stay)
    registered = moment(stay.admitted - timedelta(hours=5), is_masked) if kind == "EMERGENCY" else None
    boarded = moment(stay.admitted + timedelta(hours=1), is_masked) if kind == "EMERGENCY" else None
    where_to = (
        "DEAD/EXPIRED" if stay.died else ("HOME", "SNF", "HOME HEALTH CARE", "REHAB/DISTINCT PART HOSP")[stay.index % 4]
    )
    where_from = {"NEWBORN": "PHYS REFERRAL/NORMAL DELI", "ELECTIVE": "PHYS REFERRAL/NORMAL DELI"}.get(
        kind, "EMERGENCY ROOM ADMIT" if stay.index % 3 else "TRANSFER FROM HOSP/EXTRAM"
    )
    insurance = "Medicare" if stay.age >= 65 else ("Private", "Medicaid", "Government")[stay.index % 3]
    married = None if stay.age < 18 else ("MARRIED", "SINGLE", "WIDOWED", "DIVORCED")[stay.patient.subject_id % 4]
    race = ("WHITE", "WHITE", "BLACK/AFRICAN AMERICAN", "HISPANIC OR LATINO", "ASIAN", "UNKNOWN")[
        stay.patient.subject_id % 6
    ]
    if layout == "mimic4":
        return (
            *(stay.patient.subject_id, stay.hadm_id, came, left, died, kind, None, where_from, where_to, insurance),
            *("ENGLISH", married, race, registered, boarded, int(stay.died)),
        )
    return (
        *(stay.patient.subject_id, stay.hadm_id, came, left, died, kind, where_from, where_to, insurance, "ENGL"),
        *("NOT SPECIFIED", married, race, registered, boarded, diagnosis, int(stay.died), 1),
    )


def _admission_type(stay: Stay) -> str:
    if stay.age_days < 3:
        return "NEWBORN"
    return "ELECTIVE" if stay.index % 7 == 3 else "EMERGENCY"


def _quoted(value: str | int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace('"', '""') + '"'
