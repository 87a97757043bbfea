"""Ray: started on this machine for one job, or the user's own cluster; partitions handed out; losses borne.

The local one has no dashboard, listens on loopback alone, reports nothing to anybody and keeps its files in a private
folder that goes with it. Work that raises is told as plain values, so that no traceback of a worker, which could quote
a note, reaches Ray's logs. A worker that is lost is started again, and its partition with it.
"""

import importlib.util
import logging
import os
import shutil
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from nosology import errors
from nosology.errors import ConfigError, NosologyError
from nosology.machine.workers import available_cores

ADDRESS_VARIABLE = "RAY_ADDRESS"
_RESTARTS = 3  # of a lost worker, and of its partition: one that kills every worker (memory) must end the job
_LOOPBACK = "127.0.0.1"
_OBJECT_STORE_BYTES = 128 << 20  # numbers and counts are all that is in it
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # Ray's word for: one machine, every port on loopback
    "RAY_enable_metrics_collection": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}

Work = Callable[[int], None]
"""Does all that is to be done with the partition of a number, and writes what comes out."""


class WorkerBug(Exception):
    """Work on a partition raised something that no user can fix.

    Attributes:
        frames: Where, innermost last: file, line and function.
    """

    def __init__(self, kind: str, frames: Sequence[str]) -> None:
        super().__init__(f"{kind} in a worker; its message is withheld, since it could quote a note")
        self.frames = tuple(frames)


@dataclass(frozen=True, slots=True)
class Needs:
    """What one worker needs.

    Attributes:
        is_lasting: Whether it keeps something between partitions (a model), and so is an actor; else it is a task.
        wants_gpu: Whether it uses a GPU where the cluster has any.
    """

    is_lasting: bool = False
    wants_gpu: bool = False


class Engine(Protocol):
    """Has partitions worked on."""

    def each(self, make: Callable[[], Work], numbers: Sequence[int], needs: Needs) -> Iterator[int]:
        """Yield the number of each partition as it is finished, in any order.

        Args:
            make: Makes the work; called once a worker.
            numbers: The partitions.
            needs: What a worker needs.
        """
        ...


class InProcess:
    """Works on one partition after the other, here: the same work without Ray."""

    def each(self, make: Callable[[], Work], numbers: Sequence[int], needs: Needs) -> Iterator[int]:  # noqa: ARG002
        """Yield the number of each partition as it is finished.

        Args:
            make: Makes the work; called once.
            numbers: The partitions.
            needs: Not looked at: this process has what it has.
        """
        work = make()
        for number in numbers:
            work(number)
            yield number


class RayEngine:
    """Has Ray Data work on partitions; made by `ray_engine`.

    Args:
        n_workers: How many workers at most; None for what there is room for.
    """

    def __init__(self, n_workers: int | None) -> None:
        self._n_workers = n_workers

    def each(self, make: Callable[[], Work], numbers: Sequence[int], needs: Needs) -> Iterator[int]:
        """Yield the number of each partition as it is finished, in any order.

        Args:
            make: Makes the work; picklable, called once a worker.
            numbers: The partitions.
            needs: What a worker needs.

        Raises:
            NosologyError: Work raised it, or workers were lost again and again.
            WorkerBug: Work raised anything else.
        """
        if not numbers:
            return
        import ray
        from ray import data
        from ray.exceptions import RayError

        items = [{"number": number} for number in numbers]
        rows = data.from_items(items, override_num_blocks=len(items))
        try:
            how = _arguments(make, len(items), self._n_workers, needs, _machines(ray.nodes()))
            with _unwarned():  # that Ray 2.64 bounds no restarts any more: `pyproject.toml` asks for one before
                worked_on = rows.map_batches(**how)
            for row in worked_on.iter_rows():
                if row["failure"]:
                    raise _failed(row["failure"])
                yield int(row["number"])
        except RayError as error:
            raise NosologyError(
                f"workers were lost again and again ({type(error).__name__})",
                place="--engine ray",
                hint="memory is the usual cause: fewer --workers, or smaller partitions; then ask for the same again, "
                "and what is finished is not repeated",
            ) from None


_CPUS_OF_A_MODEL = 8
"""Cores that share one copy of a model where there is no GPU: more threads help little, and each copy is memory."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine of the cluster has for work.

    Attributes:
        n_cpus: Its cores, as Ray counts them.
        n_gpus: Its GPUs.
    """

    n_cpus: int
    n_gpus: int = 0


def _machines(nodes: Sequence[Mapping[str, Any]]) -> list[Machine]:
    """Return the machines that are up, of what ``ray.nodes()`` says."""
    there = [node["Resources"] for node in nodes if node["Alive"]]
    return [Machine(int(has.get("CPU", 0)), int(has.get("GPU", 0))) for has in there]


def lasting_workers(
    n_items: int, n_workers: int | None, machines: Sequence[Machine], *, wants_gpu: bool
) -> tuple[int, dict[str, float]]:
    """Return how many workers that keep a model there are, and what each takes of one machine.

    Each fits any machine that has what it takes, so that all of them find a place.

    Args:
        n_items: Partitions.
        n_workers: How many workers at most; None for what there is room for.
        machines: Those of the cluster.
        wants_gpu: Whether GPUs are used where there are any.
    """
    n_gpus = sum(machine.n_gpus for machine in machines) if wants_gpu else 0
    if n_gpus:
        size = min(n_workers or n_gpus, n_items)
        return size, {"num_gpus": 1 / -(-size // n_gpus)}
    machines = [machine for machine in machines if machine.n_cpus] or [Machine(1)]  # a head often lends no core
    most = min(_CPUS_OF_A_MODEL, *(machine.n_cpus for machine in machines))
    wanted = min(n_workers or _room(machines, most), n_items)
    each = next((n for n in range(most, 1, -1) if _room(machines, n) >= wanted), 1)
    return min(wanted, _room(machines, each)), {"num_cpus": each}


def _room(machines: Sequence[Machine], n_cpus: int) -> int:
    return sum(machine.n_cpus // n_cpus for machine in machines)


def _arguments(
    make: Callable[[], Work], n_items: int, n_workers: int | None, needs: Needs, machines: Sequence[Machine]
) -> dict[str, Any]:
    """Return how Ray Data is to run the work."""
    from ray.data import ActorPoolStrategy, TaskPoolStrategy

    common = {"batch_size": 1, "batch_format": "pyarrow", "zero_copy_batch": True}
    if not needs.is_lasting:
        size = min(n_workers, n_items) if n_workers else None
        work = partial(_on_batch, _Guarded(make))
        return {"fn": work, "compute": TaskPoolStrategy(size), "num_cpus": 1, "max_retries": _RESTARTS} | common
    size, each = lasting_workers(n_items, n_workers, machines, wants_gpu=needs.wants_gpu)
    restarts = {"max_restarts": _RESTARTS, "max_task_retries": _RESTARTS}
    actor = {"fn": _Actor, "fn_constructor_args": (make,), "compute": ActorPoolStrategy(size=size)}
    return actor | each | restarts | common


class _Guarded:
    """Does work and returns what went wrong as plain values; empty where nothing did."""

    def __init__(self, make: Callable[[], Work]) -> None:
        self._make = make
        self._work: Work | None = None

    def __call__(self, number: int) -> list[str]:
        try:
            self._work = self._work or self._make()
            self._work(number)
        except NosologyError as error:
            return ["", type(error).__name__, error.message, error.hint, error.place]
        except Exception as error:  # told without its message, which could quote a note
            frames = traceback.extract_tb(error.__traceback__)[-8:]
            return [type(error).__name__, *(f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)]
        return []


class _Actor:
    """A worker that keeps what its work has loaded."""

    def __init__(self, make: Callable[[], Work]) -> None:
        self._guarded = _Guarded(make)

    def __call__(self, batch: Any) -> Any:
        return _on_batch(self._guarded, batch)


def _on_batch(guarded: _Guarded, batch: Any) -> Any:
    """Return a table of numbers and failures for a table of numbers."""
    import pyarrow

    numbers = batch.column("number").to_pylist()
    failures = [guarded(number) for number in numbers]
    kinds = pyarrow.schema([("number", pyarrow.int64()), ("failure", pyarrow.list_(pyarrow.string()))])
    return pyarrow.table({"number": numbers, "failure": failures}, schema=kinds)


def _failed(told: Sequence[str]) -> Exception:
    bug, *rest = told
    if bug:
        return WorkerBug(bug, rest)
    kind, message, hint, place = rest
    return getattr(errors, kind, NosologyError)(message, hint=hint, place=place)


def expect_ray() -> None:
    """Refuse to begin where Ray is not installed.

    Raises:
        ConfigError: It is not.
    """
    if any(importlib.util.find_spec(name) is None for name in ("ray", "pyarrow")):
        raise ConfigError("Ray is not installed", place="--engine ray", hint='pip install "nosology[scale]"')


@contextmanager
def ray_engine(n_workers: int | None = None) -> Iterator[RayEngine]:
    """Yield an engine on the cluster that ``RAY_ADDRESS`` names, or on a Ray of this machine that ends with the block.

    Args:
        n_workers: How many workers at most; None for one a core (for models: one a GPU, or one for eight cores).

    Raises:
        ConfigError: Ray is not installed, or the cluster cannot be reached.
    """
    expect_ray()
    with _environment(_SETTINGS if ADDRESS_VARIABLE not in os.environ else {}):
        import ray
        from ray import data

        with _unwarned():
            _be_quiet(data)
        if ray.is_initialized():
            yield RayEngine(n_workers)
            return
        folder = Path(tempfile.mkdtemp(prefix="nosology-"))  # its owner's alone; Ray opens its own below it to all
        try:
            with _unwarned():
                _start(ray, folder)
            yield RayEngine(n_workers)
        finally:
            ray.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _unwarned() -> Iterator[None]:
    """Silence Ray's warnings of what it is about to change."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _start(ray: Any, folder: Path) -> None:
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR, "configure_logging": False}
    if ADDRESS_VARIABLE in os.environ:
        try:
            ray.init(**quiet)
        except (ConnectionError, ValueError):
            hint = f"start it with `ray start --head`, or unset {ADDRESS_VARIABLE} to use this machine alone"
            raise ConfigError("no Ray cluster answers there", place=ADDRESS_VARIABLE, hint=hint) from None
        return
    try:
        ray.init(
            address="local",
            num_cpus=available_cores(),
            include_dashboard=False,
            object_store_memory=_OBJECT_STORE_BYTES,
            _temp_dir=str(folder / "ray"),
            **quiet,
        )
    except Exception as error:  # Ray has no kind of its own for: not up within the half minute that it waits
        if "timed out during startup" not in str(error):
            raise
        hint = "this machine is busy, or its memory full: try again, or use --engine local"
        raise ConfigError("Ray did not come up in time", place="--engine ray", hint=hint) from None
    if ray.util.get_node_ip_address() != _LOOPBACK:  # somebody imported Ray before it could be told
        raise ConfigError(
            "Ray would listen to the network",
            place="--engine ray",
            hint="import ray only after nosology has started it",
        )


def _be_quiet(data: Any) -> None:
    """Silence Ray Data: the command has a progress of its own."""
    context = data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)


@contextmanager
def _environment(settings: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
