"""What workers may tell, and what is refused before any work."""

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from nosology.errors import ConfigError, DataError
from nosology.scale import cluster
from nosology.scale.cluster import WorkerBug, expect_ray

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
