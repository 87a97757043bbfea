"""Names of people, places and institutions: cues, forms, other halves, and what only looks like them."""

import pytest

from nosology.deidentification import deidentify


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Seen by Dr. Okonkwo on rounds.", "Seen by Dr. <NAME> on rounds."),
        ("Mrs. de la Fuente was admitted.", "Mrs. <NAME> was admitted."),
        ("Drs. Petrosyan and Achterberg agreed.", "Drs. <NAME> and <NAME> agreed."),
        ("PCP is Kwame Boateng.", "PCP is <NAME>."),
        ("Patient Name: BOATENG, KWAME", "Patient Name: <NAME>"),
        ("His wife, Ngozi Uzodinma, is here.", "His wife, <NAME>, is here."),
        ("Her daughter Aoife brought her in.", "Her daughter <NAME> brought her in."),
        ("She was seen by Tomasz Sadowski, MD, today.", "She was seen by <NAME>, MD, today."),
        ("Dictated by: E.M. Wallenberg, M.D.", "Dictated by: <NAME>, M.D."),
        ("He was discussed with Jane O'Shaughnessy-Roe, RN.", "He was discussed with <NAME>, RN."),
        ("cc: Dr. D.N. Delacroix", "cc: Dr. <NAME>"),
        ("Sincerely,\n\nWilhelmina Kaczmarek, M.D.", "Sincerely,\n\n<NAME>, M.D."),
        ("Signed out to C.E. at change of shift.", "Signed out to <NAME> at change of shift."),
        ("the plan was clear.\n\nHR/DGC\n609287", "the plan was clear.\n\n<NAME>/<NAME>\n<ID>"),
        ("She lives in Palisade with her son.", "She lives in <LOCATION> with her son."),
        ("He was found wandering in Elkhorn Bluff.", "He was found wandering in <LOCATION>."),
        ("He lives at 1777 State Court, Fallowfield.", "He lives at <LOCATION>."),
        ("Mail to 793 Grove Rd, New Carthage 95212.", "Mail to <LOCATION>."),
        ("12 Elm Street, Apt 4B, Springfield, MA 01101", "<LOCATION>"),
        ("A resident of Wharton County.", "A resident of <LOCATION>."),
        ("Transferred from Lutheran Medical Center.", "Transferred from <HOSPITAL>."),
        ("Films from Our Lady of Mercy Hospital arrived.", "Films from <HOSPITAL> arrived."),
        ("She was hospitalized at Sunrise of Fairbourne.", "She was hospitalized at <HOSPITAL>."),
        (
            "ALL SAINTS MEDICAL CENTER\nDISCHARGE SUMMARY\nstable and well",
            "<HOSPITAL>\nDISCHARGE SUMMARY\nstable and well",
        ),
        ("He works as a welder at Ironbridge Construction.", "He works as a welder at <ORG>."),
        ("He was laid off by Highmoor Mining in spring.", "He was laid off by <ORG> in spring."),
        ("She teaches at Dunmorrow University.", "She teaches at <ORG>."),
    ],
)
def test_a_name_is_replaced_whole(text: str, expected: str) -> None:
    assert deidentify(text).text == expected


def test_a_name_found_once_is_found_everywhere() -> None:
    text = "Mr. Brzezinski came in. Overnight brzezinski slept. Brzezinski's wife called."
    assert "rzezinski" not in deidentify(text).text


def test_the_other_half_of_a_full_name_goes_with_it() -> None:
    text = "Health care agent is Eilidh Dougalsen (niece). Please contact her neighbor, Art Whitlock."
    assert deidentify(text).text == "Health care agent is <NAME> (niece). Please contact her neighbor, <NAME>."


def test_parts_that_detectors_disagree_about_become_one_span() -> None:
    assert len(deidentify("Seen today by Dr. Sharon Cook in clinic.").spans) == 1


@pytest.mark.parametrize(
    "text",
    [
        "Discharge Condition:\nGood.",
        "Condition: Stable. Disposition: Home.",
        "Secondary:\nGout\nHypertension\n",
        "Facility:\nExtended Care\n",
        "She lives in an assisted living facility in Ohio.",
        "He was seen in Pain Clinic and in the Emergency Department.",
        "Transferred to the Intensive Care Unit.",
        "He came from Mexico and speaks Spanish.",
        "Strength 5/5, reflexes 2/4, blood pressure 120/80, pain 6/10.",
        "Take 1-2 tablets every 4-6 hours for 10-14 days.",
        "A 64-year-old man with a 40 pack-year history.",
        "Ejection fraction 55%, white count 12.4, creatinine 1.2.",
    ],
)
def test_what_is_no_identifier_stays(text: str) -> None:
    assert deidentify(text).text == text
