"""Clinical notes in; a diagnostic category with an honest probability out, on the user's own machine.

The public names are imported on first use, so that ``import nosology`` is fast and loads no torch.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# Read when torch loads its thread library. Threads that spin while they wait take the time that the thread they wait
# for needs: beside two busy programs training runs at a tenth of its speed (benchmarks/threads.py).

_PUBLIC = {
    "Classifier": "nosology.classifier.classifier",
    "LabelSet": "nosology.coding.labels",
    "NosologyClassifier": "nosology.export.estimator",
    "NosologyError": "nosology.errors",
    "Prediction": "nosology.records",
    "Predictions": "nosology.records",
    "Results": "nosology.runs.results",
    "Run": "nosology.runs.run",
    "Suggestion": "nosology.records",
    "Suggestions": "nosology.records",
    "deidentify": "nosology.deidentification",
    "evaluate": "nosology.export.job",
    "prepare_notes": "nosology.export.job",
    "train": "nosology.export.job",
}

if TYPE_CHECKING:
    from nosology.classifier.classifier import Classifier
    from nosology.coding.labels import LabelSet
    from nosology.deidentification import deidentify
    from nosology.errors import NosologyError as NosologyError
    from nosology.export.estimator import NosologyClassifier
    from nosology.export.job import evaluate, prepare_notes, train
    from nosology.records import Prediction as Prediction
    from nosology.records import Predictions as Predictions
    from nosology.records import Suggestion as Suggestion
    from nosology.records import Suggestions as Suggestions
    from nosology.runs.results import Results as Results
    from nosology.runs.run import Run as Run

__all__ = [
    "Classifier",
    "LabelSet",
    "NosologyClassifier",
    "NosologyError",
    "Prediction",
    "Predictions",
    "Results",
    "Run",
    "Suggestion",
    "Suggestions",
    "__version__",
    "deidentify",
    "evaluate",
    "prepare_notes",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'nosology' has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
