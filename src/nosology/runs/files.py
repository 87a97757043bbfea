"""Where everything lies in a run folder; no other package spells these names.

A run folder grows while training goes on, receives ``manifest.json`` last, and is added to by `evaluate` (``eval``,
``calibration.json``, ``ensemble``, ``suggester``), `calibrate` (``calibrated``), `report` and `serve`. These records
only say where a file is: whether a run is whole, and what its files hold, is `nosology.runs.run`'s.
"""

from dataclasses import dataclass
from pathlib import Path

from nosology.files import MANIFEST

ADAPTER_WEIGHTS = "adapter_model.safetensors"
"""What peft calls an adapter's weights."""

ADAPTER_SETTINGS = "adapter_config.json"
"""What peft calls an adapter's settings."""

TEST = "test"
"""The evaluation that a report and a model card show unless another is asked for."""


@dataclass(frozen=True, slots=True)
class EnsembleFiles:
    """What the ensemble of a run is stored in."""

    folder: Path

    @property
    def settings(self) -> Path:
        """Exponents and hashes, written last."""
        return self.folder / "ensemble.json"

    @property
    def linear(self) -> Path:
        """The linear model."""
        return self.folder / "linear.safetensors"

    @property
    def labels(self) -> Path:
        """The run's label set."""
        return RunFiles(self.folder.parent).labels

    @property
    def calibration(self) -> Path:
        """The calibration of the blend."""
        return self.folder / "calibration.json"


@dataclass(frozen=True, slots=True)
class SuggesterFiles:
    """What was fitted to suggest diagnoses."""

    folder: Path

    @property
    def settings(self) -> Path:
        """The weights of the signals, written last."""
        return self.folder / "suggester.json"

    @property
    def words(self) -> Path:
        """The word model's vocabulary."""
        return self.folder / "words.json"

    @property
    def weights(self) -> Path:
        """The word model's weights."""
        return self.folder / "words.safetensors"

    @property
    def names(self) -> Path:
        """How often names of diagnoses were coded where training notes held them."""
        return self.folder / "names.tsv"


@dataclass(frozen=True, slots=True)
class LocalFiles:
    """One calibration on local notes."""

    folder: Path

    @property
    def about(self) -> Path:
        """Exponents of the blend, and where it is from."""
        return self.folder / "about.json"

    @property
    def calibration(self) -> Path:
        """The tuned model's calibration."""
        return self.folder / "calibration.json"

    @property
    def blend(self) -> Path:
        """The calibration of the blend."""
        return self.folder / "blend.json"

    @property
    def typicality(self) -> Path:
        """What the notes looked like to the model."""
        return self.folder / "typicality.safetensors"


@dataclass(frozen=True, slots=True)
class EvaluationFiles:
    """One evaluation of a run."""

    folder: Path

    @property
    def results(self) -> Path:
        """What was found about every system, written last."""
        return self.folder / "results.json"

    @property
    def suggestions(self) -> Path:
        """How good suggestions are."""
        return self.folder / "suggestions.json"

    @property
    def suggested_example(self) -> Path:
        """One note with its suggestions; only where text was asked for."""
        return self.folder / "suggested_example.json"

    def predictions(self, system: str) -> Path:
        """What a system said of every note."""
        return self.folder / system / "predictions.jsonl"


@dataclass(frozen=True, slots=True)
class ReportFiles:
    """One report of a run."""

    folder: Path

    @property
    def page(self) -> Path:
        """The page."""
        return self.folder / "index.html"

    @property
    def figures(self) -> Path:
        """The figures as files of their own."""
        return self.folder / "figures"

    @property
    def cards(self) -> Path:
        """The reporting forms."""
        return self.folder / "cards"

    @property
    def classification_reports(self) -> Path:
        """Precision, recall and F1 of every system as text."""
        return self.folder / "classification_reports.txt"


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Where everything lies in one run folder.

    Attributes:
        folder: The run folder, finished or not.
    """

    folder: Path

    @property
    def manifest(self) -> Path:
        """What the run is, with hashes; written last."""
        return self.folder / MANIFEST

    @property
    def hashes(self) -> Path:
        """The hashes of every file; see `nosology.runs.integrity`."""
        return self.folder / "hashes.json"

    @property
    def labels(self) -> Path:
        """The label set."""
        return self.folder / "labels.tsv"

    @property
    def prompt(self) -> Path:
        """The prompt template."""
        return self.folder / "prompt.jinja"

    @property
    def config(self) -> Path:
        """The configuration as YAML."""
        return self.folder / "config.yaml"

    @property
    def train_notes(self) -> Path:
        """Ids of the notes that were trained on."""
        return self.folder / "train_notes.json"

    @property
    def rubrics(self) -> Path:
        """The rubrics that can be suggested, counted; missing where the training notes had no codes."""
        return self.folder / "rubrics.tsv"

    @property
    def training_log(self) -> Path:
        """One object a logged step."""
        return self.folder / "training_log.jsonl"

    @property
    def checkpoints(self) -> Path:
        """Checkpoints of an unfinished training."""
        return self.folder / "checkpoints"

    @property
    def adapter(self) -> Path:
        """The adapter's folder."""
        return self.folder / "adapter"

    @property
    def adapter_weights(self) -> Path:
        """The adapter's weights."""
        return self.adapter / ADAPTER_WEIGHTS

    @property
    def calibration(self) -> Path:
        """The tuned model's calibration."""
        return self.folder / "calibration.json"

    @property
    def ensemble(self) -> EnsembleFiles:
        """The ensemble."""
        return EnsembleFiles(self.folder / "ensemble")

    @property
    def suggester(self) -> SuggesterFiles:
        """What was fitted to suggest diagnoses."""
        return SuggesterFiles(self.folder / "suggester")

    @property
    def calibrated(self) -> Path:
        """The folder of calibrations on local notes."""
        return self.folder / "calibrated"

    def local_calibrations(self) -> list[LocalFiles]:
        """Return the calibrations on local notes that there are, the oldest first."""
        folders = self.calibrated.iterdir() if self.calibrated.is_dir() else ()
        return [LocalFiles(folder) for folder in sorted(folders) if folder.name.isdigit() and folder.is_dir()]

    @property
    def service(self) -> Path:
        """The state of a service over this run, unless it was given another folder."""
        return self.folder / "service"

    def left_behind(self) -> frozenset[Path]:
        """Return what a small copy of a run does without: how it was trained, judged, reported and served."""
        return frozenset(
            {self.service, self.checkpoints, self.training_log, self.folder / "eval", self.report().folder}
        )

    def evaluation(self, name: str = TEST) -> EvaluationFiles:
        """One evaluation, by its name: a split, or a dataset and a split."""
        return EvaluationFiles(self.folder / "eval" / name)

    def report(self, evaluation: str = TEST) -> ReportFiles:
        """The report of one evaluation; those of others than the test split have a folder of their own."""
        folder = self.folder / "report"
        return ReportFiles(folder if evaluation == TEST else folder / evaluation)
