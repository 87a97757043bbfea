"""A text's words with their offsets and an index from word to places, made once for all detectors of a text.

Detectors look their trigger words up here and run their patterns only there: a note costs the same few passes however
many rules there are.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nosology.deidentification.lexicon import words

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+|[^\w\s]|\n|_+")
_FUNCTION_WORDS = words("tokens.function_words")
N_GAPS = 6
N_CASES = 3
_BLANKS = {"": 0, " ": 1, "\n": 2}
_JOINERS = frozenset({"of", "the", "and", "&", "de", "la", "del", "los", "las", "du"})


class Tokens:
    """Words, numbers, punctuation marks and line breaks of a text.

    Attributes:
        words: The tokens as they stand.
        lowers: The tokens in lower case.
        starts: Offset of each token, in code points.
        numbers: Indices of the tokens that are runs of digits.
        caseless: True where letter case says nothing: nearly all words upper or all lower.
    """

    __slots__ = ("_index", "caseless", "lowers", "numbers", "starts", "text", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = _TOKEN.findall(text)
        self.starts: list[int] = []
        end = 0
        for word in self.words:  # nothing but blanks stands between tokens, so the next such text is the token
            start = text.index(word, end)
            self.starts.append(start)
            end = start + len(word)
        self.lowers = list(map(str.lower, self.words))
        index: defaultdict[str, list[int]] = defaultdict(list)
        for i, lower in enumerate(self.lowers):
            index[lower].append(i)
        digits = [word for word in index if word[0].isdecimal()]
        self.numbers = sorted(i for word in digits for i in index.pop(word))
        self._index = dict(index)
        small = sum(map(str.islower, self.words))
        upper = sum(map(str.isupper, self.words))
        self.caseless = small < 0.03 * upper or upper + sum(map(str.istitle, self.words)) <= 0.01 * small

    def end(self, i: int) -> int:
        """Return where a token ends."""
        return self.starts[i] + len(self.words[i])

    def places(self, triggers: frozenset[str]) -> Iterator[int]:
        """Yield the indices of every token that is one of the lower-case trigger words."""
        for word in triggers.intersection(self._index):
            yield from self._index[word]

    def has(self, triggers: Iterable[str]) -> bool:
        """Return whether any of the lower-case words stands in the text."""
        return any(word in self._index for word in triggers)

    def is_capital(self, i: int) -> bool:
        """Return whether a token starts with a capital letter."""
        return self.words[i][0].isupper()

    def gap(self, i: int) -> str:
        """Return what stands between a token and the next one."""
        return self.text[self.end(i) : self.starts[i + 1]] if i + 1 < len(self.words) else "\n"

    def phrase_start(self, i: int, *, limit: int, any_case: bool = False) -> int:
        """Return the first token of the capitalized phrase that ends before token ``i``; ``i`` where there is none.

        Hyphens, apostrophes, initials, "of", "the" and "&" go with it; a sentence's end, a comma or a line break stops
        it.

        Args:
            i: A token's number.
            limit: How far to look.
            any_case: Whether small letters count too.
        """
        start = j = i
        while j > 0 and i - j < limit:
            j -= 1
            word = self.words[j]
            if self.starts[j + 1] - self.end(j) > 2:
                break
            if (
                word[0].isalpha()
                and (self.lowers[j] not in _FUNCTION_WORDS if any_case else word[0].isupper())
                and self.lowers[j] not in _JOINERS
            ):
                start = j
            elif (
                word == "."
                and j > 0
                and self.starts[j] == self.end(j - 1)
                and (len(self.words[j - 1]) == 1 or self.lowers[j - 1] in ("st", "mt", "ste", "dr"))
            ) or (word in ("-", "–", "'", "’") and self.starts[j + 1] == self.end(j)):
                continue
            elif self.lowers[j] not in _JOINERS:
                break
        return start


@lru_cache(maxsize=2)
def tokenize(text: str) -> Tokens:
    """Return the tokens of a text; those of the last texts are kept, since every detector asks for them."""
    return Tokens(text)


def gaps(tokens: Tokens) -> NDArray[np.int64]:
    """Return what stands before each token: nothing, a blank, a line break, several blanks, another blank."""
    text, starts = tokens.text, tokens.starts
    found = np.zeros(len(starts), np.int64)
    end = 0
    for i, start in enumerate(starts):
        between = text[end:start]
        found[i] = _BLANKS[between] if between in _BLANKS else 3 if len(between) > 1 else 4
        end = start + len(tokens.words[i])
    if len(found):
        found[0] = 5
    return found


_LETTERS = re.compile(r"[^\W\d_]")


def letter_case(text: str) -> int:
    """Return how a text's letters are written: 0 in both cases, 1 all capitals, 2 all small."""
    letters = "".join(_LETTERS.findall(text[:4000]))
    n_upper = sum(map(str.isupper, letters))
    return 1 if n_upper > 0.9 * len(letters) else 2 if n_upper < 0.002 * len(letters) else 0
