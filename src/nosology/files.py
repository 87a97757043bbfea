"""Files and folders on disk, written whole or not at all, and the hashes that say what is inside.

Everything that replaces a file or a folder does it here: new content is written into a hidden sibling, which takes the
place of the old in one step, so readers see the old or the new, never half. What a killed process left of its hidden
siblings is removed by whoever next writes the same file or folder. Files with notes, parts of notes or ids are private:
their owner's alone, from before their first byte.

A dataset or run folder is whole when it holds ``manifest.json``, which is always written last. A folder without a
manifest is refused by every reader, even if all other files are there.
"""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nosology.errors import RunError

PRIVATE = 0o600
PRIVATE_FOLDER = 0o700
MANIFEST = "manifest.json"
_PARTIAL = ".partial"
_OLD = ".old"
_CLOCK_SECONDS = 2.0  # by which the clocks of a file system and of a process may differ


@contextmanager
def replacing(path: Path, *, is_private: bool = False) -> Iterator[Path]:
    """Yield a hidden sibling to write; it takes the place of ``path`` if the block ends well, else it is removed.

    Args:
        path: The file to make or replace; its folder is made.
        is_private: The file is its owner's alone from the moment it exists, and reaches the disk before it is renamed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    partial = _beside(path)
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE if is_private else 0o666))
    try:
        yield partial
        if is_private:
            with partial.open("rb") as file:
                os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: Path, content: bytes, *, is_private: bool = False) -> None:
    """Write a file whole or not at all.

    Args:
        path: The file to make or replace; its folder is made.
        content: All bytes of the new file.
        is_private: Whether only the owner may read it (mode 0600); else the usual mode.
    """
    with replacing(path, is_private=is_private) as partial:
        partial.write_bytes(content)


def write_apart(path: Path, content: bytes) -> None:
    """Write a file, its owner's alone, that others may be writing at this moment, on other machines too; one stands.

    The unfinished file is named anew each time, since a writer that was taken for lost may still be at it.

    Args:
        path: The file to make or replace; its folder exists.
        content: All its bytes.
    """
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str, *, is_private: bool = False) -> None:
    """Write a UTF-8 file whole or not at all; half of a surrogate pair, which a broken note can hold, is escaped.

    Args:
        path: The file to make or replace; its folder is made.
        text: All text of the new file; line ends stay as they are.
        is_private: Whether only the owner may read it (mode 0600); else the usual mode.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"), is_private=is_private)


def write_json(path: Path, value: Any, *, is_private: bool = False) -> None:
    """Write ``value`` as indented UTF-8 JSON, whole or not at all.

    Args:
        path: The file to make or replace; its folder is made.
        value: Anything that the ``json`` module can write.
        is_private: Whether only the owner may read it (mode 0600); else the usual mode.
    """
    write_text(path, as_json(value), is_private=is_private)


def as_json(value: Any) -> str:
    """Return ``value`` as indented JSON, as `write_json` writes it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def write_lines(path: Path, lines: Iterable[str], *, is_private: bool = False) -> None:
    """Write lines of UTF-8 as they come, whole or not at all; half of a surrogate pair is escaped.

    Args:
        path: The file.
        lines: Without line ends; taken as they come.
        is_private: Whether it is its owner's alone.
    """
    with (
        replacing(path, is_private=is_private) as partial,
        partial.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
    ):
        file.writelines(f"{line}\n" for line in lines)


def read_json(path: Path) -> Any:
    """Return the parsed content of a JSON file.

    Raises:
        RunError: The file is missing or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{path.name} is missing", place=str(path.parent)) from None
    except ValueError as error:
        raise RunError(f"not valid JSON: {error}", place=str(path)) from None


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_tree(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder but its manifest, by its path there with ``/``."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / MANIFEST)
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in paths}


def sha256_bytes(content: bytes) -> str:
    """Return the SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sha256_text(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_manifest(folder: Path, kind: str) -> dict[str, Any]:
    """Return the manifest of a finished folder.

    Args:
        folder: A dataset or run folder.
        kind: ``"dataset"`` or ``"run"``.

    Raises:
        RunError: The folder is missing, unfinished, or of another kind.
    """
    if not folder.is_dir():
        raise RunError(f"there is no {kind} folder here", place=str(folder), hint="check the path")
    path = folder / MANIFEST
    if not path.exists():
        remedy = "finish it with `nosology train ... --resume`" if kind == "run" else "prepare it again"
        raise RunError(f"this {kind} is unfinished: it holds no {MANIFEST}", place=str(folder), hint=remedy)
    manifest = read_json(path)
    if not isinstance(manifest, dict) or manifest.get("kind") != kind:
        found = manifest.get("kind") if isinstance(manifest, dict) else "something else"
        raise RunError(f"expected a {kind} folder, found a {found}", place=str(folder))
    return manifest


def expect_new(path: Path) -> None:
    """Refuse an output folder that holds something, before any work is done for it.

    Raises:
        RunError: ``path`` exists already and is not an empty folder.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(
            "this output folder already holds something", place=str(path), hint="give another --out, or remove it"
        )


@contextmanager
def new_folder(path: Path, *, is_private: bool = False) -> Iterator[Path]:
    """Yield a hidden folder to fill; rename it to ``path`` if the block ends well, remove it if not.

    Args:
        path: The folder.
        is_private: It and every file in it are their owner's alone; nobody else can look in while it is filled either.

    Raises:
        RunError: ``path`` exists already and is not an empty folder.
    """
    expect_new(path)
    with replaced_folder(path, is_private=is_private) as hidden:
        yield hidden


@contextmanager
def replaced_folder(path: Path, *, is_private: bool = False) -> Iterator[Path]:
    """Yield a hidden folder to fill; if the block ends well it takes the place of ``path``, else it is removed.

    Args:
        path: The folder.
        is_private: It and every file in it are their owner's alone.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    hidden, old = _beside(path), _beside(path, _OLD)
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir(PRIVATE_FOLDER if is_private else 0o777)
    try:
        yield hidden
        if is_private:
            for file in hidden.rglob("*"):
                file.chmod(PRIVATE_FOLDER if file.is_dir() else PRIVATE)
        if path.exists():
            os.replace(path, old)
        os.replace(hidden, path)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
        _remove_leftover(old, path, is_old=True)


@contextmanager
def shared_folder(path: Path) -> Iterator[Path]:
    """Yield a hidden folder to fill, for what every process would make alike: whoever is first wins, none fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(path)
    hidden = _beside(path)
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir()
    try:
        yield hidden
        try:
            os.replace(hidden, path)
        except OSError:
            if not path.is_dir():  # another process was faster otherwise
                raise
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


@contextmanager
def scratch_folder(path: Path) -> Iterator[Path]:
    """Yield an empty hidden folder beside ``path``, its owner's alone; it is removed whichever way the block ends."""
    remove_leftovers(path)
    hidden = _beside(path)
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir(PRIVATE_FOLDER)
    try:
        yield hidden
    finally:
        shutil.rmtree(hidden, ignore_errors=True)


def remove_leftovers(path: Path) -> None:
    """Remove the hidden files and folders that killed processes left beside ``path`` while they were making it.

    A folder that had made way for a newer one, which then did not come, is put back.
    """
    if not path.parent.is_dir():
        return
    start = f".{path.name}."
    for name in os.listdir(path.parent):
        if not (name.startswith(start) and name.endswith(_PARTIAL)):
            continue
        pid, dot, state = name[len(start) : -len(_PARTIAL)].partition(".")
        if pid.isdecimal() and dot + state in ("", _OLD) and not _is_at_work(int(pid), path.with_name(name)):
            _remove_leftover(path.with_name(name), path, is_old=bool(state))


def _is_at_work(pid: int, left: Path) -> bool:
    """Return whether the process that made a hidden file or folder lives: its number may be another's by now."""
    import psutil

    try:
        return psutil.Process(pid).create_time() <= left.stat().st_mtime + _CLOCK_SECONDS
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False
    except psutil.Error:
        return True


def _remove_leftover(left: Path, path: Path, *, is_old: bool) -> None:
    if not left.is_dir() or left.is_symlink():
        left.unlink(missing_ok=True)
    elif is_old and not path.exists():
        os.replace(left, path)
    else:
        shutil.rmtree(left, ignore_errors=True)


def _beside(path: Path, state: str = "") -> Path:
    """Return the hidden sibling of ``path`` in which this process prepares what replaces it."""
    return path.with_name(f".{path.name}.{os.getpid()}{state}{_PARTIAL}")
