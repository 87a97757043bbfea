"""Where everything lies in an exported folder; a target's own files keep the names that its loader expects."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nosology.files import MANIFEST

Target = Literal["adapter", "merged", "gguf"]


@dataclass(frozen=True, slots=True)
class ExportFiles:
    """Where everything of nosology's own lies in one exported folder.

    Attributes:
        folder: The exported folder.
    """

    folder: Path

    @property
    def manifest(self) -> Path:
        """What the export is, with the hash of every file; written last."""
        return self.folder / MANIFEST

    @property
    def own(self) -> Path:
        """What nosology adds to the files of the target."""
        return self.folder / "nosology"

    @property
    def questions(self) -> Path:
        """The invented notes, and how they are put before the model."""
        return self.own / "questions.json"

    @property
    def expected(self) -> Path:
        """What the run answers, and what its parts are."""
        return self.own / "expected.json"

    @property
    def directions(self) -> Path:
        """For each adapted layer the two directions in which its LoRA acts most."""
        return self.own / "directions.safetensors"

    @property
    def labels(self) -> Path:
        """The label set."""
        return self.own / "labels.tsv"

    @property
    def prompt(self) -> Path:
        """The prompt template."""
        return self.own / "prompt.jinja"

    @property
    def calibration(self) -> Path:
        """The calibration; missing where the run holds none."""
        return self.own / "calibration.json"

    @property
    def words(self) -> Path:
        """The word models, with what many patients share; empty where none leaves."""
        return self.own / "words"

    @property
    def card(self) -> Path:
        """What a reader of the folder sees first."""
        return self.folder / "README.md"
