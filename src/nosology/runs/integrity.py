"""What a run's predictions depend on, file by file: recorded last, checked before a prediction is made.

`hashes.json` holds the SHA-256 of every file of the run that a prediction depends on (the manifest, the adapter with
its configuration, label set, prompt, rubrics, calibrations, ensemble, suggester), of the base model's files where they
are a folder or came from the Hub, and, for `nosology verify` alone, of everything else. It is written after whatever
it lists. A killed `evaluate` may leave a calibration that is not recorded yet; such a run is refused until it is
evaluated again. Whoever may write the folder may also record it anew: this finds accidents and
changes that nobody told you of, not a forger.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from nosology.errors import RunError
from nosology.files import as_json, sha256_file, sha256_text, write_text
from nosology.runs.files import RunFiles

_APART = ("service", "checkpoints")
"""Folders that change while a run is used or made; nothing in them is recorded."""
EVALUATE = "`nosology evaluate {run}` fits and records it anew"
RESTORE = "restore it, or train again"


@dataclass(frozen=True, slots=True)
class Recorded:
    """The hashes of a run's files.

    Attributes:
        files: Of what a prediction depends on, by path in the run folder.
        base_model: Of the base model's files, by name; empty for an embedded model, whose package is hashed as a whole.
        others: Of everything else.
    """

    files: Mapping[str, str]
    base_model: Mapping[str, str]
    others: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """One hash of exactly what a prediction depends on."""
        return sha256_text(_dump({"files": dict(self.files), "base_model": dict(self.base_model)}))

    @classmethod
    def read(cls, files: RunFiles) -> Self:
        """Return what a run recorded.

        Raises:
            RunError: Nothing was recorded, or the record itself was changed.
        """
        path = files.hashes
        hint = f"`nosology verify {files.folder} --record` records the files as they are, if you trust them"
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise RunError("the run recorded no hashes of its files", place=str(path), hint=hint) from None
        except (OSError, UnicodeDecodeError):
            raise RunError("this file changed since it was recorded", place=str(path), hint=hint) from None
        try:
            values = json.loads(text)
            found = cls(values["files"], values["base_model"], values["others"])
            is_same = text == found._text()
        except (ValueError, KeyError, TypeError, RecursionError):
            is_same = False
        if not is_same:
            raise RunError("this file changed since it was recorded", place=str(path), hint=hint)
        return found

    def _text(self) -> str:
        parts = {"files": dict(self.files), "base_model": dict(self.base_model), "others": dict(self.others)}
        values = {"kind": "hashes", "format": 1, "sha256": sha256_text(_dump(parts)), **parts}
        return as_json(values)


@dataclass(frozen=True, slots=True)
class Difference:
    """A file that is not what was recorded.

    Attributes:
        name: Its path in the run folder.
        what: ``changed``, ``missing`` or ``not recorded``.
        matters: Whether a prediction depends on it.
    """

    name: str
    what: str
    matters: bool


def fitted_files(files: RunFiles) -> list[Path]:
    """Return where a run keeps what was fitted on validation notes; `evaluate` makes it anew."""
    ensemble, suggester = files.ensemble, files.suggester
    parts = [ensemble.settings, ensemble.linear, ensemble.calibration]
    return [files.calibration, *parts, suggester.settings, suggester.words, suggester.weights, suggester.names]


def record(files: RunFiles, base_model: Mapping[str, str], *, manifest: str | None = None) -> Recorded:
    """Write the hashes of a run's files as they are now, and return them.

    Args:
        files: The run's.
        base_model: Hashes of the base model's files.
        manifest: Text of the manifest, where it is to be written right after.
    """
    paths = {path.relative_to(files.folder).as_posix(): path for path in _all(files)}
    needed = {path.relative_to(files.folder).as_posix() for path in _needed(files)}
    hashes = {name: sha256_file(path) for name, path in paths.items()}
    if manifest is not None:
        hashes[files.manifest.name] = sha256_text(manifest)
    found = Recorded(
        {name: hashes[name] for name in sorted(needed & hashes.keys())},
        dict(sorted(base_model.items())),
        {name: hashes[name] for name in sorted(hashes.keys() - needed)},
    )
    write_text(files.hashes, found._text())
    return found


def differences(files: RunFiles, recorded: Recorded) -> Iterator[Difference]:
    """Yield every file that is not what was recorded, those that matter first."""
    needed = {path.relative_to(files.folder).as_posix(): path for path in _needed(files)}
    for name in sorted(needed.keys() | recorded.files.keys()):
        path = files.folder / name
        if not path.is_file():
            if name in recorded.files:
                yield Difference(name, "missing", matters=True)
        elif name not in recorded.files:
            yield Difference(name, "not recorded", matters=True)
        elif sha256_file(path) != recorded.files[name]:
            yield Difference(name, "changed", matters=True)
    others = {path.relative_to(files.folder).as_posix() for path in _all(files)} - needed.keys()
    for name in sorted(others | recorded.others.keys()):
        path = files.folder / name
        if name not in recorded.others:
            yield Difference(name, "not recorded", matters=False)
        elif not path.is_file():
            yield Difference(name, "missing", matters=False)
        elif sha256_file(path) != recorded.others[name]:
            yield Difference(name, "changed", matters=False)


def record_again(files: RunFiles) -> Recorded:
    """Write the hashes of a run's files after some were made anew, and return them; those of the base model stay."""
    try:
        base_model = Recorded.read(files).base_model
    except RunError:
        base_model = {}
    return record(files, base_model)


def check(files: RunFiles, *, but_for: Collection[Path] = ()) -> Recorded:
    """Return what a run recorded, and make sure that no file is another one.

    Args:
        files: The run's.
        but_for: What is about to be made anew, so that it may be anything.

    Raises:
        RunError: A file that a prediction depends on changed, is missing, or was not recorded.
    """
    recorded = Recorded.read(files)
    fitted = fitted_files(files)
    for found in differences(files, recorded):
        path = files.folder / found.name
        if found.matters and path not in but_for:
            refuse(found, files.folder, is_fitted=path in fitted)
    return recorded


def check_base_model(found: Mapping[str, str], recorded: Recorded, name: str) -> None:
    """Make sure that the base model's files are those that were recorded.

    Args:
        found: SHA-256 of each file as it is now, by name.
        recorded: What was written down when the run was made.
        name: The base model, for the message.

    Raises:
        RunError: One changed, is missing, or is new.
    """
    for file in sorted(found.keys() | recorded.base_model.keys()):
        if found.get(file) != recorded.base_model.get(file):
            what = "is missing" if file not in found else "changed" if file in recorded.base_model else "is new"
            raise RunError(f"{file} of the base model {what} since training", place=name, hint=RESTORE)


def is_recorded(files: RunFiles, path: Path) -> bool:
    """Return whether a file is exactly the one that was recorded."""
    try:
        recorded = Recorded.read(files)
    except RunError:
        return False
    digest = recorded.files.get(path.relative_to(files.folder).as_posix())
    return path.is_file() and digest == sha256_file(path)


def refuse(found: Difference, run: Path, *, is_fitted: bool) -> None:
    """Refuse a run for one file.

    Args:
        found: The file, and how it differs.
        run: The run folder.
        is_fitted: Whether `evaluate` makes the file anew, which decides the remedy.

    Raises:
        RunError: Always; names the file and the remedy.
    """
    what = {
        "changed": "this file changed since it was recorded",
        "missing": "this file is missing",
        "not recorded": "this file is no part of the run as it was recorded",
    }[found.what]
    raise RunError(what, place=str(run / found.name), hint=EVALUATE.format(run=run) if is_fitted else RESTORE)


def _needed(files: RunFiles) -> list[Path]:
    """Return what a prediction depends on, whether or not it is there."""
    adapter = [path for path in files.adapter.rglob("*") if path.is_file()] if files.adapter.is_dir() else []
    local = [path for own in files.local_calibrations() for path in own.folder.rglob("*") if path.is_file()]
    return [files.manifest, files.labels, files.prompt, files.rubrics, *adapter, *fitted_files(files), *local]


def _all(files: RunFiles) -> Iterator[Path]:
    for path in sorted(files.folder.rglob("*")):
        parts = path.relative_to(files.folder).parts
        is_apart = parts[0] in _APART or any(part.startswith(".") for part in parts)
        if path.is_file() and not is_apart and path != files.hashes:
            yield path


def _dump(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True)
