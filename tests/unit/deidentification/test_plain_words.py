"""Words that look like identifiers and are none stay, and the same words stay found where they are identifiers."""

import pytest

from nosology.deidentification import deidentify


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
        pytest.param(
            "HV interval 46 ms.  Sinus node recovery time was normal at 1114 ms.",
            marks=pytest.mark.xfail(strict=True, reason="the network takes HV at a beginning for initials"),
        ),
        "NG tube to suction. Repeat EGD tomorrow. Initial ECG shows flutter.",
        "At 39 and 1/7ths weeks. Disc disease at T11-12.",
        "Blood pressure by manual cuff was 180/90; by my reading there is an effusion.",
        "She worked at the ABCD Hospital and lived on XYZ Street; Mr. Xxxxx, of the Ohio Department of Health.",
        "CIRCUMCISION\n\nAfter informed consent the patient was prepared.",
        "The sponge was changed every Monday and Thursday, and every Tuesday and Friday.",
        "Crushing chest pain. Acute infarction of the anterior wall. No pneumonia.",
        "St. Jude Medical model 2088 lead. An Angio-Seal closure device was used.",
        "Gated images were processed with Cedars-Sinai software. The Groshong tip lies in the right atrium.",
        "The arm was wrapped with a 4-inch Dupre roll.",
        "Left pupil 5/7 decreasing to 3/7 in light. Lidocaine (7/3 mixture) was used.",
        "The vessel was grasped with a Babcock. Horsley bone wax was used.",
        "The patient was NG decompressed. NG output fell. Demerol 25 mg IM, the patient slept.",
        "The needle met the Scottie dog. How to avoid Pink Eye: Pink Eye spreads by hand.",
        "BENDER-GESTALT TEST: no errors. His drawings on the Bender were neat.",
        "She moved to Georgia with her son, a Christian. She saw her mother Friday.",
        "8/12 cores were positive.",
        "A loop was passed. Oozing was stopped with Horsley bone wax.",
    ],
)
def test_words_of_medicine_kinds_of_places_and_states_stay(text: str) -> None:
    assert deidentify(text).text == text


@pytest.mark.xfail(strict=True, reason="what the network costs: it has neither seen such numbers nor words like these")
@pytest.mark.parametrize(
    "text",
    [
        "Enrolled in trial C40502 after cycle 2 of POG-9641.",
        "He is afebrile, currently at 96, and his weight is up.",
        "Größe: Seen in the clinic today.",
        "A Slim-LOC locking plate 18 mm was fixed at C5-C6 with plate C3-C5. CPT code 22851-59.",
        "Flexion 60/60, extension 50/60. The level was 139 pg/ml (normal 232-1137).",
    ],
)
def test_numbers_of_trials_and_words_with_accents_stay_too(text: str) -> None:
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
        pytest.param(
            "Lynn sounds congested today.",
            "<NAME> sounds congested today.",
            marks=pytest.mark.xfail(strict=True, reason="the network holds it impossible"),
        ),
        ("Her sister Rose post op was well.", "Her sister <NAME> post op was well."),
        ("Maria rolls over in bed.", "<NAME> rolls over in bed."),
        ("SACRED HEART HOSPITAL\nthe course was stable", "<HOSPITAL>\nthe course was stable"),
        ("She lives in Houston, Texas with her son.", "She lives in <LOCATION>, Texas with her son."),
        ("12 Elm Street, Springfield, MA 01101", "<LOCATION>"),
        ("Seen on 03/14/2019 at 10:30 a.m. in clinic.", "Seen on <DATE> at 10:30 a.m. in clinic."),
        ("the plan was clear.\n\nHR/KA\n609287", "the plan was clear.\n\n<NAME>/<NAME>\n<ID>"),
        ("Licence plate 7ABC123 was noted.", "Licence plate <ID> was noted."),
        ("At age 96 he is independent.", "At age <AGE90> he is independent."),
        ("His aunt is 94 years old and well.", "His aunt is <AGE90> years old and well."),
        ("Her daughter Georgia was called. Georgia agreed.", "Her daughter <NAME> was called. <NAME> agreed."),
        ("His son Christian and her husband, Jordan, came.", "His son <NAME> and her husband, <NAME>, came."),
        ("Seen by Virginia, RN.", "Seen by <NAME>, RN."),
        ("Attending: Israel", "Attending: <NAME>"),
        ("Her son Maverick was called.", "Her son <NAME> was called."),
        ("Seen by Ringer, RN, in clinic.", "Seen by <NAME>, RN, in clinic."),
        ("Seen by Friday, MD.", "Seen by <NAME>, MD."),
        ("She was transferred from Cedars-Sinai last night.", "She was transferred from <HOSPITAL> last night."),
        ("Born at St. Jude Medical Center.", "Born at <HOSPITAL>."),
        ("He was sent to St. Jude for chemotherapy.", "He was sent to <HOSPITAL> for chemotherapy."),
        ("Works at Pepsi, was employed by FedEx.", "Works at <ORG>, was employed by <ORG>."),
        ("Taken to the Lakewood Emergency Room at once.", "Taken to the <HOSPITAL> Emergency Room at once."),
        ("Transferred from Mercy Hospital ED late.", "Transferred from <HOSPITAL> late."),
        ("Transferred from Lakewood Hospital ER was ill.", "Transferred from <HOSPITAL> was ill."),
        ("MERCY HOSPITAL ROE ED\nthe patient did well", "<HOSPITAL>\nthe patient did well"),
        ("SEEN AT MERCY HOSPITAL ED SMITH MD", "SEEN AT <HOSPITAL> MD"),
        ("He came to Methodist Hospital on May 4, 2011.", "He came to <HOSPITAL> on <DATE>."),
        ("Her daughter December was called.", "Her daughter <DATE> was called."),
        pytest.param(
            "The child was grasped by the Babcock family.",
            "The child was grasped by the <NAME> family.",
            marks=pytest.mark.xfail(strict=True, reason="the network holds a family called Babcock impossible"),
        ),
        ("Retracted with Dr. Allen and the team.", "Retracted with Dr. <NAME> and the team."),
        ("He is 6 inches taller than Dupre now.", "He is 6 inches taller than <NAME> now."),
        ("Dr. NG decompressed the bowel.", "Dr. <NAME> decompressed the bowel."),
        ("Nurse NG suctioned the patient.", "Nurse <NAME> suctioned the patient."),
        ("Given 2 mg by Im, RN.", "Given 2 mg by <NAME>, RN."),
        ("Given 50 mg Im, RN, witnessed.", "Given 50 mg <NAME>, RN, witnessed."),
        pytest.param(
            "Seen by [**Last Name**] on [**2151-7-16**], café.",
            "Seen by <NAME> on <DATE>, café.",
            marks=pytest.mark.xfail(strict=True, reason="the network takes a café for a firm"),
        ),
        ("Her stay, from 3/7, was increased to 2/7.", "Her stay, from <DATE>, was increased to <DATE>."),
        ("On 9/1 mixture and rate were changed.", "On <DATE> mixture and rate were changed."),
        ("On 9/1 the rate was changed.", "On <DATE> the rate was changed."),
        ("Dr. Horsley bone wax in hand, closed.", "Dr. <NAME> bone wax in hand, closed."),
        ("His son Scottie dog-sits for us.", "His son <NAME> dog-sits for us."),
        ("His son Scottie came. Scottie dog-sits for us.", "His son <NAME> came. <NAME> dog-sits for us."),
        ("Seen with a 3-cm cut; Dupre called.", "Seen with a 3-cm cut; <NAME> called."),
        pytest.param(
            "Removed a 3-cm Jane tolerated well.",
            "Removed a 3-cm <NAME> tolerated well.",
            marks=pytest.mark.xfail(strict=True, reason="the network doubts a name behind a size"),
        ),
        ("Dr. Pink Eye-Smith was called.", "Dr. <NAME> was called."),
    ],
)
def test_the_same_words_are_found_where_they_are_identifiers(text: str, expected: str) -> None:
    assert deidentify(text).text == expected
