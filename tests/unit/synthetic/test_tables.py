"""Rows as MIMIC writes them, from hand-made stays."""

import csv
import io
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.synthetic.content import load_book
from nosology.synthetic.patients import Patient, Stay
from nosology.synthetic.tables import (
    HEADERS,
    Layout,
    admission_row,
    diagnosis_rows,
    header,
    moment,
    patient_row,
    rows_text,
)

BY_CODE = {rubric.code: rubric for rubric in load_book().all}
STAY = Stay(
    index=10,
    hadm_id=100011,
    patient=Patient(77, "F", datetime(1930, 2, 3)),
    age=80,
    age_days=29_220,
    admitted=datetime(2010, 5, 1, 23, 5),
    discharged=datetime(2010, 5, 4, 9, 0),
    primary=BY_CODE["0389"],
    past=(BY_CODE["42731"], BY_CODE["25020"]),
    minor=(BY_CODE["5845"],),
    version=9,
    died=False,
)


def columns(
    layout: str, table: str, row: tuple[str | int | None, ...], has_row_id: bool
) -> dict[str, str | int | None]:
    names = HEADERS[layout][table].split(",")[1 if has_row_id else 0 :]
    return dict(zip(names, row, strict=True))


def test_mimic_iii_quotes_text_and_leaves_numbers_and_nulls_bare() -> None:
    assert rows_text([(1, "042", None, 'said "no"\nand left')], "mimic3") == '1,"042",,"said ""no""\nand left"\n'


def test_mimic_iv_quotes_only_where_it_must() -> None:
    assert rows_text([(1, "042", None, "a, b"), (2, "x", "y", "z")], "mimic4") == '1,042,,"a, b"\n2,x,y,z\n'


@pytest.mark.parametrize("layout", ["mimic3", "mimic4"])
def test_any_text_survives_the_csv(layout: str) -> None:
    text = 'He said "ok",\n\nthen left; é, 5\'10", [**Name**]\n'
    (row,) = csv.reader(io.StringIO(rows_text([(1, text)], layout), newline=""), strict=True)  # type: ignore[arg-type]
    assert row == ["1", text]


def test_headers_are_quoted_in_mimic_iii_alone() -> None:
    assert header("mimic3", "DIAGNOSES_ICD") == '"ROW_ID","SUBJECT_ID","HADM_ID","SEQ_NUM","ICD9_CODE"\n'
    assert header("mimic4", "hosp/diagnoses_icd") == "subject_id,hadm_id,seq_num,icd_code,icd_version\n"


def test_masked_moments_lie_a_hundred_years_ahead() -> None:
    when = datetime(2012, 2, 29, 4, 5)
    assert moment(when, is_masked=True) == "2112-02-29 04:05:00"
    assert moment(when, is_masked=False) == "2012-02-29 04:05:00"
    assert moment(when, is_masked=True, has_time=False) == "2112-02-29"


def test_the_leap_day_that_2100_lacks_is_moved_to_the_day_before() -> None:
    assert moment(datetime(2000, 2, 29), is_masked=True, has_time=False) == "2100-02-28"
    assert moment(datetime(2000, 2, 29), is_masked=False, has_time=False) == "2000-02-29"


def test_codes_are_ranked_primary_then_complications_then_history() -> None:
    assert diagnosis_rows(STAY, "mimic3") == [
        (77, 100011, 1, "0389"),
        (77, 100011, 2, "5845"),
        (77, 100011, 3, "42731"),
        (77, 100011, 4, "25020"),
    ]


def test_mimic_iii_stays_with_icd_9_whatever_the_year_and_mimic_iv_follows_it() -> None:
    late = replace(STAY, version=10)
    assert diagnosis_rows(late, "mimic3") == diagnosis_rows(STAY, "mimic3")
    assert diagnosis_rows(late, "mimic4")[0] == (77, 100011, 1, "A419", 10)
    assert diagnosis_rows(STAY, "mimic4")[0] == (77, 100011, 1, "0389", 9)


def test_a_patients_row_says_when_they_were_born() -> None:
    row = columns("mimic3", "PATIENTS", patient_row(STAY.patient, [STAY], "mimic3", True), has_row_id=True)
    assert row["SUBJECT_ID"] == 77
    assert row["GENDER"] == "F"
    assert row["DOB"] == "2030-02-03 00:00:00"
    assert row["DOD"] is None
    assert row["EXPIRE_FLAG"] == 0


def test_the_birth_of_the_very_old_is_moved_three_hundred_years_back() -> None:
    old = replace(STAY, age=91)
    masked = columns("mimic3", "PATIENTS", patient_row(old.patient, [old], "mimic3", True), has_row_id=True)
    plain = columns("mimic3", "PATIENTS", patient_row(old.patient, [old], "mimic3", False), has_row_id=True)
    assert masked["DOB"] == "1810-05-01 00:00:00"
    assert plain["DOB"] == "1930-02-03 00:00:00"


def test_mimic_iv_anchors_the_age_at_91() -> None:
    row = columns("mimic4", "hosp/patients", patient_row(STAY.patient, [replace(STAY, age=97)], "mimic4", True), False)
    assert row["anchor_age"] == 91
    assert row["anchor_year"] == 2110
    assert row["anchor_year_group"] == "2010 - 2012"


@pytest.mark.parametrize(("layout", "table"), [("mimic3", "ADMISSIONS"), ("mimic4", "hosp/admissions")])
def test_an_admissions_row_fits_its_header(layout: str, table: str) -> None:
    row = admission_row(STAY, layout, True, "FEVER")  # type: ignore[arg-type]
    named = {name.lower(): value for name, value in columns(layout, table, row, layout == "mimic3").items()}
    assert named["admittime"] == "2110-05-01 23:05:00"
    assert named["dischtime"] == "2110-05-04 09:00:00"
    assert named["deathtime"] is None
    assert named["insurance"] == "Medicare"
    assert named["hospital_expire_flag"] == 0
    assert named.get("diagnosis", "FEVER") == "FEVER"


def test_the_dead_have_a_time_of_death_in_every_table() -> None:
    dead = replace(STAY, died=True)
    row = columns("mimic3", "ADMISSIONS", admission_row(dead, "mimic3", True, ""), has_row_id=True)
    assert row["DEATHTIME"] == row["DISCHTIME"]
    assert row["DISCHARGE_LOCATION"] == "DEAD/EXPIRED"
    patient = columns("mimic3", "PATIENTS", patient_row(dead.patient, [dead], "mimic3", True), has_row_id=True)
    assert patient["DOD"] == "2110-05-04 00:00:00"
    assert patient["EXPIRE_FLAG"] == 1


def test_newborns_are_admitted_as_newborns() -> None:
    newborn = replace(STAY, age=0, age_days=0, primary=BY_CODE["V3000"])
    row = columns("mimic3", "ADMISSIONS", admission_row(newborn, "mimic3", True, "NEWBORN"), has_row_id=True)
    assert row["ADMISSION_TYPE"] == "NEWBORN"
    assert row["EDREGTIME"] is None
    assert row["MARITAL_STATUS"] is None


# ---- the edges of ages, days and kinds of admission


def named(stay: Stay, layout: Layout = "mimic3", is_masked: bool = True) -> dict[str, str | int | None]:
    """Return an admission's row by the names of its columns, small."""
    table = {"mimic3": "ADMISSIONS", "mimic4": "hosp/admissions"}[layout]
    row = columns(layout, table, admission_row(stay, layout, is_masked, ""), layout == "mimic3")
    return {name.lower(): value for name, value in row.items()}


@pytest.mark.parametrize(("age", "insurance"), [(64, "Medicaid"), (65, "Medicare")])
def test_medicare_begins_at_sixty_five(age: int, insurance: str) -> None:
    assert named(replace(STAY, age=age))["insurance"] == insurance


@pytest.mark.parametrize(("age", "is_asked"), [(17, False), (18, True)])
def test_nobody_under_eighteen_has_a_marital_status(age: int, is_asked: bool) -> None:
    assert (named(replace(STAY, age=age))["marital_status"] is not None) == is_asked


@pytest.mark.parametrize(
    ("index", "age_days", "kind", "where_from"),
    [
        (11, 29_220, "EMERGENCY", "EMERGENCY ROOM ADMIT"),
        (12, 29_220, "EMERGENCY", "TRANSFER FROM HOSP/EXTRAM"),
        (17, 29_220, "ELECTIVE", "PHYS REFERRAL/NORMAL DELI"),
        (10, 2, "NEWBORN", "PHYS REFERRAL/NORMAL DELI"),
        (11, 3, "EMERGENCY", "EMERGENCY ROOM ADMIT"),
    ],
)
def test_the_kind_of_an_admission_says_where_the_patient_came_from(
    index: int, age_days: int, kind: str, where_from: str
) -> None:
    row = named(replace(STAY, index=index, age_days=age_days))
    assert (row["admission_type"], row["admission_location"]) == (kind, where_from)


def test_emergencies_register_before_they_are_admitted_and_board_afterwards() -> None:
    row = named(replace(STAY, index=11))
    assert (row["edregtime"], row["admittime"], row["edouttime"]) == (
        *("2110-05-01 18:05:00", "2110-05-01 23:05:00", "2110-05-02 00:05:00"),
    )
    elective = named(replace(STAY, index=17))
    assert (elective["edregtime"], elective["edouttime"]) == (None, None)


@pytest.mark.parametrize("layout", ["mimic3", "mimic4"])
def test_the_dead_go_nowhere_and_the_living_home_or_on(layout: Layout) -> None:
    places = {named(replace(STAY, index=index), layout)["discharge_location"] for index in range(4)}
    assert places == {"HOME", "SNF", "HOME HEALTH CARE", "REHAB/DISTINCT PART HOSP"}
    dead = named(replace(STAY, died=True), layout)
    assert (dead["discharge_location"], dead["hospital_expire_flag"]) == ("DEAD/EXPIRED", 1)
    assert dead["deathtime"] == dead["dischtime"]


@pytest.mark.parametrize(("age", "birth"), [(89, "2030-02-03 00:00:00"), (90, "1810-05-01 00:00:00")])
def test_a_birth_is_hidden_from_ninety_on(age: int, birth: str) -> None:
    row = patient_row(STAY.patient, [replace(STAY, age=age)], "mimic3", True)
    assert columns("mimic3", "PATIENTS", row, True)["DOB"] == birth


def test_the_first_stay_decides_whether_a_birth_is_hidden() -> None:
    """As in MIMIC-III: moved to 300 years before the first admission."""
    stays = [replace(STAY, age=89), replace(STAY, age=91, admitted=datetime(2012, 5, 1))]
    row = patient_row(STAY.patient, stays, "mimic3", True)
    assert columns("mimic3", "PATIENTS", row, True)["DOB"] == "2030-02-03 00:00:00"


def test_a_hidden_birth_is_a_day_that_every_year_has() -> None:
    old = replace(STAY, age=95, admitted=datetime(2012, 2, 29, 7, 30))
    row = patient_row(old.patient, [old], "mimic3", True)
    assert columns("mimic3", "PATIENTS", row, True)["DOB"] == "1812-02-28 00:00:00"


def test_a_patient_died_when_any_of_their_stays_says_so() -> None:
    last = replace(STAY, died=True, discharged=datetime(2011, 7, 2, 15, 30))
    three = columns("mimic3", "PATIENTS", patient_row(STAY.patient, [STAY, last], "mimic3", True), True)
    four = columns("mimic4", "hosp/patients", patient_row(STAY.patient, [STAY, last], "mimic4", True), False)
    assert three["DOD"] == three["DOD_HOSP"] == "2111-07-02 00:00:00"
    assert three["DOD_SSN"] is None
    assert four["dod"] == "2111-07-02"


@pytest.mark.parametrize(
    ("year", "group"), [(2009, "2007 - 2009"), (2010, "2010 - 2012"), (2012, "2010 - 2012"), (2013, "2013 - 2015")]
)
def test_years_of_mimic_iv_come_in_groups_of_three_that_do_not_move(year: int, group: str) -> None:
    """The anchor year is moved and the group is the true one, which is how MIMIC-IV tells the era."""
    stay = replace(STAY, admitted=datetime(year, 12, 31))
    row = columns("mimic4", "hosp/patients", patient_row(stay.patient, [stay], "mimic4", True), False)
    assert (row["anchor_year"], row["anchor_year_group"]) == (year + 100, group)


@given(st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31)))
def test_a_masked_moment_is_a_day_that_exists_and_keeps_month_and_hour(when: datetime) -> None:
    moved = datetime.fromisoformat(moment(when, is_masked=True))
    assert (moved.year, moved.month, moved.hour, moved.minute) == (when.year + 100, when.month, when.hour, when.minute)
    assert when.day - moved.day == int((when.month, when.day, when.year) == (2, 29, 2000))
