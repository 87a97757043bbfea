"""How the systems of `accuracy.py` do on notes of another style: discharge notes, which none of them has seen.

They learned from abstracts and case reports. Here they read invented discharge notes of MIMIC's form, short ones and
whole summaries, with the stack and the calibration that validation notes of the training style gave. Neither is fitted
again, so this says what a user of another hospital would meet.

    python benchmarks/accuracy_elsewhere.py --work WORK --json FILE    # WORK as accuracy.py left it
"""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import accuracy
import harness
from accuracy_judging import SELECTIVE_ACCURACY, compare, judge, load_chunks

LENGTHS = ("short", "full")
SEED = 11
LOOK = "test"


def main() -> None:
    """Read the notes, print one table, and write it as JSON where asked."""
    parser = harness.parser(__doc__)
    parser.add_argument("--work", type=Path, required=True, help="work folder of accuracy.py, its chapters scored")
    parser.add_argument("--admissions", type=int, default=200, help="invented admissions of each length")
    options = parser.parse_args()
    found = read_elsewhere(options.work, options.admissions)
    for row in found:
        print(f"\n{row['length']}: {row['n']} discharge notes, {row['words']:.0f} words at the median")
        for name, item in row["systems"].items():
            low, high = item["accuracy_interval"]
            print(
                f"{name:12} {item['accuracy']:.3f} [{low:.3f}, {high:.3f}] macro-F1 {item['macro_f1']:.3f} "
                f"debiased ECE {item['ece_debiased']:.3f}, p {item['calibration_p_value']:.3f}, "
                f"answered {item['answered_share']:.0%}, right {item['answered_accuracy'] or 0:.0%} of them"
            )
        for test in row["tests"]:
            low, high = test["interval"]
            print(
                f"{test['systems'][0]} - {test['systems'][1]}: {100 * test['difference']:+.1f} points "
                f"[{100 * low:+.1f}, {100 * high:+.1f}]"
            )
    if options.json:
        report = {
            "settings": {"admissions": options.admissions, "seed": SEED},
            "measurements": found,
        }
        harness.write_report(options.json, report)


def read_elsewhere(work: Path, admissions: int) -> list[dict[str, Any]]:
    """Return what each system reaches on short and on whole discharge notes."""
    from nosology.classifier import calibration as calibrating
    from nosology.classifier.classifier import Classifier
    from nosology.classifier.ensemble import blend, fit_exponents
    from nosology.classifier.words import fit_hashed
    from nosology.evaluation.baselines import fit_tfidf

    learned = accuracy._Notes(work / "chapters" / "dataset")
    n_categories = len(learned.categories)
    fitted = {
        name: fit(learned.train_texts, learned.train, n_categories, groups=learned.train_ids)
        for name, fit in (("tfidf", fit_tfidf), ("tfidf_parts", fit_hashed))
    }
    classifier = Classifier.load(work / "chapters" / "run", system="tuned")
    scores = work / "chapters" / "scores"
    validation = {name: model.log_probs(learned.texts["validation"]) for name, model in fitted.items()}
    validation["tuned"] = load_chunks(scores / "tuned", "validation")["log_probs"]
    true = learned.true["validation"]
    exponents = fit_exponents(validation["tuned"], validation["tfidf_parts"], true)
    validation["ensemble"] = blend(exponents, validation["tuned"], validation["tfidf_parts"])
    found = []
    for length in LENGTHS:
        texts, answers = discharge_notes(length, admissions, learned.categories)
        notes = SimpleNamespace(categories=learned.categories, true={LOOK: answers}, train=learned.train)
        read = {name: model.log_probs(texts) for name, model in fitted.items()} | {"tuned": classifier.log_probs(texts)}
        read["ensemble"] = blend(exponents, read["tuned"], read["tfidf_parts"])
        judged = {
            name: judge(
                name,
                values,
                calibrating.fit(validation[name], true, selective_accuracy=SELECTIVE_ACCURACY),
                notes,
                LOOK,
            )
            for name, values in read.items()
        }
        found.append(
            {
                "length": length,
                "n": len(texts),
                "words": float(np.median([len(text.split()) for text in texts])),
                "systems": {name: item["result"] for name, item in judged.items()},
                "tests": compare({name: item["predicted"] for name, item in judged.items()}, answers),
            }
        )
    return found


def discharge_notes(length: str, admissions: int, categories: tuple[str, ...]) -> tuple[list[str], Any]:
    """Return invented discharge notes as `nosology prepare mimic3` leaves them, and their categories' places."""
    from nosology.config import PrepareConfig
    from nosology.dataset.folder import open_dataset
    from nosology.preparation.pipeline import prepare_mimic3
    from nosology.synthetic import write_mimic

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mimic(folder / "mimic", admissions=admissions, seed=SEED, length=length, other_notes_per_admission=0.0)
        prepare_mimic3(folder / "mimic", folder / "dataset", PrepareConfig())
        notes = open_dataset(folder / "dataset").notes()
    return notes["clean_text"].to_list(), np.array([categories.index(category) for category in notes["category"]])


if __name__ == "__main__":
    main()
