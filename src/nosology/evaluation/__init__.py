"""Evaluation: every system on the same notes, side by side, and everything a report needs in one typed file.

`evaluate` reads a run and its dataset, fits the run's calibration on validation notes, runs each system (`systems`),
judges its answers (`scores`), compares any two, and writes ``RUN/eval/SPLIT``. It never trains the model.
"""

from nosology.evaluation.workflow import evaluate

__all__ = ["evaluate"]
