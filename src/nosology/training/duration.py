"""How many notes a training reads: what its duration follows from."""

from dataclasses import dataclass
from pathlib import Path

from nosology.config import Config
from nosology.dataset.folder import open_dataset
from nosology.errors import DataError


@dataclass(frozen=True, slots=True)
class TrainingNotes:
    """What a dataset holds to train on.

    Attributes:
        n_notes: Read in one pass, `train.max_train_notes` at most.
        mean_words: Of a note.
    """

    n_notes: int
    mean_words: float


def notes_to_train_on(folder: Path, config: Config) -> TrainingNotes:
    """Return what a dataset holds to train on.

    Raises:
        RunError: The folder holds no dataset.
        DataError: It holds no training note.
    """
    texts = open_dataset(folder).split("train")["clean_text"]
    if texts.is_empty():
        raise DataError("the train split holds no note", place=str(folder), hint="prepare a larger dataset")
    n_notes = min(len(texts), config.train.max_train_notes or len(texts))
    return TrainingNotes(n_notes, float(texts.str.split(" ").list.len().sum()) / len(texts))


def notes_read(config: Config, dataset: TrainingNotes) -> float:
    """Return how many notes a training reads, one as often as it is read."""
    notes = dataset.n_notes * config.train.epochs
    if config.train.max_steps is None:
        return notes
    return float(config.train.max_steps * config.train.notes_per_batch * config.train.accumulation_steps)
