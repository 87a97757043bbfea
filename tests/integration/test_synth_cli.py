"""``nosology synth``: whole folders of synthetic MIMIC files, as a program that has never seen us reads them."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nosology.cli import app, register_commands
from nosology.errors import ConfigError, RunError
from nosology.files import sha256_file
from nosology.sources.invented import MARK
from nosology.synthetic import write_mimic
from nosology.synthetic import writing as writing_module
from nosology.synthetic.writing import Job

MIMIC3_COLUMNS = {
    "NOTEEVENTS": "ROW_ID SUBJECT_ID HADM_ID CHARTDATE CHARTTIME STORETIME CATEGORY DESCRIPTION CGID ISERROR TEXT",
    "DIAGNOSES_ICD": "ROW_ID SUBJECT_ID HADM_ID SEQ_NUM ICD9_CODE",
    "D_ICD_DIAGNOSES": "ROW_ID ICD9_CODE SHORT_TITLE LONG_TITLE",
    "PATIENTS": "ROW_ID SUBJECT_ID GENDER DOB DOD DOD_HOSP DOD_SSN EXPIRE_FLAG",
    "ADMISSIONS": "ROW_ID SUBJECT_ID HADM_ID ADMITTIME DISCHTIME DEATHTIME ADMISSION_TYPE ADMISSION_LOCATION "
    "DISCHARGE_LOCATION INSURANCE LANGUAGE RELIGION MARITAL_STATUS ETHNICITY EDREGTIME EDOUTTIME DIAGNOSIS "
    "HOSPITAL_EXPIRE_FLAG HAS_CHARTEVENTS_DATA",
}

NOTE_COLUMNS = ["note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text"]

register_commands()


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["synth", *arguments])
    if isinstance(result.exception, RunError | ConfigError):
        raise result.exception
    return result.exit_code, result.stderr


def read(path: Path) -> list[dict[str, str]]:
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def hashes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): sha256_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def mimic3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synth") / "mimic3"
    status, _ = run(str(out), "--admissions", "450", "--seed", "7", "--processes", "1")
    assert status == 0
    return out


@pytest.fixture(scope="module")
def realistic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synth") / "realistic"
    write_mimic(out, admissions=300, seed=7, phi="realistic", length="mixed", processes=1)
    return out


@pytest.fixture(scope="module")
def mimic4(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("synth") / "mimic4"
    status, _ = run(str(out), "--admissions", "450", "--seed", "7", "--layout", "mimic4", "--processes", "1")
    assert status == 0
    return out


def test_every_table_has_mimic_iiis_columns(mimic3: Path) -> None:
    assert {path.name for path in mimic3.iterdir()} == {f"{name}.csv.gz" for name in MIMIC3_COLUMNS} | {MARK}
    for name, columns in MIMIC3_COLUMNS.items():
        assert list(read(mimic3 / f"{name}.csv.gz")[0]) == columns.split()


def test_text_is_quoted_numbers_are_not_as_in_the_original(mimic3: Path) -> None:
    lines = gzip.decompress((mimic3 / "DIAGNOSES_ICD.csv.gz").read_bytes()).decode().splitlines()
    assert lines[0] == '"ROW_ID","SUBJECT_ID","HADM_ID","SEQ_NUM","ICD9_CODE"'
    assert all(line.count('"') == 2 and line.endswith('"') for line in lines[1:])


def test_row_numbers_are_unique_and_without_gaps(mimic3: Path) -> None:
    ids = [int(row["ROW_ID"]) for row in read(mimic3 / "NOTEEVENTS.csv.gz")]
    assert ids == list(range(1, len(ids) + 1))
    codes = [row["ROW_ID"] for row in read(mimic3 / "DIAGNOSES_ICD.csv.gz")]
    assert len(set(codes)) == len(codes)


def test_notes_that_a_pipeline_must_drop_are_there(mimic3: Path) -> None:
    notes = read(mimic3 / "NOTEEVENTS.csv.gz")
    categories = {note["CATEGORY"] for note in notes}
    assert {"Discharge summary", "Nursing/other", "Radiology", "ECG", "Physician "} <= categories
    summaries = [note for note in notes if note["CATEGORY"] == "Discharge summary"]
    assert {note["DESCRIPTION"] for note in summaries} == {"Report", "Addendum"}
    assert {note["ISERROR"] for note in summaries} == {"", "1"}
    assert sum(note["DESCRIPTION"] == "Report" and not note["ISERROR"] for note in summaries) == 450
    assert any("\n" in note["TEXT"] for note in summaries)
    assert len(notes) - len(summaries) == 2 * 450


def test_every_note_and_code_joins_on_patient_and_admission(mimic3: Path) -> None:
    stays = {(row["SUBJECT_ID"], row["HADM_ID"]) for row in read(mimic3 / "ADMISSIONS.csv.gz")}
    patients = {row["SUBJECT_ID"] for row in read(mimic3 / "PATIENTS.csv.gz")}
    assert len(stays) == 450
    assert {subject for subject, _ in stays} == patients
    assert len(patients) < 450
    for name in ("NOTEEVENTS", "DIAGNOSES_ICD"):
        assert {(row["SUBJECT_ID"], row["HADM_ID"]) for row in read(mimic3 / f"{name}.csv.gz")} == stays


def test_every_admission_has_one_primary_code_and_every_code_a_title(mimic3: Path) -> None:
    codes = read(mimic3 / "DIAGNOSES_ICD.csv.gz")
    assert sum(row["SEQ_NUM"] == "1" for row in codes) == 450
    assert len(codes) > 2 * 450
    titles = {row["ICD9_CODE"]: row for row in read(mimic3 / "D_ICD_DIAGNOSES.csv.gz")}
    assert {row["ICD9_CODE"] for row in codes} <= set(titles)
    assert titles["0389"]["LONG_TITLE"] == "Unspecified septicemia"
    assert max(len(row["SHORT_TITLE"]) for row in titles.values()) <= 24


def test_masked_tables_speak_of_the_22nd_century(mimic3: Path) -> None:
    assert {row["ADMITTIME"][:2] for row in read(mimic3 / "ADMISSIONS.csv.gz")} == {"21"}
    assert {row["CHARTDATE"][:2] for row in read(mimic3 / "NOTEEVENTS.csv.gz")} == {"21"}


def test_patients_over_89_are_three_hundred_years_old_as_in_mimic_iii(mimic3: Path) -> None:
    first = {row["SUBJECT_ID"]: int(row["ADMITTIME"][:4]) for row in reversed(read(mimic3 / "ADMISSIONS.csv.gz"))}
    ages = [first[row["SUBJECT_ID"]] - int(row["DOB"][:4]) for row in read(mimic3 / "PATIENTS.csv.gz")]
    assert any(age == 300 for age in ages)
    assert all(age <= 90 or age == 300 for age in ages)


def test_the_same_arguments_give_the_same_bytes_in_one_process_or_two(mimic3: Path, tmp_path: Path) -> None:
    write_mimic(tmp_path / "again", admissions=450, seed=7, processes=2)
    assert hashes(tmp_path / "again") == hashes(mimic3)


def test_another_seed_gives_other_notes(mimic3: Path, tmp_path: Path) -> None:
    write_mimic(tmp_path / "other", admissions=450, seed=8, processes=1)
    assert hashes(tmp_path / "other")["NOTEEVENTS.csv.gz"] != hashes(mimic3)["NOTEEVENTS.csv.gz"]


def test_spans_point_at_the_identifiers_in_the_text_that_a_csv_reader_returns(realistic: Path) -> None:
    texts = {row["ROW_ID"]: row["TEXT"] for row in read(realistic / "NOTEEVENTS.csv.gz")}
    lines = [json.loads(line) for line in (realistic / "phi.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["note_id"] for line in lines] == list(texts)
    spans = [(texts[line["note_id"]], span) for line in lines for span in line["spans"]]
    assert len(spans) > 2000
    assert all(text[span["start"] : span["end"]] == span["text"] for text, span in spans)
    assert {"NAME", "DATE", "CONTACT", "ID", "LOCATION", "HOSPITAL", "ORG", "AGE90"} == {
        span["type"] for _, span in spans
    }
    assert not any("[**" in text for text in texts.values())


def test_masked_folders_have_no_span_file(mimic3: Path) -> None:
    assert not (mimic3 / "phi.jsonl").exists()


def test_mimic_iv_mixes_icd_versions_but_never_within_an_admission(mimic4: Path) -> None:
    versions: dict[str, set[str]] = {}
    for row in read(mimic4 / "hosp/diagnoses_icd.csv.gz"):
        versions.setdefault(row["hadm_id"], set()).add(row["icd_version"])
    assert all(len(found) == 1 for found in versions.values())
    assert {version for found in versions.values() for version in found} == {"9", "10"}


def test_mimic_iv_has_its_files_columns_and_titles(mimic4: Path) -> None:
    notes = read(mimic4 / "note/discharge.csv.gz")
    assert list(notes[0]) == NOTE_COLUMNS
    assert len({note["note_id"] for note in notes}) == len(notes)
    assert all(note["note_id"] == f"{note['subject_id']}-DS-{note['note_seq']}" for note in notes)
    assert any("___" in note["text"] for note in notes)
    assert not any("[**" in note["text"] for note in notes)
    titled = {(row["icd_code"], row["icd_version"]) for row in read(mimic4 / "hosp/d_icd_diagnoses.csv.gz")}
    coded = {(row["icd_code"], row["icd_version"]) for row in read(mimic4 / "hosp/diagnoses_icd.csv.gz")}
    assert coded <= titled
    assert max(int(row["anchor_age"]) for row in read(mimic4 / "hosp/patients.csv.gz")) <= 91
    assert len(read(mimic4 / "hosp/admissions.csv.gz")) == 450


def test_mimic_iv_with_realistic_identifiers_names_its_notes_in_the_span_file(tmp_path: Path) -> None:
    write_mimic(tmp_path / "out", admissions=60, seed=1, layout="mimic4", phi="realistic", processes=1)
    texts = {row["note_id"]: row["text"] for row in read(tmp_path / "out/note/discharge.csv.gz")}
    for line in (tmp_path / "out/phi.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        assert all(texts[entry["note_id"]][s["start"] : s["end"]] == s["text"] for s in entry["spans"])


def test_the_quotas_add_up_to_mimic_iiis_own_numbers() -> None:
    job = Job(52_726, 0, "mimic3", "masked", "full", 2_023_528 / 52_726, 6)
    n_blocks = 528
    assert job.first_row_id(0) == 1
    rates = (1.0, 0.12136, 0.01)
    assert sum(job.quota(rate, block) for rate in rates for block in range(n_blocks)) == 59_652
    assert sum(job.quota(job.other_notes_per_admission, block) for block in range(n_blocks)) == 2_023_528


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    with pytest.raises(RunError, match="already holds something"):
        run(str(tmp_path / "full"), "--admissions", "5")
    assert (tmp_path / "full" / "mine.txt").read_text() == "keep"


def test_numbers_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        write_mimic(tmp_path / "out", admissions=0, seed=0)
    with pytest.raises(ConfigError):
        write_mimic(tmp_path / "out", admissions=5, seed=0, other_notes_per_admission=-1)
    assert not (tmp_path / "out").exists()


def test_an_interruption_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = []

    def interrupt(n: int) -> None:
        done.append(n)
        if len(done) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(writing_module, "_WORTH_A_PROCESS", 10_000)
    with pytest.raises(KeyboardInterrupt):
        write_mimic(tmp_path / "out", admissions=500, seed=0, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_the_command_reports_rows_and_progress(tmp_path: Path) -> None:
    status, said = run(str(tmp_path / "out"), "--admissions", "20", "--seed", "1", "--other-notes", "0.5")
    assert status == 0
    assert "ADMISSIONS.csv.gz: 20 rows" in said
    assert len(read(tmp_path / "out" / "NOTEEVENTS.csv.gz")) == 20 + 2 + 10  # reports, addenda, other notes


def test_progress_counts_every_admission(tmp_path: Path) -> None:
    seen: list[int] = []
    counts = write_mimic(tmp_path / "out", admissions=250, seed=0, progress=seen.append, processes=1)
    assert seen == [100, 100, 50]
    assert counts["ADMISSIONS"] == 250
