"""How a stage is driven: one process a measurement, a clock outside of it, and a file that grows with every result.

A driver runs its measurements in the order of their worth. Each runs in a process of its own (`processes.py`), so its
hang, crash or lack of memory costs nobody else anything. The clock is the driver's: a process that outlasts its limit,
or the stage's, is killed. Whatever a measurement had found by then is kept.

``OUT/STAGE.json`` is written anew after every measurement. A measurement whose result is there is not repeated, so a
driver that was killed goes on where it stopped. What would surprise you: a *failed* measurement counts as a result too;
``--retry`` repeats those, and only those.
"""

import argparse
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import needs
from measuring import Measurement, Report, measure_here
from processes import MeasuringServer
from result_files import MachineDiffersError, read_stage, tail, write_stage

RESERVE_SECONDS = 1.0
"""Of a stage, for writing the last result."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A list of measurements that run as one command.

    Attributes:
        name: Of the result file.
        limit_seconds: Of the whole stage, the drivers' own time included.
        module: Name of the module that holds `measurements`, for the processes that measure.
        measurements: In the order of their worth.
        preload: Modules that are imported once, for all measurements.
    """

    name: str
    limit_seconds: float
    module: str
    measurements: tuple[Measurement, ...]
    preload: tuple[str, ...] = ()


def main(stage: Stage, description: str | None, arguments: Sequence[str] | None = None) -> int:
    """Run a stage and return its exit status: 0 all there and right, 1 something is not, 2 asked for wrongly."""
    options = _options(stage, description, arguments)
    started = time.monotonic()
    _prepare_environment(options)
    stop_at = started + options.limit - RESERVE_SECONDS
    chosen = [m for m in stage.measurements if not options.only or m.name in options.only]
    lacking = needs.report(chosen, sys.stdout)
    if options.list:
        return 0
    try:
        state = read_stage(options.out, stage, options.size, options.earlier)
    except MachineDiffersError as error:
        print(f"{error}\n  give another --out", file=sys.stderr)
        return 2
    state["limit_seconds"] = options.limit
    results = state["measurements"]
    _restart_with_what_is_left(results, options)
    server = MeasuringServer(stage.module, stage.preload, options.out / f".{stage.name}.log")
    for measurement in chosen:
        known = results.get(measurement.name)
        if known is not None and (known["status"] == "done" or not options.retry):
            print(f"  {measurement.name}: on disk already ({known['status']})", flush=True)
            continue
        if lacking[measurement.name]:
            print(f"  {measurement.name}: left out, needs {', '.join(lacking[measurement.name])}", flush=True)
            state["left_out"][measurement.name] = lacking[measurement.name]
        elif (left := stop_at - time.monotonic()) < measurement.least_seconds:
            print(f"  {measurement.name}: no time, {max(left, 0):.0f} s are left", flush=True)
            state["left_out"][measurement.name] = ["time"]
        else:
            state["left_out"].pop(measurement.name, None)
            limit = min(measurement.limit_seconds * options.patience, left)
            results[measurement.name] = _run(server, stage, measurement, options, limit)
            _tell(measurement.name, results[measurement.name])
        write_stage(options.out, stage, state)
    server.stop()
    server.log.unlink(missing_ok=True)
    write_stage(options.out, stage, state)
    return _status(chosen, state)


def _options(stage: Stage, description: str | None, arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the result files")
    parser.add_argument(
        "--size",
        choices=("full", "tiny", "stuck"),
        default="full",
        help="tiny: the rehearsal on a CPU; stuck: the same with a model that never answers, to rehearse the clock",
    )
    parser.add_argument("--limit", type=float, default=stage.limit_seconds, help="seconds of the whole stage")
    parser.add_argument("--patience", type=float, default=1.0, help="factor on every measurement's own limit")
    parser.add_argument("--only", nargs="+", choices=[m.name for m in stage.measurements], help="these alone")
    parser.add_argument("--retry", action="store_true", help="repeat measurements that failed or took too long")
    parser.add_argument("--earlier", type=Path, help="folder with an earlier call's result files, to go on from")
    parser.add_argument("--cache", type=Path, help="folder for compiled programs (default: one in the system's)")
    parser.add_argument("--list", action="store_true", help="say what is there and what is missing, and stop")
    parser.add_argument("--fresh", action="store_true", help="import the libraries anew for every measurement: slower")
    parser.add_argument("--here", action="store_true", help="measure in this process, to debug; no clock")
    return parser.parse_args(arguments)


def _prepare_environment(options: argparse.Namespace) -> None:
    """Set what the measuring processes inherit: offline, compiled programs kept, CUDA counted without touching it."""
    import tempfile

    cache = options.cache or Path(tempfile.gettempdir()) / f"nosology-gpu-{os.getuid()}"
    settings = {
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # without it asking for CUDA before a fork breaks CUDA behind it
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "TRITON_CACHE_DIR": str(cache / "triton"),
        "NOSOLOGY_GPU_CACHE": str(cache),
        "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
    }
    for name, value in settings.items():
        os.environ.setdefault(name, value)
    cache.mkdir(parents=True, exist_ok=True)
    options.out.mkdir(parents=True, exist_ok=True)
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    # Wheels that were carried; the repository; the driver's own folder, for the processes that measure.
    for folder in (cache / "site", Path(__file__).parents[2] / "src", Path(sys.argv[0]).resolve().parent):
        if str(folder) not in paths:
            paths.insert(0, str(folder))
        if str(folder) not in sys.path:
            sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)


def _restart_with_what_is_left(results: dict[str, Any], options: argparse.Namespace) -> None:
    """Forget failed measurements that are to be repeated, so that a cut in the middle repeats them too."""
    if options.retry:
        for name in [name for name, result in results.items() if result["status"] != "done"]:
            del results[name]


def _run(
    server: MeasuringServer, stage: Stage, measurement: Measurement, options: argparse.Namespace, limit: float
) -> dict[str, Any]:
    """Return one measurement's result, measured in a process of its own that is killed at its limit."""
    began, clock = datetime.now(UTC), time.monotonic()
    report = Report(options.out / f".{stage.name}.{measurement.name}.partial")
    report.path.unlink(missing_ok=True)
    exit_code: int | None
    if options.here:
        exit_code = measure_here(stage.module, measurement.name, options.size, report.path)
    else:
        exit_code = server.measure(measurement.name, options.size, report.path, limit)
        if options.fresh:
            server.stop()
    result = report.read()
    result |= {
        "status": "timed out" if exit_code is None else "done" if exit_code == 0 else "failed",
        "seconds": round(time.monotonic() - clock, 2),
        "limit_seconds": round(limit, 1),
        "began": began.isoformat(timespec="seconds"),
        "code": needs.code_fingerprint(),
    }
    if exit_code:
        result["error"] = result.get("error") or f"exit status {exit_code}: {tail(server.log)}"
    elif exit_code is None:
        result["error"] = f"killed after {limit:.0f} s; the last it said: {tail(server.log)}"
    report.path.unlink(missing_ok=True)
    return result


def _tell(name: str, result: dict[str, Any]) -> None:
    wrong = [check["name"] for check in result["checks"] if not check["passed"]]
    words = f"{result['status']}, {len(result['checks'])} checks"
    words += f", WRONG: {', '.join(wrong)}" if wrong else ""
    print(f"  {name}: {words}, {result['seconds']:.1f} s", flush=True)
    for figure, value in result["figures"].items():
        print(f"      {figure}: {value:.6g}" if isinstance(value, float) else f"      {figure}: {value}")
    if result.get("error"):
        print("      " + result["error"].strip().replace("\n", "\n      ")[-1200:], flush=True)


def _status(chosen: Sequence[Measurement], state: dict[str, Any]) -> int:
    """Return 0 where every measurement asked for is there and all its checks passed."""
    results = [state["measurements"].get(measurement.name) for measurement in chosen]
    right = all(
        result is not None and result["status"] == "done" and all(check["passed"] for check in result["checks"])
        for result in results
    )
    print(f"{sum(result is not None for result in results)} of {len(chosen)} measurements have a result", flush=True)
    return 0 if right else 1
