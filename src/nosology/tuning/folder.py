"""Where everything lies in a search's folder, and whether it may be gone on with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nosology.errors import RunError
from nosology.files import expect_new, read_json, write_json


@dataclass(frozen=True, slots=True)
class SearchFiles:
    """The files of one search.

    Attributes:
        folder: The search's folder.
    """

    folder: Path

    @property
    def settings(self) -> Path:
        """What is searched on what; written first."""
        return self.folder / "search.json"

    @property
    def journal(self) -> Path:
        """Optuna's journal of the trials that ended."""
        return self.folder / "journal.log"

    @property
    def table(self) -> Path:
        """Every trial, for people."""
        return self.folder / "trials.tsv"

    @property
    def best(self) -> Path:
        """The best trial's configuration."""
        return self.folder / "best.yaml"

    def trial(self, number: int) -> Path:
        """Return the run folder of a trial."""
        return self.folder / "trials" / f"{number:04d}"


def claim(files: SearchFiles, settings: dict[str, Any], *, resume: bool) -> None:
    """Make a folder a search's own, or go on in it.

    Args:
        files: The search's.
        settings: What is searched on what, as JSON has it.
        resume: Whether to go on with the search that is there.

    Raises:
        RunError: The folder holds something, there is nothing to go on with, or it was another search.
    """
    if not resume:
        expect_new(files.folder)
        write_json(files.settings, settings)
        return
    if not files.settings.exists():
        raise RunError("there is no search to resume here", place=str(files.folder), hint="start without --resume")
    recorded = read_json(files.settings)
    other = [name for name in settings if recorded.get(name) != settings[name]]
    if other:
        raise RunError(
            f"the search was started with another {' and another '.join(other)}",
            place=str(files.settings),
            hint="resume with what it was started with, or start anew in another folder",
        )


def mend_journal(journal: Path) -> None:
    """Remove what a killed process leaves in a journal: a line that was cut short, and its lock."""
    journal.with_name(f"{journal.name}.lock").unlink(missing_ok=True)
    if not journal.exists():
        return
    with journal.open("r+b") as file:
        file.truncate(file.read().rfind(b"\n") + 1)
