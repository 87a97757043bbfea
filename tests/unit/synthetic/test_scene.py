"""What a note may ask for: findings, history, pronouns and persons that fit the patient."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from nosology.synthetic.content import RubricContent, load_book
from nosology.synthetic.identifiers import Identifiers
from nosology.synthetic.patients import Patient, Stay
from nosology.synthetic.people import load_stock
from nosology.synthetic.phrases import compile_phrase
from nosology.synthetic.scene import Scene
from nosology.synthetic.wording import load_wording

BOOK = load_book()
BY_CODE = {rubric.code: rubric for rubric in BOOK.all}
CAME = datetime(2010, 5, 1)


def stay_of(code: str, sex: str = "M", age: int = 60, past: tuple[str, ...] = (), minor: tuple[str, ...] = ()) -> Stay:
    return Stay(
        index=0,
        hadm_id=1,
        patient=Patient(1, sex, CAME - timedelta(days=365 * age)),
        age=age,
        age_days=365 * age or 5,
        admitted=CAME,
        discharged=CAME + timedelta(days=4),
        primary=BY_CODE[code],
        past=tuple(BY_CODE[each] for each in past),
        minor=tuple(BY_CODE[each] for each in minor),
        version=9,
        died=False,
    )


def scene_of(stay: Stay, seed: int = 0) -> Scene:
    rng, stock = Random(seed), load_stock()
    person = stock.person(rng, stay.patient.sex, stay.patient.born, "s")
    fill = Identifiers("mimic3", rng, person, stock, stay.admitted, stay.discharged, stay.age, "wife")
    return Scene(rng, stay, fill, load_wording(), BOOK)


def rendered(rubric: RubricContent, field: str) -> set[str]:
    """Return the beginnings of a field's phrases, enough to tell whose they are."""
    starts = (phrase.parts[0] for phrase in rubric.phrases[field])
    return {start[:12] for start in starts if isinstance(start, str) and len(start) > 6}


@pytest.mark.parametrize(
    ("sex", "said"), [("M", "He hurt his hand; him, himself"), ("F", "She hurt her hand; her, herself")]
)
def test_pronouns_follow_the_patients_sex(sex: str, said: str) -> None:
    scene = scene_of(stay_of("486", sex))
    assert scene.render(compile_phrase("{He} hurt {his} hand; {him}, {himself}")) == said


def test_no_phrase_of_the_main_rubric_is_used_twice_before_all_are_used() -> None:
    stay = stay_of("41071")
    n_phrases = len(stay.primary.phrases["story"])
    for seed in range(20):
        scene = scene_of(stay, seed)
        told = [scene.tell("story")[:18] for _ in range(n_phrases)]
        assert len(set(told)) == n_phrases
        assert not scene.has("story")
        assert scene.tell("story")


def test_the_first_phrases_of_a_field_are_the_common_ones() -> None:
    stay = stay_of("41071")
    first = stay.primary.phrases["complaint"][0].render(Random(0), str)
    n_phrases = len(stay.primary.phrases["complaint"])
    n_first = sum(scene_of(stay, seed).tell("complaint") == first for seed in range(600))
    assert n_first / 600 > 1.2 / n_phrases


def test_history_is_told_once_and_then_something_common_follows() -> None:
    stay = stay_of("486", past=("42731", "7140"))
    scene = scene_of(stay)
    said = [scene.past() for _ in range(4)]
    assert len(set(said[:2])) == 2
    common = {phrase.render(Random(0), str) for phrase in load_wording().groups["common_past"]}
    assert not set(said[:2]) & common
    assert set(said[2:]) <= common


def test_a_list_of_history_reads_as_prose() -> None:
    lists = {scene_of(stay_of("486", past=("42731", "7140", "49121")), seed).pasts() for seed in range(60)}
    assert any(" and " in words and ", " in words for words in lists)
    assert any(" and " not in words for words in lists)


def test_young_people_without_history_have_little_to_tell() -> None:
    none = {phrase.render(Random(0), str) for phrase in load_wording().groups["no_past"]}
    assert {scene_of(stay_of("486", age=20), seed).past() for seed in range(30)} <= none


def test_complications_come_from_the_stays_minor_rubrics() -> None:
    stay = stay_of("486", minor=("42731",))
    starts = rendered(BY_CODE["42731"], "minor")
    assert all(any(start in scene_of(stay, seed).minor() for start in starts | {"He"}) for seed in range(20))
    quiet = {phrase.render(Random(0), str) for phrase in load_wording().groups["uneventful"]}
    assert {scene_of(stay_of("486"), seed).minor() for seed in range(30)} - {"He had no complications"} <= quiet


def test_drugs_of_other_diseases_appear_beside_everyday_ones() -> None:
    stay = stay_of("486", past=("42731",))
    everyday = {phrase.render(Random(0), str) for phrase in load_wording().groups["everyday_drug"]}
    drugs = [scene_of(stay, seed).other_drug() for seed in range(200)]
    assert 0.2 < sum(drug in everyday for drug in drugs) / 200 < 0.6


def test_a_complaint_of_somebody_else_is_never_the_patients_own() -> None:
    stay = stay_of("486")
    own = {phrase.render(Random(0), str) for phrase in stay.primary.phrases["complaint"]}
    assert not {scene_of(stay, seed).strange_complaint() for seed in range(200)} & own


@pytest.mark.parametrize(
    ("age", "age_days", "sex", "words"),
    [
        (0, 1, "M", {"newborn boy", "newborn infant boy"}),
        (0, 20, "F", {"20-day-old girl"}),
        (0, 100, "M", {"3-month-old boy"}),
        (1, 500, "F", {"16-month-old girl"}),
        (9, 3400, "F", {"9-year-old girl"}),
    ],
)
def test_children_are_called_what_they_are(age: int, age_days: int, sex: str, words: set[str]) -> None:
    stay = replace(stay_of("769", sex, age), age_days=age_days)
    assert {scene_of(stay, seed).person() for seed in range(30)} <= words


def test_grown_people_are_men_and_women_of_an_age() -> None:
    persons = {scene_of(stay_of("486", "F", 67), seed).person() for seed in range(100)}
    assert {"67-year-old woman", "67 yo female"} <= persons
    assert not any("man" in person.replace("woman", "") for person in persons)
    assert "67M" in {scene_of(stay_of("486", "M", 67), seed).brief_person() for seed in range(60)}


def test_the_very_old_have_no_age() -> None:
    stay = stay_of("486", "M", 92)
    assert all("92" not in scene_of(stay, seed).person() for seed in range(40))


def test_infants_get_the_wording_for_infants() -> None:
    infant, grown = scene_of(replace(stay_of("769", "F", 0), age_days=3)), scene_of(stay_of("486"))
    assert infant.group("say_filler") == load_wording().groups["say_filler_small"]
    assert grown.group("say_filler") == load_wording().groups["say_filler"]
    assert infant.is_small
    assert not grown.is_small


def test_men_are_never_on_a_womens_service() -> None:
    services = {scene_of(stay_of("5921", "M"), seed).service() for seed in range(100)}
    assert "gynecology" not in services
    assert "urology" in services


def test_a_rubric_without_procedures_gets_plain_ones() -> None:
    bare = next(rubric for rubric in BOOK.all if not rubric.phrases["follow"])
    plain = {phrase.render(Random(0), str) for phrase in load_wording().groups["plain_follow"]}
    assert scene_of(replace(stay_of("486"), primary=bare)).tell("follow") in plain


def test_words_in_capitals_are_asked_for_in_capitals() -> None:
    scene = scene_of(stay_of("486"))
    service = scene.fill("SERVICE")
    assert service == service.upper()
    assert scene.fill("DOCTOR").startswith("[**Last Name")


def test_headings_follow_one_convention() -> None:
    scene = scene_of(stay_of("486"))
    assert scene.heading("heading_course", 0) == "Brief Hospital Course:"
    assert scene.heading("heading_course", 1) == "HOSPITAL COURSE:"
    assert scene.heading("heading_course", 2) == "Course:"


def test_every_heading_comes_in_three_conventions() -> None:
    headings = {name: phrases for name, phrases in load_wording().groups.items() if name.startswith("heading_")}
    assert len(headings) >= 17
    assert {len(phrases) for phrases in headings.values()} == {3}


@pytest.mark.parametrize(
    ("age", "sex", "names"),
    [
        (60, "M", {"The patient", "Patient", "Pt", "Mr. [**"}),
        (60, "F", {"The patient", "Patient", "Pt", "Mrs. [**", "Ms. [**"}),
        (9, "F", {"The patient", "[**Known ", "This child"}),
        (1, "M", {"The infant", "Baby [**", "The baby", "This infant"}),
    ],
)
def test_prose_calls_the_patient_by_age_and_sex(age: int, sex: str, names: set[str]) -> None:
    said = {scene_of(stay_of("486", sex, age), seed).name() for seed in range(120)}
    starts = {next((name for name in names if words.startswith(name)), words) for words in said}
    assert starts == names


def test_a_courtesy_fits_the_sex() -> None:
    assert {scene_of(stay_of("486", "M"), seed).fill("courtesy") for seed in range(20)} == {"Mr."}
    assert {scene_of(stay_of("486", "F"), seed).fill("courtesy") for seed in range(20)} == {"Ms.", "Mrs."}
    assert scene_of(stay_of("486", "F")).fill("sex") == "F"


def test_a_capital_slot_of_a_pronoun_is_a_capital_pronoun_and_all_capitals_shout() -> None:
    scene = scene_of(stay_of("486", "F"))
    assert [scene.fill(slot) for slot in ("he", "He", "HIS", "Hers")] == ["she", "She", "HER", "Hers"]


def test_something_past_lies_within_the_patients_life() -> None:
    years = set()
    for seed in range(200):
        masked = scene_of(stay_of("486", age=3), seed).year()
        years.add(int(re.sub(r"\D", "", masked)))
    assert years <= {2107, 2108, 2109}, "MIMIC-III moves 2010 by a hundred years; the patient is three"


def test_a_slot_that_nothing_fills_is_a_bug_that_shows() -> None:
    with pytest.raises(KeyError):
        scene_of(stay_of("486")).fill("shoe_size")


def test_history_that_was_told_is_not_told_again_by_lists() -> None:
    for seed in range(40):
        scene = scene_of(stay_of("486", past=("42731", "7140", "49121")), seed)
        told = [words for _ in range(3) for words in scene.pasts().replace(" and ", ", ").split(", ")]
        own = [words for words in told if any(start in words for start in rendered(BY_CODE["7140"], "past"))]
        assert len(own) <= 1


def test_the_common_history_begins_at_thirty_five() -> None:
    none, common = (
        {phrase.render(Random(0), str) for phrase in load_wording().groups[name]} for name in ("no_past", "common_past")
    )
    assert {scene_of(stay_of("486", age=34), seed).past() for seed in range(20)} <= none
    assert {scene_of(stay_of("486", age=35), seed).past() for seed in range(20)} <= common


def test_what_runs_in_the_family_is_said_of_somebody_who_can_have_it() -> None:
    said = {scene_of(stay_of("486"), seed).kin() for seed in range(80)}
    assert len(said) > 20
    assert not any("{" in words for words in said)


def test_a_scene_never_has_a_field_that_its_rubric_lacks() -> None:
    bare = next(rubric for rubric in BOOK.all if not rubric.phrases["follow"])
    assert not scene_of(replace(stay_of("486"), primary=bare)).has("follow")
