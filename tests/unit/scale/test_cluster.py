"""What workers may tell, and what is refused before any work."""

import importlib.util
import os
import stat
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.errors import ConfigError, DataError, NosologyError
from nosology.scale import cluster
from nosology.scale.cluster import (
    ADDRESS_VARIABLE,
    InProcess,
    Machine,
    Needs,
    RayEngine,
    WorkerBug,
    expect_ray,
    lasting_workers,
    ray_engine,
)
from scripted_ray import ScriptedRay, scripted_ray

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


# ---- one partition after the other, here


def test_a_number_comes_when_its_partition_is_done_and_before_the_next_is_begun() -> None:
    done: list[int] = []
    numbers = InProcess().each(lambda: done.append, [5, 3], Needs())
    assert (next(numbers), done) == (5, [5])
    assert (next(numbers), done) == (3, [5, 3])


def test_what_work_raises_ends_the_work_on_all() -> None:
    done: list[int] = []

    def refuse_the_second(number: int) -> None:
        if number == 2:
            refuse(number)
        done.append(number)

    with pytest.raises(DataError, match="no column 'body'"):
        list(InProcess().each(lambda: refuse_the_second, [1, 2, 3], Needs()))
    assert done == [1]


# ---- what workers tell


def test_a_worker_makes_its_work_once_and_tells_each_time_that_it_cannot_be_made() -> None:
    made: list[int] = []

    def make() -> Callable[[int], None]:
        made.append(1)
        if len(made) < 3:
            raise DataError("no such run", place="runs/none", hint="check the path")
        return lambda _: None

    guarded = cluster._Guarded(make)
    assert [len(guarded(number)) for number in range(5)] == [5, 5, 0, 0, 0]
    assert len(made) == 3


def test_an_error_of_a_kind_that_only_a_module_of_its_own_knows_keeps_its_words() -> None:
    error = cluster._failed(["", "LimitReached", "it is too large", "raise the limit", "a.csv"])
    assert type(error) is NosologyError
    assert str(error) == "a.csv: it is too large\n  hint: raise the limit"


def recurse(number: int) -> None:
    if not number:
        raise KeyError(NOTE)
    recurse(number - 1)


def test_of_a_deep_bug_the_innermost_places_are_told() -> None:
    (told,) = told_of(recurse, [20])
    error = cluster._failed(told)
    assert isinstance(error, WorkerBug)
    assert str(error).startswith("KeyError in a worker")
    assert len(error.frames) == 8
    assert all(frame.endswith("in recurse") for frame in error.frames)


def test_an_interrupt_is_no_failure_of_a_partition() -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        told_of(interrupt, [1])


def test_a_batch_says_which_partition_failed_and_which_did_not() -> None:
    def refuse_odd(number: int) -> None:
        if number % 2:
            refuse(number)

    found = cluster._on_batch(cluster._Guarded(lambda: refuse_odd), pa.table({"number": [2, 3]})).to_pylist()
    assert found == [
        {"number": 2, "failure": []},
        {"number": 3, "failure": ["", "DataError", "no column 'body'", "name it", "part-3"]},
    ]


# ---- room


@given(st.lists(st.integers(0, 96), max_size=6), st.integers(1, 300), st.none() | st.integers(1, 64))
def test_workers_with_a_model_are_as_many_as_are_wanted_and_fit(
    cpus: list[int], n_items: int, n_workers: int | None
) -> None:
    machines = [Machine(n) for n in cpus]
    size, needs = lasting_workers(n_items, n_workers, machines, wants_gpu=False)
    each = int(needs["num_cpus"])
    usable = [n for n in cpus if n] or [1]
    assert 1 <= size <= min(n_items, n_workers or n_items)
    assert 1 <= each <= min(8, *usable)
    assert sum(n // each for n in usable) >= size
    assert size == min(n_items, n_workers or n_items, sum(n // each for n in usable)), "no place stays empty"


@given(st.lists(st.integers(0, 8), min_size=1, max_size=5).filter(any), st.integers(1, 99), st.integers(1, 40))
def test_workers_that_share_gpus_fit_on_them(gpus: list[int], n_items: int, n_workers: int) -> None:
    size, needs = lasting_workers(n_items, n_workers, [Machine(4, n) for n in gpus], wants_gpu=True)
    on_one = round(1 / needs["num_gpus"])
    assert size == min(n_workers, n_items)
    assert sum(n * on_one for n in gpus) >= size > sum(gpus) * (on_one - 1)


# ---- what Ray is asked for, and what comes of its failures


def worked_on(ray: ScriptedRay, work: Callable[[int], None], numbers: list[int], needs: Needs) -> list[int]:
    ray.nodes = [{"Alive": True, "Resources": {"CPU": 4.0}}]
    return list(RayEngine(2).each(lambda: work, numbers, needs))


def test_short_work_is_tasks_of_one_core_that_are_tried_again() -> None:
    done: list[int] = []
    with scripted_ray() as ray:
        assert worked_on(ray, done.append, [4, 9, 2], Needs()) == [4, 9, 2]
    assert done == [4, 9, 2]
    assert (ray.asked["compute"], ray.asked["num_cpus"], ray.asked["max_retries"]) == (("tasks", 2), 1, 3)


def test_work_that_keeps_a_model_is_actors_that_are_started_again_with_their_partition() -> None:
    done: list[int] = []
    with scripted_ray() as ray:
        assert worked_on(ray, done.append, [0, 1, 2], Needs(is_lasting=True)) == [0, 1, 2]
    assert done == [0, 1, 2]
    assert (ray.asked["compute"], ray.asked["num_cpus"]) == (("actors", 2), 2)
    assert (ray.asked["max_restarts"], ray.asked["max_task_retries"]) == (3, 3)


def test_where_nothing_is_left_to_do_ray_is_not_even_imported() -> None:
    assert list(RayEngine(None).each(lambda: refuse, [], Needs())) == []


def test_what_a_partition_was_refused_for_is_raised_here() -> None:
    with scripted_ray() as ray, pytest.raises(DataError) as refused:
        worked_on(ray, refuse, [3], Needs())
    assert refused.value.place == "part-3"


def test_workers_that_are_lost_again_and_again_end_the_job_with_a_remedy_and_without_rays_words() -> None:
    done: list[int] = []
    with scripted_ray(loses=2) as ray, pytest.raises(NosologyError, match="workers were lost again and again") as lost:
        worked_on(ray, done.append, [0, 1, 2], Needs())
    assert done == [0, 1]
    assert "quote a note" not in str(lost.value)
    assert "what is finished is not repeated" in lost.value.hint


# ---- Ray's start and end


@pytest.fixture
def no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable names a cluster."""
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)


@pytest.mark.usefixtures("no_cluster")
def test_a_ray_of_this_machine_is_quiet_and_keeps_its_files_in_a_private_folder() -> None:
    with scripted_ray() as ray, ray_engine(1):
        (how,) = ray.started
        assert (how["address"], how["include_dashboard"], how["log_to_driver"]) == ("local", False, False)
        assert vars(ray.context) == {"enable_progress_bars": False, "print_on_execution_start": False}
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
        assert stat.S_IMODE(ray.folder.parent.stat().st_mode) == 0o700


@pytest.mark.usefixtures("no_cluster")
def test_a_ray_of_this_machine_ends_with_its_folder_and_settings_however_the_block_ends() -> None:
    with scripted_ray() as ray, pytest.raises(KeyError), ray_engine(1):
        raise KeyError("x")
    assert ray.n_shut_down == 1
    assert not ray.folder.parent.exists()
    assert "RAY_USAGE_STATS_ENABLED" not in os.environ


@pytest.mark.usefixtures("no_cluster")
def test_a_ray_that_somebody_else_started_is_used_and_left_running() -> None:
    with scripted_ray(is_up=True) as ray, ray_engine(3) as engine:
        assert isinstance(engine, RayEngine)
    assert (ray.started, ray.n_shut_down) == ([], 0)


def test_a_cluster_is_reached_by_its_address_and_gets_no_settings_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, "ray://head:10001")
    with scripted_ray() as ray, ray_engine():
        assert not {"address", "num_cpus", "_temp_dir"} & ray.started[0].keys()
        assert "RAY_USAGE_STATS_ENABLED" not in os.environ


@pytest.mark.parametrize("failure", [ConnectionError("refused"), ValueError("no such address")])
def test_a_cluster_that_does_not_answer_is_told_by_the_variable_that_names_it(
    failure: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS_VARIABLE, "ray://nowhere:10001")
    with scripted_ray(fails=failure), pytest.raises(ConfigError, match="no Ray cluster answers") as refused:
        ray_engine().__enter__()
    assert refused.value.place == ADDRESS_VARIABLE
    assert "ray start --head" in refused.value.hint


@pytest.mark.usefixtures("no_cluster")
@pytest.mark.parametrize(
    ("how", "kind", "words"),
    [
        ({"fails": RuntimeError("The process timed out during startup.")}, ConfigError, "did not come up in time"),
        ({"fails": RuntimeError("of another kind")}, RuntimeError, "of another kind"),
        ({"address": "10.0.0.7"}, ConfigError, "Ray would listen to the network"),
    ],
)
def test_a_start_that_fails_or_listens_to_the_network_leaves_no_ray_behind(
    how: dict[str, Any], kind: type[Exception], words: str
) -> None:
    with scripted_ray(**how) as ray, pytest.raises(kind, match=words):
        ray_engine().__enter__()
    assert ray.n_shut_down == 1
    assert not ray.folder.parent.exists()


def test_settings_that_were_there_before_are_there_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOSOLOGY_A", "before")
    monkeypatch.delenv("NOSOLOGY_B", raising=False)
    settings = {"NOSOLOGY_A": "1", "NOSOLOGY_B": "2"}
    with cluster._environment(settings):
        assert {name: os.environ[name] for name in settings} == settings
    with pytest.raises(KeyError), cluster._environment(settings):
        raise KeyError("x")
    assert os.environ["NOSOLOGY_A"] == "before"
    assert "NOSOLOGY_B" not in os.environ
