"""Public text whose hashed features may ship in weights: clinical cases, answers for patients, names of diseases.

CodiEsp's training part (CC BY 4.0), MedQuAD (CC BY 4.0), the Disease Ontology (CC0). Sentences with words of institutions,
titles, addresses on the web, telephone numbers or days of a month are left out; of CodiEsp also those in which the default
detectors find a hospital, place, contact, date, number, organization or age over 89. A person's name without a title is
not looked for, and MedQuAD's sentences do not pass the detectors: what is left is published text, and may name people.
"""

# ruff: noqa: E501 - lists and patterns, read across
import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from grammar_notes import PublicText

from nosology.deidentification import default_detectors, merge_spans

_INSTITUTIONS = re.compile(
    r"\b(?:Hospital|Clinic|University|Institute|Foundation|Center|Society|Association|Ministry|Service|Department|Dr|Mr|Mrs|Prof)\b|"
    r"@|www|http|\d{3}[-.) ]\d{3}|(?:January|February|March|April|May|June|July|August|September|October|November|December) \d"
)
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_DROPPED = frozenset({"HOSPITAL", "LOCATION", "CONTACT", "DATE", "ID", "ORG", "AGE90"})


def read_public(folder: Path, *, n_answers: int = 4_000) -> PublicText:
    """Return the public text of a folder of development data.

    Args:
        folder: Holds ``codiesp_train_dev.jsonl`` and ``knowledge/``.
        n_answers: How many answers for patients to take sentences from.
    """
    cases = [row["text"] for row in _rows(folder / "codiesp_train_dev.jsonl") if row["split"] == "train"]
    answers = [row["answer"] for row in _rows(folder / "knowledge" / "medquad.jsonl.gz")][::4][:n_answers]
    diseases = [row["name"] for row in _rows(folder / "knowledge" / "disease_ontology.jsonl.gz")]
    cases = [sentence for case in cases for sentence in _SENTENCES.split(case) if _is_free(sentence, strictly=True)]
    told = [
        sentence
        for answer in answers
        for sentence in _SENTENCES.split(answer)[:8]
        if _is_free(sentence, strictly=False)
    ]
    return PublicText([*cases, *told], [name for name in diseases if len(name) < 45])


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _is_free(sentence: str, *, strictly: bool) -> bool:
    if not 20 < len(sentence) < 400 or _INSTITUTIONS.search(sentence):
        return False
    if not strictly:
        return True
    found = merge_spans((span for detector in default_detectors() for span in detector(sentence)), len(sentence))
    return not any(span.type in _DROPPED for span in found)
