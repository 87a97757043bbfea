"""The processes that measure: forked from a server that has imported the libraries once, killed when they are late.

The server is a Python process of its own, leader of a process group in which all that a measurement starts lives too,
so one signal ends everything: at a measurement's limit, after one that failed, and when the driver itself is killed.
Its imports run on the clock of the measurement that waits for them. It never touches the GPU, which would not survive
a fork.
"""

import ctypes
import importlib
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from measuring import measure_here

PR_SET_PDEATHSIG = 1


class MeasuringServer:
    """Starts measuring processes, one at a time, and the server below them when there is none."""

    def __init__(self, module: str, preload: Sequence[str], log: Path) -> None:
        """Start nothing yet.

        Args:
            module: Of the stage, which the server can import.
            preload: Modules to import before the first fork.
            log: Takes all that is said; emptied before every measurement.
        """
        self._module = module
        self._preload = preload
        self.log = log
        self._server: subprocess.Popen[str] | None = None
        self._answers = -1

    def measure(self, name: str, size: str, partial: Path, limit: float) -> int | None:
        """Return a measurement's exit status, negative for a signal; None where it was late and has been killed."""
        stop_at = time.monotonic() + limit
        self.log.write_bytes(b"")
        if self._server is None:
            self._start()
        assert self._server is not None
        assert self._server.stdin is not None
        with suppress(BrokenPipeError):  # it died; the answer below says so
            self._server.stdin.write(f"{name}\t{size}\t{partial}\n")
            self._server.stdin.flush()
        is_answered = select.select([self._answers], [], [], max(stop_at - time.monotonic(), 0))[0]
        answer = os.read(self._answers, 16) if is_answered else b""
        if answer == b"0\n":
            return 0
        ended = self.stop()
        return int(answer) if answer else ended if is_answered else None

    def stop(self) -> int:
        """Kill the server with all that measurements started; return how it ended."""
        if self._server is None:
            return 0
        died_by_itself = self._server.poll()
        with suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGKILL)
        ended = self._server.wait()
        assert self._server.stdin is not None
        with suppress(BrokenPipeError):
            self._server.stdin.close()
        os.close(self._answers)
        self._server = None
        return ended if died_by_itself is None else died_by_itself

    def _start(self) -> None:
        self._answers, theirs = os.pipe()
        command = [sys.executable, str(Path(__file__)), self._module, ",".join(self._preload), str(theirs)]
        command.append(str(os.getpid()))
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                text=True,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        os.close(theirs)


def serve(module: str, preload: Sequence[str], answers: int, driver: int) -> None:
    """Import the libraries, then fork once for every line that comes, and answer with the exit status."""
    _die_with(driver)
    for library in preload:
        try:
            importlib.import_module(library)
        except Exception:  # the measurements that need it fail, and say why
            traceback.print_exc()
    for line in sys.stdin:
        name, size, partial = line.rstrip("\n").split("\t")
        server = os.getpid()
        child = os.fork()
        if child == 0:
            os.close(answers)
            _die_with(server)
            status = 1
            try:
                status = measure_here(module, name, size, Path(partial))
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(status)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        os.write(answers, f"{status}\n".encode())


def _die_with(parent: int) -> None:
    """End this process's whole group when its parent ends, however it does; Linux sees to that."""
    signal.signal(signal.SIGTERM, lambda *_: os.killpg(0, signal.SIGKILL))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    serve(sys.argv[1], [name for name in sys.argv[2].split(",") if name], int(sys.argv[3]), int(sys.argv[4]))
