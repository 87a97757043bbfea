"""What a machine is said to have."""

import json
import os
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from nosology import machine
from nosology.machine import inspect_machine, is_lack_of_memory


@pytest.fixture(scope="module")
def here() -> Any:
    return inspect_machine()


def test_this_machine_is_described_in_plain_values(here: Any) -> None:
    assert json.loads(json.dumps(here.to_dict()))["n_cores"] == here.n_cores


def test_cores_are_those_this_process_may_use(here: Any) -> None:
    assert 1 <= here.n_cores <= os.cpu_count()


def test_memory_is_at_most_what_the_operating_system_reports(here: Any) -> None:
    assert 0 < here.available_bytes <= here.memory_bytes <= psutil.virtual_memory().total


def test_speed_is_measured(here: Any) -> None:
    assert here.gflops > 0.1
    assert here.gflops_bfloat16 > 0


def test_packages_that_are_missing_have_no_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "OPTIONAL_PACKAGES", ("psutil", "no-such-distribution"))
    found = inspect_machine().packages
    assert found == {"psutil": psutil.__version__, "no-such-distribution": None}


@pytest.mark.parametrize(
    "names", [("memory.max", "memory.current"), ("memory.limit_in_bytes", "memory.usage_in_bytes")]
)
def test_a_containers_limit_counts_as_its_memory(tmp_path: Path, names: tuple[Any, ...]) -> None:
    (tmp_path / names[0]).write_text("8000000000\n")
    (tmp_path / names[1]).write_text("3000000000\n")
    assert machine._container_limit(tmp_path) == (8_000_000_000, 3_000_000_000)


def test_a_container_without_a_limit_has_the_machines_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "memory.current").write_text("3000000000\n")
    assert machine._container_limit(tmp_path) is None


def test_available_memory_leaves_out_what_the_container_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_container_limit", lambda _: (2_000_000_000, 1_990_000_000))
    total, available = machine._memory()
    assert total == 2_000_000_000
    assert available == 10_000_000


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp:1] DefaultCPUAllocator: can't allocate memory: 9 bytes"), True),
        (RuntimeError("shapes cannot be multiplied"), False),
        (ValueError("memory"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_a_lack_of_memory_is_told_from_other_failures(error: BaseException, expected: bool) -> None:
    assert is_lack_of_memory(error) is expected


def test_a_cpu_allocation_that_cannot_succeed_is_a_lack_of_memory() -> None:
    with pytest.raises(RuntimeError) as failure:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_lack_of_memory(failure.value)
