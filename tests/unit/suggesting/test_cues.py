"""Which sentences deny a diagnosis and which tell it of a relative: each cue, how far it reaches, and what stops it."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nosology.suggesting.context import Context, context_of, is_negated, is_of_family

# The mention stands between brackets; they are taken out before the sentence is read.
DENIED = [
    "Denies: [migraine], fever.",
    "No [pneumonia].",
    "There is no evidence of [pulmonary embolism] on CT.",
    "No signs of [sepsis] at any time.",
    "No sign of [cellulitis].",
    "No history of [seizures].",
    "She has no known history of [stroke].",
    "No symptoms of [angina].",
    "No complaints of [dysuria].",
    "No findings for [endocarditis] on the echo.",
    "He denies [hemoptysis].",
    "She denied fever, chills, or [vertigo].",
    "Denying [depression] throughout.",
    "Abdomen soft without [ascites].",
    "She never had [tuberculosis].",
    "Biopsy negative for [malignancy].",
    "Margins free of [carcinoma].",
    "The absence of [ischemia] was reassuring.",
    "Lungs clear, absent [effusion].",
    "Troponins rule out [infarction].",
    "Serial enzymes ruled out for [infarction].",
    "Scan lacks [hydronephrosis].",
    "The film fails to show [pneumothorax].",
    "Ultrasound failed to mention gallstones and did not show [cholecystitis].",
    "Neither rash nor [arthritis].",
    "The patient didn't have [delirium].",
    "The patient didn’t have [delirium].",
    "This isn't [gout].",
    "Head CT unremarkable for [hemorrhage].",
    "MRI excludes [osteomyelitis].",
    "NO EVIDENCE OF [PNEUMONIA].",
    "[Pneumonia] was ruled out.",
    "[Pneumonia] has been excluded.",
    "[Endocarditis] was not seen on the echo.",
    "[Fractures] were not identified.",
    "[Appendicitis] is unlikely.",
    "[Effusion] absent.",
    "[Hepatitis]: negative.",
    "[Diabetes]: none",
    "[Asthma]: denies",
    "[Embolism] on the left was excluded.",
]
AFFIRMED = [
    "[Pneumonia] is not ruled out.",
    "[Pneumonia] has not been ruled out.",
    "[Endocarditis] could not be excluded.",
    "[Endocarditis] is not excluded.",
    "Could not exclude [pneumonia].",
    "Has not ruled out [pneumonia].",
    "We can't rule out [sepsis].",
    "Patient has [pneumonia].",
    "Treated for [sepsis] with vancomycin.",
    "No fever; [pneumonia] on the left.",
    "No fever but [pneumonia] on the left.",
    "No fever. Large [effusion] on the right.",
    "Denies chest pain, however [angina] is known.",
    "No rash although [cellulitis] was treated.",
    "Without fever except for [pneumonia].",
    "No complaints aside from [migraine].",
    "Not eating because [pancreatitis] hurts.",
    "No urine output due to [renal failure].",
    "Does not walk secondary to [stroke].",
    "Not able to speak, presented with [stroke].",
    "She has no relatives here, admitted with [pneumonia].",
    "Never smoked, now [lung cancer].",
    "No change in [heart failure].",
    "No further [bleeding] from the known ulcer.",
    "No increase in the [aneurysm].",
    "No longer hides the [alcoholism].",
    "Not only [asthma] but allergies.",
    "We are not certain of [lupus].",
    "No doubt this is [gout].",
    "Tolerated surgery without complications for [appendicitis].",
    "We cannot rule out [infarction].",
    "This does not rule out [infarction].",
    "[Infarction] cannot be ruled out.",
    "[Infarction] cannot be excluded.",
    "[Heart failure], no fever.",
    "[Pneumonia] treated with antibiotics for ten days, cough later absent.",
    "Notable for [anemia].",
    "Known [asthma].",
    "Nodular [goiter].",
    "A non-smoker with [emphysema].",
    "Abnormal film with [pneumonia].",
]
OF_RELATIVES = [
    "Mother had [breast cancer].",
    "Her father died of [infarction] at 50.",
    "Two brothers with [hemophilia].",
    "A sister has [lupus].",
    "An aunt and an uncle had [diabetes].",
    "Maternal grandmother with [stroke].",
    "Paternal uncle: alive, a cousin with [epilepsy].",
    "Parents both have [hypertension].",
    "Relatives with [colon cancer].",
    "There is a family history of [glaucoma].",
    "Family history: [diabetes].",
    "FAMILY MEDICAL HISTORY: positive; [gout] in many.",
    "Family Hx: [asthma], eczema.",
    "FHx: [melanoma].",
    "FH of [stroke].",
    "One daughter, well, one son with [asthma].",
]
NOT_OF_RELATIVES = [
    "Patient has [breast cancer].",
    "Mother is well; [diabetes] since 1990.",
    "Mother is well but he has [diabetes].",
    "Brought in by his mother with [asthma].",
    "Accompanied by her daughter for [dementia].",
    "According to the wife and sons, [confusion] began Monday.",
    "Per his brother he has had [seizures].",
    "Lives with his father, has [gout].",
    "[Dementia] worries her daughter.",
    "He fathered children despite [hypogonadism].",
    "The grandson and the reason for [depression] are unclear.",
    "A person with [anemia].",
]


def bracketed(marked: str) -> tuple[str, int, int]:
    """Return a sentence without its brackets, and where what they held begins and ends."""
    before, rest = marked.split("[")
    mention, after = rest.split("]")
    return before + mention + after, len(before), len(before) + len(mention)


@pytest.mark.parametrize("marked", DENIED)
def test_what_a_clinician_denies_is_denied(marked: str) -> None:
    assert is_negated(*bracketed(marked))


@pytest.mark.parametrize("marked", AFFIRMED)
def test_what_a_clinician_affirms_is_not_denied(marked: str) -> None:
    assert not is_negated(*bracketed(marked))


@pytest.mark.parametrize("marked", OF_RELATIVES)
def test_what_a_relative_had_is_the_relatives(marked: str) -> None:
    sentence, start, end = bracketed(marked)
    assert is_of_family(sentence, start)
    assert context_of(sentence, [(start, end)]) == Context(family_history=True)


@pytest.mark.parametrize("marked", NOT_OF_RELATIVES)
def test_a_relative_elsewhere_in_the_sentence_leaves_the_diagnosis_to_the_patient(marked: str) -> None:
    sentence, start, end = bracketed(marked)
    assert context_of(sentence, [(start, end)]) == Context()


@pytest.mark.parametrize("marked", ["No family history of [gout].", "Mother never had [gout].", "FH: no [gout]"])
def test_a_relative_can_be_denied_a_diagnosis_too(marked: str) -> None:
    sentence, start, end = bracketed(marked)
    assert context_of(sentence, [(start, end)]) == Context(negated=True, family_history=True)


@pytest.mark.parametrize("marked", [*DENIED, *AFFIRMED, *OF_RELATIVES, *NOT_OF_RELATIVES])
def test_capitals_change_nothing(marked: str) -> None:
    sentence, start, end = bracketed(marked)
    for written in (sentence.upper(), sentence.lower()):
        assert context_of(written, [(start, end)]) == context_of(sentence, [(start, end)])


@pytest.mark.parametrize(("gap", "is_denied"), [(0, True), (70, True), (140, True), (155, False), (200, False)])
def test_a_cue_far_before_a_mention_belongs_to_something_else(gap: int, is_denied: bool) -> None:
    filler = ("fever or " * 40)[:gap].replace(" ", "_")
    sentence = f"No {filler} gout"
    assert is_negated(sentence, sentence.index("gout"), len(sentence)) is is_denied


@pytest.mark.parametrize("words", range(6))
def test_at_most_three_words_stand_between_a_mention_and_its_denial(words: int) -> None:
    sentence = f"Gout {' '.join(['toe'] * words)} was excluded".replace("  ", " ")
    assert is_negated(sentence, 0, 4) is (words <= 3)


@pytest.mark.parametrize("last", ["no gout", "gout was ruled out", "never gout"])
def test_a_sentence_is_denied_only_where_every_mention_is(last: str) -> None:
    denied, mixed = f"No gout; {last}", f"Has gout; {last}"
    for sentence, expected in ((denied, True), (mixed, False)):
        first, second = sentence.index("gout"), sentence.rindex("gout")
        spans = [(first, first + 4), (second, second + 4)]
        assert context_of(sentence, spans).negated is expected
        assert context_of(sentence, iter(reversed(spans))).negated is expected, "order and kind do not matter"


def test_a_sentence_is_of_a_relative_only_where_every_mention_is() -> None:
    sentence = "Mother had gout; he has gout."
    first, second = sentence.index("gout"), sentence.rindex("gout")
    assert context_of(sentence, [(first, first + 4)]).family_history
    assert not context_of(sentence, [(first, first + 4), (second, second + 4)]).family_history


PIECES = [
    "no",
    "not",
    "mother",
    "gout",
    "fever",
    "but",
    ";",
    "ruled out",
    "was",
    "FH",
    "cannot be",
    "ſ",
    "İ",
    "🫀",
    ",",
]
SENTENCES = st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join) | st.text(max_size=80)


@given(SENTENCES, st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=4))
def test_a_sentence_is_marked_exactly_where_every_mention_is(sentence: str, spans: list[tuple[int, int]]) -> None:
    context = context_of(sentence, spans)
    assert context.negated == (bool(spans) and all(is_negated(sentence, *span) for span in spans))
    assert context.family_history == (bool(spans) and all(is_of_family(sentence, start) for start, _ in spans))


@given(SENTENCES, SENTENCES)
def test_a_semicolon_keeps_whatever_stands_before_it_from_a_mention(before: str, after: str) -> None:
    assume(not before.lstrip().lower().startswith(("fh", "family")))
    sentence = f"{before}; gout {after}"
    start = len(before) + 2
    assert is_negated(sentence, start, start + 4) == is_negated(f"gout {after}", 0, 4)
    assert not is_of_family(sentence, start)


@given(SENTENCES, SENTENCES)
def test_nothing_behind_a_mention_makes_it_a_relatives(before: str, after: str) -> None:
    start = len(before) + 1
    assert is_of_family(f"{before} gout {after}", start) == is_of_family(f"{before} gout", start)


@given(st.lists(st.sampled_from(["he", "has", "gout", "and", "fever", "today", "severe"]), min_size=1, max_size=20))
def test_words_without_a_cue_mark_nothing(words: list[str]) -> None:
    sentence = " ".join(words)
    assert context_of(sentence, [(0, len(words[0])), (len(sentence), len(sentence))]) == Context()
