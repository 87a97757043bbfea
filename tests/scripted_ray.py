"""A stand-in for Ray that works in this process: what is asked of it is written down, and failures come as planned.

The real one is an extra that takes seconds to start; what `nosology.scale.cluster` asks of it, and does where it fails,
can be seen without it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest


class RayError(Exception):
    """As Ray raises where workers are lost."""


@dataclass
class ScriptedRay:
    """What Ray was asked, and how it is to answer.

    Attributes:
        nodes: The machines of the cluster, as ``ray.nodes()`` says.
        address: Of this machine, as Ray sees it.
        fails: Raised by ``ray.init``; None where it starts.
        is_up: Whether somebody has started it already.
        loses: How many partitions are worked on before all workers are lost; None for all.
        started: The arguments of each ``ray.init``.
        n_shut_down: How often it was shut down.
        asked: The arguments of the last ``map_batches``.
        folder: Where it was told to keep its files.
        context: What is set of how it works on data.
    """

    nodes: list[dict[str, Any]] = field(default_factory=list)
    address: str = "127.0.0.1"
    fails: Exception | None = None
    is_up: bool = False
    loses: int | None = None
    started: list[dict[str, Any]] = field(default_factory=list)
    n_shut_down: int = 0
    asked: dict[str, Any] = field(default_factory=dict)
    folder: Path = Path("nowhere")
    context: SimpleNamespace = field(default_factory=SimpleNamespace)

    def init(self, **how: Any) -> None:
        """Start, or fail as planned."""
        self.started.append(how)
        if "_temp_dir" in how:
            self.folder = Path(how["_temp_dir"])
            self.folder.mkdir()
        if self.fails:
            raise self.fails

    def shutdown(self) -> None:
        """Count it."""
        self.n_shut_down += 1

    def map_batches(self, items: list[dict[str, int]], fn: Callable[[Any], Any], **how: Any) -> Any:
        """Return what yields the rows that come of one batch for each item."""
        import pyarrow

        self.asked = how | {"fn": fn}
        work = fn(*how["fn_constructor_args"]) if "fn_constructor_args" in how else fn

        def rows() -> Iterator[dict[str, Any]]:
            for n_done, item in enumerate(items):
                if n_done == self.loses:
                    raise RayError("a message that could quote a note")
                yield from work(pyarrow.table({"number": [item["number"]]})).to_pylist()

        return SimpleNamespace(iter_rows=rows)

    def modules(self) -> dict[str, ModuleType]:
        """Return the modules that stand for Ray, by their names."""
        ray, data, exceptions = (ModuleType(name) for name in ("ray", "ray.data", "ray.exceptions"))
        data.DataContext = SimpleNamespace(get_current=lambda: self.context)  # type: ignore[attr-defined]
        data.ActorPoolStrategy = lambda size: ("actors", size)  # type: ignore[attr-defined]
        data.TaskPoolStrategy = lambda size: ("tasks", size)  # type: ignore[attr-defined]
        data.from_items = lambda items, override_num_blocks: SimpleNamespace(  # type: ignore[attr-defined]
            map_batches=lambda **how: self.map_batches(items, **how), n_blocks=override_num_blocks
        )
        exceptions.RayError = RayError  # type: ignore[attr-defined]
        ray.data, ray.exceptions = data, exceptions  # type: ignore[attr-defined]
        ray.nodes = lambda: self.nodes  # type: ignore[attr-defined]
        ray.init, ray.shutdown = self.init, self.shutdown  # type: ignore[attr-defined]
        ray.is_initialized = lambda: self.is_up  # type: ignore[attr-defined]
        ray.util = SimpleNamespace(get_node_ip_address=lambda: self.address)  # type: ignore[attr-defined]
        return {"ray": ray, "ray.data": data, "ray.exceptions": exceptions}


@contextmanager
def scripted_ray(**how: Any) -> Iterator[ScriptedRay]:
    """Let Ray be the stand-in inside the block.

    Args:
        how: Fields of `ScriptedRay`.
    """
    found = ScriptedRay(**how)
    with pytest.MonkeyPatch.context() as patch:
        for name, module in found.modules().items():
            patch.setitem(sys.modules, name, module)
        patch.setattr("nosology.scale.cluster.expect_ray", lambda: None)
        yield found
