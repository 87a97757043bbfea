"""Dataset and run folders on disk: written whole or not at all, with a manifest that says what is inside.

A folder is whole when it holds ``manifest.json``; that file is always written last. Datasets are built in a hidden
sibling and renamed into place; run folders grow while training runs and receive their manifest at the end. What would
surprise you: a folder without a manifest is refused by every reader, even if all other files are there.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nosology.errors import RunError

MANIFEST = "manifest.json"


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON, atomically: readers see the old file or the new one, never half."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    temporary.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def write_private_text(path: Path, text: str) -> None:
    """Write a UTF-8 file whole or not at all; it is its owner's alone from the moment it exists."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
    os.replace(temporary, path)


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


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a hidden folder to fill; rename it to ``path`` if the block ends well, remove it if not.

    Raises:
        RunError: ``path`` exists already and is not an empty folder.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(
            "this output folder already holds something", place=str(path), hint="give another --out, or remove it"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    hidden = path.with_name(f".{path.name}.{os.getpid()}.partial")
    shutil.rmtree(hidden, ignore_errors=True)
    hidden.mkdir()
    try:
        yield hidden
        if path.exists():
            path.rmdir()
        os.replace(hidden, path)
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
