"""A small trained tagger: is this word part of a name, a place, a hospital, an organization, or none of them?

It looks only at candidate words (capitalized ones; in text without letter case, words that are not everyday ones), at
their letters, at which lists they are in, and at three words on either side. Features are hashed into a table of
weights that ``scripts/deid/train_tagger.py`` learned from planted, invented identifiers. It has no notion of sequence;
words found side by side are joined afterwards.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import resources
from typing import TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nosology.deidentification.detectors.dates import SURE_MONTHS
from nosology.deidentification.detectors.word_features import bare, city_words, rank_class, region_words, shape
from nosology.deidentification.eponyms import is_medical_use
from nosology.deidentification.generic_words import is_region, names_an_institution, names_only_a_kind
from nosology.deidentification.lexicon import ranked, words
from nosology.deidentification.name_words import LONGEST_KEPT, name_evidence
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

Numbers = NDArray[np.uint64]

CLASSES = ("", "NAME", "LOCATION", "HOSPITAL", "ORG")
N_BUCKETS = 1 << 17
_MASK = N_BUCKETS - 1
_CACHED_WORDS = 100_000  # above this many distinct words the caches start again, so that memory stays bounded
_CONTEXT_WORDS = 4_000  # neighbours more frequent than this rank are features as they are; others by their class
_GRAMMAR = words("tagger.grammar")
_VOWELS = re.compile(r"[AEIOUY]|[^A-Z]")
_PADDING = "\x00"


def _number(feature: str) -> int:
    return crc32(feature.encode("utf-8", "surrogatepass"))


def _mix(a: Numbers, b: Numbers | int) -> Numbers:
    """Return the buckets of pairs: two multiplications by odd constants spread 32-bit numbers evenly enough."""
    mixed = a * np.uint64(0x9E3779B1) ^ np.asarray(b, np.uint64) * np.uint64(0x85EBCA6B)
    found: Numbers = (mixed ^ mixed >> np.uint64(17)) & np.uint64(_MASK)
    return found


_Found = TypeVar("_Found")


class _Cache(dict[str, _Found]):
    """What a function says of a word, found once; a look-up costs no call."""

    def __init__(self, find: Callable[[str], _Found]) -> None:
        super().__init__()
        self._find = find

    def __missing__(self, word: str) -> _Found:
        found = self._find(word)
        if len(word) <= LONGEST_KEPT:
            self[word] = found
        return found


class WordFeatures:
    """Features of words, cached: most words of a note have been seen in earlier notes."""

    def __init__(self) -> None:
        self._own = _Cache(self._find_own)
        self._lists = _Cache(self._find_lists)
        self._key = _Cache(self._find_key)
        self._kind = _Cache(self._find_kind)

    def lists(self, word: str) -> str:
        """Return which lists a lower-case word is in, as one letter or digit a list."""
        return self._lists[word]

    def keys(self, tokens: Sequence[str]) -> Numbers:
        """Return a number each for how a neighbour counts: itself when common, else its shape and its lists."""
        return np.array(list(map(self._key.__getitem__, tokens)), np.uint64)

    def kinds(self, tokens: Sequence[str]) -> Numbers:
        """Return a number each for a candidate's shape and lists."""
        return np.array(list(map(self._kind.__getitem__, tokens)), np.uint64)

    def own(self, token: str) -> tuple[int, ...]:
        """Return the buckets of what a token says by itself."""
        return self._own[token]

    def _find_lists(self, word: str) -> str:
        return (
            rank_class("first_names", word, (100, 500, 1500))
            + rank_class("surnames", word, (300, 3000, 12000))
            + rank_class("english_words", word, (500, 3000, 15000))
            + ("m" if word in ranked("medical_words") or word in ranked("products") else "-")
            + ("c" if word in city_words() else "-")
            + ("e" if word in ranked("eponyms") else "-")
            + ("s" if word in region_words() else "-")
        )

    def _find_key(self, token: str) -> int:
        lower = token.lower()
        if not token[0].isalpha():
            name = f"#{min(len(token), 5)}" if token[0].isdigit() else token
        elif ranked("english_words").get(lower, N_BUCKETS) < _CONTEXT_WORDS and len(lower) > 1:
            name = lower if token[0].islower() else shape(token) + lower
        else:
            name = shape(token) + self.lists(bare(lower))
        return _number(name)

    def _find_kind(self, token: str) -> int:
        return _number(self.lists(bare(token.lower())) + shape(token))

    def _find_own(self, token: str) -> tuple[int, ...]:
        word = bare(token.lower())
        kind, form = self.lists(word), shape(token)
        features = (
            f"w={word}", f"W={form}{word}", f"s2={word[-2:]}", f"s3={word[-3:]}", f"s4={word[-4:]}",
            f"p3={word[:3]}", f"p4={word[:4]}", f"c={kind}", f"cf={kind}{form}", f"f={kind[0]}{form}",
            f"l={kind[1]}{form}", f"e={kind[2]}{form}", f"len={min(len(word), 12)}{form}",
            f"tail={token[len(word):]}",
        )  # fmt: skip
        return tuple(_number(feature) & _MASK for feature in features)

    def is_candidate(self, token: str) -> bool:
        """Return whether a word of a text without letter case is worth a look: it is no word of grammar."""
        return token[0].isalpha() and token.lower() not in _GRAMMAR

    def is_capital_candidate(self, token: str) -> bool:
        """Return whether a word of a text with letter case is worth a look: capitalized, no unlisted abbreviation."""
        if not token[0].isupper():
            return False
        if token.isupper() and (len(token) < 4 or not _VOWELS.search(token)):
            return self.lists(token.lower())[:2] != "--"
        return True

    def forget(self) -> None:
        """Start the caches again when they have grown large."""
        if len(self._key) > _CACHED_WORDS:
            for kept in (self._own, self._lists, self._key, self._kind):
                kept.clear()


def featurize(tokens: Tokens, words: WordFeatures) -> tuple[list[int], NDArray[np.int32]]:
    """Return candidate words and their features.

    Returns:
        Indices of the candidate tokens; their buckets, of shape ``(candidates, features)``.
    """
    is_candidate = words.is_candidate if tokens.caseless else words.is_capital_candidate
    candidates = [i for i, token in enumerate(tokens.words) if len(token) > 1 and is_candidate(token)]
    if not candidates:
        return [], np.zeros((0, 0), np.int32)
    found = [tokens.words[i] for i in candidates]
    small = frozenset() if tokens.caseless else frozenset(word for word in tokens.words if word.islower())
    has_small_twin = np.array([tokens.lowers[i] in small for i in candidates], np.uint64)
    regime = 1 if not tokens.caseless else 2 if tokens.text.isupper() else 3
    keys, places = words.keys([*_PADDING * 3, *tokens.words, *_PADDING * 3]), np.array(candidates)
    p3, p2, p1, _, n1, n2, n3 = (keys[places + offset] for offset in range(7))
    kind = words.kinds(found)
    pairs = (
        _mix(p3, 1), _mix(p2, 2), _mix(p1, 3), _mix(n1, 4), _mix(n2, 5), _mix(n3, 6),
        _mix(p2, p1 + 7), _mix(n1, n2 + 8), _mix(p1, n1 + 9), _mix(p1, kind + 10), _mix(kind, n1 + 11),
        _mix(_mix(p2, p1 + 12), kind + 13), _mix(_mix(n1, n2 + 14), kind + 15), _mix(_mix(p1, n1 + 16), kind + 17),
        _mix(kind, regime), _mix(kind, has_small_twin + 5),
    )  # fmt: skip
    own = np.array(list(map(words.own, found)), np.int32)
    return candidates, np.column_stack([own, *(pair.astype(np.int32) for pair in pairs)])


class Tagger:
    """The trained tagger as a detector.

    Args:
        weights: One row a bucket, one column a class of `CLASSES`. Shape ``(N_BUCKETS, classes)``.
        bias: Added to every candidate's scores. Shape ``(classes,)``.
    """

    def __init__(self, weights: NDArray[np.float32], bias: NDArray[np.float32]) -> None:
        self._weights = weights
        self._bias = bias
        self._words = WordFeatures()

    @classmethod
    def load(cls) -> "Tagger":
        """Return the tagger that ships with the package."""
        with (
            resources.files("nosology").joinpath("data", "deid", "tagger.npz").open("rb") as file,
            np.load(file) as data,
        ):
            weights = np.zeros((N_BUCKETS, len(CLASSES)), dtype=np.float32)
            weights[data["buckets"]] = data["weights"].astype(np.float32) * data["scale"]
            return cls(weights, data["bias"].astype(np.float32))

    def __call__(self, text: str) -> Iterator[Span]:
        """Yield spans of names, places, hospitals and organizations."""
        self._words.forget()
        tokens = tokenize(text)
        candidates, buckets = featurize(tokens, self._words)
        if not candidates:
            return
        scores = self._weights[buckets].sum(axis=1) + self._bias
        best = np.where(scores[:, 0] > 0, 0, scores[:, 1:].argmax(axis=1) + 1)
        found = [
            (tokens.starts[i], tokens.end(i), CLASSES[label])
            for i, label in zip(candidates, best.tolist(), strict=True)
            if label
        ]
        yield from _join(text, found)


_BRIDGE = re.compile(
    r"[ \t]{0,2}(?:[-,.&/]|['’]s?|(?:of|the|and|at|de|la|del|for)\b|[a-z]\b\.?)?\.?[ \t]{0,2}(?:[a-z]\b\.?[ ]|the[ ])?",
    re.IGNORECASE,
)
HEAD_AFTER = re.compile(
    r"(?:['’]s)?(?:\s(?:the|of|and|&|general|memorial|community|regional|university|medical|health|surgical|"
    r"surgery|cancer|heart|eye|ear|nursing|rehab(?:ilitation)?|care|"
    r"skilled|assisted|living|burn|women['’]s|children['’]s|va|veterans|family|urgent|state|county)){0,12}\s(?:hospital|"
    r"long[ -]term(?:\sacute)?\scare|center|centre|clinic|infirmary|system|hospice|home|manor|"
    r"institute|facility|pavilion|living|rehab(?:ilitation)?|healthcare|memorial|medical group|associates|unit)\b",
    re.IGNORECASE,
)


def _join(text: str, found: list[tuple[int, int, str]]) -> Iterator[Span]:
    """Yield found words, those of one kind joined over a space, an initial, a hyphen, "of" or "and"."""
    runs: list[tuple[int, int, str]] = []
    for start, end, kind in found:
        if runs:
            last_start, last_end, last_kind = runs[-1]
            same = kind == last_kind or {kind, last_kind} <= _SITES
            both = kind == "NAME" and " and " in text[last_end:start]
            if same and not both and start - last_end < 12 and _BRIDGE.fullmatch(text, last_end, start):
                runs[-1] = (last_start, end, kind)
                continue
        runs.append((start, end, kind))
    for start, end, kind in runs:
        name = text[start:end]
        if is_medical_use(text, start, end) or is_region(name) or _is_ordinary(text, start, end):
            continue
        head = HEAD_AFTER.match(text, end)
        if head:
            end, kind = head.end(), "HOSPITAL"
        elif name in SURE_MONTHS:
            continue  # a date, and no part of the hospital after it: "in December at Mercy Hospital"
        if names_an_institution(text[start:end]) or not (kind in ("HOSPITAL", "ORG") or names_only_a_kind(name)):
            yield Span(start, end, kind)


_SENTENCE_START = re.compile(r"(?:\A|[.:;!?\n#*,]|\d[.)]|[-–]\s)[ \t]*\Z")
_INITIAL_BEFORE = re.compile(r"\b[A-Z]\.[ \t]*\Z")
_GOES_ON = re.compile(
    r"[ ](?:your|you|he|she|it|they|this|there|be|have|need|follow|return|continue|call|require|see|also|not|resume|"
    r"discuss|start|take)\b"
)
_RESULT = re.compile(r"-(?:NEG|POS|TR|SM|MOD|LG|\d)")
_EVERYDAY = 3_000
_ABBREVIATIONS = words("tagger.abbreviations")


def _is_ordinary(text: str, start: int, end: int) -> bool:
    """Return whether a word is a sentence's everyday first word ("Good stream"), a lab's name, or an abbreviation."""
    word = text[start:end].lower()
    if _RESULT.match(text, end) or (text[start:end].isupper() and word in _ABBREVIATIONS):
        return True
    is_everyday = ranked("english_words").get(word, _EVERYDAY) < _EVERYDAY
    if not is_everyday and (name_evidence(word) >= 0 or _INITIAL_BEFORE.search(text, max(0, start - 6), start)):
        return False  # "Crushing chest pain" has no name in it, "J. Quill" may
    if not _SENTENCE_START.search(text, max(0, start - 6), start):
        return False
    return word not in ranked("first_names") or (word in ("may", "will") and bool(_GOES_ON.match(text, end)))


_SITES = frozenset({"LOCATION", "HOSPITAL", "ORG"})


@cache
def shipped_tagger() -> Tagger:
    """Return the shipped tagger, loaded once."""
    return Tagger.load()


def tagged(text: str) -> Iterator[Span]:
    """Yield what the shipped tagger finds."""
    yield from shipped_tagger()(text)
