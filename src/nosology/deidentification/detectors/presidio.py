"""Microsoft Presidio as a detector, for those who have it installed with a spaCy model.

``pip install presidio-analyzer`` installs it. Nothing is downloaded: a spaCy model that is not there is an error with a
remedy.
"""

from collections.abc import Iterator
from importlib import import_module, util
from pathlib import Path
from typing import Any

from nosology.errors import ModelError
from nosology.records import Span

_KINDS = {
    "PERSON": "NAME",
    "DATE_TIME": "DATE",
    "LOCATION": "LOCATION",
    "ORGANIZATION": "ORG",
    "EMAIL_ADDRESS": "CONTACT",
    "PHONE_NUMBER": "CONTACT",
    "URL": "CONTACT",
    "IP_ADDRESS": "CONTACT",
    "NRP": None,  # nationality, religion, politics: no identifier of Safe Harbor
}


class PresidioDetector:
    """Presidio's analyzer as a detector.

    Args:
        model: An installed spaCy model's name, or its folder.
        min_score: Findings below this score (0 to 1) are left out.

    Raises:
        ModelError: Presidio or the spaCy model is not installed.
    """

    def __init__(self, model: str = "en_core_web_sm", min_score: float = 0.35) -> None:
        if not is_presidio_installed():
            hint = "pip install presidio-analyzer spacy, and a spaCy model"
            raise ModelError("Presidio is not installed", place="--detector presidio", hint=hint)
        if not Path(model).exists() and not import_module("spacy.util").is_package(model):
            hint = f"python -m spacy download {model}, or give the folder of a model"
            raise ModelError(f"there is no spaCy model {model!r}", place="--detector presidio", hint=hint)
        settings = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
        provider = import_module("presidio_analyzer.nlp_engine").NlpEngineProvider(nlp_configuration=settings)
        analyzer = import_module("presidio_analyzer").AnalyzerEngine
        self._engine: Any = analyzer(nlp_engine=provider.create_engine(), supported_languages=["en"])
        self._min_score = min_score

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield what Presidio finds; kinds of number that we do not tell apart are ID."""
        for result in self._engine.analyze(text=text, language="en", score_threshold=self._min_score):
            kind = _KINDS.get(result.entity_type, "ID")
            if kind:
                yield Span(result.start, result.end, kind)


def is_presidio_installed() -> bool:
    """Return whether Presidio and spaCy can be imported."""
    return util.find_spec("presidio_analyzer") is not None and util.find_spec("spacy") is not None
