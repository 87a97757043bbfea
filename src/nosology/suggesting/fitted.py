"""What a run learned about suggesting, beside its model: words, how often names are coded, the weights of signals."""

from dataclasses import dataclass, field

from nosology.files import read_json, write_json
from nosology.runs.files import SuggesterFiles
from nosology.suggesting.mixture import Mixture, untrained
from nosology.suggesting.named import NamedCounts
from nosology.suggesting.words import WordModel


@dataclass(frozen=True)
class FittedSuggester:
    """What a run learned about suggesting, beside its model.

    Attributes:
        words: The word model.
        mixture: The weights of the signals.
        named: How often names of diagnoses are coded.
    """

    words: WordModel
    mixture: Mixture
    named: NamedCounts = field(default_factory=NamedCounts)

    @property
    def is_calibrated(self) -> bool:
        """Whether it was fitted on validation notes."""
        return self.mixture.n_notes > 0

    @classmethod
    def load(cls, files: SuggesterFiles, n_rubrics: int) -> "FittedSuggester":
        """Return the suggester of a run; one that knows the model alone where nothing was fitted.

        Raises:
            RunError: A file is missing or does not fit.
        """
        if not files.settings.exists():
            return cls.of_model_alone(n_rubrics)
        mixture = Mixture.from_json(read_json(files.settings))
        return cls(WordModel.load(files, n_rubrics), mixture, NamedCounts.load(files.names))

    @classmethod
    def of_model_alone(cls, n_rubrics: int) -> "FittedSuggester":
        """Return what suggests without words and without calibration."""
        return cls(WordModel.fit([], [], n_rubrics), untrained())

    def save(self, files: SuggesterFiles) -> None:
        """Write it where a run keeps it, the settings last."""
        files.folder.mkdir(exist_ok=True)
        files.settings.unlink(missing_ok=True)
        self.words.save(files)
        self.named.save(files.names)
        write_json(files.settings, self.mixture.to_json())
