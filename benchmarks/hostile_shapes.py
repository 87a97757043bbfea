"""Thirty kinds of note that cost the most to read: what `benchmarks/hostile_notes.py` times and the tests bound.

Each takes a length and gives a note of that many characters. They repeat what a step of reading looks for (names, cues,
digits, brackets, line ends, ends of sentences), since a step that looks back or around from each find is where work
grows faster than a note.
"""

from collections.abc import Callable


def _repeat(piece: str, n: int) -> str:
    return (piece * (n // len(piece) + 1))[:n]


def _numbered(piece: str, n: int) -> str:
    """Return a piece again and again, with another number each time: nothing can be remembered from the last."""
    count = n // len(piece.format(0)) + 1
    return "".join(piece.format(i) for i in range(count))[:n]


def _letters(number: int) -> str:
    """Return a number as a capitalized word that no list holds."""
    word = ""
    while number:
        number, digit = divmod(number, 20)
        word += "bcdfghjklmnpqrstvwxz"[digit] + "aeiou"[number % 5]
    return word.capitalize() or "Zu"


def _pieces(piece: Callable[[int], str], n: int) -> str:
    """Return different pieces one after the other."""
    found: list[str] = []
    length = number = 0
    while length < n:
        found.append(piece(number))
        length, number = length + len(found[-1]), number + 1
    return "".join(found)[:n]


SHAPES: dict[str, Callable[[int], str]] = {
    "a surname again and again": lambda n: _repeat("Kowalski ", n),
    "titled names": lambda n: _repeat("Dr. John Smith-Jones saw Mrs. Mary Kowalski, R.N. ", n),
    "names, each another": lambda n: _pieces(lambda i: f"Dr. {_letters(i)} {_letters(i * 7 + 3)} saw her. ", n),
    "one name in capitals": lambda n: _repeat("KOWALSKI, JANE Q ", n),
    "particles": lambda n: "Dr. " + _repeat("van der de la ", n - 4),
    "initials": lambda n: _repeat("J. Q. ", n),
    "hyphenated": lambda n: "Dr. Smith" + _repeat("-Jones", n - 9),
    "capitalized words": lambda n: "at " + _repeat("Saint Mercy Of The General ", n - 3),
    "hospitals": lambda n: _repeat("Mercy General Hospital of Fairbourne and ", n),
    "blanks between two words": lambda n: "fever" + " " * (n - 10) + "cough",
    "line ends between two words": lambda n: "fever" + "\n" * (n - 10) + "cough",
    "tabs and line ends": lambda n: _repeat("\t \r\n \t", n),
    "quotes": lambda n: "She said." + _repeat("\"'", n - 9),
    "opening brackets": lambda n: _repeat("([{", n),
    "masks never closed": lambda n: _repeat("[**", n),
    "masks": lambda n: _repeat("[**Known lastname 1234**] ___ ", n),
    "digits": lambda n: _repeat("1234567890", n),
    "digits and dashes": lambda n: _repeat("12-345-", n),
    "dots and digits": lambda n: _repeat("1.2.", n),
    "dates": lambda n: _numbered("3/14/{0} - March 14, 2019, ", n),
    "letters and digits": lambda n: _repeat("A1-B2", n),
    "one long word": lambda n: "x" * n,
    "one long address": lambda n: _repeat("a.", n - 4) + "@b.c",
    "stops": lambda n: "." * n,
    "a thousand tiny sentences": lambda n: _numbered("Cough {0}. ", n),
    "headers": lambda n: _repeat("Discharge Diagnosis:\nFamily History: none.\n", n),
    "half a header": lambda n: "\n" + _repeat("discharge primary final other ", n - 1),
    "denials": lambda n: _repeat("no evidence of no pneumonia, denies ", n),
    "mixed scripts": lambda n: _repeat("Жанна 王小明 Ünal é́́ \U0001d54f عمر ", n),
    "accents without end": lambda n: "e" + "́" * (n - 1),
    "ages and measures": lambda n: _repeat("a 93 yo, age 93 (93) 120/80 ", n),
    "accents out of order": lambda n: "e" + _repeat("\u0301\u0323", n - 1),
    "web addresses in one": lambda n: _repeat("https://a.com/", n),
    "domains in one": lambda n: _repeat("a.com.", n),
    "log-ins and blanks": lambda n: _repeat("login: x password: y\nlogin" + " " * 300, n),
    "half an address": lambda n: "a@b.com " + _repeat("a@" + "a." * 60 + "a_ ", n - 8),
    "capitals after a house number": lambda n: _repeat("12 Main\n" + "A" * 200 + " ", n),
    "counties of capitals": lambda n: _repeat("County of " + "A" * 200 + " ", n),
    "hyphens after a cue": lambda n: _repeat("works at Aa, B" + "-Bb" * 60 + " ", n),
    "titles in a chain": lambda n: _repeat("dr-mr-", n),
    "tokens among names": lambda n: _repeat("<NAME> Dr. Kowalski ", n),
    "agencies": lambda n: "at " + _repeat("Office Of Office of ", n - 3),
    "plus signs and digits": lambda n: _repeat("+1111111111111111111(", n),
    "a category again and again": lambda n: _repeat("answer Neoplasms. Neoplasms: ", n),
    "labels": lambda n: _repeat("MRN: phone: name: cc: id: ", n),
}
