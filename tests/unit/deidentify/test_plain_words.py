"""Words that look like identifiers and are none stay, and the same words stay found where they are identifiers."""

import pytest

from nosology.prepare.deidentify import deidentify


@pytest.mark.parametrize(
    "text",
    [
        "Serology was sent for mycoplasma and Chlamydia culture, antibodies to Gliadin were negative.",
        "She was delivered by Cesarean section in Texas and later moved to northern California.",
        "He was followed in the Infectious Disease Clinic and the Intestinal Transplantation Center.",
        "She was transferred to Children's Hospital for further care.",
        "A Crowe-Davis mouth gag was placed. The patient was placed in Allen stirrups.",
        "A Keller bunionectomy and a McBride bunionectomy were performed.",
        "Passy-Muir valve in place. The wound was closed with a Carter-Thomason device.",
        "HV interval 46 ms.  Sinus node recovery time was normal at 1114 ms.",
        "NG tube to suction. Repeat EGD tomorrow. Initial ECG shows flutter.",
        "A Slim-LOC locking plate 18 mm was fixed at C5-C6 with plate C3-C5. CPT code 22851-59.",
        "Enrolled in trial C40502 after cycle 2 of POG-9641.",
        "Flexion 60/60, extension 50/60. The level was 139 pg/ml (normal 232-1137).",
        "He is afebrile, currently at 96, and his weight is up.",
        "At 39 and 1/7ths weeks. Disc disease at T11-12. 8/12 cores were positive.",
        "Blood pressure by manual cuff was 180/90; by my reading there is an effusion.",
        "She worked at the ABCD Hospital and lived on XYZ Street; Mr. Xxxxx, of the Ohio Department of Health.",
        "CIRCUMCISION\n\nAfter informed consent the patient was prepared.",
        "The sponge was changed every Monday and Thursday, and every Tuesday and Friday.",
        "Crushing chest pain. Acute infarction of the anterior wall. No pneumonia.",
        "St. Jude Medical model 2088 lead. An Angio-Seal closure device was used.",
    ],
)
def test_words_of_medicine_kinds_of_places_and_states_stay(text: str) -> None:
    assert deidentify(text).text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Seen by Dr. Allen, who placed him in Allen stirrups.",
            "Seen by Dr. <NAME>, who placed him in Allen stirrups.",
        ),
        ("His brother Skip was called.", "His brother <NAME> was called."),
        ("Patient Name: NG, WEI\nthe patient did well", "Patient Name: <NAME>\nthe patient did well"),
        ("Patient: Vu, Mai was seen.", "Patient: <NAME> was seen."),
        ("Seen by Ng, MD, in clinic.", "Seen by <NAME>, MD, in clinic."),
        ("Seen by LE, MD, in clinic.", "Seen by <NAME>, MD, in clinic."),
        ("Her daughter Yasmin was called.", "Her daughter <NAME> was called."),
        ("His son Jesus is here.", "His son <NAME> is here."),
        ("Signed: Jack Daniel, RN", "Signed: <NAME>, RN"),
        ("Lynn sounds congested today.", "<NAME> sounds congested today."),
        ("Her sister Rose post op was well.", "Her sister <NAME> post op was well."),
        ("Maria rolls over in bed.", "<NAME> rolls over in bed."),
        ("SACRED HEART HOSPITAL\nthe course was stable", "<HOSPITAL>\nthe course was stable"),
        ("She lives in Houston, Texas with her son.", "She lives in <LOCATION>, Texas with her son."),
        ("12 Elm Street, Springfield, MA 01101", "<LOCATION>"),
        ("Seen on 03/14/2019 at 10:30 a.m. in clinic.", "Seen on <DATE> at 10:30 a.m. in clinic."),
        ("the plan was clear.\n\nHR/KA\n609287", "the plan was clear.\n\n<NAME>/<NAME>\n<ID>"),
        ("Licence plate 7ABC123 was noted.", "Licence plate <ID> was noted."),
        ("At age 96 he is independent.", "At age <AGE90> he is independent."),
    ],
)
def test_the_same_words_are_found_where_they_are_identifiers(text: str, expected: str) -> None:
    assert deidentify(text).text == expected
