"""How short notes are put together: their styles, and the few facts of the diagnosis that they show."""

import re
from collections import Counter
from random import Random

import pytest

from nosology.synthetic import iter_admissions, short
from nosology.synthetic.content import load_book
from nosology.synthetic.notes import identifiers_of
from nosology.synthetic.patients import BLOCK, Stay, draw_block
from nosology.synthetic.scene import Scene
from nosology.synthetic.short import compose_short, draw_evidence
from nosology.synthetic.surface import count_words
from nosology.synthetic.wording import load_wording

STAYS = draw_block(0, BLOCK, 17, load_book())


GROWN = [stay for stay in STAYS if stay.age >= 18]


def scene_of(stay: Stay, seed: int = 0) -> Scene:
    rng = Random(seed)
    return Scene(rng, stay, identifiers_of(stay, 17, "mimic3", rng), load_wording(), load_book())


def test_a_short_note_shows_three_to_six_facts_at_least_one_of_them_telling() -> None:
    for seed, stay in enumerate(STAYS):
        evidence = draw_evidence(scene_of(stay, seed))
        assert 3 <= len(evidence) <= 6
        assert len(set(evidence)) == len(evidence)
        assert {"story", "course", "study", "procedure", "labs"} & set(evidence)


def test_evidence_is_never_taken_from_an_empty_field() -> None:
    for seed, stay in enumerate(STAYS):
        assert all(stay.primary.phrases[field] for field in draw_evidence(scene_of(stay, seed)))


def test_every_kind_of_fact_is_shown_by_some_notes() -> None:
    shown = Counter(field for n in range(300) for field in draw_evidence(scene_of(STAYS[n % BLOCK], n)))
    assert set(shown) == {
        *("complaint", "story", "exam", "labs", "study", "procedure", "drug", "course", "follow", "called")
    }


@pytest.mark.parametrize("style", sorted(short._STYLES))
def test_every_style_stays_within_the_length_of_a_short_note(style: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(short, "_STYLES", {style: short._STYLES[style]})
    lengths = [count_words(compose_short(scene_of(stay, n), 0)) for n, stay in enumerate(GROWN)]
    assert sum(50 <= length <= 100 for length in lengths) / len(lengths) > 0.95


def test_the_styles_look_different(monkeypatch: pytest.MonkeyPatch) -> None:
    def share(style: str, pattern: str) -> float:
        monkeypatch.setattr(short, "_STYLES", {style: styles[style]})
        notes = [compose_short(scene_of(stay, n), 0) for n, stay in enumerate(GROWN)]
        return sum(bool(re.search(pattern, note)) for note in notes) / len(notes)

    styles = dict(short._STYLES)
    assert share("letter", r"\b[Yy]ou(r)?\b") > 0.95
    assert share("prose", r"\b[Yy]ou\b") < 0.3
    assert share("sections", r"(?m)[A-Za-z]:") > 0.95
    assert share("prose", r"\bthe\b") > share("terse", r"\bthe\b") + 0.2
    assert share("addendum", r"(?i)addendum") > 0.5


def test_children_get_no_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        short, "_STYLES", {name: (int(name == "letter"), make) for name, (_, make) in short._STYLES.items()}
    )
    children = [stay for stay in STAYS if stay.age < 18]
    assert children
    assert not any("Dear" in compose_short(scene_of(stay, n), 0) for n, stay in enumerate(children))


def test_carriers_are_said_in_full_even_where_space_is_short() -> None:
    for n, stay in enumerate(GROWN[:40]):
        few, many = (len(re.findall(r"\[\*\*", compose_short(scene_of(stay, n), count))) for count in (0, 4))
        assert many > few - 3
    totals = [sum(compose_short(scene_of(stay, 1), count).count("[**") for stay in GROWN) for count in (0, 4)]
    assert totals[1] > 1.5 * totals[0]


def test_other_categories_leave_traces_in_most_short_notes() -> None:
    traced = 0
    pairs = list(iter_admissions(300, 8))
    for stay, note in pairs:
        text = note.text.lower().replace("\n", " ")
        others = (*stay.past, *stay.minor)
        words = {
            word
            for rubric in others
            for field in ("past", "minor", "drug")
            for p in rubric.phrases[field]
            for word in keys(p)
        }
        traced += any(word in text for word in words)
    assert traced / len(pairs) > 0.6


def keys(phrase: object) -> list[str]:
    """Return the long words of a phrase's literal parts."""
    literal = " ".join(part for part in phrase.parts if isinstance(part, str))  # type: ignore[attr-defined]
    return [word for word in re.findall(r"[a-z]{7,}", literal.lower()) if word not in ("without", "controlled")]


# ---- fitting a note to its length


def fit(lengths: list[int], kept: int, n_more: int = 7) -> list[str]:
    """Return the sentences that stay of some of these lengths, and the kinds of those that were added."""
    sentences = [(f"kind {place}", " ".join([f"w{place}"] * n)) for place, n in enumerate(lengths)]
    more = iter(range(1000))

    def say(_scene: Scene, kind: str) -> str:
        return " ".join([f"{kind}{next(more)}"] * n_more)

    return [kind for kind, _ in short._fit(sentences, scene_of(GROWN[0]), say, kept)]


def test_what_must_be_said_is_said_however_long_it_is() -> None:
    assert fit([60, 60, 60], kept=3) == ["kind 0", "kind 1", "kind 2"]


def test_what_may_be_left_out_is_left_out_where_it_would_not_fit_and_shorter_things_still_come() -> None:
    assert fit([50, 60, 5], kept=1)[:2] == ["kind 0", "kind 2"]


def test_a_note_that_is_too_short_gets_routine_until_it_is_long_enough() -> None:
    kinds = fit([10], kept=1)
    added = kinds[1:]
    assert 45 <= 7 * len(added) + 10 <= 100
    assert all(added.count(kind) <= 1 for kind in set(added) - {"filler", "negatives"}), "only filler comes again"


def test_nothing_is_said_twice_to_fill_a_note() -> None:
    said: list[str] = []

    def same(_scene: Scene, kind: str) -> str:
        said.append(kind)
        return "always the same words"

    assert len(short._fit([("kind", "one two")], scene_of(GROWN[0]), same, 1)) == 2
    assert len(said) == 40, "it is tried for a while, and then left"


def test_sentences_come_in_the_usual_order_or_with_two_neighbours_exchanged() -> None:
    usual = ["opening", "complaint", "past", "exam", "labs", "drug", "dispo"]
    shuffled = [(kind, kind) for kind in ("dispo", "labs", "complaint", "drug", "opening", "exam", "past")]
    found = Counter(tuple(short._in_order(shuffled, Random(seed))) for seed in range(400))
    assert found[tuple(usual)] / 400 == pytest.approx(0.6, abs=0.08)
    for order in found:
        assert order[0] == "opening", "what begins a note stays at its beginning"
        differing = [place for place, kind in enumerate(order) if kind != usual[place]]
        assert len(differing) in (0, 2)


def test_two_sentences_are_never_exchanged() -> None:
    pair = [("drug", "b"), ("opening", "a")]
    assert {tuple(short._in_order(pair, Random(seed))) for seed in range(30)} == {("a", "b")}
