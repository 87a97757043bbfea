"""What MIMIC's tables say about admissions, from small files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import DataError
from nosology.records import Code
from nosology.sources import admissions
from nosology.sources.admissions import read_attributes, read_diagnoses, whole_number
from nosology.sources.mimic import MIMIC3, MIMIC4, MimicSource
from nosology.sources.reading import Rejected

HEADER3 = "ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE\n"


def diagnoses3(folder: Path, body: str) -> admissions.Diagnoses:
    (folder / "DIAGNOSES_ICD.csv").write_text(HEADER3 + body)
    return read_diagnoses(folder / "DIAGNOSES_ICD.csv", MIMIC3.diagnosis_columns, 9)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        (" 07 ", 7),
        ("145834.0", 145834),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("٣", None),
        ("9" * 10, None),
    ],
)
def test_an_id_is_a_whole_number_of_at_most_nine_digits(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_codes_come_in_sequence_order_and_in_one_spelling(tmp_path: Path) -> None:
    found = diagnoses3(tmp_path, '1,5,50,2,"0389"\n2,5,50,1,410.71\n3,5,50,,v3000\n4,6,50,1,E8120 \n5,5,51,1,\n')
    assert found.codes_of(5, 50) == (Code("41071", 9, 1), Code("0389", 9, 2), Code("V3000", 9, None))
    assert found.codes_of(6, 50) == (Code("E8120", 9, 1),)
    assert found.codes_of(5, 51) == (Code("", 9, 1),)
    assert found.codes_of(6, 51) == (), "the join is on patient and admission"
    assert (found.n_rows, found.rejected, found.warnings) == (5, (), ())


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(1, 9)), max_size=30, unique=True))
def test_every_admission_gets_exactly_its_own_codes(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int, int]]
) -> None:
    body = "".join(f"0,{patient},{stay},{rank},{rank:03d}\n" for patient, stay, rank in rows)
    found = diagnoses3(tmp_path_factory.mktemp("diagnoses"), body)
    for patient in range(1, 5):
        for stay in range(1, 5):
            ranks = sorted(rank for p, s, rank in rows if (p, s) == (patient, stay))
            assert found.codes_of(patient, stay) == tuple(Code(f"{rank:03d}", 9, rank) for rank in ranks)


def test_rows_that_make_no_sense_are_rejected_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "diagnoses_icd.csv"
    file.write_text(
        "icd_code,icd_version,seq_num,hadm_id,subject_id\n486,9,1,5,1\n486,9,1,x,1\n486,8,2,5,1\n486,9,two,5,1\n"
    )
    found = read_diagnoses(file, MIMIC4.diagnosis_columns, None)
    assert found.rejected == (
        Rejected(file.name, 3, "a patient or admission id that is no number"),
        Rejected(file.name, 4, "an ICD version that is neither 9 nor 10"),
        Rejected(file.name, 5, "a sequence number that is no number"),
    )
    assert found.codes_of(1, 5) == (Code("486", 9, 1),)


def test_codes_that_became_numbers_are_refused_and_lost_zeros_suspected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 ICD-9 codes were turned into numbers") as caught:
        diagnoses3(tmp_path, "1,5,50,1,41071.0\n")
    assert "0389" in caught.value.hint
    body = "".join(f"0,1,{i},1,{41000 + i}\n" for i in range(100))
    assert "begins with 0" in diagnoses3(tmp_path, body).warnings[0]
    assert diagnoses3(tmp_path, body + "0,1,9999,1,0389\n").warnings == ()


def test_age_bands_of_both_releases(tmp_path: Path) -> None:
    (tmp_path / "p3.csv").write_text(
        "subject_id,gender,dob\n1,F,2100-03-01 00:00:00\n2,M,1851-01-01\n3,M,2150-05-01\n4,,3/5/94\n"
    )
    (tmp_path / "a3.csv").write_text(
        "SUBJECT_ID,HADM_ID,ADMITTIME,ADMISSION_TYPE\n"
        "1,11,2117-01-01,EMERGENCY\n1,12,2118-01-01,ELECTIVE\n2,21,2151-01-01,URGENT\n3,31,2150-05-02,NEWBORN\n"
        "4,41,2150-05-02,\n5,51,2150-05-02,URGENT\n"
    )
    table, warnings = read_attributes(tmp_path / "p3.csv", tmp_path / "a3.csv", MIMIC3.attribute_columns)
    assert table.rows(1, 11) == [("F", "1-17", "EMERGENCY")]
    assert table.rows(1, 12) == [("F", "18-44", "ELECTIVE")]
    assert table.rows(2, 21) == [("M", "80+", "URGENT")], "ages over 89 stand as 300"
    assert table.rows(3, 31) == [("M", "0", "NEWBORN")]
    assert table.rows(4, 41) == [(None, None, None)]
    assert table.rows(5, 51) == [(None, None, "URGENT")]
    assert table.rows(1, 21) == []
    assert warnings == ()
    (tmp_path / "p4.csv").write_text("subject_id,gender,anchor_age,anchor_year\n1,F,60,2150\n")
    (tmp_path / "a4.csv").write_text("subject_id,hadm_id,admittime,admission_type\n1,11,2156-01-01 10:00:00,EW EMER.\n")
    table, _ = read_attributes(tmp_path / "p4.csv", tmp_path / "a4.csv", MIMIC4.attribute_columns)
    assert table.rows(1, 11) == [("F", "65-79", "EW EMER.")]


def test_without_the_tables_attributes_stay_empty_with_a_warning() -> None:
    table, warnings = read_attributes(None, None, MIMIC3.attribute_columns)
    assert (table.rows(1, 1), len(warnings)) == ([], 1)
    assert "ADMISSIONS" in warnings[0]


def mimic3(folder: Path, note_name: str = "NOTEEVENTS.csv") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / note_name).write_text(
        "ROW_ID,SUBJECT_ID,HADM_ID,CATEGORY,ISERROR,TEXT\n1,5,50,Discharge summary,,a note\n"
    )
    (folder / "Diagnoses_ICD.csv").write_text(HEADER3 + "1,5,50,1,486\n")
    return folder


def test_files_are_found_in_any_case_and_in_subfolders(tmp_path: Path) -> None:
    mimic3(tmp_path / "files" / "1.4", "NoteEvents.CSV")
    source = MimicSource(tmp_path, MIMIC3)
    (batch,) = source.batches()
    assert batch.notes[0].codes == (Code("486", 9, 1),)
    assert source.files == ("Diagnoses_ICD.csv", "NoteEvents.CSV")


def test_two_folders_of_the_same_depth_are_not_guessed_between(tmp_path: Path) -> None:
    mimic3(tmp_path / "one")
    mimic3(tmp_path / "two")
    with pytest.raises(DataError, match=r"several files .* one/NOTEEVENTS\.csv, two/NOTEEVENTS\.csv"):
        MimicSource(tmp_path, MIMIC3)


def test_both_releases_below_one_folder_are_refused(tmp_path: Path) -> None:
    mimic3(tmp_path / "iii")
    (tmp_path / "iv").mkdir()
    (tmp_path / "iv" / "discharge.csv").write_text("note_id,subject_id,hadm_id,note_type,text\n")
    (tmp_path / "iv" / "diagnoses_icd.csv").write_text("subject_id,hadm_id,seq_num,icd_code,icd_version\n")
    for layout in (MIMIC3, MIMIC4):
        with pytest.raises(DataError, match="holds both MIMIC-III and MIMIC-IV"):
            MimicSource(tmp_path, layout)


def test_the_other_release_is_recognized(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is of MIMIC-III, not of MIMIC-IV") as caught:
        MimicSource(mimic3(tmp_path), MIMIC4)
    assert "nosology prepare mimic3" in caught.value.hint
    with pytest.raises(DataError, match="no such folder"):
        MimicSource(tmp_path / "none", MIMIC3)
