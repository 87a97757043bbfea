"""How sentences speak of a diagnosis: denied, of another person, past, uncertain, or none of these.

The mention stands between brackets; they are taken out before the sentence is read.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.suggesting.context import Context, context_of, mark, marks

AFFIRMED, DENIED, RELATIVE = Context(), Context(negated=True), Context(family_history=True)
OPEN = Context(uncertain=True)

FIELDS = {"negated": "negated", "family": "family_history", "history": "history", "uncertain": "uncertain"}


def written_before() -> list[tuple[str, Context]]:
    """Return the probes that were written for the rules before the network; it has learned from them too."""
    text = (Path(__file__).parents[2] / "fixtures" / "context_probes.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return [(marked, Context(**{FIELDS[name]: True for name in marks.split()})) for _, marks, marked in rows]


PROBES = written_before()
UNRELATED = [
    "the wound is clean",
    "he has a good appetite",
    "the abdomen was soft",
    "no rash was seen",
    "his mother reports good sleep",
    "bowels were opened twice",
    "the chest is clear",
    "she denies pain",
]


def read(marked: str, *, before: str = "", behind: str = "") -> Context:
    """Return the marks of a bracketed sentence with something added."""
    lead, rest = marked.split("[")
    mention, tail = rest.split("]")
    start = len(before) + len(lead)
    return mark(before + lead + mention + tail + behind, start, start + len(mention))


def test_a_sentence_is_marked_as_a_clinician_reads_it() -> None:
    wrong = [(marked, read(marked), context) for marked, context in PROBES if read(marked) != context]
    assert wrong == []


@given(st.sampled_from(PROBES), st.sampled_from(UNRELATED), st.sampled_from(["; ", "\n", ". ", ", but ", ", however "]))
def test_an_unrelated_clause_behind_a_sentence_moves_no_mark(
    probe: tuple[str, Context], clause: str, joint: str
) -> None:
    marked, context = probe
    assert read(marked.rstrip("."), behind=joint + clause) == context


@given(st.sampled_from(PROBES), st.sampled_from(UNRELATED), st.sampled_from(["; ", "\n", ". ", ", but ", ", however "]))
def test_an_unrelated_clause_before_a_sentence_moves_no_mark(
    probe: tuple[str, Context], clause: str, joint: str
) -> None:
    marked, context = probe
    is_header = marked.lower().startswith(("fh", "family"))  # a header is one only where a sentence begins
    assert is_header or read(marked, before=clause + joint) == context


@given(st.text(max_size=60), st.text(min_size=1, max_size=10), st.text(max_size=60))
def test_any_text_can_be_read(before: str, mention: str, behind: str) -> None:
    context = mark(before + mention + behind, len(before), len(before) + len(mention))
    assert not (context.negated and (context.history or context.uncertain)), "what is denied is neither past nor open"


def test_many_sentences_are_marked_as_each_by_itself() -> None:
    said, expected = [], []
    for marked, context in PROBES:
        lead, mention, tail = marked.replace("]", "[").split("[")
        said.append((lead + mention + tail, [(len(lead), len(lead) + len(mention)), (0, len(lead) + len(mention))]))
        expected.append(context)
    together = marks([*said, ("", [])])
    assert [found[0] for found in together[:-1]] == expected
    assert together == [[mark(sentence, *place) for place in places] for sentence, places in said] + [[]]
    assert marks([]) == []


def test_capitals_move_no_mark() -> None:
    moved = [marked for marked, _ in PROBES if not read(marked.upper()) == read(marked) == read(marked.lower())]
    assert moved == []


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("No evidence of pneumonia.", "pneumonia", DENIED),
        ("He denies chest pain, fever, or cough.", "cough", DENIED),
        ("Pneumonia was ruled out.", "Pneumonia", DENIED),
        ("DVT: negative.", "DVT", DENIED),
        ("CT without hemorrhage.", "hemorrhage", DENIED),
        ("Chest clear, no wheezes, pneumonia unlikely.", "pneumonia", DENIED),
        ("No fever; pneumonia on the left.", "pneumonia", AFFIRMED),
        ("No fever but pneumonia on the left.", "pneumonia", AFFIRMED),
        ("Patient has heart failure.", "heart failure", AFFIRMED),
        ("No change in heart failure.", "heart failure", AFFIRMED),
        ("Not only asthma.", "asthma", AFFIRMED),
        ("Pneumonia cannot be excluded.", "Pneumonia", OPEN),
        ("Known asthma, nodules on CT.", "asthma", AFFIRMED),
        ("Mother had breast cancer.", "cancer", RELATIVE),
        ("Family history: diabetes in two brothers.", "diabetes", RELATIVE),
        ("FH of stroke.", "stroke", RELATIVE),
        ("Brought in by his mother with asthma.", "asthma", AFFIRMED),
        ("Her asthma worries the daughter.", "asthma", AFFIRMED),
    ],
)
def test_a_mention_is_affirmed_denied_or_of_a_relative(sentence: str, mention: str, expected: Context) -> None:
    start = sentence.index(mention)
    assert context_of(sentence, [(start, start + len(mention))]) == expected


def test_one_affirmed_mention_is_enough() -> None:
    sentence = "No pneumonia on the left, but pneumonia on the right."
    first = sentence.index("pneumonia")
    second = sentence.rindex("pneumonia")
    assert context_of(sentence, [(first, first + 9)]).negated
    assert context_of(sentence, [(first, first + 9), (second, second + 9)]) == AFFIRMED


def test_a_sentence_without_a_mention_is_not_marked() -> None:
    assert context_of("No fever.", []) == AFFIRMED


@pytest.mark.parametrize("joint", ["; ", ", but ", ", however "])
def test_what_but_parts_from_a_mention_is_not_read_for_it(joint: str) -> None:
    moved = [
        marked
        for marked, context in PROBES
        if not marked.lower().startswith(("fh", "family")) and read(marked, before="she denies pain" + joint) != context
    ]
    assert moved == []


@pytest.mark.parametrize(
    "marked",
    ["Denies:\nchest pain\n[nausea]", "Negative for:\nfever\n[chills]", "None of the following: fever; [chills]"],
)
def test_a_header_reaches_every_line_of_its_list(marked: str) -> None:
    assert read(marked).negated
    assert not read(marked.rpartition("\n")[2].rpartition("; ")[2]).negated


def test_a_header_reaches_nothing_before_it() -> None:
    assert read("[chills]\nDenies:\n- fever") == AFFIRMED
