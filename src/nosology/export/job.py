"""The whole job from Python: notes into a dataset, a dataset into a run, a run into figures.

Each function does what the command of its name does and leaves the same files; none talks. A configuration is given as
the command line takes it: a file, the name of a shipped one, or a `nosology.config.Config`, with single fields on top.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nosology.config import Config, load_config
from nosology.dataset.summary import DatasetSummary
from nosology.errors import ConfigError
from nosology.records import Progress, no_progress
from nosology.runs.results import Results
from nosology.runs.run import Run

if TYPE_CHECKING:
    import polars as pl

    from nosology.training.callbacks import TrainingStep

ConfigLike = Config | Path | str | None


def prepare_notes(
    notes: "Path | str | pl.DataFrame | Sequence[Mapping[str, Any]] | Any",
    out: Path | str,
    *,
    text: str = "text",
    category: str | None = None,
    code: str | None = None,
    icd_version: Literal[9, 10] | str | None = None,
    note_id: str | None = None,
    patient: str | None = None,
    split: str | None = None,
    config: ConfigLike = None,
    settings: Sequence[str] = (),
    n_workers: int | None = 1,
) -> DatasetSummary:
    """Make a dataset of your own notes, as ``nosology prepare table`` does, and return what came of it.

    Args:
        notes: A file (CSV, TSV, JSON lines, Parquet, Excel), a data frame of polars or pandas, or a list of rows.
        out: The dataset folder to make; it must not hold anything yet.
        text: The column of notes.
        category: The column of categories; give this or `code`.
        code: The column of ICD codes, the primary one first.
        icd_version: 9 or 10, or the column that says so.
        note_id: The column of ids; None for row numbers.
        patient: The column that says whose note it is; without it notes of one patient can be in two splits.
        split: The column that says train, validation or test; None to draw splits.
        config: Its section `prepare` counts.
        settings: Single fields on top, as ``prepare.key=value``.
        n_workers: Worker processes; None for one per core.

    Raises:
        ConfigError: The configuration says something impossible.
        DataError: The notes cannot be read, lack a column, or none is left.
        RunError: `out` holds something already.

    Example:
        >>> import nosology
        >>> nosology.prepare_notes("notes.csv", "data/ours", category="category", patient="patient").n_notes
        60
    """
    from nosology.preparation.pipeline import prepare_table
    from nosology.sources.table import TableColumns

    columns = TableColumns(text, category, code, icd_version, note_id, patient, split)
    chosen = _config(config, settings).prepare
    with tempfile.TemporaryDirectory(prefix="nosology-notes-") as folder:  # its owner's alone
        file = _as_file(notes, Path(folder) / "notes.parquet")
        return prepare_table(file, Path(out), chosen, columns, n_workers=n_workers)


def train(
    dataset: Path | str,
    out: Path | str,
    *,
    config: ConfigLike = None,
    settings: Sequence[str] = (),
    resume: bool = False,
    progress: "Callable[[TrainingStep], None] | None" = None,
) -> Run:
    """Fine-tune a model on a dataset, as ``nosology train`` does, and return the run.

    Args:
        dataset: A prepared dataset.
        out: The run folder to write.
        config: How; None for the defaults.
        settings: Single fields on top, as ``section.key=value``.
        resume: Go on with an unfinished run in `out`.
        progress: Called after every logged step.

    Raises:
        ConfigError: The configuration says something impossible, or a package that it asks for is missing.
        DataError: A split is empty, or a note does not fit the model.
        ModelError: The model cannot be loaded or the loss is not finite.
        RunError: `out` holds something else already, or there is nothing to resume.

    Example:
        >>> import nosology
        >>> run = nosology.train("data/ours", "runs/ours", config="tiny.yaml")
        >>> run.name, run.manifest.n_train_notes
        ('ours', 46)
    """
    from nosology.training import train as train_on

    train_on(Path(dataset), Path(out), _config(config, settings), resume=resume, progress=progress)
    return Run.open(Path(out))


def evaluate(
    run: Run | Path | str,
    *,
    split: str = "test",
    dataset: Path | str | None = None,
    limit: int | None = None,
    encoder: Path | str | None = None,
    progress: Progress = no_progress,
) -> Results:
    """Score base model, baselines and tuned model on held-out notes, as ``nosology evaluate`` does.

    The run's calibration is fitted on the way, and its suggestions where it was trained for them and there are notes
    enough; their figures are then those of ``run.suggestion_results``.

    Args:
        run: A finished run, or its folder.
        split: Which split to evaluate.
        dataset: Another dataset; None for the one that the run was trained on.
        limit: A random part of this many notes; None for the configured number.
        encoder: Also fine-tune this encoder on the same notes and score it; None for what the run's configuration says.
        progress: Shows how far it has come.

    Raises:
        DataError: There is no note to evaluate.
        ModelError: The encoder cannot be found, used, or held in memory.
        RunError: The run or a dataset is missing, unfinished or changed since training.

    Example:
        >>> import nosology
        >>> results = nosology.evaluate("runs/ours")
        >>> results.n, 0 <= results.systems["tuned"].accuracy <= 1
        (10, True)
    """
    from nosology.evaluation.both import evaluate_both, with_encoder

    opened = Run.open(run)
    other = Path(dataset) if dataset is not None else None
    config = with_encoder(opened, None if encoder is None else str(encoder))
    return evaluate_both(opened, split=split, dataset=other, limit=limit, config=config, progress=progress).results


def _config(config: ConfigLike, settings: Sequence[str]) -> Config:
    """Return a configuration with single fields on top.

    Raises:
        ConfigError: It says something impossible, or settings are given beside a `Config`.
    """
    if not isinstance(config, Config):
        return load_config(config, settings)
    if settings:
        hint = "load_config(file, settings) makes a Config of both"
        raise ConfigError("settings go with a file or a name, not with a Config", place="settings", hint=hint)
    return config


def _as_file(notes: Any, new: Path) -> Path:
    """Return the file that notes are in; rows and data frames are first written into a new one."""
    import polars as pl

    if isinstance(notes, Path | str):
        return Path(notes)
    if hasattr(notes, "to_dict") and not isinstance(notes, pl.DataFrame):  # of pandas; by columns it needs no pyarrow
        notes = {str(name): notes[name].tolist() for name in notes.columns}
    frame = notes if isinstance(notes, pl.DataFrame) else pl.DataFrame(notes, infer_schema_length=None, strict=False)
    frame.write_parquet(new)
    return new
