"""Plant each known fault in a copy of the source and see that the tests notice.

Run as ``python tests/mutation/plant.py [NAME ...]``, with parts of names to plant only some. A fault counts as noticed
when one of its tests *fails*; a test that cannot even be collected, or a fault whose place is no longer in the source,
stops the check with an error, because then nothing was shown.
"""

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from faults import FAULTS, Fault

ROOT = Path(__file__).parents[2]
TESTS_PASSED, TESTS_FAILED = 0, 1
"""Two of pytest's exit statuses; all others mean that the tests did not run."""
_OTHER_SOURCE = 90
"""Exit status where the tests would have read another source."""
ENVIRONMENT = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "OMP_NUM_THREADS": "1",
    # Properties draw enough examples that a fault is noticed each time.
    "NOSOLOGY_TEST_EXAMPLES": "100",
    # Other plugins take longer to load than most of these tests to run.
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
}
FORKED = multiprocessing.get_context("forkserver")
LIBRARIES = [
    *("torch", "transformers", "transformers.trainer", "peft", "sklearn.linear_model", "scipy.stats"),
    *("polars", "scrubadub", "hypothesis", "pytest"),
]
"""What many tests import and takes seconds: imported once, in the process that all others are forked from."""


@dataclass(frozen=True)
class Ran:
    """How tests ended: pytest's exit status, and what they printed."""

    returncode: int
    stdout: str


class PlantingError(Exception):
    """The check itself cannot be carried out."""


def main() -> int:
    """Plant the faults; return 0 if the tests noticed every one of them."""
    parser = argparse.ArgumentParser(description="Plant each known fault and see that the tests notice.")
    parser.add_argument("names", nargs="*", help="plant only faults whose name contains one of these")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="faults planted at the same time")
    options = parser.parse_args()
    chosen = [fault for fault in FAULTS if not options.names or any(name in fault.name for name in options.names)]
    os.environ |= ENVIRONMENT  # some of it is read when libraries are imported
    FORKED.set_forkserver_preload(LIBRARIES)
    try:
        unnoticed = unnoticed_faults(chosen, ROOT, jobs=options.jobs)
    except PlantingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"{len(chosen) - len(unnoticed)} of {len(chosen)} planted faults were noticed")
    return 1 if unnoticed else 0


def unnoticed_faults(faults: Sequence[Fault], root: Path, *, jobs: int) -> list[Fault]:
    """Return the faults that no test noticed.

    Args:
        faults: What to plant, one at a time.
        root: A checkout: ``src/nosology`` and ``tests`` below it.
        jobs: Copies tested at the same time.

    Raises:
        PlantingError: The tests fail without any fault, or one of them does not run, or a fault has no place.
    """
    with tempfile.TemporaryDirectory(prefix="nosology-faults-") as folder:
        sound = _copy(root, Path(folder) / "sound")
        everything = sorted({test for fault in faults for test in fault.tests})

        def is_noticed(number: int) -> bool:
            fault, started = faults[number], time.monotonic()
            copy = _copy(root, Path(folder) / str(number))
            plant(fault, copy)
            status = _run_tests(copy, root, fault.tests).returncode
            shutil.rmtree(copy)
            if status not in (TESTS_PASSED, TESTS_FAILED):
                raise PlantingError(f"with {fault.name!r} the tests did not run (pytest's exit status {status})")
            verdict = "noticed" if status == TESTS_FAILED else "NOT NOTICED"
            print(f"{verdict}: {fault.name} ({time.monotonic() - started:.0f} s)", flush=True)
            return status == TESTS_FAILED

        with ThreadPoolExecutor(jobs) as pool:
            parts = [everything[start::jobs] for start in range(min(jobs, len(everything)))]
            without_fault = [pool.submit(_run_tests, sound, root, part) for part in parts]
            planted = [pool.submit(is_noticed, number) for number in range(len(faults))]
            for run in without_fault:
                if run.result().returncode != TESTS_PASSED:
                    pool.shutdown(cancel_futures=True)
                    raise PlantingError(f"tests fail without any fault:\n{run.result().stdout[-4_000:]}")
            verdicts = [run.result() for run in planted]
    return [fault for fault, noticed in zip(faults, verdicts, strict=True) if not noticed]


def plant(fault: Fault, source: Path) -> None:
    """Make the fault's replacement in a copy of the source.

    Raises:
        PlantingError: The text to replace is not there exactly once.
    """
    file = source / "nosology" / fault.file
    if not file.is_file():
        raise PlantingError(f"{fault.name!r}: there is no src/nosology/{fault.file}")
    text = file.read_text(encoding="utf-8")
    if text.count(fault.old) != 1:
        raise PlantingError(f"{fault.name!r}: {fault.file} holds {fault.old!r} {text.count(fault.old)} times, not once")
    file.write_text(text.replace(fault.old, fault.new), encoding="utf-8")
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
        compiled.unlink()


def _copy(root: Path, to: Path) -> Path:
    """Copy the source with its times and with what was compiled of it, so that only the fault is compiled anew."""
    return Path(shutil.copytree(root / "src", to))


def _run_tests(source: Path, root: Path, tests: Sequence[str]) -> Ran:
    """Run these tests against a copy of the source, up to the first that fails, and return how pytest ended."""
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as output:
        process = FORKED.Process(target=_run_here, args=(str(source), str(root), list(tests), output.name))
        process.start()
        process.join()
        said = output.read()
    if process.exitcode == _OTHER_SOURCE:
        raise PlantingError(f"the tests would not read the copy in {source}:\n{said[-4_000:]}")
    return Ran(process.exitcode if process.exitcode is not None else -1, said)


def _run_here(source: str, root: str, tests: Sequence[str], output: str) -> None:
    """Run tests in this process, which was forked for it, and leave with pytest's exit status.

    Args:
        source: Folder of the copy.
        root: The checkout that holds the tests.
        tests: Which.
        output: File for all that they print.
    """
    file = os.open(output, os.O_WRONLY)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.chdir(root)
    os.environ |= ENVIRONMENT | {"PYTHONPATH": source}
    sys.path[:0] = [source, root]
    for name in [name for name in sys.modules if name.partition(".")[0] == "nosology"]:
        del sys.modules[name]  # where the process that this one was forked from had read it
    import pytest

    import nosology

    if not str(nosology.__file__).startswith(source):
        print(f"nosology would be {nosology.__file__}", flush=True)
        sys.exit(_OTHER_SOURCE)
    sys.exit(int(pytest.main(["-p", "pytest_timeout", "--exitfirst", "--no-header", "--tb=short", *tests])))


if __name__ == "__main__":
    sys.exit(main())
