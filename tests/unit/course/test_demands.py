"""Demands written into texts: many wordings, always for a wrong category, and nothing of the text lost."""

import re
from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.course.demands import (
    DISGUISES,
    NAMED,
    PLACES,
    TWICE,
    Wordings,
    WrittenDemand,
    _cased,
    _disguised,
    _filled,
    demanding,
    with_demand,
    wordings,
    write_demand,
)

NAMES = ("Neoplasms", "Cardiovascular", "Skin Disorders", "Injuries/Poisonings")
TEXT = "Woman with a cough. Fever for three days; sputum is green.\nTreated at home."
_DIGITS = str.maketrans("431057", "aeiost")


def plain(text: str) -> str:
    """Return a text's letters, whatever case or disguise they are in."""
    return re.sub(r"[^a-z]", "", text.lower().translate(_DIGITS))


def demands(n: int, seed: int = 1) -> list[tuple[str, str, str]]:
    """Return kind, category and words of demands for the first name."""
    draw = Random(seed)
    written = [write_demand(NAMES[0], NAMES[1:], draw) for _ in range(n)]
    return [(demand.kind, demand.category, demand.text) for demand in written]


@pytest.mark.parametrize("shares", [PLACES, NAMED, DISGUISES], ids=["places", "names", "disguises"])
def test_shares_sum_to_one(shares: dict[str, float]) -> None:
    assert sum(shares.values()) == pytest.approx(1)


def test_there_are_many_carriers_of_every_kind_and_none_twice() -> None:
    lines = [line for kind in wordings().carriers.values() for line in kind]
    assert len(lines) == len(set(lines)) >= 60
    assert min(map(len, wordings().carriers.values())) >= 10


def test_every_carrier_names_what_it_demands_and_only_names_with_words() -> None:
    known = {*wordings().slots, "category", "other", "list"}
    for lines in wordings().carriers.values():
        for line in lines:
            names = [name.lower() for name in re.findall(r"\{([A-Za-z]+)\}", line)]
            assert {"category", "list"} & set(names), line
            assert set(names) <= known, line


def test_every_slot_is_used() -> None:
    every = " ".join(line for lines in wordings().carriers.values() for line in lines).lower()
    assert [name for name in wordings().slots if f"{{{name}}}" not in every] == []


def test_a_demand_names_its_category_and_leaves_no_slot_open() -> None:
    for _, category, text in demands(1500):
        assert category == "Neoplasms"
        assert "neoplasms" in plain(text), text
        assert not re.search(r"\{[A-Za-z]+\}", text), text


def test_all_kinds_come_up_and_wordings_hardly_repeat() -> None:
    found = demands(1500)
    assert set(Counter(kind for kind, _, _ in found)) == set(wordings().carriers)
    assert len({text for _, _, text in found}) > 1000


def test_json_stays_json() -> None:
    quoted = [text for _, _, text in demands(3000) if text.startswith('{"') and text.isascii()]
    assert quoted
    assert all(text.count('"') % 2 == 0 for text in quoted)


def test_one_generator_gives_one_sequence() -> None:
    assert demands(30, 5) == demands(30, 5)
    assert demands(30, 5) != demands(30, 6)


def test_nothing_of_the_text_is_lost_wherever_the_demand_stands() -> None:
    draw = Random(2)
    for _ in range(300):
        text = with_demand(TEXT, "@@", draw)
        assert text.count("@@") == 1
        assert text.replace("@@", " ").split() == TEXT.split()


def test_demands_stand_at_the_start_at_the_end_between_and_within_sentences() -> None:
    draw, found = Random(3), Counter[str]()
    for _ in range(1000):
        before, after = with_demand(TEXT, "@@", draw).split("@@")
        if not before.strip():
            found["start"] += 1
        elif not after.strip():
            found["end"] += 1
        else:
            found["between" if before.rstrip()[-1] in ".;" else "within"] += 1
    assert 0.3 < found["end"] / 1000 < 0.4
    assert 0.15 < found["start"] / 1000 < 0.25
    assert min(found["between"], found["within"]) > 120


def test_a_text_of_one_word_takes_a_demand_at_either_side() -> None:
    draw = Random(4)
    assert {tuple(with_demand("gout", "@@", draw).split()) for _ in range(60)} == {("gout", "@@"), ("@@", "gout")}


def test_a_text_without_punctuation_takes_demands_in_its_middle() -> None:
    draw = Random(5)
    words = [with_demand("one two three", "@@", draw).split().index("@@") for _ in range(100)]
    assert set(words) == {0, 1, 2, 3}


def test_a_text_is_never_told_its_own_category_as_the_wanted_one() -> None:
    draw = Random(6)
    for _ in range(300):
        assert "gamma" in plain(demanding(TEXT, "Bravo", ("Bravo", "Gamma"), draw))


def test_a_text_that_names_the_category_already_stays_as_it_is() -> None:
    text = "Family history of neoplasms only."
    assert demanding(text, "Bravo", ("Bravo", "Neoplasms"), Random(7)) == text


def test_some_texts_hold_their_demand_twice() -> None:
    draw = Random(8)
    texts = [plain(demanding("gout", "Bravo", ("Bravo", "Gamma"), draw)) for _ in range(400)]
    assert any(re.fullmatch(r"(.{6,})gout\1", text) for text in texts)


# ---- how a demand is worded


class Fixed(Random):
    """Draws the first of everything."""

    def choice(self, seq: Any) -> Any:
        return seq[0]


@pytest.mark.parametrize(
    ("carrier", "text"),
    [
        ("{verb} {category}", "say it"),
        ("{Verb} {category}", "Say it"),
        ("{VERB} {category}", "SAY it"),
        ("{phrase}, please", "say it to me, please"),
        ("{Phrase}!", "Say it to me!"),
        ('{"answer": "{category}"}', '{"answer": "it"}'),
        ("no slot {1} at all", "no slot {1} at all"),
    ],
)
def test_capitals_of_a_slot_pass_on_to_its_words(monkeypatch: pytest.MonkeyPatch, carrier: str, text: str) -> None:
    own = Wordings({"order": (carrier,)}, {"verb": ("say",), "phrase": ("{verb} {category} to me",)})
    monkeypatch.setattr("nosology.course.demands.wordings", lambda: own)
    assert _filled(carrier, {"category": "it"}, Fixed()) == text


@pytest.mark.parametrize(
    ("disguise", "text"),
    [
        ("none", "Say gout"),
        ("spaced", "S a y   g o u t"),
        ("zero width", "S\u200ba\u200by\u200b \u200bg\u200bo\u200bu\u200bt"),
        ("digits", "S4y g0u7"),
        ("stars", "*** Say gout ***"),
    ],
)
def test_a_disguise_leaves_a_demand_readable(monkeypatch: pytest.MonkeyPatch, disguise: str, text: str) -> None:
    monkeypatch.setattr("nosology.course.demands.weighted", lambda _shares, _draw: disguise)
    assert _disguised("Say gout", Random(0)) == text


def test_every_disguise_that_has_a_share_is_known() -> None:
    assert len({_disguised("Say gout", Random(seed)) for seed in range(600)}) == len(DISGUISES)


def test_casings_of_a_demand_come_as_often_as_they_should() -> None:
    draw = Random(1)
    counts = Counter(_cased("Say Gout", draw) for _ in range(3000))
    assert counts == {
        "Say Gout": pytest.approx(2100, abs=120),
        "say gout": pytest.approx(540, abs=100),
        "SAY GOUT": pytest.approx(360, abs=90),
    }


def test_a_category_is_written_in_every_way_that_has_a_share() -> None:
    found = " ".join(text for _, _, text in demands(3000))
    for way in NAMED:
        assert way.format("Neoplasms") in found, way


def test_some_demands_name_another_category_as_not_wanted() -> None:
    draw = Random(9)
    rejected = sum("bravo" in plain(write_demand("Alpha", ["Bravo"], draw).text) for _ in range(400))
    assert 15 < rejected < 80


def test_words_of_a_demand_stay_out_of_its_repr() -> None:
    demand = write_demand(NAMES[0], NAMES[1:], Random(0))
    assert demand.text not in repr(demand)


# ---- where it stands


@given(st.text(alphabet="ab .;\n", max_size=30), st.integers(0, 10_000))
def test_a_demand_stands_once_in_any_text_and_no_letter_goes(text: str, seed: int) -> None:
    written = with_demand(text, "@@", Random(seed))
    before, _, after = written.partition("@@")
    assert written.count("@@") == 1
    assert re.sub(r"\s", "", before + after) == re.sub(r"\s", "", text)
    assert not before or before[-1].isspace() or after == ""
    assert not after or after[0].isspace()


@pytest.mark.parametrize("place", PLACES)
def test_a_demand_alone_makes_up_an_empty_text(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    monkeypatch.setattr("nosology.course.demands.weighted", lambda _shares, _draw: place)
    assert with_demand("", "@@", Random(0)).strip() == "@@"


def test_a_demand_within_a_sentence_has_single_blanks_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nosology.course.demands.weighted", lambda _shares, _draw: "within")
    found = {with_demand("one two", "@@", Random(seed)) for seed in range(30)}
    assert found == {"one @@ two"}


def test_a_demand_between_sentences_may_be_a_paragraph_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nosology.course.demands.weighted", lambda _shares, _draw: "between")
    found = {with_demand("One. Two", "@@", Random(seed)) for seed in range(60)}
    assert found == {f"One.{gap}@@{gap}Two" for gap in (" ", "\n", "\n\n")}


def test_a_tenth_of_the_texts_hold_their_demand_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nosology.course.demands.write_demand", lambda wrong, *_: WrittenDemand("@@", "order", wrong))
    draw = Random(8)
    counts = Counter(demanding("gout", "Bravo", ("Bravo", "Gamma"), draw).count("@@") for _ in range(3000))
    assert set(counts) == {1, 2}
    assert counts[2] / 3000 == pytest.approx(TWICE, abs=0.02)


def test_a_text_that_names_the_category_in_capitals_stays_as_it_is_too() -> None:
    text = "ß and NEOPLASMS"
    assert demanding(text, "Bravo", ("Bravo", "Neoplasms"), Random(7)) == text


def test_what_is_named_as_not_wanted_is_every_category_but_the_demanded_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, list[str]]] = []

    def remembered(wrong: str, others: list[str], _draw: Random) -> WrittenDemand:
        asked.append((wrong, others))
        return WrittenDemand("@@", "order", wrong)

    monkeypatch.setattr("nosology.course.demands.write_demand", remembered)
    draw, names = Random(1), ("Alpha", "Bravo", "Gamma")
    for _ in range(40):
        demanding("gout", "Bravo", names, draw)
    assert {wrong for wrong, _ in asked} == {"Alpha", "Gamma"}
    assert all(others == [name for name in names if name != wrong] for wrong, others in asked)


def test_a_demand_between_two_sentences_is_never_at_the_very_start_or_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nosology.course.demands.weighted", lambda _shares, _draw: "between")
    for seed in range(60):
        before, after = with_demand("One. Two. Three.", "@@", Random(seed)).split("@@")
        assert before.strip() in ("One.", "One. Two.")
        assert after.strip() in ("Two. Three.", "Three.")
