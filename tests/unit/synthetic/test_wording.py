"""The shipped wording: groups that are there, hold something, and ask only for groups and slots that exist."""

from random import Random

import pytest

from nosology.synthetic.wording import load_wording

GROUPS = load_wording().groups


def test_the_wording_is_read_once() -> None:
    assert load_wording() is load_wording()


def test_no_group_is_empty() -> None:
    assert len(GROUPS) > 50
    assert all(GROUPS.values())


@pytest.mark.parametrize("section", ["complaint", "story", "course", "exam", "plan", "drug", "condition"])
def test_headings_come_in_three_conventions(section: str) -> None:
    assert len(GROUPS[f"heading_{section}"]) == 3


def test_variants_for_infants_have_a_group_for_everybody_else() -> None:
    small = [name for name in GROUPS if name.endswith("_small")]
    assert small
    assert all(name.removesuffix("_small") in GROUPS for name in small)


def test_openings_come_in_many_forms() -> None:
    for name in ("opening_story", "opening_complaint", "opening_plain"):
        assert len(GROUPS[name]) >= 3


@pytest.mark.parametrize("name", sorted(GROUPS))
def test_every_template_renders_to_words_whatever_fills_its_slots(name: str) -> None:
    rng = Random(name)
    for phrase in GROUPS[name]:
        for _ in range(3):
            words = phrase.render(rng, lambda slot: f"<{slot}>")
            assert words.strip()
            assert "{" not in words
            assert "}" not in words
            assert "|" not in words
