"""How much of the diagnosis sections ``leak: strip`` removes, and how much of the next sections goes with them.

Composes one note for each of the diagnosis headers of `benchmarks/unseen/headers`, each followed by one of as many
other sections, and prints two shares. With the fifth pair go whole short notes; of them it prints how many of the
sections that state a diagnosis are removed, and how many of the other lines go too. A set is for one look: nothing may
be tuned on its lines. The first three pairs have been read and are development text, the first two of them training
text too; the fourth was scored twice; the fifth judges.

    python benchmarks/leak_headers.py               # the first pair of files, 200 headers each
    python benchmarks/leak_headers.py --pair 5      # the fifth, 220, and 100 notes
"""

import argparse
import json
from pathlib import Path
from typing import Any

from nosology.text.sections import strip_diagnoses

_FOLDER = Path(__file__).parent / "unseen" / "headers"
_BEFORE = "Hospital Course: She was seen by the team and walked on the ward.\n\n"


def main() -> None:
    """Print the two shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="Also write the shares to this file.")
    parser.add_argument("--pair", type=int, choices=(1, 2, 3, 4, 5), default=1, help="Which pair of files is judged.")
    options = parser.parse_args()
    number = "" if options.pair == 1 else str(options.pair)
    stated, following = ([json.loads(line) for line in _lines(name + number)] for name in ("headers", "following"))
    n_removed = n_swallowed = 0
    for one, other in zip(stated, following, strict=True):
        diagnosis = _section(one, one["diagnosis_text"])
        rest = strip_diagnoses(f"{_BEFORE}{diagnosis}\n\n{_section(other, other['section_text'])}\n")
        n_removed += not any(line.strip() and line.strip() in rest for line in one["diagnosis_text"].splitlines())
        n_swallowed += any(line.strip() not in rest for line in _section(other, other["section_text"]).splitlines())
    shares = {"removed": n_removed / len(stated), "wrongly_swallowed": n_swallowed / len(following)}
    print(f"removed {shares['removed']:.3f}, wrongly swallowed {shares['wrongly_swallowed']:.3f}")
    if (_FOLDER / f"openings{number}.jsonl").exists():
        of_notes = _of_notes([json.loads(line) for line in _lines("openings" + number)])
        print(", ".join(f"{name} {share:.3f}" for name, share in of_notes.items()))
        shares |= of_notes
    if options.json:
        result = {
            "machine": {},
            "settings": {"n": len(stated), "pair": options.pair},
            "measurements": [shares],
            "ratios": {},
        }
        options.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def _of_notes(notes: list[dict[str, Any]]) -> dict[str, float]:
    """Return how much of whole notes goes that should, and that should not.

    Args:
        notes: Each with its ``text``, the stretches to be ``removed`` and the lines to be ``kept``.
    """
    n_removed = n_lines_gone = n_right = 0
    for note in notes:
        rest = strip_diagnoses(note["text"])
        gone = [not any(line.strip() and line.strip() in rest for line in one.splitlines()) for one in note["removed"]]
        lost = [line.strip() not in rest for line in note["kept"]]
        n_removed += sum(gone)
        n_lines_gone += sum(lost)
        n_right += all(gone) and not any(lost)
    return {
        "sections_of_notes_removed": n_removed / sum(len(note["removed"]) for note in notes),
        "lines_of_notes_lost": n_lines_gone / sum(len(note["kept"]) for note in notes),
        "notes_right": n_right / len(notes),
    }


def _lines(name: str) -> list[str]:
    return (_FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()


def _section(entry: dict[str, str], text: str) -> str:
    return f"{entry['header']}{chr(10) if entry['own_line'] else ' '}{text}"


if __name__ == "__main__":
    main()
