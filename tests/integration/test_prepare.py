"""The preparation as a whole: what stays, what goes and why, and that nothing but the notes decides it."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handmade_mimic import NOTE_COLUMNS, Row, as_csv, prose, save, two_categories, write_mimic3
from nosology.config import PrepareConfig
from nosology.dataset.folder import ATTRIBUTES, COLUMNS, open_dataset
from nosology.errors import DataError, RunError
from nosology.preparation import collecting, workers
from nosology.preparation.pipeline import prepare_mimic3, prepare_mimic4
from nosology.sources.invented import MARK
from nosology.synthetic import write_mimic

HEADER_LINE = ",".join(NOTE_COLUMNS) + "\n"
FULL = PrepareConfig(deidentify=False)  # de-identification has tests of its own, and is most of the time
PAPER = PrepareConfig(preset="paper", deidentify=False)


def prepared(folder: Path, out: Path, config: PrepareConfig = FULL, **options: Any) -> pl.DataFrame:
    prepare_mimic3(folder, out, config, n_workers=1, **options)
    return open_dataset(out).notes()


def losses(out: Path) -> dict[str, dict[str, int]]:
    """Return the steps that lost something, after checking that the funnel adds up."""
    steps = json.loads((out / "funnel.json").read_text())
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        assert step["rows_in"] - sum(step["lost"].values()) == step["rows_out"]
        assert following is None or following["rows_in"] == step["rows_out"]
    assert steps[-1]["rows_out"] == open_dataset(out).notes().height
    return {step["step"]: step["lost"] for step in steps if step["lost"]}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synthetic") / "mimic3"
    write_mimic(folder, admissions=120, seed=5)
    return folder


def test_every_row_has_the_fate_that_the_rules_say(tmp_path: Path) -> None:
    long = prose(70, 101)
    rows = [
        Row(10, 1, 11, prose(10)),
        Row(9, 2, 12, prose(9)),
        Row(3, 3, 13, prose(3), category="Nursing"),
        Row(4, 3, 13, prose(4), error="1"),
        Row(5, 3, "", prose(5)),
        Row(6, 3, 12, prose(6)),  # admission of another patient
        Row(7, 4, 14, prose(7)),  # no primary code
        Row(8, 5, 15, prose(8)),  # a code that is none
        Row(11, 1, 11, "Too short."),
        Row(12, 1, 11, long),
        Row(13, 2, 12, prose(10).upper()),  # the same text once it is lower case
        Row(14, 6, 16, "... --- ..."),
        Row(9, 2, 12, prose(9)),  # row 9 again
        Row(20, 1, 11, prose(20)),
        Row(20, 2, 12, prose(21)),  # another note of the same id
    ]
    codes = [(1, 11, 1, "0389"), (1, 11, 2, "41071"), (2, 12, 1, "486"), (2, 12, 2, "V3000"), (3, 13, 1, "41071")]
    codes += [(4, 14, 2, "41071"), (5, 15, 1, "XYZ"), (6, 16, 1, "486")]
    write_mimic3(tmp_path / "in", rows, codes)
    notes = prepared(tmp_path / "in", tmp_path / "out", PAPER)
    kept = notes.select("note_id", "patient_id", "admission_id", "category", "code", "icd_version", "rubric").rows()
    assert kept == [
        ("9", "2", "12", "Respiratory", "486", 9, "486"),
        ("10", "1", "11", "Infectious Disease", "0389", 9, "038"),
    ]
    assert losses(tmp_path / "out") == {
        "note_type": {"not a discharge summary": 1},
        "error_flag": {"marked as an error": 1},
        "label": {
            "no admission id": 1,
            "no diagnosis code for this patient and admission": 1,
            "no primary diagnosis (sequence number 1)": 1,
            "primary: not an ICD-9-CM diagnosis code": 1,
        },
        "clean": {"no text left": 1},
        "words": {"fewer words than min_words": 1, "more words than max_words": 1},
        "note_id": {"note id used for different notes": 2, "the same row again": 1},
        "duplicates": {"same prepared text as a note with a smaller id": 1},
    }


def test_the_paper_preset_gives_lower_case_words_and_nothing_else(synthetic: Path, tmp_path: Path) -> None:
    notes = prepared(synthetic, tmp_path / "out", PAPER)
    assert notes.columns == [*COLUMNS, *ATTRIBUTES]
    assert notes["clean_text"].str.contains(r"^[a-z0-9]+( [a-z0-9]+)*$").all()
    assert notes["clean_text"].str.split(" ").list.len().is_between(50, 100).all()


def test_the_full_preset_keeps_case_punctuation_and_lines(synthetic: Path, tmp_path: Path) -> None:
    texts = prepared(synthetic, tmp_path / "out", PrepareConfig())["clean_text"]
    assert texts.str.contains("[A-Z]").all()
    assert texts.str.contains(r"\.").any()
    assert texts.str.contains("\n").any()
    assert not texts.str.contains(r"\[\*\*|  |\n\n").any()


def test_patients_are_never_in_two_splits_and_all_splits_are_used(synthetic: Path, tmp_path: Path) -> None:
    notes = prepared(synthetic, tmp_path / "out")
    assert set(notes["split"]) == {"train", "validation", "test"}
    assert notes.group_by("patient_id").agg(pl.col("split").n_unique())["split"].max() == 1
    assert notes["patient_id"].n_unique() < notes.height, "some patient must have several notes for this to mean much"


def test_a_patients_split_does_not_depend_on_other_patients(synthetic: Path, tmp_path: Path) -> None:
    whole = prepared(synthetic, tmp_path / "whole")
    some = prepared(synthetic, tmp_path / "some", FULL.model_copy(update={"min_words": 75}))
    assert 0 < some.height < whole.height
    splits = dict(whole.select("patient_id", "split").iter_rows())
    assert all(splits[patient] == split for patient, split in some.select("patient_id", "split").iter_rows())


def test_another_seed_draws_other_splits(synthetic: Path, tmp_path: Path) -> None:
    splits = [
        prepared(synthetic, tmp_path / str(seed), FULL.model_copy(update={"seed": seed}))["split"] for seed in (0, 1)
    ]
    assert splits[0].to_list() != splits[1].to_list()


def test_preparing_twice_gives_the_same_bytes_with_and_without_workers(
    synthetic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(synthetic, tmp_path / "one" / "ds", csv=True)
    prepared(synthetic, tmp_path / "two" / "ds", csv=True)
    assert contents(tmp_path / "one" / "ds") == contents(tmp_path / "two" / "ds")
    monkeypatch.setattr(workers, "INLINE_CHARACTERS", 0)
    monkeypatch.setattr(collecting, "_BATCH_CHARACTERS", 5_000)
    prepare_mimic3(synthetic, tmp_path / "three" / "ds", FULL, csv=True, n_workers=2)
    assert contents(tmp_path / "three" / "ds") == contents(tmp_path / "one" / "ds")


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_rows_columns_and_the_case_of_names_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, rng: random.Random, lower: bool
) -> None:
    folder = tmp_path_factory.mktemp("shuffled")
    rows, codes = two_categories(12)
    rows += [Row(90, 1_001, 5_001, prose(1)), Row(8, 1_008, 5_008, prose(8)), Row(91, 1_002, "", prose(91))]
    rows += [Row(92, 1_003, 5_003, prose(2).replace("the", "a") + " and more")]
    write_mimic3(folder / "plain", rows, codes)
    prepared(folder / "plain", folder / "a" / "ds")
    rng.shuffle(rows)
    rng.shuffle(codes)
    write_mimic3(folder / "mixed", rows, codes)
    order = rng.sample(range(len(NOTE_COLUMNS)), len(NOTE_COLUMNS))
    names = [NOTE_COLUMNS[k].lower() if lower else NOTE_COLUMNS[k] for k in order]
    table = as_csv(names, ([row.cells()[k] for k in order] for row in rows))
    save(folder / "mixed" / "NOTEEVENTS.csv.gz", table)
    prepared(folder / "mixed", folder / "b" / "ds")
    assert contents(folder / "a" / "ds") == contents(folder / "b" / "ds")


def test_shuffled_synthetic_files_give_the_same_bytes(synthetic: Path, tmp_path: Path) -> None:
    folder = tmp_path / "shuffled"
    for path in sorted(synthetic.glob("*.csv.gz")):
        frame = pl.read_csv(path, infer_schema=False).sample(fraction=1, shuffle=True, seed=3)
        save(folder / path.name, frame.write_csv(quote_style="non_numeric").encode())
    shutil.copyfile(synthetic / MARK, folder / MARK)
    prepared(synthetic, tmp_path / "a" / "ds")
    prepared(folder, tmp_path / "b" / "ds")
    assert contents(tmp_path / "a" / "ds") == contents(tmp_path / "b" / "ds")


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 19), st.integers(1, 3)), min_size=1, max_size=10, unique=True), st.integers(0, 99)
)
def test_near_copies_planted_across_patients_never_end_in_two_splits(
    tmp_path_factory: pytest.TempPathFactory, planted: list[tuple[int, int]], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("near")
    rows, codes = two_categories(20, first_row=101)
    for number, (of, n_changes) in enumerate(planted):
        words = rows[of].text.split(" ")
        for place in random.Random(number).sample(range(len(words)), n_changes):
            words[place] = "substituted"
        rows.append(Row(1 + number, 2_000 + number, 6_000 + number, " ".join(words)))
        codes.append((2_000 + number, 6_000 + number, 1, "486"))
    write_mimic3(folder / "in", rows, codes)
    notes = prepared(folder / "in", folder / "out", FULL.model_copy(update={"seed": seed}))
    families = [{1 + n for n, (of, _) in enumerate(planted) if of == k} | {101 + k} for k in range(20)]
    kept = set(map(int, notes["note_id"]))
    assert [kept & family for family in families] == [{min(family)} for family in families]


def test_without_the_filter_near_copies_stay(tmp_path: Path) -> None:
    rows, codes = two_categories(20)
    rows.append(Row(99, 1_001, 5_001, rows[5].text + " Changed."))
    write_mimic3(tmp_path / "in", rows, codes)
    kept = prepared(tmp_path / "in", tmp_path / "out", FULL.model_copy(update={"drop_near_duplicates": False}))
    assert "99" in kept["note_id"].to_list()


def test_the_dominant_rule_counts_distinct_rubrics(tmp_path: Path) -> None:
    rows = [Row(i, i, i, prose(i)) for i in (1, 2, 3, 4)]
    codes = [(1, 1, 1, "486"), (1, 1, 2, "41071"), (1, 1, 3, "4280"), (1, 1, 4, "V3000"), (1, 1, 5, "V3001")]
    codes += [(2, 2, 1, "486"), (2, 2, 2, "41071"), (2, 2, 3, "41090")]  # two codes, one rubric: a tie
    codes += [(3, 3, 1, "V3000"), (3, 3, 2, "78060"), (3, 3, 3, "7856")]  # nothing but last resorts
    codes += [(4, 4, 1, ""), (4, 4, 2, "000")]
    write_mimic3(tmp_path / "in", rows, codes)
    notes = prepared(tmp_path / "in", tmp_path / "out", PrepareConfig(label_rule="dominant"))
    assert notes.select("note_id", "category", "code").rows() == [
        ("1", "Cardiovascular", "41071"),
        ("3", "Symptoms/Ill-defined", "78060"),
    ]
    assert losses(tmp_path / "out") == {"label": {"two categories equally frequent": 1, "no code with a category": 1}}


def test_stripping_the_leak_drops_what_states_the_diagnosis_and_nothing_else(tmp_path: Path) -> None:
    rows, codes = two_categories(4)
    said = "Discharge Diagnosis:\nNon-ST elevation infarction\n\nSecondary:\nGout\n\nDischarge Condition:\nGood.\n"
    rows = [Row(row.row_id, row.subject, row.admission, f"{row.text}\n{said}") for row in rows]
    write_mimic3(tmp_path / "in", rows, codes)
    kept = prepared(tmp_path / "in", tmp_path / "keep")["clean_text"]
    stripped = prepared(tmp_path / "in", tmp_path / "strip", PrepareConfig(leak="strip"))["clean_text"]
    assert kept.str.contains("infarction").all()
    assert not stripped.str.contains("infarction|Gout|Diagnosis").any()
    assert stripped.str.ends_with("Discharge Condition:\nGood.").all()
    (clean,) = (step for step in open_dataset(tmp_path / "strip").funnel() if step["step"] == "clean")
    assert clean["left_out"] == {"discharge diagnosis": 4 * said.index("Discharge Condition")}
    assert all("left_out" not in step for step in open_dataset(tmp_path / "keep").funnel())


def test_copies_of_one_note_that_differ_from_each_other_are_one_family(tmp_path: Path) -> None:
    rows, codes = two_categories(4, first_row=101)
    words = rows[0].text.split(" ")
    for row_id, places in ((1, (3, 13, 23)), (2, (33, 43, 53))):
        copy = [f"changed{row_id}" if i in places else word for i, word in enumerate(words)]
        rows.append(Row(row_id, 2_000 + row_id, 6_000, " ".join(copy)))
        codes.append((2_000 + row_id, 6_000, 1, "486"))
    write_mimic3(tmp_path / "in", rows, codes)
    assert prepared(tmp_path / "in", tmp_path / "out")["note_id"].to_list() == ["1", "102", "103", "104"]
    write_mimic3(tmp_path / "far", rows[1:], codes)
    assert "2" in prepared(tmp_path / "far", tmp_path / "without")["note_id"].to_list(), (
        "the original tied them together"
    )


def test_identifiers_are_replaced_unless_that_is_switched_off(tmp_path: Path) -> None:
    rows, codes = two_categories(4)
    rows = [Row(row.row_id, row.subject, row.admission, f"Seen on [**2151-8-4**]. {row.text}") for row in rows]
    write_mimic3(tmp_path / "in", rows, codes)
    on, off = (
        prepared(tmp_path / "in", tmp_path / str(flag), PrepareConfig(deidentify=flag)) for flag in (True, False)
    )
    assert on["clean_text"].str.starts_with("Seen on <DATE>.").all()
    assert off["clean_text"].str.starts_with("Seen on [**2151-8-4**].").all()


def test_sex_age_band_and_admission_type_come_with_the_note(tmp_path: Path) -> None:
    rows, codes = two_categories(4)
    patients = [
        (1_001, "F", "2100-03-01"),
        (1_002, "M", "1850-01-01"),
        (1_003, "", "2150-02-02"),
        (1_004, "M", "3/5/94"),
    ]
    stays = [(1_000 + i, 5_000 + i, "2150-06-01 10:00:00", "EMERGENCY") for i in (1, 2, 3)]
    write_mimic3(tmp_path / "in", rows, codes, patients=patients, admissions=stays)
    assert prepared(tmp_path / "in", tmp_path / "out").select(ATTRIBUTES).rows() == [
        ("F", "45-64", "EMERGENCY"),
        ("M", "80+", "EMERGENCY"),
        (None, "0", "EMERGENCY"),
        (None, None, None),
    ]


def test_mimic4_codes_are_read_in_their_own_version(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    notes = [(f"10{i}-DS-{i}", 10 + i, 20 + i, "DS", i, "", "", prose(i)) for i in range(1, 6)]
    header = ("note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text")
    save(folder / "note" / "discharge.csv.gz", as_csv(header, notes))
    codes = [(11, 21, 1, "E8700", 9), (12, 22, 1, "E8700", 10), (13, 23, 1, "K640 ", 10), (14, 24, 1, "4550", 9)]
    columns = ("subject_id", "hadm_id", "seq_num", "icd_code", "icd_version")
    save(folder / "hosp" / "diagnoses_icd.csv.gz", as_csv(columns, [*codes, (15, 25, 1, "u071", 10)]))
    chapter, equivalence = (
        prepare_mimic4(folder, tmp_path / mapping, PrepareConfig(icd10_mapping=mapping), n_workers=1)  # type: ignore[arg-type]
        for mapping in ("chapter", "equivalence")
    )
    assert open_dataset(chapter.folder).notes().select("category", "code", "icd_version").rows() == [
        ("Supplementary", "E8700", 9),
        ("Endocrine", "E8700", 10),
        ("Digestive", "K640", 10),
        ("Cardiovascular", "4550", 9),
        ("Infectious Disease", "U071", 10),
    ]
    assert open_dataset(equivalence.folder).notes()["category"][2] == "Cardiovascular"
    assert any("share patients" in warning for warning in chapter.warnings)


def test_synthetic_mimic4_goes_through(tmp_path: Path) -> None:
    write_mimic(tmp_path / "in", admissions=40, seed=2, layout="mimic4")
    summary = prepare_mimic4(tmp_path / "in", tmp_path / "out", PAPER, n_workers=1)
    notes = open_dataset(tmp_path / "out").notes()
    assert summary.n_notes == notes.height >= 30
    assert set(notes["icd_version"]) <= {9, 10}
    assert notes["sex"].is_not_null().all()


def test_the_csv_has_the_original_projects_two_columns(synthetic: Path, tmp_path: Path) -> None:
    notes = prepared(synthetic, tmp_path / "out", PAPER, csv=True)
    table = pl.read_csv(tmp_path / "out" / "df_classification.csv")
    assert table.columns == ["CLEAN_TEXT", "CATEGORY"]
    assert table.rows() == notes.select("clean_text", "category").rows()


def test_the_manifest_counts_what_the_dataset_holds(synthetic: Path, tmp_path: Path) -> None:
    notes = prepared(synthetic, tmp_path / "out")
    manifest = open_dataset(tmp_path / "out").manifest
    assert manifest["notes"] == dict(notes["split"].value_counts().iter_rows())
    assert sum(sum(counts.values()) for counts in manifest["categories"].values()) == notes.height
    assert manifest["source"]["kind"] == "mimic3"
    assert set(manifest["files"]) == {"funnel.json", "labels.tsv", "notes.parquet", "quarantine.jsonl"}


def test_progress_shows_megabytes_and_rows_a_second(synthetic: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, str]] = []

    @contextmanager
    def progress(task: str, total: int | None = None, unit: str = "notes") -> Iterator[Any]:
        assert (task, total, unit) == ("prepare", 1, "MB")
        yield lambda n=1, detail="": seen.append((n, detail))

    prepared(synthetic, tmp_path / "out", progress=progress)
    assert seen
    assert all(detail.endswith("rows/s") for _, detail in seen)


def test_an_interrupted_preparation_leaves_nothing_behind(synthetic: Path, tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    @contextmanager
    def interrupted(*_: object, **__: object) -> Iterator[Any]:
        yield stop

    with pytest.raises(KeyboardInterrupt):
        prepared(synthetic, tmp_path / "out", progress=interrupted)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_preparation_starts_again_cleanly(synthetic: Path, tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from nosology.config import PrepareConfig\n"
        "from nosology.preparation import pipeline\n"
        "pipeline.write_notes = lambda *_: (print('ready', flush=True), time.sleep(60))\n"
        "pipeline.prepare_mimic3(Path(sys.argv[1]), Path(sys.argv[2]), PrepareConfig(), n_workers=1)\n"
    )
    out = tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", script, str(synthetic), str(out)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not out.exists()
    assert len(list(tmp_path.iterdir())) == 1, "the killed process could not clean up"
    assert prepared(synthetic, out).height
    assert list(tmp_path.iterdir()) == [out]


def test_what_a_running_preparation_writes_is_left_alone(synthetic: Path, tmp_path: Path) -> None:
    running = tmp_path / f".out.{os.getppid()}.partial"
    running.mkdir()
    prepared(synthetic, tmp_path / "out")
    assert running.is_dir()


def test_workers_die_with_their_parent() -> None:
    script = (
        "import sys\n"
        "from nosology.preparation import workers\n"
        "from nosology.text.cleaning import Cleaning\n"
        "workers.INLINE_CHARACTERS = 0\n"
        "how = Cleaning(False, 'token', 'keep', False, False, 0, None, False)\n"
        "pool = workers.CleaningPool(how, 2)\n"
        "pool.submit([('a note', '1')]).result()\n"
        "print(pool._pool.processes[0].pid, flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 20
    while _is_alive(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_alive(worker)


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_rows_that_cannot_be_read_are_quarantined_without_their_text(tmp_path: Path) -> None:
    rows, codes = two_categories(20)
    write_mimic3(tmp_path / "in", [], codes)
    sound = as_csv(NOTE_COLUMNS, [row.cells() for row in rows])
    damaged = '77,1077,5077,2151-08-04,,,"Discharge summary",Re"port,,,"Canary is tall\nand well"\n'
    odd = as_csv(NOTE_COLUMNS, [Row("78", "many", 5_001, "canary " * 60).cells()]).splitlines(keepends=True)[1]
    save(tmp_path / "in" / "NOTEEVENTS.csv.gz", damaged.join((HEADER_LINE, sound.removeprefix(HEADER_LINE))) + odd)
    notes = prepared(tmp_path / "in", tmp_path / "out", PrepareConfig(max_failed_share=0.1))
    assert notes.height == 20
    last = sound.count("\n") + 3
    assert [json.loads(line) for line in (tmp_path / "out" / "quarantine.jsonl").read_text().splitlines()] == [
        {"file": "NOTEEVENTS.csv.gz", "line": 2, "reason": "a quote in an impossible place"},
        {"file": "NOTEEVENTS.csv.gz", "line": last, "reason": "a patient id that is no number"},
    ]
    assert losses(tmp_path / "out") == {"read": {"could not be read (see quarantine.jsonl)": 2}}
    assert not any(b"anary" in content for content in contents(tmp_path / "out").values())


def test_too_many_unreadable_rows_stop_the_job(tmp_path: Path) -> None:
    rows, codes = two_categories(20)
    bad = [Row(900 + i, "none", 1, "canary text") for i in range(3)]
    write_mimic3(tmp_path / "in", rows + bad, codes)
    with pytest.raises(DataError, match="3 of 23 rows could not be read: 3 x a patient id that is no number") as caught:
        prepared(tmp_path / "in", tmp_path / "out", PrepareConfig(max_failed_share=0.1))
    assert caught.value.place.startswith("NOTEEVENTS.csv.gz, line ")
    assert "max_failed_share" in caught.value.hint
    assert "canary" not in str(caught.value)
    assert list(tmp_path.iterdir()) == [tmp_path / "in"]


def test_an_output_folder_that_holds_a_dataset_is_refused_before_any_work(synthetic: Path, tmp_path: Path) -> None:
    prepared(synthetic, tmp_path / "out")
    before = contents(tmp_path / "out")
    with pytest.raises(RunError, match="already holds something"):
        prepare_mimic3(tmp_path / "not read", tmp_path / "out", FULL)
    assert contents(tmp_path / "out") == before


def test_no_note_left_shows_the_funnel(tmp_path: Path) -> None:
    rows, codes = two_categories(6)
    write_mimic3(tmp_path / "in", rows, codes)
    with pytest.raises(DataError, match="no note is left") as caught:
        prepared(tmp_path / "in", tmp_path / "out", PrepareConfig(min_words=1_000))
    assert "-6  fewer words than min_words (words)" in caught.value.message
    assert "'words'" in caught.value.hint


def test_one_category_only_is_refused(tmp_path: Path) -> None:
    rows, codes = two_categories(6)
    write_mimic3(tmp_path / "in", rows, [(subject, stay, n, "486") for subject, stay, n, _ in codes])
    with pytest.raises(DataError, match="all 6 notes that are left have one category, Respiratory"):
        prepared(tmp_path / "in", tmp_path / "out")


@pytest.mark.shared
def test_the_open_demo_of_mimic3_has_no_notes() -> None:
    folder = os.environ.get("NOSOLOGY_DEV_DATA")
    if not folder:
        pytest.skip("NOSOLOGY_DEV_DATA is not set")
    with pytest.raises(DataError, match="holds no notes") as caught:
        prepare_mimic3(Path(folder) / "mimic3_demo", Path("never"), FULL)
    assert "credentialed access" in caught.value.hint


def test_a_dataset_is_its_owners_alone(synthetic: Path, tmp_path: Path) -> None:
    prepared(synthetic, tmp_path / "dataset", csv=True)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "dataset").iterdir()}
    assert {"notes.parquet", "df_classification.csv", "manifest.json", "quarantine.jsonl"} <= modes.keys()
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "dataset").stat().st_mode & 0o777 == 0o700
