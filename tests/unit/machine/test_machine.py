"""What a machine is said to have."""

import json
import os
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch

from nosology import machine
from nosology.machine import free_memory, inspect_machine, is_lack_of_memory, multiplies_bfloat16


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


# ---- memory


def limited(cgroup: Path, names: tuple[str, str], values: tuple[int | str, int]) -> Path:
    """Write what a container's system says of its memory: the limit, and what is in use."""
    cgroup.mkdir(exist_ok=True)
    for name, value in zip(names, values, strict=True):
        (cgroup / name).write_text(f"{value}\n")
    return cgroup


OLD = ("memory.limit_in_bytes", "memory.usage_in_bytes")
NEW = ("memory.max", "memory.current")


def test_an_older_system_keeps_the_limit_in_a_folder_of_its_own(tmp_path: Path) -> None:
    limited(tmp_path / "memory", OLD, (8_000_000_000, 3_000_000_000))
    assert machine._container_limit(tmp_path) == (8_000_000_000, 3_000_000_000)


def test_a_system_that_has_both_is_asked_in_the_newer_way(tmp_path: Path) -> None:
    limited(tmp_path, NEW, (4_000_000_000, 1_000_000_000))
    limited(tmp_path / "memory", OLD, (8_000_000_000, 3_000_000_000))
    assert machine._container_limit(tmp_path) == (4_000_000_000, 1_000_000_000)


def test_a_limit_without_what_is_in_use_is_none(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("8000000000\n")
    assert machine._container_limit(tmp_path) is None
    assert machine._container_limit(tmp_path / "nowhere") is None


Memory = namedtuple("Memory", "total available")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, (16, 9)),
        ((2**63 - 4096, 7), (16, 9)),
        ((12, 2), (12, 9)),
        ((12, 8), (12, 4)),
        ((12, 13), (12, 0)),
    ],
    ids=["no limit", "the huge number of older systems", "others use more", "it uses more", "over its limit"],
)
def test_memory_is_what_both_the_machine_and_the_container_leave(
    limit: tuple[int, int] | None, expected: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: Memory(16, 9))
    monkeypatch.setattr(machine, "_container_limit", lambda _: limit)
    assert machine._memory() == expected
    assert free_memory("cpu") == expected[1]


# ---- a machine with GPUs, or with another processor, as torch would describe it


@pytest.fixture
def with_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two GPUs: an older and a newer one, the first half used."""
    found = [("Tesla T4", 7, (8, 16)), ("A100", 8, (79, 80))]
    properties = [SimpleNamespace(name=name, major=major) for name, major, _ in found]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(found))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda index=0: found[index][2])
    monkeypatch.setattr(torch.cuda, "get_device_properties", properties.__getitem__)


@pytest.mark.usefixtures("with_gpus")
def test_each_gpu_is_told_with_what_others_left_of_it() -> None:
    assert machine._gpus() == (
        machine.Gpu("Tesla T4", memory_bytes=16, free_bytes=8, has_bfloat16=False),
        machine.Gpu("A100", memory_bytes=80, free_bytes=79, has_bfloat16=True),
    )
    assert free_memory("cuda") == 8


@pytest.mark.usefixtures("with_gpus")
def test_speed_is_that_of_the_device_that_trains(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    speeds = {("cuda", "float32"): 100.0, ("cuda", "bfloat16"): 200.0}
    monkeypatch.setattr(machine, "_matrix_gflops", lambda device, dtype: speeds[device, dtype])
    free = {tmp_path.resolve(): SimpleNamespace(free=77)}
    monkeypatch.setattr("nosology.machine.shutil.disk_usage", free.__getitem__)
    found = inspect_machine(tmp_path)
    assert (found.gflops, found.gflops_bfloat16, len(found.gpus)) == (100.0, 200.0, 2)
    assert found.free_disk_bytes == 77
    assert json.loads(json.dumps(found.to_dict()))["gpus"][1]["name"] == "A100"


def test_speed_is_that_of_the_fastest_product(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 0.0, 1.0, 1.5, 0.1, 4.0, 8.0, 0.3])  # start; then asked, before, after: 0.5 and 4 seconds
    monkeypatch.setattr("nosology.machine.time.perf_counter", lambda: next(times))
    assert machine._matrix_gflops("cpu", "float32") == pytest.approx(2 * 512**3 / 0.5 / 1e9)


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({}, False),
        ({"avx512_bf16": False, "avx2": True, "avx512_f": True}, False),
        ({"amx_bf16": True}, True),
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"bf16": True}, True),
    ],
)
def test_bfloat16_is_multiplied_where_the_processor_says_so(
    capabilities: dict[str, bool], expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    assert multiplies_bfloat16() is expected


def test_an_older_torch_that_knows_no_capabilities_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    assert multiplies_bfloat16() is False
