"""Short texts that the grammar of marks writes, with each mention and how the text speaks of it.

A text is one to four lines of the grammar, one behind the other, so that the network learns what does not belong
together. A slot's letters say its marks: n denied, h past, f of a relative, u uncertain, p none.
"""

import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from templates import sections, template

GRAMMAR = Path(__file__).with_name("marks")
STOCK = Path(__file__).with_name("marks_stock")
ROOT = Path(__file__).parents[2]
FIXTURE = ROOT / "tests" / "fixtures" / "context_probes.tsv"
JUDGED = ROOT / "benchmarks" / "unseen" / "context"
OPENED = ("open", "held", "held2")
"""The judging sets that were opened for development."""
LETTERS = "nhfu"
"""In the order of `nosology.suggesting.context.MARKS`."""
_FIELDS = {"negated": "n", "history": "h", "family": "f", "uncertain": "u"}
_KINDS = {"d": "disease", "s": "symptom", "i": "finding"}
_MENTION = re.compile(r"([nhfup]+)(?::([dsi]))?")
_ADJECTIVES = "mild severe acute chronic recurrent new left right".split()  # noqa: SIM905
_SHARE_OF_KNOWN = 0.15


@dataclass(frozen=True, slots=True)
class Text:
    """A text with its mentions: start, end and letters of each."""

    text: str
    mentions: tuple[tuple[int, int, str], ...]


class Writer:
    """Writes texts of the grammar.

    Args:
        diseases: Names of diseases, beside the grammar's own.
        seed: Same seed, same texts.
    """

    def __init__(self, diseases: list[str], seed: int) -> None:
        self._rng = random.Random(seed)
        self._diseases = diseases
        self._lines = [line for found in sections(GRAMMAR).values() for line in found]
        self._stock = sections(STOCK)
        self._known = list(_opened())

    def texts(self, number: int) -> Iterator[Text]:
        """Yield texts of one to four lines."""
        for _ in range(number):
            text, mentions = "", []
            for _ in range(self._rng.choices([1, 2, 3, 4], [0.5, 0.28, 0.14, 0.08])[0]):
                text += self._between(text) if text else ""
                said = self._line()
                mentions += [(start + len(text), end + len(text), letters) for start, end, letters in said.mentions]
                text += said.text
            yield Text(self._recased(text), tuple(mentions))

    def _between(self, text: str) -> str:
        between = self._rng.choices(["\n", " ", "; ", "\n\n"], [0.3, 0.5, 0.05, 0.15])[0]
        return self._rng.choice([". ", ". ", "\n", "; "]) if between == " " and text[-1] not in ".?!;:\n" else between

    def _line(self) -> Text:
        rng = self._rng
        if rng.random() < _SHARE_OF_KNOWN:
            return rng.choice(self._known)
        text, mentions = "", []
        for said, letters in template(rng.choice(self._lines)).pieces(rng, self._slot):
            if letters:
                begins = not text or re.search(r"[.\n]\s*(?:[-*•\d.)]+ )?$", text)
                said = said[:1].upper() + said[1:] if begins and rng.random() < 0.8 else said
                mentions.append((len(text), len(text) + len(said), letters))
            text += said
        return Text(text, tuple(mentions))

    def _slot(self, name: str) -> tuple[str, str]:
        rng = self._rng
        if mention := _MENTION.fullmatch(name):
            kind = _KINDS.get(mention[2]) or rng.choice(list(_KINDS.values()))
            is_official = kind == "disease" and rng.random() < 0.4
            said = rng.choice(self._diseases if is_official else self._stock[kind])
            return (f"{rng.choice(_ADJECTIVES)} {said}" if rng.random() < 0.08 else said), mention[1]
        if name == "-n":
            return str(rng.randint(1, 12)), ""
        if name == "-year":
            return str(rng.randint(1975, 2024)), ""
        return rng.choice(self._stock["disease" if name == "-dx" else name.removeprefix("-")]), ""

    def _recased(self, text: str) -> str:
        """Return a text, seldom in capitals or small letters, where that moves no offset."""
        draw = self._rng.random()
        other = text.upper() if draw < 0.04 else text.lower() if draw < 0.1 else text
        return other if len(other) == len(text) else text


def _opened() -> Iterator[Text]:
    """Yield the probes of the tests and of the opened sets."""
    for line in FIXTURE.read_text(encoding="utf-8").splitlines()[1:]:
        _, marks, marked = line.split("\t")
        (lead, mention, tail), letters = re.split(r"[\[\]]", marked), "".join(_FIELDS[name] for name in marks.split())
        yield Text(lead + mention + tail, ((len(lead), len(lead) + len(mention), letters or "p"),))
    for name in OPENED:
        for line in (JUDGED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
            probe = json.loads(line)
            letters = "".join(letter for field, letter in _FIELDS.items() if probe[field])
            yield Text(probe["sentence"], ((probe["start"], probe["end"], letters or "p"),))
