"""Named hospitals, employers and schools are found whole; clinics, units and devices that are only described stay."""

import pytest

from findings import found
from nosology.deidentification.detectors.institutions import institutions


@pytest.mark.parametrize(
    ("text", "hospital"),
    [
        ("brought to Mercy General Hospital", "Mercy General Hospital"),
        ("at St. Brendan's Hospital for", "St. Brendan's Hospital"),
        ("transferred from Lakeview Medical Center", "Lakeview Medical Center"),
        ("AT LAKEVIEW HOSPITAL", "LAKEVIEW HOSPITAL"),
        ("sent to lakeview hospital by ambulance", "lakeview hospital"),
        ("discharged to Willow Creek Manor", "Willow Creek Manor"),
        ("followed at Mayo Clinic", "Mayo Clinic"),
        ("an outside film from MGH", "MGH"),
        ("Beth Israel Deaconess Medical Center", "Beth Israel Deaconess Medical Center"),
        ("Children's Hospital of Dunmore", "Children's Hospital of Dunmore"),
        ("Hospital for Ashby", "Hospital for Ashby"),
        ("at Our Lady of Lourdes", "Our Lady of Lourdes"),
        ("Ashby Dialysis Center", "Ashby Dialysis Center"),
        ("the Tuscaloosa VA", "Tuscaloosa VA"),
        ("was seen at Ashgrove", "Ashgrove"),
        ("notes of the Dunmore General Hospital", "Dunmore General Hospital"),
    ],
)
def test_a_named_hospital_is_found_whole(text: str, hospital: str) -> None:
    assert found(institutions, text) == [("HOSPITAL", hospital)]


@pytest.mark.parametrize(
    ("text", "organization"),
    [
        ("works at Ridgeline Plumbing", "Ridgeline Plumbing"),
        ("works for Dunmore Logistics, Inc. as", "Dunmore Logistics, Inc."),
        ("owner of Okafor and Sons LLC", "Okafor and Sons LLC"),
        ("employee of General Electric", "General Electric"),
        ("retired from Ford", "Ford"),
        ("insured by Bluestone Mutual", "Bluestone Mutual"),
        ("attends Ashby High School", "Ashby High School"),
        ("a teacher at Pine Ridge Elementary School", "Pine Ridge Elementary School"),
        ("at the University of Dunmore", "University of Dunmore"),
        ("went to Wharton College", "Wharton College"),
        ("a teller at the Bank of Ashby", "Bank of Ashby"),
    ],
)
def test_a_named_organization_is_found_whole(text: str, organization: str) -> None:
    assert found(institutions, text) == [("ORG", organization)]


@pytest.mark.parametrize(
    "text",
    [
        "seen in Pain Clinic",
        "at the Outpatient Surgery Center",
        "Emergency Department and Intensive Care Unit",
        "Department of Surgery",
        "the Dialysis Center",
        "taken to Memorial Hospital",
        "HOSPITAL COURSE:",
        "Hospital Course",
        "transferred to rehab",
        "transferred from Florida",
        "presented to Dr. Okafor",
        "retired from work",
        "a St. Jude valve",
        "took St. John's wort",
        "ST elevation in V2",
        "ST Segment depression",
        "VA 20/40 in both eyes",
        "Foley Catheter",
        "referred to Parkinson clinic",
        "seen by Cardiology Clinic",
        "Physical Therapy and Rehab",
    ],
)
def test_what_is_described_but_not_named_stays(text: str) -> None:
    assert found(institutions, text) == []


def test_the_article_stays_outside_a_name() -> None:
    assert found(institutions, "She was at the Elmhurst Clinic.") == [("HOSPITAL", "Elmhurst Clinic")]


def test_a_heading_with_a_word_for_a_hospital_is_no_name_where_the_rest_has_letter_case() -> None:
    text = "BRIEF HOSPITAL COURSE: the patient was seen and did well in the following days."
    assert found(institutions, text) == []
