"""A MIMIC folder row by row: which notes come out, with which codes and attributes, and what becomes of the rest."""

from pathlib import Path

import pytest

from handmade_mimic import NOTE_COLUMNS, Row, as_csv, save, write_mimic3
from nosology.errors import DataError
from nosology.records import Code, Note
from nosology.sources.mimic import (
    LAYOUTS,
    MARKED_AS_ERROR,
    MIMIC3,
    MIMIC4,
    OTHER_KIND,
    SHARED_PATIENTS,
    MimicSource,
)
from nosology.sources.reading import ERROR_FLAG, KIND, Rejected

CODES = [(7, 70, 1, "41071"), (7, 70, 2, "4280"), (8, 80, 1, "486")]


def notes_of(source: MimicSource) -> list[Note]:
    """Return all notes of a source."""
    return [note for batch in source.batches() for note in batch.notes]


def lost_by(source: MimicSource) -> dict[tuple[str, str], int]:
    """Return how many rows were left out, by step and reason."""
    lost: dict[tuple[str, str], int] = {}
    for batch in source.batches():
        for reason, n in batch.lost.items():
            lost[reason] = lost.get(reason, 0) + n
    return lost


def rejected_by(source: MimicSource) -> list[Rejected]:
    """Return the rows that could not be read."""
    return [row for batch in source.batches() for row in batch.rejected]


def test_notes_come_with_the_codes_of_their_admission_in_sequence(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, 70, "chest pain"), Row(2, 8, 80, "cough")], CODES)
    one, other = notes_of(MimicSource(folder, MIMIC3))
    assert (one.note_id, one.patient_id, one.admission_id, one.text) == ("1", "7", "70", "chest pain")
    assert one.codes == (Code("41071", 9, 1), Code("4280", 9, 2))
    assert other.codes == (Code("486", 9, 1),)


def test_codes_are_joined_on_patient_and_admission(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, 80, "an admission of somebody else")], CODES)
    (note,) = notes_of(MimicSource(folder, MIMIC3))
    assert note.codes == ()


def test_notes_of_other_kinds_and_errors_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = [
        Row(1, 7, 70, "kept"),
        Row(2, 7, 70, "nursing", category="Nursing/other"),
        Row(3, 7, 70, "x-ray", category="Radiology"),
        Row(4, 7, 70, "wrong", error="1"),
        Row(5, 7, 70, "wrong too", error="1.0"),
        Row(6, 7, 70, "not wrong", error="0"),
    ]
    source = MimicSource(write_mimic3(tmp_path, rows, CODES), MIMIC3)
    assert [note.note_id for note in notes_of(source)] == ["1", "6"]
    again = MimicSource(tmp_path, MIMIC3)
    assert lost_by(again) == {(KIND, OTHER_KIND): 2, (ERROR_FLAG, MARKED_AS_ERROR): 2}


def test_an_addendum_is_a_discharge_note_too(tmp_path: Path) -> None:
    header = NOTE_COLUMNS
    rows = [Row(1, 7, 70, "report").cells(), Row(2, 7, 70, "more").cells()]
    rows[1][header.index("DESCRIPTION")] = "Addendum"
    folder = write_mimic3(tmp_path, [], CODES)
    save(folder / "NOTEEVENTS.csv.gz", as_csv(header, rows))
    assert [note.note_id for note in notes_of(MimicSource(folder, MIMIC3))] == ["1", "2"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (Row("", 7, 70, "canary"), "no note id"),
        (Row(" ", 7, 70, "canary"), "no note id"),
        (Row(1, "seven", 70, "canary"), "a patient id that is no number"),
        (Row(1, "", 70, "canary"), "a patient id that is no number"),
        (Row(1, 7, "seventy", "canary"), "an admission id that is no number"),
        (Row(1, 7, "7e1", "canary"), "an admission id that is no number"),
    ],
)
def test_a_row_that_makes_no_sense_is_rejected_without_its_text(tmp_path: Path, row: Row, reason: str) -> None:
    folder = write_mimic3(tmp_path, [row, Row(2, 8, 80, "fine")], CODES)
    (rejected,) = rejected_by(MimicSource(folder, MIMIC3))
    assert reason in rejected.reason
    assert "canary" not in repr(rejected)
    assert rejected.line == 2
    assert [note.note_id for note in notes_of(MimicSource(folder, MIMIC3))] == ["2"]


def test_a_note_without_admission_stays_without_codes(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, "", "an outpatient")], CODES)
    (note,) = notes_of(MimicSource(folder, MIMIC3))
    assert (note.admission_id, note.codes) == ("", ())


def test_numbers_that_a_table_program_wrote_are_read_as_such(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row("1.0", "7.0", "70.0", "chest pain")], CODES)
    (note,) = notes_of(MimicSource(folder, MIMIC3))
    assert (note.note_id, note.patient_id, note.admission_id) == ("1", "7", "70")
    assert len(note.codes) == 2


def test_sex_age_and_kind_of_admission_are_known_where_the_tables_are(tmp_path: Path) -> None:
    folder = write_mimic3(
        tmp_path,
        [Row(1, 7, 70, "chest pain")],
        CODES,
        patients=[(7, "F", "2091-08-04 00:00:00")],
        admissions=[(7, 70, "2151-08-05 12:00:00", "EMERGENCY")],
    )
    (note,) = notes_of(MimicSource(folder, MIMIC3))
    assert note.attributes["sex"] == "F"
    assert note.attributes["admission_type"] == "EMERGENCY"
    assert note.attributes["age_band"] == "45-64"


def test_without_those_tables_notes_have_no_attributes_and_the_user_is_told(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, 70, "chest pain")], CODES)
    (folder / "PATIENTS.csv").unlink()
    (folder / "ADMISSIONS.csv").unlink()
    source = MimicSource(folder, MIMIC3)
    (note,) = notes_of(source)
    assert dict(note.attributes) == {}
    assert len(source.warnings) > 1
    assert SHARED_PATIENTS in source.warnings


def test_quoted_notes_of_many_lines_come_out_as_they_are(tmp_path: Path) -> None:
    text = 'Chief Complaint:\n"chest pain", since 3 days\r\n\nDenies, however, fever.\n'
    folder = write_mimic3(tmp_path, [Row(1, 7, 70, text)], CODES)
    (note,) = notes_of(MimicSource(folder, MIMIC3))
    assert note.text == text


# ---- MIMIC-IV


def write_mimic4(folder: Path, notes: list[tuple[object, ...]], codes: list[tuple[object, ...]]) -> Path:
    """Write the notes and diagnoses of MIMIC-IV."""
    header = ("note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text")
    save(folder / "note" / "discharge.csv.gz", as_csv(header, notes))
    header = ("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version")  # type: ignore[assignment]
    save(folder / "hosp" / "diagnoses_icd.csv.gz", as_csv(header, codes))
    return folder


def test_mimic_iv_says_the_version_of_each_code(tmp_path: Path) -> None:
    notes = [("7-DS-1", 7, 70, "DS", 1, "", "", "chest pain"), ("7-RR-1", 7, 70, "RR", 2, "", "", "x-ray")]
    codes = [(7, 70, 2, "4280   ", 9), (7, 70, 1, "I214", 10)]
    (note,) = notes_of(MimicSource(write_mimic4(tmp_path, notes, codes), MIMIC4))
    assert note.note_id == "7-DS-1"
    assert note.codes == (Code("I214", 10, 1), Code("4280", 9, 2))


# ---- folders


def test_layouts_are_found_by_the_name_of_their_command() -> None:
    assert {name: layout.title for name, layout in LAYOUTS.items()} == {"mimic3": "MIMIC-III", "mimic4": "MIMIC-IV"}


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such folder of MIMIC-III files"):
        MimicSource(tmp_path / "nowhere", MIMIC3)


@pytest.mark.parametrize("name", ["NOTEEVENTS", "DIAGNOSES_ICD"])
def test_a_missing_file_is_named_with_where_it_comes_from(tmp_path: Path, name: str) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, 70, "chest pain")], CODES)
    (folder / f"{name}.csv.gz").unlink()
    with pytest.raises(DataError, match=f"{name}.csv or {name}.csv.gz is missing") as caught:
        MimicSource(folder, MIMIC3)
    assert "physionet.org" in caught.value.hint


def test_the_other_release_is_recognized_by_its_files(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, 70, "chest pain")], CODES)
    with pytest.raises(DataError) as caught:
        MimicSource(folder, MIMIC4)
    assert "nosology prepare mimic3" in caught.value.hint


def test_both_releases_are_never_pooled(tmp_path: Path) -> None:
    write_mimic3(tmp_path / "iii", [Row(1, 7, 70, "chest pain")], CODES)
    write_mimic4(tmp_path / "iv", [("7-DS-1", 7, 70, "DS", 1, "", "", "x")], [(7, 70, 1, "I214", 10)])
    with pytest.raises(DataError, match="holds both"):
        MimicSource(tmp_path, MIMIC3)


def test_the_open_demo_without_notes_is_told_from_a_file_of_notes(tmp_path: Path) -> None:
    source = MimicSource(write_mimic3(tmp_path, [], CODES), MIMIC3)
    with pytest.raises(DataError, match="holds no notes") as caught:
        list(source.batches())
    assert "open demo" in caught.value.hint


@pytest.mark.parametrize("column", ["TEXT", "SUBJECT_ID", "HADM_ID", "ROW_ID", "CATEGORY"])
def test_a_missing_column_is_refused_before_a_note_is_read(tmp_path: Path, column: str) -> None:
    folder = write_mimic3(tmp_path, [], CODES)
    header = [name for name in NOTE_COLUMNS if name != column]
    save(folder / "NOTEEVENTS.csv.gz", as_csv(header, [["1"] * len(header)]))
    with pytest.raises(DataError, match=column):
        MimicSource(folder, MIMIC3)


def test_the_files_that_were_read_are_named(tmp_path: Path) -> None:
    source = MimicSource(write_mimic3(tmp_path, [Row(1, 7, 70, "chest pain")], CODES), MIMIC3)
    assert source.notes_file == "NOTEEVENTS.csv.gz"
    assert set(source.files) == {"NOTEEVENTS.csv.gz", "DIAGNOSES_ICD.csv.gz", "PATIENTS.csv", "ADMISSIONS.csv"}
    list(source.batches())
    assert source.bytes_done == source.bytes_total > 0


@pytest.mark.parametrize(
    ("cell", "is_error"),
    [
        ("", False), (" ", False), ("0", False), ("0.0", False), ("0e0", False), ("False", False), ("no", False),
        ("NULL", False), ("NaN", False), ("\\N", False), ("n/a", False), ('"0"', False), ("1", True), ("1.0", True),
        ("01", True), ("1e0", True), ("TRUE", True), ("t", True), ("Y", True), ("yes", True), ("x", True),
        ("error", True), ("-1", True), ("2", True),
    ],
)  # fmt: skip
def test_an_error_is_one_in_every_spelling(tmp_path: Path, cell: str, is_error: bool) -> None:
    rows = [Row(1, 7, 70, "kept"), Row(2, 8, 80, "judged", error=cell)]
    source = MimicSource(write_mimic3(tmp_path, rows, CODES), MIMIC3)
    assert [note.note_id for note in notes_of(source)] == (["1"] if is_error else ["1", "2"])


MIMIC4_CODES = "subject_id,hadm_id,seq_num,icd_code,icd_version\n7,70,1,I214,10\n"


def test_the_other_releases_diagnoses_are_not_read_for_this_ones(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, 70, "canary")], CODES)
    (folder / "DIAGNOSES_ICD.csv.gz").unlink()
    save(folder / "mimiciv" / "hosp" / "diagnoses_icd.csv", MIMIC4_CODES)
    with pytest.raises(DataError, match=r"diagnoses_icd\.csv is of MIMIC-IV, not of MIMIC-III") as caught:
        MimicSource(folder, MIMIC3)
    assert "nosology prepare mimic4" in (caught.value.hint or "")


def test_nor_are_patients_of_the_other_release(tmp_path: Path) -> None:
    folder = write_mimic3(tmp_path, [Row(1, 7, 70, "canary")], CODES)
    save(folder / "PATIENTS.csv", "subject_id,gender,anchor_age,anchor_year\n7,F,60,2150\n")
    with pytest.raises(DataError, match=r"PATIENTS\.csv is of MIMIC-IV"):
        MimicSource(folder, MIMIC3)


def test_notes_of_both_releases_in_subfolders_are_refused(tmp_path: Path) -> None:
    write_mimic3(tmp_path / "mimiciii", [Row(1, 7, 70, "canary")], CODES)
    save(tmp_path / "mimiciv" / "note" / "discharge.csv", "note_id,subject_id,hadm_id,note_type,text\n")
    save(tmp_path / "mimiciv" / "hosp" / "diagnoses_icd.csv", MIMIC4_CODES)
    for layout in (MIMIC3, MIMIC4):
        with pytest.raises(DataError, match="holds both MIMIC-III and MIMIC-IV"):
            MimicSource(tmp_path, layout)
