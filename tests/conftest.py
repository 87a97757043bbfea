"""What every test gets without asking: no network but loopback, a home folder of its own, and sane thread counts.

The embedded model's unpacked weights are the one thing that tests share, in pytest's cache folder: unpacking takes
ten seconds and always gives the same bytes. ``pytest --cache-clear`` makes them anew.
"""

import gc
import ipaddress
import itertools
import os
import shutil
import socket
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A deadline per example measures how busy the machine is, and fails on a busy one, and so does the check that examples
# are drawn quickly; pytest-timeout guards against hangs.
# Other examples are drawn in every run, so that forty a run find in some runs what a hundred would in one.
settings.register_profile(
    "short",
    deadline=None,
    max_examples=int(os.environ.get("NOSOLOGY_TEST_EXAMPLES", "40")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("short")

LONGEST = "unit/tuning/test_workflow.py"
"""Would come last by its name."""
_NUMBERS = itertools.count()
_SESSION_HOME = Path(tempfile.mkdtemp(prefix="nosology-tests-"))

# Read once, when the libraries are imported; so they are set before any test module is.
os.environ.update(
    HF_HUB_OFFLINE="1",
    TRANSFORMERS_OFFLINE="1",
    HF_HUB_DISABLE_TELEMETRY="1",
    HF_HOME=str(_SESSION_HOME / "huggingface"),
    MPLCONFIGDIR=str(_SESSION_HOME / "matplotlib"),
    MPLBACKEND="Agg",
    TOKENIZERS_PARALLELISM="false",
)
if "PYTEST_XDIST_WORKER_COUNT" in os.environ:  # workers that each start a thread per core only wait for each other
    share = max(1, (os.cpu_count() or 1) // int(os.environ["PYTEST_XDIST_WORKER_COUNT"]))
    os.environ.setdefault("OMP_NUM_THREADS", str(share))


class NetworkBlocked(RuntimeError):
    """A test tried to leave this machine."""


def pytest_configure(config: pytest.Config) -> None:
    """Point the model cache at a folder that all tests and all workers share."""
    cache = config.cache
    folder = cache.mkdir("nosology") if cache else _SESSION_HOME / "nosology"
    os.environ["NOSOLOGY_CACHE"] = str(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker begins it while the others have nothing left to do."""
    items.sort(key=lambda item: not item.path.match(LONGEST))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Let no garbage collection walk through what collecting tests loads, which stays for good.

    Each would take half a second, and every training asks for two.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    """Remove the session's home folder."""
    shutil.rmtree(_SESSION_HOME, ignore_errors=True)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home folder that this test alone sees.

    Numbered here: pytest reads the whole temporary folder to number one, and there are thousands of tests.
    """
    folder = _SESSION_HOME / f"home-{next(_NUMBERS)}"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "NOSOLOGY_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture(autouse=True)
def _no_network_but_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make connections and name look-ups that leave this machine fail at once."""
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        _refuse_unless_local(self.family, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any) -> int:
        _refuse_unless_local(self.family, address)
        return connect_ex(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not _is_local(host):
            raise NetworkBlocked(f"a test looked up {host!r}")
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


def _refuse_unless_local(family: int, address: Any) -> None:
    if family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise NetworkBlocked(f"a test tried to reach {address[0]!r}")


def _is_local(host: Any) -> bool:
    text = host.decode() if isinstance(host, bytes) else host
    if text in (None, "", "localhost", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(text).is_loopback or text in ("0.0.0.0", "::")
    except ValueError:
        return False
