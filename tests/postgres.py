"""A private PostgreSQL server for a test session: in a folder of its own, on a socket in it, gone afterwards."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_ORDINARY_USERS = ("postgres", "nobody")  # the server refuses to run as root


class PostgresServer:
    """A server that a test may stop and start again.

    Attributes:
        url: Of its database.
    """

    def __init__(self) -> None:
        self._bin = BINARIES[0]
        self.folder = Path(tempfile.mkdtemp(prefix="nosology-pg-", dir="/tmp"))
        self._user: str | None = None
        if os.geteuid() == 0:
            self._user = next(name for name in _ORDINARY_USERS if _exists(name))
            entry = pwd.getpwnam(self._user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self.url = f"postgresql://tester@/postgres?host={self.folder}"
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "tester", "--auth=trust", "--no-locale", "-E", "UTF8"
        )

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder}"
        self._run(
            "pg_ctl", "-D", str(self.folder / "data"), "-w", "-t", "60", "-o", options, "-l", "/dev/null", "start"
        )

    def stop(self) -> None:
        """Stop the server, breaking off connections."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "fast", "stop")

    def execute(self, statement: str) -> None:
        """Run a statement as the owner of the database."""
        command = ["psql", "-h", str(self.folder), "-U", "tester", "-d", "postgres", "-q", "-c", statement]
        subprocess.run([str(self._bin / command[0]), *command[1:]], check=True, capture_output=True, timeout=60)

    def remove(self) -> None:
        """Stop the server and remove its folder."""
        if (self.folder / "data" / "postmaster.pid").exists():
            self.stop()
        time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments],
            user=self._user,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would stay open in the server that pg_ctl leaves behind
            stderr=subprocess.DEVNULL,
            timeout=120,
            cwd="/",
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        )
        assert done.returncode == 0, f"{program} exited with {done.returncode}"


def reason_to_skip() -> str | None:
    """Return why there can be no server here; None where there can."""
    if not BINARIES:
        return "PostgreSQL is not installed (Debian, Ubuntu: apt install postgresql)"
    if os.geteuid() == 0 and not any(map(_exists, _ORDINARY_USERS)):
        return "PostgreSQL refuses to run as root, and there is no other user here"
    return None


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
