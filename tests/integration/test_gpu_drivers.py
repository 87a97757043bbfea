"""The GPU stages, rehearsed on a CPU: the clock, going on, the files they leave, and what a bare machine can run."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gpu_drivers import SCRIPTS, bare_python, drive, environment, results, write_stage

SCHEMA = json.loads((SCRIPTS / "results.schema.json").read_text(encoding="utf-8"))


def checked(out: Path, stage: str) -> dict[str, Any]:
    """Return a result file that keeps the schema."""
    found = results(out, stage)
    jsonschema.validate(found, SCHEMA, format_checker=jsonschema.FormatChecker())
    return found


def tables_of(out: Path) -> str:
    command = [sys.executable, str(SCRIPTS / "tables.py"), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, str]:
    """A stage whose measurements succeed, err, hang, raise and die, driven once."""
    folder = tmp_path_factory.mktemp("driven")
    driver = write_stage(folder)
    status, said = drive(driver, folder / "out", "--size", "tiny")
    return folder, status, said


def test_a_hang_a_crash_or_an_error_costs_only_the_measurement_it_befell(driven: tuple[Path, int, str]) -> None:
    folder, status, said = driven
    found = checked(folder / "out", "correct")["measurements"]
    assert {name: result["status"] for name, result in found.items()} == {
        "right": "done",
        "wrong": "done",
        "sleeping": "timed out",
        "raising": "failed",
        "dying": "failed",
        "last": "done",
    }
    assert "illegal memory access" in found["raising"]["error"]
    assert found["right"]["figures"] == {"speed": 2.5}
    assert found["last"]["figures"] == {"is_last": True}
    assert status == 1
    assert "WRONG: error" in said


def test_what_a_measurement_had_found_before_it_was_killed_is_kept(driven: tuple[Path, int, str]) -> None:
    found = results(driven[0] / "out", "correct")["measurements"]["sleeping"]
    assert found["figures"] == {"found_before": 1}
    assert found["limit_seconds"] == 2.0


def test_what_was_left_out_says_why(driven: tuple[Path, int, str]) -> None:
    left_out = results(driven[0] / "out", "correct")["left_out"]
    assert left_out == {"never": ["time"], "lacking": ["a CUDA device", "the variable NOSOLOGY_DEV_DATA"]}


def test_results_on_disk_are_not_measured_again_and_failed_ones_only_on_request(driven: tuple[Path, int, str]) -> None:
    folder, _, _ = driven
    began = folder / "began"
    before = began.read_text(encoding="utf-8").split()
    assert before == ["right", "wrong", "sleeping", "raising", "dying", "last"]
    drive(folder / "own_stage.py", folder / "out", "--size", "tiny")
    assert began.read_text(encoding="utf-8").split() == before
    drive(folder / "own_stage.py", folder / "out", "--size", "tiny", "--retry")
    assert began.read_text(encoding="utf-8").split() == [*before, "sleeping", "raising", "dying"]


def test_another_size_or_card_is_never_mixed_into_a_result_file(driven: tuple[Path, int, str], tmp_path: Path) -> None:
    folder, _, _ = driven
    status, said = drive(folder / "own_stage.py", folder / "out", "--size", "full")
    assert status == 2
    assert "give another --out" in said
    other = results(folder / "out", "correct")
    other["machine"]["gpu"] = "another card"
    (tmp_path / "correct.json").write_text(json.dumps(other), encoding="utf-8")
    arguments = ["--size", "tiny", "--earlier", str(tmp_path), "--only", "last"]
    _, said = drive(folder / "own_stage.py", tmp_path / "out", *arguments)
    assert "of another machine or size" in said
    assert list(results(tmp_path / "out", "correct")["measurements"]) == ["last"]


def test_an_earlier_calls_results_are_gone_on_from(driven: tuple[Path, int, str], tmp_path: Path) -> None:
    folder, _, _ = driven
    arguments = ["--size", "tiny", "--earlier", str(folder / "out"), "--only", "last", "right"]
    _, said = drive(folder / "own_stage.py", tmp_path / "out", *arguments)
    assert said.count("on disk already") == 2
    assert len(results(tmp_path / "out", "correct")["measurements"]) == 6


def test_a_killed_driver_takes_its_measurement_along_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    driver = write_stage(tmp_path / "stage", sleep=600)
    out = tmp_path / "out"
    command = [sys.executable, str(driver), "--out", str(out), "--size", "tiny", "--cache", str(tmp_path / "cache")]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL)
    began = tmp_path / "stage" / "began"
    while not began.exists() or "sleeping" not in began.read_text(encoding="utf-8"):
        time.sleep(0.05)
        assert process.poll() is None
    children = _descendants(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert children
    while any(_is_alive(pid) for pid in children):
        time.sleep(0.05)
    assert list(checked(out, "correct")["measurements"]) == ["right", "wrong"]
    write_stage(tmp_path / "stage", sleep=1)
    drive(driver, out, "--size", "tiny")
    assert began.read_text(encoding="utf-8").split().count("right") == 1
    assert len(checked(out, "correct")["measurements"]) == 6


def test_imports_that_hang_are_killed_at_the_measurements_limit_and_the_driver_ends(tmp_path: Path) -> None:
    driver = write_stage(tmp_path / "stage", preload=("hanging",))
    (tmp_path / "stage" / "hanging.py").write_text(
        "import os, pathlib, time\n"
        f"pathlib.Path({str(tmp_path / 'servers')!r}).open('a').write(f'{{os.getpid()}}\\n')\n"
        "time.sleep(3600)\n",
        encoding="utf-8",
    )
    status, _ = drive(driver, tmp_path / "out", "--size", "tiny", "--limit", "7", "--only", "sleeping", "last")
    found = checked(tmp_path / "out", "correct")["measurements"]
    assert {name: measured["status"] for name, measured in found.items()} == dict.fromkeys(
        ("sleeping", "last"), "timed out"
    )
    assert sum(measured["seconds"] for measured in found.values()) < 7
    servers = [int(pid) for pid in (tmp_path / "servers").read_text(encoding="utf-8").split()]
    assert len(servers) == 2
    assert not any(_is_alive(pid) for pid in servers)
    assert status == 1


def test_libraries_are_imported_once_or_anew_on_request_and_what_cannot_be_imported_is_said(tmp_path: Path) -> None:
    driver = write_stage(tmp_path / "stage", preload=("library", "no_such_library"))
    imports = tmp_path / "imports"
    program = f"import pathlib\npathlib.Path({str(imports)!r}).open('a').write('x')\n"
    (tmp_path / "stage" / "library.py").write_text(program, encoding="utf-8")
    names = ["--size", "tiny", "--only", "right", "wrong", "last"]
    drive(driver, tmp_path / "once", *names)
    assert imports.read_text(encoding="utf-8") == "x"
    drive(driver, tmp_path / "anew", *names, "--fresh")
    assert imports.read_text(encoding="utf-8") == "xxxx"
    drive(driver, tmp_path / "died", "--size", "tiny", "--only", "dying")
    assert "no_such_library" in checked(tmp_path / "died", "correct")["measurements"]["dying"]["error"]


def test_a_stage_ends_within_its_limit_whatever_hangs(tmp_path: Path) -> None:
    driver = write_stage(tmp_path / "stage", sleep=600)
    arguments = ["--size", "tiny", "--limit", "5", "--only", "sleeping", "last", "dying"]
    drive(driver, tmp_path / "out", *arguments)
    found = checked(tmp_path / "out", "correct")
    assert found["limit_seconds"] == 5
    assert found["measurements"]["sleeping"]["status"] == "timed out"
    assert sum(result["seconds"] for result in found["measurements"].values()) < 5
    assert found["left_out"]["last"] == ["time"]


def _descendants(pid: int) -> set[int]:
    """Return the processes below one, by the kernel's own list."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    found = set(map(int, children))
    return found.union(*(_descendants(child) for child in found)) if found else found


def _is_alive(pid: int) -> bool:
    """Return whether a process still runs; one that waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# The tables and the schema.


def module(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(f"gpu_{name}", SCRIPTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def result(**fields: Any) -> dict[str, Any]:
    base = {"status": "done", "seconds": 3.0, "limit_seconds": 60.0, "began": "2026-11-27T22:00:00+00:00"}
    return base | {"code": "0123abcd", "figures": {}, "checks": []} | fields


def speed(notes: float, **fields: Any) -> dict[str, Any]:
    figures = {"notes_per_second": notes, "tokens_per_second": 2000 * notes, "fraction_of_peak": 0.512}
    return result(
        figures=figures | {"step_seconds": [41.25, 0.5], "peak_memory_gib": 22.31, "notes_at_once": 8}, **fields
    )


FAST = {
    "format": 1,
    "stage": "fast",
    "size": "full",
    "limit_seconds": 240.0,
    "machine": {
        "gpu": "A card",
        "driver": "580.1",
        "memory": "80000 MiB",
        "platform": "Linux",
        "cores": 16,
        "python": "3.12.3",
        "packages": {"torch": "2.11.0", "peft": "0.20.0"},
        "date": "2026-11-28",
    },
    "measurements": {
        "nosology": speed(14.0),
        "hf_padded": speed(5.6),
        "trl": result(status="failed", error="Traceback\n  somewhere\nValueError: no such setting"),
    },
    "left_out": {"four_bit_one_note": ["bitsandbytes (43.1 MB)"]},
}


def test_tables_say_card_versions_date_figures_ratios_and_what_is_missing() -> None:
    lines = module("tables").tables(FAST)
    text = "\n".join(lines)
    assert "A card (80000 MiB), driver 580.1; 16 cores, Python 3.12.3, torch 2.11.0, peft 0.20.0; 2026-11-28" in text
    assert "| nosology | 14.00 | 28,000 | 51.2% | 22.3 | 8 | 41.2 |" in lines
    assert "| nosology / hf padded | 2.50 | ≥ 2.0 |" in lines
    assert "- trl: failed: ValueError: no such setting" in lines
    assert "- four bit one note: not measured, lacks bitsandbytes (43.1 MB)" in lines


def test_only_a_gpus_figures_reach_a_page_and_only_between_its_marks(tmp_path: Path) -> None:
    tables = module("tables")
    page = tmp_path / "page.md"
    before = f"# A page\n\n{tables.BEGIN}\nNone yet.\n{tables.END}\n\nThe end.\n"
    page.write_text(before, encoding="utf-8")
    rehearsed = FAST | {"size": "tiny"}
    for found, status in ((rehearsed, 2), (FAST, 0)):
        (tmp_path / "fast.json").write_text(json.dumps(found), encoding="utf-8")
        assert tables.main([str(tmp_path), "--page", str(page)]) == status
        assert (page.read_text(encoding="utf-8") == before) is (status == 2)
    written = page.read_text(encoding="utf-8")
    assert written.startswith("# A page\n")
    assert written.endswith("The end.\n")
    assert "| nosology / hf padded | 2.50 |" in written
    assert "None yet." not in written


@pytest.mark.parametrize(
    "change",
    [
        {"stage": "other"},
        {"machine": {**FAST["machine"], "gpu": 3}},  # type: ignore[dict-item]
        {"measurements": {"nosology": result(status="done", error="but failed")}},
        {"measurements": {"nosology": result(status="failed")}},
        {"measurements": {"nosology": result(checks=[{"name": "a", "value": 1.0, "passed": True}])}},
        {"measurements": {"nosology": result(code="unknown")}},
        {"surplus": 1},
    ],
)
def test_the_schema_refuses_what_no_driver_may_write(change: dict[str, Any]) -> None:
    jsonschema.validate(FAST, SCHEMA)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(FAST | change, SCHEMA)


def test_the_pages_marks_are_those_of_the_tables_and_hold_no_figure_yet() -> None:
    tables = module("tables")
    page = (SCRIPTS.parents[1] / "docs" / "how-to" / "gpu.md").read_text(encoding="utf-8")
    _, begin, rest = page.partition(tables.BEGIN)
    measured, end, _ = rest.partition(tables.END)
    assert begin
    assert end
    assert "|" not in measured or "driver" in measured  # a table names its card


# What is carried.


def halves(*arguments: str, cache: Path) -> tuple[int, str]:
    command = [sys.executable, str(SCRIPTS / "halves.py"), *arguments]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment(NOSOLOGY_GPU_CACHE=str(cache))
    )
    return done.returncode, done.stdout + done.stderr


def test_a_model_file_carried_in_halves_is_whole_again_or_refused(tmp_path: Path) -> None:
    name = "SmolLM2-135M-Instruct.Q4_1.gguf"
    whole = tmp_path / name
    whole.write_bytes(os.urandom(100_001))
    assert halves("split", str(whole), str(tmp_path / "halves"), cache=tmp_path)[0] == 0
    first, second = (tmp_path / "halves" / f"{name}.{number}" for number in (1, 2))
    assert first.stat().st_size + second.stat().st_size == 100_001
    target = Path(halves("--print-target", cache=tmp_path)[1].strip())
    other = tmp_path / "second copy"
    other.mkdir()
    second.rename(other / second.name)
    assert halves("join", str(tmp_path / "halves"), cache=tmp_path) == (1, f"still to come: {name}.2\n")
    assert not target.exists()
    assert halves("join", str(other), cache=tmp_path)[0] == 0
    assert target.read_bytes() == whole.read_bytes()
    (other / second.name).write_bytes(os.urandom(50_000))
    status, said = halves("join", str(other), cache=tmp_path)
    assert status == 2
    assert "SHA-256" in said
    assert not target.exists()


# The drivers themselves, on a machine that has torch, transformers, peft and accelerate alone.


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    return bare_python(tmp_path_factory.mktemp("bare") / "python")


def test_every_driver_first_says_what_is_missing_with_its_size(bare: str, tmp_path: Path) -> None:
    said = {
        driver: drive(SCRIPTS / f"{driver}.py", tmp_path, "--size", "tiny", "--list", python=bare)
        for driver in ("correct", "fast", "better")
    }
    assert [status for status, _ in said.values()] == [0, 0, 0]
    assert "polars-runtime-32 (53.9 MB)" in said["correct"][1]
    assert "trl (0.95 MB)" in said["fast"][1]
    assert "gguf (0.12 MB)" in said["better"][1]
    assert "NOSOLOGY_DEV_DATA" in said["better"][1]


def test_with_the_four_packages_alone_a_part_of_the_first_stage_runs(bare: str, tmp_path: Path) -> None:
    arguments = ["--size", "tiny", "--patience", "6", "--only", "adapters", "commands"]
    status, said = drive(SCRIPTS / "correct.py", tmp_path, *arguments, python=bare)
    found = checked(tmp_path, "correct")
    assert found["measurements"]["adapters"]["status"] == "done", said
    assert all(check["passed"] for check in found["measurements"]["adapters"]["checks"])
    assert any(lack.startswith("polars") for lack in found["left_out"]["commands"])
    assert status == 1
    assert "| adapters | float32 plain error |" in tables_of(tmp_path)


@pytest.fixture(scope="module")
def rehearsed(bare: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All drivers rehearsed: two on a bare machine, and what needs more packages, at the same time for speed."""
    out = tmp_path_factory.mktemp("rehearsed")
    arguments = ["--size", "tiny", "--limit", "800", "--patience", "6"]
    with ThreadPoolExecutor() as pool:
        ends = [
            pool.submit(drive, SCRIPTS / f"{stage}.py", out, *arguments, python=bare) for stage in ("correct", "fast")
        ]
        for stage, name in (("correct", "commands"), ("fast", "trl"), ("better", "course")):
            drive(SCRIPTS / f"{stage}.py", out / "more", *arguments, "--only", name)
        for end in ends:
            end.result()
    return out


def assert_right(measurements: dict[str, Any], names: set[str]) -> None:
    assert set(measurements) == names
    for name, measured in measurements.items():
        assert measured["status"] == "done", (name, measured.get("error"))
        assert all(check["passed"] for check in measured["checks"]), (name, measured["checks"])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_the_four_packages_alone_the_whole_first_stage_is_right(rehearsed: Path) -> None:
    found = checked(rehearsed, "correct")
    assert set(found["left_out"]) == {"four_bit", "commands"}
    names = "trees_float32 trees_bfloat16 billion scores recomputed adapters accumulated resumed batch_auto"
    assert_right(found["measurements"], set(names.split()))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_with_the_four_packages_alone_the_second_stage_measures_all_but_what_needs_more(rehearsed: Path) -> None:
    found = checked(rehearsed, "fast")
    assert set(found["left_out"]) == {"four_bit_one_note", "trl", "trl_defaults"}
    names = "nosology hf_padded scoring nosology_recomputed hf_padded_recomputed nosology_uncompiled profile doctor"
    assert_right(found["measurements"], set(names.split()))
    assert "| nosology / hf padded |" in tables_of(rehearsed)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(importlib.util.find_spec("trl") is None, reason="TRL is not installed")
@pytest.mark.parametrize(("stage", "name"), [("correct", "commands"), ("fast", "trl"), ("better", "course")])
def test_commands_course_and_trl_run_where_their_packages_are(rehearsed: Path, stage: str, name: str) -> None:
    assert_right(checked(rehearsed / "more", stage)["measurements"], {name})
    assert f"| {name} |" in tables_of(rehearsed / "more")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_driver_ends_within_its_limit_with_a_model_that_never_answers(tmp_path: Path) -> None:
    stuck = {"correct": ["scores", "adapters"], "fast": ["nosology", "scoring"], "better": ["course", "course_rank_4"]}

    def driven_stuck(stage: str) -> dict[str, Any]:
        arguments = ["--size", "stuck", "--limit", "20", "--only", *stuck[stage]]
        drive(SCRIPTS / f"{stage}.py", tmp_path / stage, *arguments)
        return checked(tmp_path / stage, stage)

    with ThreadPoolExecutor() as pool:
        for stage, found in zip(stuck, pool.map(driven_stuck, stuck), strict=True):
            first, second = stuck[stage]
            assert found["measurements"][first]["status"] == "timed out", found
            assert second in found["left_out"], found
            assert found["measurements"][first]["seconds"] < 20
