"""What means nothing on Ray is refused before anything is read."""

from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    "given",
    [
        ("--force",),
        ("--escape-formulas",),
        ("--backend", "server"),
        ("--export", "export"),
        ("--url", "http://127.0.0.1:9/v1"),
        ("--allow-host", "elsewhere"),
        ("--served-name", "model"),
        ("--state", "folder"),
        ("--audit-key", "key"),
        ("--timeout", "3"),
        ("--stdin", "csv"),
    ],
    ids=lambda given: given[0],
)
def test_options_of_one_machine_are_refused_on_ray(nosology: Command, tmp_path: Path, given: tuple[str, ...]) -> None:
    out = tmp_path / "out"
    code, _, said = nosology("classify", str(tmp_path), str(tmp_path), "--out", str(out), "--engine", "ray", *given)
    assert (code, out.exists()) == (2, False)
    assert given[0] in said
    assert "--engine local alone" in said
