"""The service against its own description: schemathesis sends what fits it and what does not, and looks at the answers.

All its checks are on: no 5xx, and status, headers, media type and schema of every answer are described; what does not
fit is refused, what fits is not. The exceptions are stated.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from served import Served
from service_world import write_served_run

pytest.importorskip("schemathesis")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

NOT_CHECKED = (
    # Rules that a schema cannot state (a receipt must be signed by this service, a category must be in the run's label
    # set, a table must have a column of notes) refuse requests that fit the schema.
    "positive_data_acceptance",
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("served")
    served = Served(write_served_run(folder), folder / "state", max_batches=4)
    yield served
    served.stop()


def test_schemathesis_finds_no_5xx_and_no_violation(served: Any, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "schemathesis"
    options = ["--phases", "examples,coverage,fuzzing", "--max-examples", "12", "--seed", "0", "--no-color"]
    options += ["--continue-on-failure", "--generation-database", "none"]
    command = [str(program), "run", f"{served.url}/openapi.json", *options, "--exclude-checks", ",".join(NOT_CHECKED)]
    hooks = str(Path(__file__).parents[1] / "schemathesis_hooks.py")
    environment = os.environ | {"SCHEMATHESIS_HOOKS": hooks}
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, cwd=tmp_path, env=environment)
    assert done.returncode == 0, done.stdout[-6000:]
