"""A folder of synthetic MIMIC files: tables that fit together, bytes that depend on the arguments alone."""

import csv
import gzip
import io
import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import ConfigError, RunError
from nosology.synthetic.patients import BLOCK
from nosology.synthetic.tables import HEADERS
from nosology.synthetic.writing import (
    _ADDENDA_PER_ADMISSION,
    _ERRORS_PER_ADMISSION,
    PHI_FILE,
    Job,
    _spread,
    iter_admissions,
    write_mimic,
)

Row = dict[str, str]
Layout = Literal["mimic3", "mimic4"]
LAYOUTS: tuple[Layout, ...] = ("mimic3", "mimic4")
ADMISSIONS = 120  # more than one block, and a short last one


def rows(folder: Path, table: str) -> list[Row]:
    """Return all rows of a table."""
    text = gzip.decompress((folder / f"{table}.csv.gz").read_bytes()).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder by its path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[Layout, tuple[Path, dict[str, int]]]:
    """Both layouts with planted identifiers, and what was counted while writing."""
    made = {}
    for layout in LAYOUTS:
        folder = tmp_path_factory.mktemp("mimic") / layout
        counts = write_mimic(
            folder, admissions=ADMISSIONS, seed=7, layout=layout, phi="realistic", other_notes_per_admission=1.5
        )
        made[layout] = (folder, counts)
    return made


Written = dict[Layout, tuple[Path, dict[str, int]]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_table_has_its_header_and_as_many_rows_as_were_counted(written: Written, layout: Layout) -> None:
    folder, counts = written[layout]
    assert set(counts) == set(HEADERS[layout])
    for table in HEADERS[layout]:
        found = rows(folder, table)
        assert len(found) == counts[table], table
        assert None not in found[0], "a row is longer than its header"
        assert all(value is not None for row in found for value in row.values()), "a row is shorter than its header"


def test_admissions_are_as_many_as_asked_for(written: Written) -> None:
    assert written["mimic3"][1]["ADMISSIONS"] == ADMISSIONS
    assert written["mimic4"][1]["hosp/admissions"] == ADMISSIONS


@pytest.mark.parametrize(
    ("layout", "admissions", "patients", "diagnoses", "notes", "patient", "admission"),
    [
        ("mimic3", "ADMISSIONS", "PATIENTS", "DIAGNOSES_ICD", "NOTEEVENTS", "SUBJECT_ID", "HADM_ID"),
        (
            "mimic4",
            "hosp/admissions",
            "hosp/patients",
            "hosp/diagnoses_icd",
            "note/discharge",
            "subject_id",
            "hadm_id",
        ),
    ],
)
def test_tables_refer_to_each_other_and_to_nobody_else(
    written: Written,
    layout: Layout,
    admissions: str,
    patients: str,
    diagnoses: str,
    notes: str,
    patient: str,
    admission: str,
) -> None:
    folder, _ = written[layout]
    stays = {row[admission]: row[patient] for row in rows(folder, admissions)}
    people = [row[patient] for row in rows(folder, patients)]
    assert len(set(people)) == len(people)
    assert set(stays.values()) == set(people)
    for table in (diagnoses, notes):
        for row in rows(folder, table):
            assert stays[row[admission]] == row[patient], table
    assert {row[admission] for row in rows(folder, diagnoses)} == set(stays), "every stay is coded"
    assert {row[admission] for row in rows(folder, notes)} == set(stays), "every stay has a note"


@pytest.mark.parametrize(
    ("layout", "table", "admission", "sequence"),
    [("mimic3", "DIAGNOSES_ICD", "HADM_ID", "SEQ_NUM"), ("mimic4", "hosp/diagnoses_icd", "hadm_id", "seq_num")],
)
def test_codes_of_a_stay_are_numbered_from_one(
    written: Written, layout: Layout, table: str, admission: str, sequence: str
) -> None:
    by_stay: dict[str, list[int]] = {}
    for row in rows(written[layout][0], table):
        by_stay.setdefault(row[admission], []).append(int(row[sequence]))
    assert all(numbers == list(range(1, len(numbers) + 1)) for numbers in by_stay.values())


def test_row_numbers_of_mimic_iii_are_unique_in_every_table_and_those_of_notes_have_no_gap(written: Written) -> None:
    folder, _ = written["mimic3"]
    for table in HEADERS["mimic3"]:
        numbers = [int(row["ROW_ID"]) for row in rows(folder, table)]
        assert len(set(numbers)) == len(numbers), table
    notes = [int(row["ROW_ID"]) for row in rows(folder, "NOTEEVENTS")]
    assert notes == list(range(1, len(notes) + 1))


def test_note_ids_of_mimic_iv_are_made_of_patient_and_number(written: Written) -> None:
    notes = rows(written["mimic4"][0], "note/discharge")
    assert len({row["note_id"] for row in notes}) == len(notes)
    for row in notes:
        assert row["note_id"] == f"{row['subject_id']}-DS-{row['note_seq']}"
    firsts = [row for row in notes if row["note_seq"] == "1"]
    assert {row["subject_id"] for row in firsts} == {row["subject_id"] for row in notes}


def test_notes_of_mimic_iii_come_in_their_quotas(written: Written) -> None:
    notes = rows(written["mimic3"][0], "NOTEEVENTS")
    kinds = Counter(
        "other" if row["CATEGORY"] != "Discharge summary" else "error" if row["ISERROR"] == "1" else row["DESCRIPTION"]
        for row in notes
    )
    assert kinds["Report"] == ADMISSIONS
    assert kinds["other"] == round(1.5 * ADMISSIONS)
    assert kinds["error"] == 1, "one in a hundred admissions"
    assert kinds["Addendum"] == round(0.12136 * ADMISSIONS)


def test_titles_name_every_code_that_was_used_in_mimic_iii(written: Written) -> None:
    folder, _ = written["mimic3"]
    titled = {row["ICD9_CODE"] for row in rows(folder, "D_ICD_DIAGNOSES")}
    used = {row["ICD9_CODE"] for row in rows(folder, "DIAGNOSES_ICD")}
    assert used
    assert used <= titled


def test_titles_name_every_code_that_was_used_in_mimic_iv(written: Written) -> None:
    folder, _ = written["mimic4"]
    titled = {(row["icd_code"].strip(), row["icd_version"]) for row in rows(folder, "hosp/d_icd_diagnoses")}
    used = {(row["icd_code"].strip(), row["icd_version"]) for row in rows(folder, "hosp/diagnoses_icd")}
    assert {version for _, version in used} == {"9", "10"}
    assert used <= titled


# ---- planted identifiers


@pytest.mark.parametrize(
    ("layout", "table", "note_id", "text"),
    [("mimic3", "NOTEEVENTS", "ROW_ID", "TEXT"), ("mimic4", "note/discharge", "note_id", "text")],
)
def test_every_planted_identifier_stands_where_the_list_says(
    written: Written, layout: Layout, table: str, note_id: str, text: str
) -> None:
    folder, _ = written[layout]
    texts = {row[note_id]: row[text] for row in rows(folder, table)}
    lines = [json.loads(line) for line in (folder / PHI_FILE).read_text(encoding="utf-8").splitlines()]
    assert [line["note_id"] for line in lines] == list(texts), "every note has a line, in the order of the table"
    n_spans = 0
    for line in lines:
        for span in line["spans"]:
            assert texts[line["note_id"]][span["start"] : span["end"]] == span["text"]
            assert span["text"].strip()
            n_spans += 1
    assert n_spans > 3 * ADMISSIONS


def test_masked_output_has_no_list_of_identifiers_and_no_name(tmp_path: Path) -> None:
    write_mimic(tmp_path / "out", admissions=12, seed=7, other_notes_per_admission=0)
    assert not (tmp_path / "out" / PHI_FILE).exists()
    notes = rows(tmp_path / "out", "NOTEEVENTS")
    assert any("[**" in row["TEXT"] for row in notes)
    assert all(row["TEXT"].count("[**") == row["TEXT"].count("**]") for row in notes)


# ---- the same bytes


def make(folder: Path, **settings: Any) -> dict[str, bytes]:
    """Write a small folder and return its files."""
    write_mimic(folder, **({"admissions": 2 * BLOCK + 30, "seed": 3, "other_notes_per_admission": 0.5} | settings))
    return contents(folder)


def test_the_same_arguments_give_the_same_bytes_by_any_number_of_processes(tmp_path: Path) -> None:
    one = make(tmp_path / "one", processes=1)
    assert make(tmp_path / "two", processes=2) == one


def test_another_seed_gives_other_notes(tmp_path: Path) -> None:
    one, other = (make(tmp_path / str(seed), seed=seed, admissions=5) for seed in (3, 4))
    assert one["NOTEEVENTS.csv.gz"] != other["NOTEEVENTS.csv.gz"]
    assert one["D_ICD_DIAGNOSES.csv.gz"] == other["D_ICD_DIAGNOSES.csv.gz"], "the dictionary knows no seed"


def test_more_admissions_begin_with_the_same_ones(tmp_path: Path) -> None:
    make(tmp_path / "few", admissions=BLOCK)
    make(tmp_path / "many", admissions=BLOCK + 10)
    few, many = (rows(tmp_path / name, "ADMISSIONS") for name in ("few", "many"))
    assert many[:BLOCK] == few
    assert len(many) == BLOCK + 10


def test_compression_changes_the_bytes_and_nothing_else(tmp_path: Path) -> None:
    fast = make(tmp_path / "fast", admissions=20, compress_level=1)
    small = make(tmp_path / "small", admissions=20, compress_level=9)
    assert fast["NOTEEVENTS.csv.gz"] != small["NOTEEVENTS.csv.gz"]
    assert len(small["NOTEEVENTS.csv.gz"]) < len(fast["NOTEEVENTS.csv.gz"])
    assert rows(tmp_path / "fast", "NOTEEVENTS") == rows(tmp_path / "small", "NOTEEVENTS")


def test_notes_are_those_that_can_be_had_without_files(tmp_path: Path) -> None:
    write_mimic(tmp_path / "out", admissions=8, seed=5, other_notes_per_admission=0)
    reports = [
        row["TEXT"]
        for row in rows(tmp_path / "out", "NOTEEVENTS")
        if row["DESCRIPTION"] == "Report" and row["ISERROR"] != "1"
    ]
    assert reports == [note.text for _, note in iter_admissions(8, 5)]


def test_progress_counts_admissions_block_by_block(tmp_path: Path) -> None:
    counted: list[int] = []
    write_mimic(
        tmp_path / "out",
        admissions=BLOCK + 20,
        seed=1,
        other_notes_per_admission=0,
        compress_level=1,
        progress=counted.append,
    )
    assert counted == [BLOCK, 20]


# ---- what is refused


@pytest.mark.parametrize(
    "wrong",
    [
        {"admissions": 0},
        {"admissions": -1},
        {"other_notes_per_admission": -0.5},
        {"compress_level": 0},
        {"compress_level": 10},
    ],
)
def test_numbers_out_of_range_are_refused_before_anything_is_written(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="admissions must be at least 1"):
        write_mimic(tmp_path / "out", **({"admissions": 3, "seed": 0} | wrong))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_holds_something_is_not_written_into(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(RunError):
        write_mimic(tmp_path / "out", admissions=3, seed=0)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_a_writing_that_fails_leaves_no_folder(tmp_path: Path) -> None:
    def stop(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_mimic(tmp_path / "out", admissions=3, seed=0, other_notes_per_admission=0, progress=stop)
    assert list(tmp_path.iterdir()) == []


# ---- quotas: how many of something fall into a block, known before it is drawn


def job_of(admissions: int, other: float = 2.0, **settings: Any) -> Job:
    """Return a job of short notes with identifiers hidden."""
    chosen: dict[str, Any] = {"layout": "mimic3", "phi": "masked", "length": "short", "compress_level": 6, **settings}
    return Job(admissions=admissions, seed=0, other_notes_per_admission=other, **chosen)


def n_blocks(admissions: int) -> int:
    return -(-admissions // BLOCK)


@given(st.integers(1, 2_000), st.floats(0, 40))
def test_quotas_of_the_blocks_sum_to_that_of_the_whole(admissions: int, rate: float) -> None:
    job = job_of(admissions)
    quotas = [job.quota(rate, block) for block in range(n_blocks(admissions))]
    assert sum(quotas) == round(rate * admissions)
    assert min(quotas) >= 0


@given(st.integers(1, 2_000), st.floats(0, 10))
def test_a_block_begins_with_the_row_after_the_last_of_the_one_before(admissions: int, other: float) -> None:
    job = job_of(admissions, other)
    rates = (1.0, _ADDENDA_PER_ADMISSION, _ERRORS_PER_ADMISSION, other)
    assert job.first_row_id(0) == 1
    for block in range(n_blocks(admissions) - 1):
        n_rows = sum(job.quota(rate, block) for rate in rates)
        assert job.first_row_id(block + 1) == job.first_row_id(block) + n_rows


@given(st.integers(1, BLOCK), st.integers(0, BLOCK), st.integers(0, 10))
def test_what_few_stays_have_is_spread_over_as_many_different_stays(n_stays: int, n_chosen: int, start: int) -> None:
    n_chosen = min(n_chosen, n_stays)
    places = _spread(n_chosen, n_stays, start)
    assert len(places) == n_chosen
    assert all(0 <= place < n_stays for place in places)


def test_what_few_stays_have_is_spread_evenly() -> None:
    assert sorted(_spread(4, 100, 0)) == [0, 25, 50, 75]
    assert sorted(_spread(4, 100, 5)) == [5, 30, 55, 80]
    assert _spread(0, 100, 5) == set()


@pytest.mark.parametrize(
    ("layout", "phi", "style", "is_masked"),
    [
        ("mimic3", "masked", "mimic3", True),
        ("mimic4", "masked", "mimic4", True),
        ("mimic3", "realistic", "realistic", False),
        ("mimic4", "realistic", "realistic", False),
    ],
)
def test_identifiers_are_invented_only_where_that_was_asked_for(
    layout: str, phi: str, style: str, is_masked: bool
) -> None:
    job = job_of(1, layout=layout, phi=phi)
    assert (job.style, job.is_masked) == (style, is_masked)


@pytest.mark.parametrize("level", [1, 9])
def test_both_ends_of_the_compression_levels_are_allowed(level: int) -> None:
    assert job_of(1, 0.0, compress_level=level).compress_level == level


def test_admissions_are_drawn_block_by_block_and_the_last_one_is_short() -> None:
    stays = [stay for stay, _ in iter_admissions(BLOCK + 3, 5)]
    assert [stay.index for stay in stays] == list(range(BLOCK + 3))
    assert stays[0] == next(iter_admissions(1, 5))[0], "of a patient who may come back, the first stay"


# ---- what MIMIC's readers rely on


def test_only_notes_of_other_categories_have_a_time_and_an_author(written: Written) -> None:
    notes = rows(written["mimic3"][0], "NOTEEVENTS")
    for row in notes:
        is_discharge = row["CATEGORY"] == "Discharge summary"
        assert (row["CHARTTIME"] == "") == is_discharge
        assert (row["STORETIME"] == "") == is_discharge
        assert (row["CGID"] == "") == is_discharge
        assert len(row["CHARTDATE"]) == 10
        assert is_discharge or row["CHARTTIME"].startswith(row["CHARTDATE"])
    assert {row["ISERROR"] for row in notes} == {"", "1"}


def test_realistic_dates_are_of_this_century_and_masked_ones_of_the_next(written: Written, tmp_path: Path) -> None:
    write_mimic(tmp_path / "masked", admissions=5, seed=7, other_notes_per_admission=0)
    years = {
        name: {row["ADMITTIME"][:2] for row in rows(folder, "ADMISSIONS")}
        for name, folder in (("realistic", written["mimic3"][0]), ("masked", tmp_path / "masked"))
    }
    assert years == {"realistic": {"20"}, "masked": {"21"}}


def test_the_dictionary_is_sorted_by_code_and_names_each_once(written: Written) -> None:
    three = [row["ICD9_CODE"] for row in rows(written["mimic3"][0], "D_ICD_DIAGNOSES")]
    four = [(row["icd_code"], row["icd_version"]) for row in rows(written["mimic4"][0], "hosp/d_icd_diagnoses")]
    assert three == sorted(set(three))
    assert [code for code, _ in four] == sorted(code for code, _ in four)
    assert len(set(four)) == len(four) == 2 * len(three)


def test_the_front_desk_writes_in_capitals_why_somebody_came(written: Written) -> None:
    reasons = [row["DIAGNOSIS"] for row in rows(written["mimic3"][0], "ADMISSIONS")]
    assert all(reason and reason == reason.upper() and "{" not in reason for reason in reasons)
    assert len(set(reasons)) > 30
