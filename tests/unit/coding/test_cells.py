"""Codes in cells as tables have them. The cells were written before the code that reads them."""

import pytest

from nosology.coding.cells import codes_in, is_list_of_numbers

TEN = {
    "I21.4": ["I214"],
    " i214 ": ["I214"],
    "I21.4, E11.9": ["I214", "E119"],
    "I214 E119  N179": ["I214", "E119", "N179"],
    "I21.4; E11.9|N17.9": ["I214", "E119", "N179"],
    "I21.4/E11.9": ["I214", "E119"],
    "I21.4 / E11.9": ["I214", "E119"],
    "I21.4^E11.9": ["I214", "E119"],
    "I21.4\nE11.9": ["I214", "E119"],
    # lists as programs print them
    "['I214', 'E11.9']": ["I214", "E119"],
    '["I21.4","E11.9"]': ["I214", "E119"],
    "[I214, E119]": ["I214", "E119"],
    "('I21.4',)": ["I214"],
    "{'E11.9', 'I21.4'}": ["E119", "I214"],
    "[]": [],
    # prefixes
    "ICD10: I21.4": ["I214"],
    "ICD-10-CM:I21.4": ["I214"],
    "ICD10CM|I21.4": ["I214"],
    "ICD-10 I21.4": ["I214"],
    "icd10:I21.4, icd10:E11.9": ["I214", "E119"],
    # titles
    "Acute myocardial infarction (I21.4)": ["I214"],
    "Acute myocardial infarction [I21.4]": ["I214"],
    "I21.4 - Acute myocardial infarction": ["I214"],
    "I21.4: acute myocardial infarction": ["I214"],
    "I21.4 Acute myocardial infarction, unspecified": ["I214"],
    "I214 Acute myocardial infarction": ["I214"],
    "Acute myocardial infarction - I21.4": ["I214"],
    "Acute myocardial infarction I214": ["I214"],
    "(I21.4) Acute myocardial infarction": ["I214"],
    "NSTEMI (I21.4); Type 2 diabetes (E11.9)": ["I214", "E119"],
    "I21.4 NSTEMI, E11.9 Type 2 diabetes": ["I214", "E119"],
    # words that look like codes
    "Vitamin B12 deficiency anemia (D51.9)": ["D519"],
    "Vitamin B12 deficiency anemia D51.9": ["D519"],
    "D519 Vitamin B12 deficiency anemia": ["D519"],
    "B12 deficiency": [],
    "Low T4, goiter": [],
    "C3 glomerulonephritis": [],
    "A1C above goal (E11.65)": ["E1165"],
    "HbA1c 9 %": [],
    "fracture of T12 (S22.08)": ["S2208"],
    "type 2 diabetes": [],
    # marks of the German and WHO editions
    "N17.-": ["N17"],
    "N17.9-": ["N179"],
    "N17.9 G": ["N179"],
    "J20.9 V": [],
    "I10 A": [],
    "E11.3+ H36.0*": ["E113", "H360"],
    "H36.0* E11.3†": ["E113", "H360"],
    "B96.2! N39.0": ["N390", "B962"],
    "I84.9": ["I849"],
    # nothing
    "": [],
    "unknown": [],
    "N/A": [],
    "-": [],
}
NINE = {
    "0389": ["0389"],
    "038.9": ["0389"],
    "410.71; 428.0": ["41071", "4280"],
    "['41071', '4280']": ["41071", "4280"],
    "Septicemia (038.9)": ["0389"],
    "038.9 Septicemia NOS": ["0389"],
    "ICD9:V58.61": ["V5861"],
    "E812.0/E849.5": ["E8120", "E8495"],
    "38.93": [],
}


@pytest.mark.parametrize(("cell", "codes"), TEN.items())
def test_codes_of_icd_10_are_read_from_a_cell(cell: str, codes: list[str]) -> None:
    assert codes_in(cell, 10) == codes


@pytest.mark.parametrize(("cell", "codes"), NINE.items())
def test_codes_of_icd_9_are_read_from_a_cell(cell: str, codes: list[str]) -> None:
    assert codes_in(cell, 9) == codes


def test_a_list_of_numbers_is_told_from_one_of_codes() -> None:
    assert is_list_of_numbers("[389, 4280]")
    assert is_list_of_numbers("[389.0]")
    assert not is_list_of_numbers("['389', '4280']")
    assert not is_list_of_numbers("389")
