"""Whole notes of the grammar: frames filled with sentences, identifiers planted into public text, writing destroyed at random.

`notes` yields notes of one part, as pieces; `marked` joins pieces into a text with spans. The frames with a star, a
fifth of all lines, patterns and stock entries, and the cultures and countries with a star belong to the part that is
set aside. That part also has six of the trained frames (`_SHARED_FRAMES`, 44 % of its weight) and the trained cultures,
with other names; insertions and names of diseases are the same in both.
"""

# ruff: noqa: E501 - lists and patterns, read across
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from grammar_text import Piece, of_part, sections, template
from identifiers import Identifiers
from training_notes import Stock, expand, read_templates

TEMPLATES = Path(__file__).with_name("templates.txt")
_PERSON = re.compile(r"\b(?:[Tt]he patient|[Tt]his patient|She|He|[Oo]ur patient)\b")
_SUBJECT = re.compile(
    r"\b(?:[Tt]he patient|[Tt]his patient|[Pp]t|Patient|[Ss]?[Hh]e)(?= [a-z]{2})(?! (?:name|initials|signature|phone|email|address|portal|education|safety|info))"
)
_OWNER = re.compile(r"\b(?:His|Her|The patient's|Patient's|Pt's|the patient's|pt's)(?= [a-z]{2})")
_OBJECT = re.compile(r"\b(?:him|the patient)(?=[ .,;])")
_YEAR = re.compile(r"\b(?:in|since|In) (?:19|20)\d\d\b")
_SITE = re.compile(r"\b(?:our|the|another) (?:hospital|center|centre|clinic|department|emergency room|unit)\b")
_AGE = re.compile(r"\b[1-8]?\d(?=[- ]years?[- ]old)")
_INSERTIONS = of_part(
    [
        "(per {doc})", "(d/w {doc|last|first})", ", {rel},", "({date})", "on {date|pdate}", "({initials})", "- {full} -", "at {hospital}", "in {town}",
        "from {town}", "({phone})", "- {ini}", "per {ini}", "[{ini}]", "({inilow})", "w/ {inilow|ini}", "(s/b {ini})", "by {inidot|inimix}", "({employer})", "[{full}]", "{date|pdate}:", "by {full|last|doc}", "with {first|full}", "{mrn}", "from {hospital}",
        "and {first}", "({hospital})", "for {employer}", "via {hospital}", "{full},", "(MRN {mrn})", "near {street}", "until {pdate|dodd}", "({town})",
        "for {first}", "to {full|first}", "{drange}", "since {pdate|hol}", "after {hol|pdate}", "of {town}", "under {doc|last}",
        "at {nhome|generic|hacro}", "({hacro})", "on {road}", "near {hwy|road}", "through {insurer}", "at {school}", "with {charity|homecare}", "by {transport|lab}",
        "({sdate})", "in {mdate}", "on {nth|wdate}", "from {practice}", "at {street}", "on {ward}", "({org})", "for {firm}", "at {venue|worship|club}", "({agewords})",
    ],
    "train",
)  # fmt: skip
_BEHIND = of_part(
    [
        "at {hospital}", "at {nhome|generic}", "({hospital})", "({hacro})", "@ {hacro|generic|hospital}", "- {hacro}", "by {homecare}", "per {practice}", "via {transport}",
        "for {employer}", "for {firm|insurer}", "since {mdate|sdate|pdate}", "on {pdate|wdate|nth}", "({pdate})", "({sdate})", "in {town}", "in {town}, {town}", "outside {town}",
        "on {ward}", "while in {town}", "{drange}", "after {hol|pdate}", "until {wdate|pdate|nth}", "near {road|hwy}", "at {street}", "on {road}", "with {charity}", "at {school}",
        "through {insurer}", "({hacro} {pdate})", "{sdate}", "{pdate}", "per {lab}", "at {venue}", "aboard {ship}", "with {agency}", "at {worship|club}", "under {military|prison}",
        "from {chemist|equip}", "({org})", ", {employer}", ", {town}", ", {age90}", "at {age90|agewords}", "({age90}F)", "by {mdate}", "before {hol|wdate}", "- {practice}", "[{town}]",
        "{pdate} and {pdate}", "on {nth} at {hospital}", "in {town} {pdate}", "({town}, {sdate})", "at {renal|clinicof|saint}", "from {estate|rural}", "c/o {charity|housing|shelter}",
        "on {spdate}", "by {spdate}", "since {spdate}", "until {spdate}", "({hdate})", "on {hdate}", "in {qdate}", "({qdate})", "per {ini}", "({ini} {pdate})", "{ini}", "at {agewords}", "aged {age90}",
    ],
    "train",
)  # fmt: skip
_BEFORE = of_part(
    [
        "{pdate}: ", "{sdate} - ", "{idate} ", "At {hospital}: ", "{hospital} - ", "{hacro}: ", "In {town}, ", "{town}: ", "{nhome} - ", "{wdate}, ", "Per {practice}: ", "({hacro}) ",
        "{employer}: ", "{drange}: ", "On {nth}, ", "By {mdate}, ", "{age90}F, ", "{age90}yo. ", "({pdate}) ", "{ward}: ", "{org}: ", "{school}: ", "From {town}. ", "{road}: ", "{hol}: ",
        "Since {sdate|mdate}: ", "Ex {hospital|military|firm}. ", "{generic} ED: ", "Via {transport}. ", "{insurer}: ", "{date} ", "[{pdate}] ", "{street}. ", "Age {age90}. ",
        "On {spdate} ", "By {spdate}: ", "{hdate}: ", "{hdate} - ", "{hdate}\n", "{qdate}: ", "{fdate}: ", "{age90}M. ", "{age90} y.o. ", "{age90}-year-old. ", "Aged {agewords}. ", "{ini}: ", "{last}: ", "{first} - ", "{age90} years. ",
    ],
    "train",
)  # fmt: skip
_SMALL_WORDS = frozenset([
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "can", "do", "for", "go", "has", "he", "her", "his", "i", "in", "is", "it",
    "may", "me", "must", "my", "no", "not", "of", "on", "or", "our", "out", "shall", "she", "so", "that", "the", "they", "this", "to",
    "up", "us", "was", "we", "will", "you",
])  # fmt: skip
_END = re.compile(r"(?<=[\w)%+])([.;,!]?\s*)\Z")
_KINDS = (
    "name",
    "name",
    "name",
    "date",
    "date",
    "age",
    "age",
    "contact",
    "contact",
    "id",
    "id",
    "place",
    "place",
    "hospital",
    "hospital",
    "org",
    "org",
    "stamp",
    "person",
    "person",
    "placed",
    "placed",
)
_WEIGHTS = {"free": 26, "free_short": 12, "medicine": 8, "medicine_lines": 5, "medicine_word": 14, "medicine_list": 8, "medicine_commas": 6,
            "medicine_two": 4, "medicine_sentence": 10, "medicine_short": 8, "medicine_short_two": 4, "medicine_bullets": 6, "medicine_numbered": 5,
            "medicine_problem_list": 6, "medicine_problem_comma": 6, "medicine_med_rec": 6, "medicine_med_commas": 6, "medicine_dental_chart": 2,
            "medicine_hard_alone": 12, "medicine_hard_lines": 8, "medicine_hard_commas": 8,
            "medicine_hard_sentence": 10, "medicine_hard_verbs": 8, "medicine_hard_in_prose": 8, "medicine_four_after_colon": 8,
            "medicine_eye_lines": 3, "medicine_form": 3, "medicine_empty_headers": 2, "medicine_path_panel": 2,
            "medicine_dictation": 10, "medicine_dictation_short": 10, "medicine_dictation_lines": 6, "dictation_with": 12,
            "dictation_full": 10, "dictation_sentence": 8,
            "exam_note": 8, "exam_run": 5, "exam_lines": 5, "exam_short": 4, "public": 5, "public_planted": 10, "old": 8, "dictated": 4}  # fmt: skip
_HARD_SHARE = 1 / 3
"""Share of trained notes from frames of medicine that must survive, however many other frames there are."""
_NAMED_AGAIN = 0.45
"""Share of a paragraph's sentences that have its person's name where others have "she" or "he"."""
_CALM_SHARE = 0.12
"""Share of plain sentences that are prose without terms that look like names."""
_NARRATIVES = ("th_", "tw_", "tx_")
_NARRATIVE_WEIGHT = 0.5
"""What frames of calm prose weigh beside others: they are many and draw from the same sentences."""
_CALM_PUBLIC = 0.3
"""Share of calm sentences that are public text, where there is any."""
_STAMPED = 0.06
"""Share of notes of any frame that end in their author's mark."""
_SHARED_FRAMES = ("free", "medicine", "medicine_list", "medicine_word", "public_planted", "exam_note")
_OF_PUBLIC_TEXT = re.compile(r"<(?:text|planted) ")


def _is_hard(frame: str) -> bool:
    """Return whether a frame is of medicine that looks like identifiers, with few or none."""
    return frame.startswith("medicine")


@dataclass(frozen=True, slots=True)
class PublicText:
    """Sentences without identifiers that may ship in weights, and notes that are marked already."""

    sentences: Sequence[str] = field(repr=False)
    diseases: Sequence[str] = field(repr=False)


class NoteGrammar:
    """Writes notes of one part.

    Args:
        part: ``"train"`` or ``"aside"``.
        public: Text of others to plant identifiers in; frames that need it are left out where it has no sentences.
        seed: Same seed, same notes.
    """

    def __init__(self, part: str, public: PublicText, seed: int) -> None:
        self._rng = random.Random(seed)
        self._part = part
        self._draw = Identifiers(self._rng, part)
        self._public = of_part(public.sentences, part)
        self._carriers = {
            name: of_part(lines, part) for name, lines in (sections("carriers") | sections("plain")).items()
        }
        frames = sections("frames")
        chosen = [name for name in frames if name.endswith("*") == (part == "aside")]
        if part == "aside":
            chosen += _SHARED_FRAMES
        whole = {name: "\n".join(frames[name]) for name in chosen}
        self._frames = {name: text for name, text in whole.items() if self._public or not _OF_PUBLIC_TEXT.search(text)}
        self._weights = [
            _WEIGHTS.get(name, 4 if part == "train" else 3 if _is_hard(name) else 10)
            * (_NARRATIVE_WEIGHT if name.startswith(_NARRATIVES) else 1)
            for name in self._frames
        ]
        if part == "train":
            hard = sum(weight for name, weight in zip(self._frames, self._weights, strict=True) if _is_hard(name))
            rest = sum(self._weights) - hard
            scale = _HARD_SHARE / (1 - _HARD_SHARE) * rest / hard
            self._weights = [
                weight * scale if _is_hard(name) else weight
                for name, weight in zip(self._frames, self._weights, strict=True)
            ]
        self._old = read_templates(TEMPLATES) if part == "train" else {}
        self._stock = Stock(self._rng)
        self._who: list[Piece] = []
        self._other: list[Piece] = []

    def note(self) -> tuple[str, list[Piece]]:
        """Return a note's style and pieces."""
        (style,) = self._rng.choices(list(self._frames), self._weights)
        self._who = self._one_person(["first", "first", "last", "last", "wordlast", "titled", "brief"])
        self._other = self._one_person(["first", "first", "first", "last", "wordfirst", "full"])
        pieces: list[Piece] = []
        position = 0
        frame = self._frames[style]
        for match in re.finditer(r"<(\w+) (\d+)>", frame):
            pieces += template(frame[position : match.start()]).fill(self._rng, self._slot)
            count = max(1, int(match[2]) + self._rng.choice([-1, 0, 0, 1]))
            for i in range(count):
                pieces += [*([(" ", "")] if i else []), *self._sentence(match[1])]
            position = match.end()
        pieces += template(frame[position:]).fill(self._rng, self._slot)
        if self._rng.random() < _STAMPED:
            pieces += [(self._rng.choice([" ", "\n", "  "]), ""), *self._sentence("stamp")]
        return style.strip("*"), pieces

    def _one_person(self, slots: Sequence[str]) -> list[Piece]:
        """Return a name that can stand in every sentence of a note, so none that is also a small word."""
        for _ in range(9):
            named = self._draw(self._rng.choice(slots))
            if named[-1][0].lower() not in _SMALL_WORDS:
                break
        return named

    def _slot(self, slot: str) -> list[Piece]:
        """Return what fills a slot of a frame: ``who`` and ``other`` are the same two people in the whole note."""
        return {"who": self._who, "other": self._other}.get(slot) or self._draw(slot)

    def _sentence(self, kind: str) -> list[Piece]:
        rng = self._rng
        if kind == "text":
            return [(rng.choice(self._public), "")]
        if kind == "planted":
            return self._planted(rng.choice(self._public))
        if kind == "old":
            return [
                piece
                for piece in expand(
                    rng.choice(self._old[rng.choice(["sentence", "sentence", "header", "footer", "listing"])]),
                    self._stock,
                )
                if piece[0]
            ] + [(rng.choice(["\n", ""]), "")]
        section = rng.choice(_KINDS) if kind == "any" else kind
        if section == "plain" and rng.random() < _CALM_SHARE:
            section = "calm"
        if section == "calm" and self._public and rng.random() < _CALM_PUBLIC:
            return [(rng.choice(self._public), "")]
        if section == "person":
            return self._personal(rng.choice(["plain", "plain", "calm"]))
        if section == "same":
            return self._personal("calm", self._who) if rng.random() < _NAMED_AGAIN else self._sentence("calm")
        if section == "placed":
            return self._placed()
        return template(rng.choice(self._carriers[section])).fill(rng, self._draw)

    def _personal(self, section: str, who: list[Piece] | None = None) -> list[Piece]:
        """Return a plain sentence whose subject or owner has a name in place of "she", "pt" or "the patient".

        Args:
            section: Where sentences come from.
            who: The name; a new one where none is given.
        """
        rng = self._rng
        for _ in range(40):
            pieces = _joined(template(rng.choice(self._carriers[section])).fill(rng, self._draw))
            for i, (text, kind) in enumerate(pieces):
                patterns = [(_SUBJECT, ""), (_OWNER, rng.choice(["'s", "'s", "’s"])), (_OBJECT, "")]
                for pattern, behind in rng.sample(patterns, k=3):
                    match = None if kind else pattern.search(text)
                    if match:
                        slots = ["first", "first", "last", "full", "titled", "low_first", "inidot", "ini", "world"]
                        named = who or self._draw(rng.choice(slots))
                        split = [(text[: match.start()], ""), *named, (behind + text[match.end() :], "")]
                        return [piece for piece in [*pieces[:i], *split, *pieces[i + 1 :]] if piece[0]]
        return template(rng.choice(self._carriers["name"])).fill(rng, self._draw)

    def _placed(self) -> list[Piece]:
        """Return a plain sentence with a place, institution, firm, date or age before or behind it."""
        rng = self._rng
        pieces = template(rng.choice(self._carriers[rng.choice(["plain", "plain", "calm"])])).fill(rng, self._draw)
        end = _END.search(pieces[-1][0])
        if end is None or rng.random() < 0.35:
            return [*template(rng.choice(_BEFORE)).fill(rng, self._draw), *pieces]
        text = pieces.pop()[0]
        added = template(rng.choice(_BEHIND)).fill(rng, self._draw)
        glue = "" if added[0][0].startswith(",") else " "
        return [*pieces, (text[: end.start()] + glue, ""), *added, (end[1], "")]

    def _planted(self, sentence: str) -> list[Piece]:
        rng = self._rng
        swaps: list[tuple[re.Pattern[str], Callable[[], list[Piece]]]] = [
            (_PERSON, lambda: self._draw(rng.choice(["full", "first", "titled", "last", "first"]))),
            (_SITE, lambda: self._draw("hospital")),
            (_AGE, lambda: self._draw("age90")),
            (_YEAR, lambda: [(rng.choice(["in ", "on "]), ""), *self._draw(rng.choice(["date", "pdate"]))]),
        ]
        pieces: list[Piece] = [(sentence, "")]
        for pattern, draw in swaps:
            match = pattern.search(sentence)
            if match and rng.random() < 0.7:
                pieces = [(sentence[: match.start()], ""), *draw(), (sentence[match.end() :], "")]
                break
        gaps = [match.start() for match in re.finditer(" ", pieces[-1][0])]
        if gaps and rng.random() < 0.6:
            text = pieces.pop()[0]
            at = rng.choice(gaps)
            added = template(rng.choice(_INSERTIONS)).fill(rng, self._draw)
            pieces += [(text[: at + 1], ""), *added, (text[at:], "")]
        return [piece for piece in pieces if piece[0]]


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces with neighbours of one kind in one."""
    return [("".join(text for text, _ in group), kind) for kind, group in groupby(pieces, key=lambda piece: piece[1])]


def notes(part: str, public: PublicText, seed: int, count: int) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Yield notes as style, text and spans.

    Args:
        part: ``"train"`` or ``"aside"``.
        public: Text of others to plant identifiers in.
        seed: Same seed, same notes.
        count: How many.
    """
    grammar = NoteGrammar(part, public, seed)
    rng = random.Random(seed + 1)
    for _ in range(count):
        style, pieces = grammar.note()
        text, spans = marked(destroyed(pieces, rng))
        yield style, text, spans


def marked(pieces: Sequence[Piece]) -> tuple[str, list[dict[str, Any]]]:
    """Return the pieces' text and spans; parts of one kind side by side are one span, those of kind "?" optional."""
    spans: list[dict[str, Any]] = []
    at = 0
    for text, kind in pieces:
        if kind:
            same = (
                spans
                and spans[-1]["end"] == at
                and spans[-1]["type"] == ("LOCATION" if kind == "?" else kind)
                and ("optional" in spans[-1]) == (kind == "?")
            )
            if same:
                spans[-1]["end"] = at + len(text)
            else:
                spans.append(
                    {
                        "start": at,
                        "end": at + len(text),
                        "type": "LOCATION" if kind == "?" else kind,
                        **({"optional": True} if kind == "?" else {}),
                    }
                )
        at += len(text)
    return "".join(text for text, _ in pieces), spans


def destroyed(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    """Return the pieces with their casing, blanks, dashes, line breaks and spelling changed the way hurried people do."""
    draw = rng.random()
    if draw < 0.13:
        pieces = [(text.upper(), kind) for text, kind in pieces]
    elif draw < 0.28:
        pieces = [(text.lower(), kind) for text, kind in pieces]
    elif draw < 0.31:
        pieces = [(text.title(), kind) for text, kind in pieces]
    elif draw < 0.4:
        pieces = [(rng.choice([str.upper, str.lower, str, str])(text), kind) for text, kind in pieces]
    if rng.random() < 0.25:
        pieces = [(_blanks(text, kind, rng), kind) for text, kind in pieces]
    if rng.random() < 0.2:
        pieces = [(_typed(text, rng), kind) for text, kind in pieces]
    return _wrapped(pieces, rng) if rng.random() < 0.25 else pieces


def _blanks(text: str, kind: str, rng: random.Random) -> str:
    style = rng.choice(["no-break", "double", "dash", "quote", "tab"])
    if style == "no-break":
        return text.replace(" ", "\xa0", 1) if kind else text
    if style == "double":
        return re.sub(r"(?<=\S) ", lambda _: "  " if rng.random() < 0.2 else " ", text)
    if style == "dash":
        return text.replace("-", rng.choice(["–", "\u2011", "—"])) if kind in ("DATE", "CONTACT", "ID", "") else text
    return text.replace("'", "’") if style == "quote" else text.replace("  ", "\t")


def _typed(text: str, rng: random.Random) -> str:
    letters = list(text)
    for i in range(len(letters) - 1):
        if letters[i].isalpha() and letters[i + 1].isalpha() and rng.random() < 0.02:
            change = rng.random()
            if change < 0.4:
                letters[i], letters[i + 1] = letters[i + 1], letters[i]
            elif change < 0.7:
                letters[i] = ""
            else:
                letters[i] += letters[i]
    return "".join(letters)


def _wrapped(pieces: list[Piece], rng: random.Random) -> list[Piece]:
    """Return the pieces with line breaks in place of blanks, so that no line is longer than a width."""
    width, column, wrapped = rng.randint(48, 90), 0, []
    flat = "".join(text for text, _ in pieces)
    at = 0
    for text, kind in pieces:
        characters = list(text)
        for i, character in enumerate(characters):
            if character == "\n":
                column = 0
                continue
            column += 1
            if character == " ":
                ahead = re.compile(r"\S*").match(flat, at + i + 1)
                if ahead and column + len(ahead[0]) > width:
                    characters[i] = "\n"
                    column = 0
        at += len(text)
        wrapped.append(("".join(characters), kind))
    return wrapped
