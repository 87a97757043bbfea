"""Give a run that took a course a linear model over words, learned from the same phrases and no note.

    python scripts/starter/words.py RUN --phrases ontology.tsv.gz --phrases medquad.tsv.gz

Where a disease is named, words do as well as the language model, and they err differently: the run then answers with
both, and with what diseases look like, a third each. How sure the blend may be, `nosology calibrate` fits on notes that
none of them learned from.
Only the features that say most are kept, in half precision, so that a starter stays small.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nosology.classifier.ensemble import Ensemble
from nosology.classifier.findings import CategoryFindings
from nosology.classifier.words import fit_hashed
from nosology.errors import NosologyError, RunError
from nosology.evaluation.inputs import phrases_for
from nosology.runs.integrity import record_again
from nosology.runs.run import Run

FINDINGS_SHARE = 0.5
"""Of the words' side, since the linear model knows no notes: one third each of an even blend with the model."""
N_FEATURES = 35_000
"""Features kept: 1.5 MB with 18 categories. On 391 cases .586 of the whole model's .611, and blended alike."""


def add_words(folder: Path, files: Sequence[Path], n_features: int = N_FEATURES) -> Ensemble:
    """Fit the linear model, write it into the run as a third of an even blend, and return that.

    Args:
        folder: The run, which holds no ensemble yet.
        files: TSV files of phrases beside the shipped ones.
        n_features: Features to keep.

    Raises:
        RunError: The run holds an ensemble, or its folder cannot be written to.
        DataError: A file of phrases cannot be read, or its licence does not allow it.
    """
    run = Run.open(folder)
    run.check_writable()
    if run.files.ensemble.settings.exists():
        hint = "take a run that was not evaluated"
        raise RunError("this run holds an ensemble already", place=str(run.files.ensemble.folder), hint=hint)
    phrases = phrases_for(run, files)
    linear = fit_hashed([], np.zeros(0, np.int64), len(run.labels.names), groups=[], phrases=phrases)
    if linear is None:
        raise RunError("the phrases are all of one category", place=str(folder))
    findings, fitted_on = CategoryFindings.of(run.labels), {"run_manifest_sha256": run.sha256}
    shares = (1 / 3, 2 / 3) if findings else (1 / 2, 1 / 2)
    ensemble = Ensemble(linear.pruned(n_features), shares, fitted_on, findings=findings, findings_share=FINDINGS_SHARE)
    ensemble.save(run.files.ensemble)
    record_again(run.files)
    return ensemble


def main(arguments: list[str] | None = None) -> int:
    """Add the model to a run; return the exit status: 0 done, 2 refused."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="a finished run that took a course")
    parser.add_argument("--phrases", type=Path, action="append", default=[], help="phrases beside the shipped ones")
    parser.add_argument("--features", type=int, default=N_FEATURES, help="features to keep")
    options = parser.parse_args(arguments)
    try:
        ensemble = add_words(options.run, options.phrases, options.features)
    except NosologyError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    settings = ensemble.linear.settings
    print(f"{settings['features']:,} features of {settings['phrases']:,} phrases; next: nosology calibrate")
    return 0


if __name__ == "__main__":
    sys.exit(main())
