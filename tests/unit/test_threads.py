"""Threads that wait sleep, unless the user has said otherwise."""

import os
import subprocess
import sys

import pytest

SAY = "import nosology, os; print(os.environ['OMP_WAIT_POLICY'])"


@pytest.mark.parametrize(("own", "found"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_unless_the_environment_says_otherwise(own: str | None, found: str) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OMP_WAIT_POLICY"}
    environment |= {} if own is None else {"OMP_WAIT_POLICY": own}
    done = subprocess.run([sys.executable, "-c", SAY], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == found
