"""How fast, and in how much memory, notes become a dataset; with ``--compare`` beside a straightforward pandas script.

Synthetic MIMIC-III files stand in for the real ones. Peak memory is the sum over all processes of a contender, sampled
twenty times a second. Ratios: the pandas script's time divided by ours, each the median of its rounds.

The pandas script does what a careful person writes in an afternoon: read everything, filter, merge, clean, drop
duplicates, drop near-duplicates with datasketch, split by patient, save. Both sides use the same de-identification (or
none) and must end with the same notes and the same texts, or the benchmark fails.

    python benchmarks/prepare.py                      # a small run
    python benchmarks/prepare.py --compare            # 100,000 rows, beside pandas
    python benchmarks/prepare.py --beside OLD         # another checkout with its .venv, alternating, by turns
    python benchmarks/prepare.py --full --work DIR    # MIMIC-III's size: 2,083,180 rows, 4 GB; DIR keeps the input
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

import harness

FULL_ADMISSIONS = 52_726  # in MIMIC-III, so many have a discharge summary, 59,652 of them with addenda
OTHER_NOTES = 38.37823  # per admission: 2,083,180 rows in all
COMPARED_ADMISSIONS = 2_532  # 100,000 rows
SMALL_ADMISSIONS = 1_000


def main() -> None:
    """Measure, print one table, and write it as JSON where asked."""
    options = _options()
    if options.contend:
        _contend(json.loads(options.contend))
        return
    with tempfile.TemporaryDirectory() as folder:
        work = options.work or Path(folder)
        if options.compare:
            measurements, ratios = _compare(options, work)
        elif options.beside:
            measurements, ratios = _beside(options, work)
        else:
            admissions = options.admissions or (FULL_ADMISSIONS if options.full else SMALL_ADMISSIONS)
            source = _input(work, admissions, options.seed)
            measurements, ratios = [_measure("nosology", source, work, None, options)], {}
    _print_table(measurements, ratios)
    if options.json:
        settings = {"full": options.full, "compare": options.compare, "seed": options.seed, "preset": options.preset}
        report = {"settings": settings, "measurements": measurements, "ratios": ratios}
        harness.write_report(options.json, report)


def _options() -> argparse.Namespace:
    parser = harness.parser(__doc__)
    parser.add_argument("--full", action="store_true", help="an input of MIMIC-III's size")
    parser.add_argument("--compare", action="store_true", help="beside a straightforward pandas script")
    parser.add_argument("--beside", type=Path, help="the root of another checkout, which runs with its own .venv")
    parser.add_argument("--admissions", type=int, help="size of the input; the mode decides if not given")
    parser.add_argument("--rounds", type=int, default=3, help="of each contender without de-identification")
    parser.add_argument("--deid-rounds", type=int, default=1, help="of each contender with de-identification")
    parser.add_argument("--preset", choices=["full", "paper"], default="full", help="of the runs without --compare")
    parser.add_argument("--workers", type=int, help="worker processes of nosology; one per core if not given")
    parser.add_argument("--seed", type=int, default=0, help="of the input")
    parser.add_argument("--work", type=Path, help="keeps the input, for the next time")
    parser.add_argument("--contend", help=argparse.SUPPRESS)
    return parser.parse_args()


def _input(work: Path, admissions: int, seed: int) -> Path:
    """Return a folder of synthetic MIMIC-III files, written now if it is not there."""
    from nosology.synthetic import write_mimic

    folder = work / f"mimic3-{admissions}-{seed}"
    if not folder.exists():
        print(f"writing {admissions:,} synthetic admissions", file=sys.stderr)
        write_mimic(folder, admissions=admissions, seed=seed, length="full", other_notes_per_admission=OTHER_NOTES)
    return folder


def _compare(options: argparse.Namespace, work: Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return the measurements of both contenders with and without de-identification, in turns, and the ratios."""
    source = _input(work, options.admissions or COMPARED_ADMISSIONS, options.seed)
    measurements: list[dict[str, Any]] = []
    ratios = {}
    for name, (steps, rounds) in {
        "vs_pandas_without_deid_and_near_duplicates": ({"deidentify": False, "near_duplicates": False}, options.rounds),
        "vs_pandas_without_deid": ({"deidentify": False, "near_duplicates": True}, options.rounds),
        "vs_pandas": ({"deidentify": True, "near_duplicates": True}, options.deid_rounds),
    }.items():
        if not rounds:
            continue
        rows = [
            _measure(contender, source, work, steps, options)
            for _ in range(rounds)
            for contender in ("nosology", "pandas")
        ]
        assert len({row["digest"] for row in rows}) == 1, "the contenders must end with the same notes and texts"
        times = {who: [row["seconds"] for row in rows if row["contender"] == who] for who in ("nosology", "pandas")}
        ratios[name] = statistics.median(times["pandas"]) / statistics.median(times["nosology"])
        measurements += rows
    return measurements, ratios


def _beside(options: argparse.Namespace, work: Path) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Return the measurements of both checkouts in turns, without and with de-identification, and old over new time."""
    source = _input(work, options.admissions or SMALL_ADMISSIONS, options.seed)
    measurements: list[dict[str, Any]] = []
    ratios = {}
    for deidentify, rounds in ((False, options.rounds), (True, options.deid_rounds)):
        steps = {"deidentify": deidentify, "near_duplicates": True}
        rows = [
            _measure(contender, source, work, steps, options)
            for _ in range(rounds)
            for contender in ("nosology", "other")
        ]
        times = {who: [row["seconds"] for row in rows if row["contender"] == who] for who in ("nosology", "other")}
        if rounds:
            name = "with_deid" if deidentify else "without_deid"
            ratios[f"vs_other_{name}"] = statistics.median(times["other"]) / statistics.median(times["nosology"])
        measurements += rows
    return measurements, ratios


def _measure(
    contender: str, source: Path, work: Path, steps: dict[str, bool] | None, options: argparse.Namespace
) -> dict[str, Any]:
    """Run a contender in processes of its own; return its time, its peak memory and what came out.

    Without ``steps`` it runs a preset; with them, the steps that the pandas script has too.
    """
    with tempfile.TemporaryDirectory(dir=work) as folder:
        task = {
            "contender": contender,
            "source": str(source),
            "out": f"{folder}/out",
            "steps": steps,
            "preset": options.preset,
            "workers": options.workers,
        }
        started = time.perf_counter()
        is_other = contender == "other"
        program = [str(options.beside.resolve() / ".venv" / "bin" / "python")] if is_other else [sys.executable]
        process = subprocess.Popen([*program, __file__, "--contend", json.dumps(task)])
        peak = _PeakMemory(process.pid)
        status = process.wait()
        seconds = time.perf_counter() - started
        peak.stop()
        if status:
            raise SystemExit(f"{contender} failed with status {status}")
        came_out = _came_out(Path(folder) / "out")
    n_rows, n_bytes = _size(source)
    return {
        "contender": contender,
        "deidentify": steps is None or steps["deidentify"],
        "near_duplicates": steps["near_duplicates"] if steps else options.preset == "full",
        "seconds": seconds,
        "rows": n_rows,
        "rows_per_second": n_rows / seconds,
        "megabytes_per_second": n_bytes / 1e6 / seconds,
        "megabytes": n_bytes / 1e6,
        "peak_gigabytes": peak.bytes / 1e9,
        **came_out,
    }


class _PeakMemory:
    """Samples the memory of a process and all its children, as the sum of their resident sets."""

    def __init__(self, pid: int) -> None:
        self.bytes = 0
        self._root = psutil.Process(pid)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._is_over.wait(0.05):
            total = 0
            try:
                for process in [self._root, *self._root.children(recursive=True)]:
                    total += process.memory_info().rss
            except psutil.NoSuchProcess:
                continue
            self.bytes = max(self.bytes, total)

    def stop(self) -> None:
        """End sampling."""
        self._is_over.set()
        self._thread.join()


def _contend(task: dict[str, Any]) -> None:
    source, out = Path(task["source"]), Path(task["out"])
    if task["contender"] == "pandas":
        _prepare_with_pandas(source, out, **task["steps"])
        return
    from nosology.config import PrepareConfig
    from nosology.preparation.pipeline import prepare_mimic3

    config = PrepareConfig(preset=task["preset"])
    if task["steps"]:
        words = {"lowercase": True, "strip_punctuation": True, "min_words": 50}
        near = task["steps"]["near_duplicates"]
        config = PrepareConfig(deidentify=task["steps"]["deidentify"], drop_near_duplicates=near, **words)
    prepare_mimic3(source, out, config, n_workers=task["workers"])


def _prepare_with_pandas(source: Path, out: Path, deidentify: bool, near_duplicates: bool) -> None:
    """Prepare a dataset the straightforward way."""
    import numpy as np
    import pandas as pd

    from nosology.coding.labels import LabelSet

    labels = LabelSet.load("icd-chapters-18")
    notes = pd.read_csv(source / "NOTEEVENTS.csv.gz", low_memory=False)
    notes = notes[(notes["CATEGORY"] == "Discharge summary") & (notes["ISERROR"] != 1) & notes["HADM_ID"].notna()]
    codes = pd.read_csv(source / "DIAGNOSES_ICD.csv.gz", dtype={"ICD9_CODE": str})
    primary = codes.loc[codes["SEQ_NUM"] == 1, ["SUBJECT_ID", "HADM_ID", "ICD9_CODE"]]
    table = notes.drop(columns="CATEGORY").merge(primary, on=["SUBJECT_ID", "HADM_ID"])
    table["CATEGORY"] = table["ICD9_CODE"].apply(lambda code: labels.category_of(code, 9))
    table = table[table["CATEGORY"].notna()].sort_values("ROW_ID")
    text = table["TEXT"]
    if deidentify:
        import nosology

        text = text.apply(lambda note: nosology.deidentify(note).text)
    text = text.str.lower().str.replace(r"[^\w\s]|_", " ", regex=True)
    table["CLEAN_TEXT"] = text.str.replace(r"\s+", " ", regex=True).str.strip()
    table = table[table["CLEAN_TEXT"].str.split().str.len() >= 50].drop_duplicates("CLEAN_TEXT")
    if near_duplicates:
        table = table[_is_first_of_its_kind(table["CLEAN_TEXT"])]
    patients = np.random.default_rng(0).permutation(table["SUBJECT_ID"].unique())
    test, validation = patients[: len(patients) // 10], patients[len(patients) // 10 : len(patients) // 5]
    table["split"] = np.where(
        table["SUBJECT_ID"].isin(test), "test", np.where(table["SUBJECT_ID"].isin(validation), "validation", "train")
    )
    out.mkdir()
    kept = table.rename(columns={"ROW_ID": "note_id", "CLEAN_TEXT": "clean_text", "CATEGORY": "category"})
    kept["note_id"] = kept["note_id"].astype(str)
    kept[["note_id", "clean_text", "category", "split"]].to_parquet(out / "notes.parquet")


def _is_first_of_its_kind(texts: Any) -> list[bool]:
    """Return which texts are no near-duplicates of an earlier one, found with datasketch and checked exactly."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.7, num_perm=128)
    shingles: list[set[str]] = []
    family: list[int] = []
    for text in texts:
        words = text.split()
        own = {" ".join(words[i : i + 3]) for i in range(len(words) - 2)}
        signature = MinHash(num_perm=128)
        signature.update_batch([shingle.encode() for shingle in own])
        near = [i for i in index.query(signature) if len(own & shingles[i]) >= 0.7 * len(own | shingles[i])]
        families = {family[i] for i in near}
        number = min(families, default=len(family))
        family = [number if member in families else member for member in family] if len(families) > 1 else family
        index.insert(len(family), signature)
        shingles.append(own)
        family.append(number)
    return [member == i for i, member in enumerate(family)]


def _came_out(out: Path) -> dict[str, Any]:
    """Return how many notes a dataset holds, and a hash over their ids, texts and categories."""
    import polars as pl

    notes = pl.read_parquet(out / "notes.parquet", columns=["note_id", "clean_text", "category"])
    rows = notes.sort(pl.col("note_id").cast(pl.Int64)).hash_rows(seed=1)
    return {"notes": notes.height, "digest": f"{int(rows.hash(seed=1).sum()):x}"}


def _size(source: Path) -> tuple[int, int]:
    """Return rows and uncompressed bytes of NOTEEVENTS; counted once, kept beside it."""
    counted = source.with_suffix(".size.json")
    if not counted.exists():
        from nosology.sources.csvstream import CsvReader
        from nosology.sources.files import BlockReader

        path = source / "NOTEEVENTS.csv.gz"
        n_rows = sum(len(block) for block in CsvReader(path).blocks())
        counted.write_text(json.dumps([n_rows, sum(map(len, BlockReader(path)))]), encoding="utf-8")
    n_rows, n_bytes = json.loads(counted.read_text(encoding="utf-8"))
    return int(n_rows), int(n_bytes)


def _print_table(measurements: list[dict[str, Any]], ratios: dict[str, float]) -> None:
    print(
        f"{'contender':10} {'de-id':6} {'near':5} {'seconds':>9} {'rows/s':>10} {'MB/s':>8} {'peak GB':>8} {'notes':>8}"
    )
    for row in measurements:
        print(
            f"{row['contender']:10} {_yes(row['deidentify']):6} {_yes(row['near_duplicates']):5} {row['seconds']:9.1f} "
            f"{row['rows_per_second']:10,.0f} {row['megabytes_per_second']:8.1f} {row['peak_gigabytes']:8.2f} "
            f"{row['notes']:8,}"
        )
    first = measurements[0]
    print(f"input: {first['rows']:,} rows, {first['megabytes']:,.0f} MB uncompressed")
    for name, ratio in ratios.items():
        print(f"{name}: {ratio:.2f}")


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"


if __name__ == "__main__":
    main()
