"""What workers may tell, and what is refused before any work."""

import importlib.util
import warnings
from pathlib import Path
from typing import Any

import pytest

from nosology.errors import ConfigError, DataError
from nosology.scale import cluster
from nosology.scale.cluster import ADDRESS_VARIABLE, Machine, Needs, WorkerBug, expect_ray, lasting_workers, ray_engine

pa = pytest.importorskip("pyarrow", reason="the extra `scale` is not installed")
NOTE = "Xanthippe Quuxworth has chest pain"


def told_of(work: Any, numbers: list[int]) -> list[list[str]]:
    guarded = cluster._Guarded(lambda: work)
    return list(cluster._on_batch(guarded, pa.table({"number": numbers}))["failure"].to_pylist())


def quote(number: int) -> None:
    raise ValueError(f"{NOTE} {number}")


def refuse(number: int) -> None:
    raise DataError("no column 'body'", place=f"part-{number}", hint="name it")


def test_a_bug_in_a_worker_is_told_by_its_place_without_its_message() -> None:
    (told,) = told_of(quote, [3])
    assert NOTE not in str(told)
    error = cluster._failed(told)
    assert isinstance(error, WorkerBug)
    assert NOTE not in str(error)
    assert error.frames[-1].endswith("in quote")


def test_what_a_user_can_fix_comes_back_as_it_was_raised() -> None:
    (told,) = told_of(refuse, [3])
    error = cluster._failed(told)
    assert isinstance(error, DataError)
    assert (error.message, error.place, error.hint) == ("no column 'body'", "part-3", "name it")


def test_work_that_went_well_tells_nothing() -> None:
    done: list[int] = []
    assert told_of(done.append, [4, 5]) == [[], []]
    assert done == [4, 5]


def test_a_missing_extra_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ray" else tmp_path)
    with pytest.raises(ConfigError, match="Ray is not installed") as refused:
        expect_ray()
    assert refused.value.hint == 'pip install "nosology[scale]"'


@pytest.mark.parametrize(
    ("cpus", "n_items", "n_workers", "expected"),
    [
        ([4, 4], 100, None, (2, 4)),
        ([64, 64, 64, 64], 1, None, (1, 8)),
        ([64, 64, 64, 64], 100, None, (32, 8)),
        ([64, 4], 100, 3, (3, 4)),
        ([0, 16], 100, None, (2, 8)),
        ([2], 100, 2, (2, 1)),
        ([6, 6], 100, 3, (3, 3)),
        ([2], 100, 5, (2, 1)),
        ([], 100, None, (1, 1)),
    ],
)
def test_every_worker_with_a_model_finds_a_place_on_one_machine(
    cpus: list[int], n_items: int, n_workers: int | None, expected: tuple[int, int]
) -> None:
    size, each = lasting_workers(n_items, n_workers, [Machine(n) for n in cpus], wants_gpu=True)
    assert (size, each) == (expected[0], {"num_cpus": expected[1]})
    assert not cpus or sum(n // each["num_cpus"] for n in cpus) >= size


@pytest.mark.parametrize(
    ("gpus", "n_workers", "expected"), [([2, 1], None, (3, 1.0)), ([2, 1], 4, (4, 0.5)), ([4], 2, (2, 1.0))]
)
def test_workers_share_gpus_evenly(gpus: list[int], n_workers: int | None, expected: tuple[int, float]) -> None:
    machines = [Machine(0 if n == 4 else 8, n) for n in gpus]
    size, each = lasting_workers(100, n_workers, machines, wants_gpu=True)
    assert (size, each) == (expected[0], {"num_gpus": expected[1]})
    assert lasting_workers(100, None, machines, wants_gpu=False)[1].keys() == {"num_cpus"}


def test_only_machines_that_are_up_are_counted() -> None:
    up, down = {"Alive": True, "Resources": {"CPU": 4.0, "GPU": 1.0}}, {"Alive": False, "Resources": {"CPU": 64.0}}
    assert cluster._machines([up, down, {"Alive": True, "Resources": {}}]) == [Machine(4, 1), Machine(0)]


def test_ray_data_is_asked_for_what_a_machine_has() -> None:
    pytest.importorskip("ray", reason="the extra `scale` is not installed")
    found = cluster._arguments(lambda: refuse, 9, None, Needs(is_lasting=True), [Machine(4), Machine(4)])
    assert (found["num_cpus"], found["compute"].min_size, found["compute"].max_size) == (4, 2, 2)
    assert cluster._arguments(lambda: refuse, 9, 3, Needs(), [Machine(4)])["compute"].size == 3


def test_only_what_ray_warns_of_at_its_start_is_silenced(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="the extra `scale` is not installed")
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    monkeypatch.setattr(cluster, "_start", lambda *_: warnings.warn("of the start", stacklevel=1))
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with ray_engine(1):
            warnings.warn("of the job", stacklevel=1)
    assert [str(item.message) for item in heard if "of the" in str(item.message)] == ["of the job"]
