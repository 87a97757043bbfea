"""Found identifiers, whole: what stands beside a found name, place or hospital and belongs to it.

A detector often knows one word of several: "Niamh Kelly" by Kelly, "Elkhorn Bluff" by Elkhorn. An ordinary word is
taken along only where the lists say that it is a first name too ("Art White").
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from nosology.deidentification.eponyms import is_medical_use
from nosology.deidentification.lexicon import any_of, ranked, words
from nosology.deidentification.name_words import STOP_WORDS, name_evidence
from nosology.deidentification.tokens import tokenize
from nosology.records import Span

_BEFORE = re.compile(
    r"(?<![\w.])(?:[A-Z]\.[ ]?|(?:de la|de los|van der|van den|van de|van|von|del|della|di|el|al|la|le|bin|de|"
    r"dos|da|ter|ten|st\.)[ ]|(?:al|el)-|O['’]|D['’])+\Z"
)
_BEFORE_CASELESS = re.compile(_BEFORE.pattern, re.IGNORECASE)
_CAPITAL_ARTICLE = re.compile(r"[a-z\d],? The[ ]\Z")  # inside a sentence "The" belongs to the name
_CAPITALS_BEFORE = re.compile(
    r"(?:\b(?:[Aa]t|[Ff]rom|[Tt]o|by|with|w/|for|of|the)[ ]|,[ ]|^[ \t]*)"
    r"(?P<capitals>(?:(?:van|von|de|der|la|el)[ ])*"
    r"(?:(?!The|Dr|Mr|Ms|(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber)"
    r"[A-Z][\w'’]+[ ](?:(?:of|and|&)[ ](?:the[ ])?)?)*)\Z",
    re.MULTILINE,
)
_CAPITALS_OF_PLACE = re.compile(
    r"(?:\b(?:[Aa]t|[Ff]rom|[Tt]o)[ ]|,[ ])(?P<capitals>(?:[A-Z][\w'’]+[ ](?:and[ ])?)+of[ ])\Z"
)
_NOT_A_NAME = (
    r"(?:(?:Drs?|M[rsd]s?|MD|RN|He|She|The|His|Her|They|We|I|In|On|At)\b|"
    r"(?:(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber)\s\d)"
)
_CAPITALS_AFTER = re.compile(
    rf"(?:(?:[ ](?:of|on|at|and|&)(?:[ ]the)?)?[ ](?!{_NOT_A_NAME})[A-Z][\w'’]+|-[A-Z]\w+){{1,12}}"
)
_AFTER = re.compile(r"(?:-[A-Z][^\W\d_]+){1,6}|[ ][A-Z](?:\.(?=[,;)\n])|(?=[,;)\n]))|,?[ ](?:Jr|Sr|II|III|IV)\b\.?")
_INITIAL_AFTER = re.compile(r"[ ][A-Z]\b\.?(?![-'’])")  # "ROE, JANE Q"
_LAST_BEFORE_FIRST = re.compile(r"(?:^|[:/]\s{1,3})(?P<word>[A-Z][^\W\d_]+),[ ]\Z", re.MULTILINE)
_VETERANS = re.compile(r"[ ](?:VA|VAMC)\b(?!\s*[\d:=])")
_WORD = r"(?P<word>[A-Z][^\W\d_]*(?:['’-][^\W\d_]+){0,6})"
_NEXT_WORD = re.compile(rf"(?:[ ][A-Z]\.?)?[ ](?:(?:[Vv]an|[Vv]on|[Dd]e|[Dd]er|[Dd]en|[Ll]a|[Ee]l)[ ]){{0,6}}{_WORD}")
_PREVIOUS_WORD = re.compile(rf"(?<![^\s(\"“/]){_WORD}[ ](?:[A-Z]\.?[ ])?\Z")
_FIRST_AFTER_LAST = re.compile(r",[ ](?P<word>[A-Z]{2,}(?:['’-][A-Z]+){0,6})(?:[ ][A-Z]\b\.?)?(?!\w)")
_HEAD_AFTER = re.compile(
    r"(?:['’]s)?(?:\s(?:the|of|and|&|general|memorial|community|regional|university|medical|health|surgical|"
    r"surgery|cancer|heart|eye|ear|nursing|rehab(?:ilitation)?|care|"
    r"skilled|assisted|living|burn|women['’]s|children['’]s|va|veterans|family|urgent|state|county)){0,12}\s(?:hospital|"
    r"long[ -]term(?:\sacute)?\scare|center|centre|clinic|infirmary|system|hospice|home|manor|"
    r"institute|facility|pavilion|living|rehab(?:ilitation)?|healthcare|memorial|medical group|associates|unit)\b",
    re.IGNORECASE,
)
_PLACE_TAIL = re.compile(rf"[ ]{any_of(words('completion.place_tails'))}\b(?![ ]?(?:of|for)\b)")
_CAPITAL_LINE = re.compile(r"^[ \t]*(?P<line>(?:[A-Z][A-Z'’.&-]*[ ]){1,7})\Z", re.MULTILINE)
_RARE_WORD = 15_000  # an ordinary word rarer than this can be the other half of a name
_MOST_ROUNDS = 8  # a name is completed a word a side and round; ordinary notes need three
_LONGEST_LINE_HEAD = 200  # characters of a line before an institution that can belong to its name


def completed(text: str, spans: Sequence[Span]) -> list[Span]:
    """Return what completing found spans adds, and completing that, until nothing new comes or the rounds are over.

    Without a bound on the rounds, one word repeated through a whole note would grow a name a word at a time from each
    of its places: work that grows with the square of the note's length.
    """
    known = set(spans)
    fresh: Sequence[Span] = spans
    found: list[Span] = []
    for _ in range(_MOST_ROUNDS):
        fresh = [span for span in dict.fromkeys(complete_spans(text, fresh)) if span not in known]
        if not fresh:
            break
        known.update(fresh)
        found += fresh
    return found


def complete_spans(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """Yield found spans again with what belongs to them on either side.

    Names get initials, particles ("van der"), hyphenated parts, "Jr." and the other word of a full name; places their
    second word ("Falls"); hospitals their article, and in a line of capitals the line before them.
    """
    has_case = not tokenize(text).caseless
    for span in spans:
        edges = span.start, span.end
        if span.type == "NAME":
            edges = _whole_name(text, *edges, has_case=has_case)
        elif span.type == "LOCATION":
            edges = _whole_place(text, *edges, has_case=has_case)
        elif span.type in ("ORG", "HOSPITAL") and has_case:
            edges = _whole_institution(text, *edges)
        if edges != (span.start, span.end):
            yield Span(*edges, span.type)


def _whole_name(text: str, start: int, end: int, *, has_case: bool) -> tuple[int, int]:
    """Return the edges moved over the other half of a name, particles and initials, "Jr." and "VA"."""
    if has_case:
        start, end = _full_name(text, start, end)
    left = (_BEFORE if has_case else _BEFORE_CASELESS).search(text, max(0, start - 16), start)
    right = _AFTER.match(text, end)
    start, end = left.start() if left else start, right.end() if right else end
    veterans = _VETERANS.match(text, end)
    return start, veterans.end() if veterans else end


def _whole_place(text: str, start: int, end: int, *, has_case: bool) -> tuple[int, int]:
    """Return the edges moved over "Falls" and "General Hospital" behind, "The" and "College of" before."""
    tail = _PLACE_TAIL.match(text, end)
    end = tail.end() if tail else end
    if not has_case:
        return start, end
    head = _HEAD_AFTER.match(text, end)
    end = head.end() if head and head[0].split()[-1].istitle() else end
    if _CAPITAL_ARTICLE.search(text, max(0, start - 8), start):
        start -= 4
    of_place = _CAPITALS_OF_PLACE.search(text, max(0, start - 40), start)
    return of_place.start("capitals") if of_place else start, end


def _capital_line_before(text: str, start: int) -> re.Match[str] | None:
    """Return the words in capitals between a line's beginning and what was found in it; None for a long line."""
    back = max(0, start - _LONGEST_LINE_HEAD)
    line_start = text.rfind("\n", back, start) + 1
    return _CAPITAL_LINE.match(text, line_start, start) if line_start or not back else None


def _whole_institution(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the edges moved over "The", "Sisters of" before and "of Fairbourne", "and Die" after."""
    line = _capital_line_before(text, start)
    if line and text[start:end].isupper():
        return line.start("line"), end
    if _CAPITAL_ARTICLE.search(text, max(0, start - 8), start):
        start -= 4
    elif left := _CAPITALS_BEFORE.search(text, max(0, start - 40), start):
        start = left.start("capitals")  # the span's own start where nothing stands between
    right = _CAPITALS_AFTER.match(text, end)
    return start, right.end() if right else end


def _full_name(text: str, start: int, end: int) -> tuple[int, int]:
    """Return a name's edges moved over the other half of a full name, where there is one."""
    name = text[start:end]
    if previous := _PREVIOUS_WORD.search(text, max(0, start - 30), start):
        word = previous["word"]
        is_labelled = text[max(0, previous.start() - 3) : previous.start()].endswith((": ", ":\n", ":  "))
        is_first = is_labelled or word.lower() in ranked("first_names")
        if _is_like(word, name) and (is_first or _is_further_name(text, previous)):
            start = previous.start()
    elif last := _LAST_BEFORE_FIRST.search(text, max(0, start - 30), start):
        start = last.start("word") if _is_like(last["word"], name) else start
    if (following := _NEXT_WORD.match(text, end)) and _is_like(following["word"], name):
        end = following.end() if _is_further_name(text, following) else end
    elif name.isupper() and " " not in name and (first := _FIRST_AFTER_LAST.match(text, end)):
        lower = first["word"].lower()
        end = first.end() if lower in ranked("first_names") or name_evidence(lower) >= 1 else end
    if "," in text[start:end] and (initial := _INITIAL_AFTER.match(text, end)):
        end = initial.end()
    return start, end


def _is_like(word: str, name: str) -> bool:
    """Return whether a word is no word of grammar and as capital as the name beside it."""
    return word.lower() not in STOP_WORDS and len(word) > 2 and word.isupper() == name.isupper()


def _is_further_name(text: str, match: re.Match[str]) -> bool:
    """Return whether a word beside a name is a name too: unknown to the lists, or a rare word that is a surname."""
    word = match["word"].lower()
    if name_evidence(word) >= 1:
        return True
    is_rare = ranked("english_words").get(word, _RARE_WORD) >= _RARE_WORD
    listed = word in ranked("surnames") or word in ranked("eponyms")
    return is_rare and listed and not is_medical_use(text, match.start("word"), match.end("word"))
