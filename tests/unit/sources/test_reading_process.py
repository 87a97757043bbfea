"""The process that parses other people's bytes: where they lie meanwhile. What it answers is in `test_door`."""

import os
import stat

import pytest

from nosology.sources.reading_process import _as_file


@pytest.mark.parametrize("has_memory_files", [True, False], ids=["in memory", "on disk, as macOS and Windows do"])
def test_bytes_have_a_path_that_is_ours_alone_and_goes(has_memory_files: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not has_memory_files:
        monkeypatch.delattr(os, "memfd_create")
    with _as_file(b"TEXT\nfever\n") as path:
        assert path.read_bytes() == b"TEXT\nfever\n"
        if not has_memory_files:
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not path.exists()
