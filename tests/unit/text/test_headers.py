"""Headers of diagnosis sections in many dresses; the section goes, and the next one stays."""

import pytest

from nosology.text.headers import diagnosis_sections
from nosology.text.sections import strip_diagnoses

STATED = [
    "PRINCIPAL DX:", "D/C Dx:", "**Discharge Diagnosis**", "<b>Discharge Diagnoses:</b>", "## Final diagnosis",
    "[Discharge Dx]", "1. Discharge diagnosis:", "DISCHARGE DIAGNOSES", "Discharge diagnosis -", "Cause of death:",
    "Diagnosis at discharge:", "Principal Problem:", "Final Dx -", "=== DIAGNOSES ===", "DISCHARGE DIAGNOSIS(ES):",
    "Discharge Diagnosis\n-------------------", "What you were treated for:", "Comorbidities:", "(Discharge diagnosis)",
]  # fmt: skip
FOLLOWING = [
    "Hospital Course:", "**Hospital Course**", "BRIEF HOSPITAL COURSE", "## Discharge Medications", "Disposition:",
    "Discharge Condition:", "Follow-up:", "Pending results:", "Allergies:", "Code status:", "<b>Plan</b>", "[Course]",
]  # fmt: skip


@pytest.mark.parametrize("between", ["\n", " "])
@pytest.mark.parametrize("header", STATED)
def test_a_section_that_states_the_diagnosis_goes_to_its_last_line(header: str, between: str) -> None:
    text = f"HPI: seen.\n\n{header}{between}gout\n2. Type 2 diabetes: stable\nSecondary: asthma\n\nPlan: rest\n"
    assert strip_diagnoses(text) == "HPI: seen.\n\nPlan: rest\n"


@pytest.mark.parametrize("header", FOLLOWING)
def test_the_next_section_stays_whatever_its_dress(header: str) -> None:
    kept = f"{header}\nShe did well.\n"
    assert strip_diagnoses(f"Discharge Diagnosis: gout\n{kept}") == kept


@pytest.mark.parametrize(
    "text",
    [
        "Differential diagnosis: gout\n",
        "Diagnostic studies: none\n",
        "Diagnosis of gout was made.\n",
        "Secondary: gout\n",
    ],
)
def test_what_states_no_diagnosis_stays(text: str) -> None:
    assert diagnosis_sections(text) == []


def test_an_unknown_header_ends_the_section() -> None:
    assert strip_diagnoses("Final Dx: gout\nQuality measures:\nbeta blocker\n") == "Quality measures:\nbeta blocker\n"
