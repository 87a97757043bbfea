"""Answers of MedQuAD (NIH sites to consumers' questions) as phrases of a course.

Reads the publisher's folder of XML files (CC BY 4.0; https://github.com/abachaa/MedQuAD), or the same answers as JSON
lines (``focus, synonyms, umls, question_type, answer``). A disease is coded by its UMLS identifiers or names through
the Disease Ontology (`ontology`), else by its names through the shipped terms; what finds no code is left out. Answers
are cut into passages of whole sentences. In every second passage the disease's names are masked, so that findings have
to tell it. Sentences with telephone numbers, addresses or web links are left out.

Run as ``python scripts/starter/medquad.py MedQuAD/ --ontology doid.obo --out medquad.tsv.gz``.
"""

import argparse
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ontology import Disease, codes_of, read_diseases
from phrase_file import Row, write_rows

from nosology.coding.labels import LabelSet
from nosology.coding.terms import TermTable

SOURCE, LICENCE = "MedQuAD", "CC-BY-4.0"
KINDS_OF_QUESTIONS = ("information", "symptoms", "exams and tests", "treatment", "causes", "complications", "outlook")
"""Those that say what a disease looks like; the rest speak of genes, inheritance, statistics and support."""

MOST_WORDS, FEWEST_WORDS = 60, 8
MOST_PASSAGES = 4
"""An answer: the first sentences say most."""

MASK = "this condition"
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z(])|\s+-\s+")
_CONTACT = re.compile(
    r"https?:|www\.|@|\d{3}[-.) ]\s?\d{3,4}[-. ]\d{4}|\bP\.?O\.? Box\b|\bcall 1-|toll[- ]free", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer and the disease that it is about."""

    focus: str
    synonyms: tuple[str, ...]
    umls: tuple[str, ...]
    question_type: str
    text: str


def read_answers(path: Path) -> Iterator[Answer]:
    """Yield the answers of a folder of XML files or of JSON lines (gzipped or not), in a fixed order."""
    if path.is_dir():
        for file in sorted(path.rglob("*.xml")):
            yield from from_xml(file.read_text(encoding="utf-8"))
        return
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            synonyms, umls = tuple(item.get("synonyms") or ()), tuple(item.get("umls") or ())
            yield Answer(item["focus"], synonyms, umls, item["question_type"], item["answer"])


def from_xml(text: str) -> Iterator[Answer]:
    """Yield the answers of one of MedQuAD's documents."""
    document = ElementTree.fromstring(text)
    focus = (document.findtext("Focus") or "").strip()
    synonyms = tuple((node.text or "").strip() for node in document.iter("Synonym"))
    umls = tuple((node.text or "").strip() for node in document.iter("CUI"))
    for pair in document.iter("QAPair"):
        question = pair.find("Question")
        answer = (pair.findtext("Answer") or "").strip()
        if question is not None and answer:
            yield Answer(focus, synonyms, umls, question.get("qtype", ""), answer)


class Codes:
    """Finds the ICD-10-CM code of a disease by UMLS identifier or by name."""

    def __init__(self, diseases: Mapping[str, Disease], labels: LabelSet) -> None:
        """Index what is known.

        Args:
            diseases: Of the ontology, by id.
            labels: Whose terms are known by name.
        """
        coded = codes_of(diseases)
        self._by_umls: dict[str, str] = {}
        self._by_name: dict[str, str] = {}
        for term in TermTable.shipped(labels, [10]):
            if not term.cues:
                self._by_name.setdefault(_key(term.term), term.code)
        for key, code in coded.items():
            for identifier in diseases[key].umls:
                self._by_umls.setdefault(identifier, code)
            for name in (diseases[key].name, *diseases[key].synonyms):
                self._by_name.setdefault(_key(name), code)

    def find(self, answer: Answer) -> str | None:
        """Return the code of an answer's disease; None where neither identifier nor name is known."""
        by_umls = (self._by_umls[one] for one in answer.umls if one in self._by_umls)
        by_name = (
            self._by_name[key] for name in (answer.focus, *answer.synonyms) if (key := _key(name)) in self._by_name
        )
        return next(by_umls, None) or next(by_name, None)


def _key(name: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


def passages(text: str) -> list[str]:
    """Return an answer's first passages: whole sentences, `FEWEST_WORDS` to `MOST_WORDS` words, no contact details."""
    found: list[str] = []
    words: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        if _CONTACT.search(sentence):
            continue
        new = sentence.split()
        if len(words) + len(new) > MOST_WORDS:
            found.append(" ".join(words))
            words = []
        words += new[:MOST_WORDS]
    found.append(" ".join(words))
    return [passage for passage in found if len(passage.split()) >= FEWEST_WORDS][:MOST_PASSAGES]


def masked(text: str, names: tuple[str, ...]) -> str:
    """Return a passage with the disease's names replaced, longest first, whatever their case."""
    for name in sorted({name for name in names if len(name) > 2}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?:e?s)?(?!\w)", MASK, text, flags=re.IGNORECASE)
    return text


def rows(answers: Iterator[Answer], codes: Codes) -> Iterator[Row]:
    """Yield a row for each passage of an answer whose disease has a code; every second one has its names masked."""
    n = 0
    for answer in answers:
        code = codes.find(answer) if answer.question_type in KINDS_OF_QUESTIONS else None
        if code is None:
            continue
        for passage in passages(answer.text):
            n += 1
            hidden = masked(passage, (answer.focus, *answer.synonyms)) if n % 2 else passage
            yield Row(hidden, code, "finding" if n % 2 else "answer", SOURCE, LICENCE)


def main() -> None:
    """Convert a folder or a file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("answers", type=Path, help="MedQuAD's folder, or JSON lines")
    parser.add_argument("--ontology", type=Path, required=True, help="doid.obo, or JSON lines")
    parser.add_argument("--out", type=Path, required=True, help="the TSV file to write; gzipped if it ends in .gz")
    options = parser.parse_args()
    codes = Codes(read_diseases(options.ontology), LabelSet.load("icd-chapters-18"))
    print(f"{write_rows(options.out, rows(read_answers(options.answers), codes)):,} passages: {options.out}")


if __name__ == "__main__":
    main()
