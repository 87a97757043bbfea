"""How full summaries are put together: sections in order, and nothing said twice."""

import re
from random import Random

import pytest

from nosology.synthetic.content import load_book
from nosology.synthetic.full import _add_core, _Draft, _lay_out, _list, _sentence, compose_full
from nosology.synthetic.notes import identifiers_of
from nosology.synthetic.patients import BLOCK, Stay, draw_block
from nosology.synthetic.scene import Scene
from nosology.synthetic.wording import load_wording

STAYS = draw_block(0, BLOCK, 17, load_book())


GROWN = [stay for stay in STAYS if stay.age >= 18]


def scene_of(stay: Stay, seed: int = 0) -> Scene:
    rng = Random(seed)
    return Scene(rng, stay, identifiers_of(stay, 17, "mimic3", rng), load_wording(), load_book())


SECTIONS = ("complaint", "story", "past", "social", "kin", "exam", "results", "study", "course", "drug", "called")


@pytest.mark.parametrize("seed", range(12))
def test_a_full_summary_has_its_sections_in_order(seed: int) -> None:
    text = compose_full(scene_of(GROWN[seed], seed), 2)
    groups = load_wording().groups
    for convention in range(3):
        headings = [groups[f"heading_{section}"][convention].render(Random(0), str) for section in SECTIONS]
        places = [text.find(f"\n{heading}") for heading in headings]
        if -1 not in places:
            assert places == sorted(places)
            return
    pytest.fail("no convention fits the headings")


def test_a_full_summary_names_its_diagnosis() -> None:
    for n, stay in enumerate(GROWN[:30]):
        section = re.split(r"(?:DIAGNOSES|Diagnosis|Dx):\s*", compose_full(scene_of(stay, n), 0))[-1].lower()
        stems = [
            part[:6].lower()
            for phrase in stay.primary.phrases["called"]
            for part in phrase.parts
            if isinstance(part, str)
        ]
        assert any(stem.strip() in section for stem in stems), stay.primary.code


def test_full_summaries_do_not_repeat_a_passage() -> None:
    for n, stay in enumerate(GROWN[:20]):
        paragraphs = [line for line in compose_full(scene_of(stay, n), 2).split("\n") if len(line) > 60]
        assert len(set(paragraphs)) == len(paragraphs)


def test_a_draft_says_each_template_of_a_group_once() -> None:
    scene = scene_of(GROWN[0])
    draft = _Draft(scene)
    n_templates = len(scene.group("full_course_routine"))
    for _ in range(3 * n_templates):
        draft.say("course", "full_course_routine")
    assert len(draft.sections["course"]) <= n_templates


def test_a_draft_counts_words_and_skips_what_was_said() -> None:
    draft = _Draft(scene_of(GROWN[0]))
    draft.add("story", "one two three")
    draft.add("past", "one two three")
    assert draft.n_words == 3
    assert draft.sections == {"story": ["One two three"]}


def test_lists_are_numbered_or_dashed_by_convention() -> None:
    assert _list(["A", "B"], 0, is_numbered=True) == "1. A\n2. B"
    assert _list(["A", "B"], 2, is_numbered=True) == "- A\n- B"
    assert _list(["A", "B"], 0, is_numbered=False) == "A\nB"


@pytest.mark.parametrize(("words", "said"), [("He left", "He left."), ("He left.", "He left."), ("Plan:", "Plan:")])
def test_passages_end_with_a_stop(words: str, said: str) -> None:
    assert _sentence(words) == said


def test_the_dead_get_no_instructions() -> None:
    dead = [stay for block in range(6) for stay in draw_block(block, BLOCK, 17, load_book()) if stay.died]
    assert dead
    for stay in dead[:5]:
        text = compose_full(scene_of(stay), 0)
        assert "Expired" in text
        assert "it was a pleasure" not in text[: text.find("Expired")]


def test_a_passage_is_taken_for_said_only_in_its_own_words() -> None:
    draft = _Draft(scene_of(GROWN[0]))
    for words in ("one two", "one two three", "one two"):
        draft.add("story", words)
    assert draft.sections == {"story": ["One two", "One two three"]}
    assert draft.n_words == 5


def test_a_group_that_may_repeat_is_never_used_up() -> None:
    draft = _Draft(scene_of(GROWN[0]))
    n_templates = len(draft.scene.group("full_med"))
    for _ in range(3 * n_templates):
        draft.say("drug", "full_med")
    assert len(draft.sections["drug"]) > n_templates


@pytest.mark.parametrize("convention", [0, 1, 2])
def test_a_heading_stands_above_its_text_or_before_it_by_convention(convention: int) -> None:
    draft = _Draft(scene_of(GROWN[0]))
    draft.add("header", "Name: X")
    draft.add("social", "lives alone")
    draft.add("social", "no pets.")
    draft.add("past", "gout")
    draft.add("past", "asthma")
    draft.add("tail", "Signed")
    heading = {section: draft.scene.heading(f"heading_{section}", convention) for section in ("social", "past")}
    listed = "- Gout\n- Asthma" if convention == 2 else "1. Gout\n2. Asthma"
    social = f"{heading['social']}{'  ' if convention == 1 else chr(10)}Lives alone. No pets."
    assert _lay_out(draft, convention) == "\n\n".join(["Name: X", f"{heading['past']}\n{listed}", social, "Signed"]), (
        "sections come in the template's order, whatever the order in which they were written"
    )


def test_infants_have_shorter_summaries() -> None:
    infants = [stay for block in range(3) for stay in draw_block(block, BLOCK, 17, load_book()) if stay.age < 1]
    lengths = [
        sum(len(compose_full(scene_of(stay, n), 0).split()) for n, stay in enumerate(part[:12])) / 12
        for part in (infants, GROWN)
    ]
    assert 0.4 < lengths[0] / lengths[1] < 0.85


def test_who_did_not_die_goes_somewhere_and_is_told_what_to_do() -> None:
    living = next(stay for stay in GROWN if not stay.died)
    draft = _Draft(scene_of(living))
    _add_core(draft)
    assert "Expired" not in draft.sections["dispo"]
    assert {"condition", "instructions", "plan"} <= set(draft.sections)


def test_all_other_diseases_of_the_patient_are_in_the_history() -> None:
    stay = next(stay for stay in GROWN if len(stay.past) >= 3)
    draft = _Draft(scene_of(stay))
    _add_core(draft)
    assert len(draft.sections["past"]) >= len(stay.past)
    complications = [words for words in draft.sections["course"] if words.startswith("# ")]
    assert len(complications) >= len({rubric.code for rubric in stay.minor})
