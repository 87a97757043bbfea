"""What Ray costs beside one machine: the same table prepared by both, and by the partitions' own code without Ray.

Invented short notes in Parquet files, a twelfth of them near-copies of another anywhere. Contenders run in a process of
their own, from the command line's start to its end; rows are compared after sorting, and the script ends with status 1
where they differ. With ``--classify`` notes of the same table are classified by a run too, in float32: in 16 bits the
rounding of a note's probabilities depends on the notes that are read beside it, and those are others in partitions
(``--native`` shows by how much). With ``--kill`` a worker is killed half-way, then the whole job, which is then asked
for again; what was repeated is counted. The part without Ray says what a note costs in processor time and bytes, which
`docs/sums.py` reckons with.
"""

import argparse
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl
import psutil

from harness import parser, print_table, write_report

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from scale_world import notes, write_partitions

COLUMNS = ["--text", "body", "--code", "icd", "--icd-version", "9", "--id", "id", "--patient", "patient"]
SETTINGS = ["--set", "prepare.max_failed_share=0.1", "--set", "prepare.min_words=15"]
TOLERANCE = 1e-4


def main() -> int:
    """Measure, print, and return 1 where the contenders' rows differ."""
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="scale-") as name:
        folder = Path(name)
        table = notes(options.notes)
        table.write_parquet(folder / "whole.parquet")
        write_partitions(table, folder / "notes", options.partitions)
        rows = prepared(folder, options)
        if options.kill:
            rows += killed(folder, options)
        if options.classify:
            write_partitions(table[: options.classify], folder / "few", options.workers)
            table[: options.classify].write_parquet(folder / "few.parquet")
            rows += classified(folder, options)
    print_table(rows, {"task": "", "contender": "", "seconds": ",.1f", "notes_per_second": ",.1f", "equal": ""})
    report(rows, options)
    return 0 if all(row["equal"] != "no" for row in rows) else 1


def parse_options() -> argparse.Namespace:
    """Return what was asked for."""
    found = parser(__doc__)
    found.add_argument("--notes", type=int, default=50_000)
    found.add_argument("--partitions", type=int, default=20)
    found.add_argument("--workers", type=int, default=2)
    found.add_argument("--classify", type=int, default=0, metavar="N", help="also classify N notes; needs --run")
    found.add_argument("--run", default="starter", help="the run that classifies")
    found.add_argument("--native", action="store_true", help="classify in the run's own number format")
    found.add_argument("--kill", action="store_true", help="also kill a worker, and then the job")
    return found.parse_args()


def nosology(*words: object) -> list[str]:
    """Return a command line."""
    return [sys.executable, "-m", "nosology", *map(str, words)]


def preparing(source: Path, out: Path, *more: object) -> list[str]:
    """Return the command that prepares a table."""
    return nosology("prepare", "table", source, "--out", out, *COLUMNS, *SETTINGS, *more)


def seconds_of(command: list[str]) -> float:
    """Run a command and return its wall time.

    Raises:
        SystemExit: It failed.
    """
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return time.perf_counter() - started


def prepared(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Prepare with every contender and return a row for each."""
    workers = ("--workers", options.workers)
    contenders = {
        "local": preparing(folder / "whole.parquet", folder / "local", *workers),
        "ray": preparing(folder / "notes", folder / "ray", *workers, "--engine", "ray"),
    }
    found = []
    for contender, command in contenders.items():
        seconds = seconds_of(command)
        equal = same_rows(folder / "local", folder / contender)
        found.append(row("prepare", contender, seconds, options.notes, equal))
    return [*found, in_one_process(folder, options.notes)]


def in_one_process(folder: Path, n_notes: int) -> dict[str, Any]:
    """Prepare the partitions one after the other without Ray, and return what a note costs."""
    from nosology.config import PrepareConfig
    from nosology.records import no_progress
    from nosology.scale.cluster import InProcess
    from nosology.scale.prepare import prepare_partitions
    from nosology.scale.reading import STAGE
    from scale_world import COLUMNS as NAMES

    class Measured(InProcess):
        """Sums up what the stage of reading costs."""

        cpu = 0.0
        bytes = 0

        def each(self, make: Any, numbers: Any, needs: Any) -> Iterator[int]:
            for number in numbers:
                before = time.process_time()
                yield from super().each(make, [number], needs)
                if make.func.__name__ == "_reader":
                    self.cpu += time.process_time() - before
                    self.bytes += (folder / "parts" / "_work" / STAGE / f"{number:05d}.parquet").stat().st_size

    engine = Measured()
    config = PrepareConfig(max_failed_share=0.1, min_words=15)
    started, cpu = time.perf_counter(), time.process_time()
    prepare_partitions(str(folder / "notes"), str(folder / "parts"), config, NAMES, engine=engine, progress=no_progress)
    seconds, whole = time.perf_counter() - started, time.process_time() - cpu
    found = row("prepare", "partitions, no Ray", seconds, n_notes, same_rows(folder / "local", folder / "parts"))
    return found | {
        "read_cpu_milliseconds_a_note": 1e3 * engine.cpu / n_notes,
        "other_cpu_milliseconds_a_note": 1e3 * (whole - engine.cpu) / n_notes,
        "work_bytes_a_note": engine.bytes / n_notes,
        "peak_memory_megabytes": peak_memory(),
    }


def peak_memory() -> float:
    """Return this process's largest resident size so far, in megabytes."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def killed(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Lose a worker, then the job; ask for it again, and return what came out and what was repeated."""
    out = folder / "killed"
    command = preparing(folder / "notes", out, "--workers", options.workers, "--engine", "ray")
    started = time.perf_counter()
    with started_job(command) as job:
        done_at_loss = wait_for(job, out, options.partitions // 4)
        lost = lose_a_worker(job)
        done_at_kill = wait_for(job, out, options.partitions // 2)
    before = {path.name: (path, path.stat().st_mtime_ns) for path in done(out)}
    with started_job(command) as job:
        n_repeated = repeated(job, before)
    seconds = time.perf_counter() - started
    found = row("prepare", "ray, killed twice", seconds, options.notes, same_rows(folder / "local", out))
    about = {"done_at_loss": done_at_loss, "done_at_kill": done_at_kill, "finished": len(before)}
    return [found | about | {"workers_lost": lost, "n_repeated": n_repeated}]


def repeated(job: "subprocess.Popen[bytes]", before: dict[str, tuple[Path, int]]) -> int:
    """Wait for a job, and return how many of the partitions finished before it wrote again.

    Raises:
        SystemExit: It failed.
    """
    again: set[str] = set()
    while job.poll() is None:
        for name, (path, written) in before.items():
            with suppress(FileNotFoundError):  # at its end the job removes them
                if path.stat().st_mtime_ns != written:
                    again.add(name)
        time.sleep(0.05)
    if job.returncode:
        raise SystemExit("the job that was asked for again failed")
    return len(again)


@contextmanager
def started_job(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a running job, and kill it without a word at the end."""
    job = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield job
    finally:
        job.send_signal(signal.SIGKILL)
        job.wait()


def done(out: Path) -> list[Path]:
    """Return the notes of completion of the first stage."""
    return sorted((out / "_work" / "read").glob("*.json"))


def wait_for(job: "subprocess.Popen[bytes]", out: Path, n: int) -> int:
    """Wait until so many partitions are read, and return how many are.

    Raises:
        SystemExit: The job ended before.
    """
    while len(done(out)) < n:
        if job.poll() is not None:
            raise SystemExit("the job ended before it could be killed: give it more notes")
        time.sleep(0.02)
    return len(done(out))


def lose_a_worker(job: "subprocess.Popen[bytes]") -> int:
    """Kill a worker of Ray as soon as one is at work, and return how many were.

    Raises:
        SystemExit: The job ended before.
    """
    while job.poll() is None:
        for child in psutil.Process(job.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "MapBatches" in " ".join(child.cmdline()):
                    child.kill()
                    return 1
        time.sleep(0.01)
    raise SystemExit("the job ended before a worker was at work")


def classified(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Classify with one machine and with Ray, and return a row for each."""
    run = options.run if options.native else in_float32(options.run, folder / "run")
    local = nosology("classify", run, folder / "few.parquet", "--text", "body", "--out", folder / "p.parquet")
    ray = nosology("classify", run, folder / "few", "--text", "body", "--out", folder / "p", "--engine", "ray")
    seconds = seconds_of(local), seconds_of(ray)
    n_changed, far = between(folder / "p.parquet", folder / "p")
    return [
        row("classify", name, taken, options.classify, not n_changed and far <= TOLERANCE)
        | {"n_changed": n_changed, "largest_difference": far}
        for name, taken in zip(("local", "ray"), seconds, strict=True)
    ]


def in_float32(run: str, copy: Path) -> Path:
    """Copy a run, let it answer in float32, and return the copy's folder."""
    from nosology.files import read_json, sha256_file, write_json
    from nosology.runs.files import RunFiles
    from nosology.runs.integrity import record_again
    from nosology.runs.run import Run

    shutil.copytree(Run.open(run).folder, copy)
    files = RunFiles(copy)
    about = read_json(files.manifest)
    about["config"]["model"]["dtype"] = "float32"
    write_json(files.manifest, about)
    if files.ensemble.settings.exists():  # it names the run that it belongs to
        ensemble = read_json(files.ensemble.settings)
        ensemble["fitted_on"]["run_manifest_sha256"] = sha256_file(files.manifest)
        write_json(files.ensemble.settings, ensemble)
    record_again(files)
    return copy


def row(task: str, contender: str, seconds: float, n_notes: int, is_equal: bool) -> dict[str, Any]:
    """Return a measurement, after a word about it: the next may take long, or fail."""
    print(f"{task}, {contender}: {seconds:,.1f} s, equal rows: {'yes' if is_equal else 'no'}", flush=True)
    return {
        "task": task,
        "contender": contender,
        "seconds": seconds,
        "notes_per_second": n_notes / seconds,
        "equal": "yes" if is_equal else "no",
    }


def same_rows(one: Path, other: Path) -> bool:
    """Return whether two datasets hold the same notes, whatever their order, and lost the same for the same reasons."""
    first, second = (pl.read_parquet(folder / "notes.parquet").sort("note_id") for folder in (one, other))
    return first.equals(second) and (one / "funnel.json").read_bytes() == (other / "funnel.json").read_bytes()


def between(one: Path, other: Path) -> tuple[int, float]:
    """Return how many labels two tables of predictions do not share, and how far their probabilities are apart."""
    first, second = pl.read_parquet(one), pl.read_parquet(other)
    far = (first["probability"] - second["probability"]).abs().max() or 0.0
    return int(first["predicted_label"].ne_missing(second["predicted_label"]).sum()), float(str(far))


def report(rows: list[dict[str, Any]], options: argparse.Namespace) -> None:
    """Write the report, with the ratios of Ray and one machine: above 1 where Ray is faster."""
    ratios = {}
    for task in ("prepare", "classify"):
        taken = {row["contender"]: row["seconds"] for row in rows if row["task"] == task}
        if taken:
            ratios[f"{task}: local / ray"] = taken["local"] / taken["ray"]
    for told in ("workers_lost", "n_repeated", "n_changed", "largest_difference"):
        for row in rows:
            if told in row and row["contender"] != "local":
                print(f"{row['task']}, {row['contender']}: {told.replace('_', ' ')} {row[told]:.2g}")
    for name, ratio in ratios.items():
        print(f"{name} {ratio:.2f}")
    settings = {name: value for name, value in vars(options).items() if name != "json"}
    write_report(options.json, {"settings": settings, "measurements": rows, "ratios": ratios})


if __name__ == "__main__":
    sys.exit(main())
