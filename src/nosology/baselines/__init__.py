"""Classifiers without a language model: the most common category, and linear ones over word frequencies.

Every result is shown beside the first two (`words`); the third (`hashed`) also reads beginnings and endings of words,
can be saved with a run, and is what the tuned model is stacked with in an ensemble.
"""

from nosology.baselines.hashed import HashedModel, fit_hashed
from nosology.baselines.words import Majority, TfidfModel, fit_majority, fit_tfidf

__all__ = ["HashedModel", "Majority", "TfidfModel", "fit_hashed", "fit_majority", "fit_tfidf"]
