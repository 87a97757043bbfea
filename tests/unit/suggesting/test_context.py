"""How sentences speak of a diagnosis: denied, of another person, past, uncertain, or none of these.

The mention stands between brackets; they are taken out before the sentence is read.
"""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.suggesting.context import Context, context_of, has_cue, mark

AFFIRMED, DENIED, RELATIVE = Context(), Context(negated=True), Context(family_history=True)
OPEN = Context(uncertain=True)

SENTENCES: dict[Context, list[str]] = {
    Context(negated=True): [
        "No evidence of [pulmonary embolism] on imaging.",
        "Patient denies any [chest pain] or palpitations at rest.",
        "Denies: [chest pain], nausea.",
        "No obvious [fracture] seen on plain films.",
        "Parents deny [vomiting].",
        "Neither [jaundice] nor ascites was present.",
        "[Ascites] and jaundice were not present.",
        "There has never been any [haematemesis].",
        "She has never had [asthma].",
        "[DVT] excluded on doppler.",
        "Doppler excluded [DVT].",
        "[Stroke] has been ruled out by MRI.",
        "MRI ruled out [stroke].",
        "The picture argues against [meningitis].",
        "It is doubtful that this represents [angina].",
        "[Pneumonia] is doubtful.",
        "[Lupus] is thought unlikely.",
        "Very low suspicion of [sepsis].",
        "Not suggestive of [angina].",
        "No pain, no [swelling].",
        "(-) [fever]",
        "-ve for [ketones]",
        "Nil [oedema].",
        "∅ [edema]",
        "[Troponin rise] (-)",
        "[Babinski sign] negative bilaterally.",
        "[Clots]: nil",
        "[Organomegaly] was not appreciated.",
        "The biopsy did not demonstrate [malignancy].",
        "He is not [jaundiced].",
        "He hasn't experienced [syncope].",
        "The scan is clear of [metastases].",
        "Unable to identify any [thrombus].",
        "There's no [rash].",
        "We do not think this is [appendicitis].",
        "I don't believe she has [lupus].",
        "No SOB/CP/[palpitations].",
        "No nausea/[vomiting]/diarrhea.",
        "Afebrile, without [rigors].",
        "Patient without complaint of [headache].",
        "Absence of [papilloedema] noted.",
        "[Papilloedema] absent.",
        "Nor did she have [tinnitus].",
        "Did not develop [delirium].",
        "No h/o [seizures].",
        "Unlikely [gallstones].",
        "Improbable that he has [TB].",
    ],
    Context(): [
        "No nausea but has [vomiting].",
        "No nausea, but [vomiting] continues.",
        "Denies fever yet has [rigors].",
        "While there is no rash, [itching] is severe.",
        "No wheeze; [crackles] at both bases.",
        "Lungs clear with no wheeze. [Crackles] later.",
        "He cannot walk because of [foot drop].",
        "She did not attend due to [depression].",
        "Does not drink alcohol, has [cirrhosis].",
        "Lifelong non-smoker with [lung cancer].",
        "Never drank; [pancreatitis] due to gallstones.",
        "Not taking his metformin for [diabetes].",
        "Not currently on treatment for [hypertension].",
        "Declined surgery for [hernia].",
        "Aspirin withheld, [GI bleed].",
        "No known drug allergies, [asthma] well controlled.",
        "Allergic to penicillin but not to eggs, [asthma].",
        "No increase in [dyspnoea].",
        "No further [bleeding] from the ulcer.",
        "Without improvement in [cough].",
        "[Pain] not relieved by paracetamol.",
        "[Asthma] not well controlled.",
        "[Hypertension] not treated.",
        "The [wound infection] has not healed.",
        "[Seizures] have not stopped.",
        "Not without [nausea].",
        "Never denied [alcohol use].",
        "She is not free of [pain].",
        "+ve for [influenza A].",
        "(+) [nausea], (-) vomiting",
        "+ [wheeze]",
        "[Fever] present.",
        "[Crackles]: positive",
        "c/o [headache] x3d",
        "Known [T2DM], no retinopathy.",
        "[Dyspnea] at rest, no chest pain.",
        "[Headache] without neck stiffness.",
        "[Cough] but no fever.",
        "No murmurs, [hepatomegaly] is present.",
        "Chest x-ray showed no effusion but did show [consolidation].",
        "Although he denies it, [alcohol dependence] is evident.",
        "No chest pain although [dyspnoea] persists.",
        "[Asthma] since childhood.",
        "[Diabetes] diagnosed in 2010, on metformin.",
        "Three-day history of [cough].",
        "2 week history of [weight loss].",
        "[Cough] for the past 3 days.",
        "74 year old with [COPD].",
        "Former smoker with [COPD].",
        "[Rash] unchanged from previous visit.",
        "History of presenting complaint: [chest pain].",
        "The patient's wife says he has [confusion].",
        "Husband noticed [jaundice].",
        "Collateral from daughter: increasing [confusion].",
        "Her mother is concerned about [weight loss].",
        "Brought by wife with [chest pain].",
        "Seen with her mother for [eczema].",
        "Daughter present; [dementia] discussed.",
        "Mother of two, [anaemia].",
        "He is a father of three with [gout].",
        "Looks after his mother, has [back pain].",
        "Living with parents, [schizophrenia] stable.",
        "Partner called ambulance for [seizure].",
        "G2P1 mother with [pre-eclampsia].",
    ],
    Context(uncertain=True): [
        "Cannot exclude [PE].",
        "[PE] can't be excluded.",
        "[Fracture] not excluded.",
        "[Malignancy] has not been ruled out.",
        "The scan does not rule out [ischaemia].",
        "Unable to rule out [torsion].",
        "X-ray to exclude [fracture].",
        "[MI] to be ruled out.",
        "Rule out [sepsis].",
        "r/o [ACS]",
        "Possible [cholecystitis].",
        "[Cholecystitis] possible.",
        "Likely [viral gastroenteritis].",
        "Suspected [PE], CTPA pending.",
        "Concern for [abscess].",
        "Query [appendicitis].",
        "? [UTI]",
        "[UTI]?",
        "Might be [gout].",
        "This may represent [cellulitis].",
        "Working diagnosis: [pericarditis].",
        "Differential includes [lupus].",
        "Suggestive of [pneumonia].",
        "[Pneumonia] is suspected.",
        "If [bleeding] recurs, come back.",
        "Seek help if you develop [chest pain].",
        "Watch for [fever].",
        "CTPA to look for [PE].",
        "Being worked up for [myeloma].",
        "[TB] remains possible.",
        "In case of [seizure] give lorazepam.",
        "It is unclear whether this is [sarcoidosis].",
        "Inability to exclude [aortic dissection].",
        "Could be [croup].",
        "Screening for [diabetes] requested.",
        "Awaiting MRI to exclude [cord compression].",
    ],
    Context(history=True): [
        "h/o [MI].",
        "Hx of [DVT].",
        "PMH: [MI], CABG.",
        "Past medical history of [stroke].",
        "S/P [appendicitis] 1999.",
        "Status post [hip fracture].",
        "Prior [stroke].",
        "Old [anterior infarct] on ECG.",
        "Had [measles] as a child.",
        "[Pneumonia] three years ago.",
        "In 2003 she had [breast cancer].",
        "In 2003, she had [breast cancer].",
        "[Hepatitis B] in childhood.",
        "[Hodgkin lymphoma] in remission since 2012.",
        "Recovered from [pneumonia].",
        "The [cellulitis] has cleared.",
        "[Cough] resolved.",
        "[AKI], now resolved.",
        "Resolved [AKI].",
        "Previously had [ulcers].",
        "She used to suffer from [migraine].",
        "He no longer has [asthma].",
        "Childhood [asthma].",
        "[Gestational diabetes] during her second pregnancy.",
        "Fully recovered from [Guillain-Barre syndrome].",
        "Long ago had [rheumatic fever].",
        "[Shingles] last year.",
        "Diagnosed with [TB] in 1990 and treated.",
        "He survived [testicular cancer].",
    ],
    Context(family_history=True): [
        "Mother: [breast cancer].",
        "Father died of [MI] aged 50.",
        "His dad had [gout].",
        "Grandad with [Parkinson's disease].",
        "Wife has [influenza].",
        "Sister-in-law had [TB].",
        "[Breast cancer] in her mother.",
        "[Colon cancer] (father).",
        "Family hx positive for [glaucoma].",
        "Positive family history for [CAD].",
        "Maternal aunt: [lupus].",
        "Both parents had [hypertension].",
        "FH: [DM], CAD.",
        "Her son has [autism].",
        "A cousin has [epilepsy].",
        "Housemate has [scabies].",
        "Nan had [dementia].",
        "His stepfather has [COPD].",
        "[Melanoma] runs in the family.",
        "Brother, who has [asthma], visits.",
        "Mother's [breast cancer] was genetic.",
        "Exposed to a colleague with [tuberculosis].",
    ],
    Context(negated=True, family_history=True): [
        "No family history of [breast cancer].",
        "Father does not have [diabetes].",
        "FHx negative for [colon cancer].",
    ],
    Context(family_history=True, history=True): [
        "Mother had [breast cancer] in 1999.",
    ],
}
FIELDS = {"negated": "negated", "family": "family_history", "history": "history", "uncertain": "uncertain"}


def written_before_the_rules() -> list[tuple[str, Context]]:
    """Return the probes of double denials, doubt, kin, informants and the past, that later rules were written after."""
    text = (Path(__file__).parents[2] / "fixtures" / "context_probes.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines()[1:]]
    return [(marked, Context(**{FIELDS[name]: True for name in marks.split()})) for _, marks, marked in rows]


PROBES = [(marked, context) for context, sentences in SENTENCES.items() for marked in sentences]
PROBES += written_before_the_rules()
UNRELATED = [
    "the wound is clean",
    "he has a good appetite",
    "the abdomen was soft",
    "no rash was seen",
    "his mother reports good sleep",
    "bowels were opened twice",
    "the chest is clear",
    "she denies pain",
]


def read(marked: str, *, before: str = "", behind: str = "") -> Context:
    """Return the marks of a bracketed sentence with something added."""
    lead, rest = marked.split("[")
    mention, tail = rest.split("]")
    start = len(before) + len(lead)
    return mark(before + lead + mention + tail + behind, start, start + len(mention))


def test_a_sentence_is_marked_as_a_clinician_reads_it() -> None:
    wrong = [(marked, read(marked), context) for marked, context in PROBES if read(marked) != context]
    assert wrong == []


@given(st.sampled_from(PROBES), st.sampled_from(UNRELATED), st.sampled_from(["; ", "\n", ". ", ", but ", ", however "]))
def test_an_unrelated_clause_behind_a_sentence_moves_no_mark(
    probe: tuple[str, Context], clause: str, joint: str
) -> None:
    marked, context = probe
    assert read(marked.rstrip("."), behind=joint + clause) == context


@given(st.sampled_from(PROBES), st.sampled_from(UNRELATED), st.sampled_from(["; ", "\n", ". ", ", but ", ", however "]))
def test_an_unrelated_clause_before_a_sentence_moves_no_mark(
    probe: tuple[str, Context], clause: str, joint: str
) -> None:
    marked, context = probe
    is_header = marked.lower().startswith(("fh", "family"))  # a header is one only where a sentence begins
    assert is_header or read(marked, before=clause + joint) == context


@given(st.text(max_size=60), st.text(min_size=1, max_size=10), st.text(max_size=60))
def test_any_text_can_be_read(before: str, mention: str, behind: str) -> None:
    context = mark(before + mention + behind, len(before), len(before) + len(mention))
    assert not (context.negated and (context.history or context.uncertain)), "what is denied is neither past nor open"


def test_capitals_move_no_mark() -> None:
    moved = [marked for marked, _ in PROBES if not read(marked.upper()) == read(marked) == read(marked.lower())]
    assert moved == []


@pytest.mark.parametrize(
    ("sentence", "mention", "expected"),
    [
        ("No evidence of pneumonia.", "pneumonia", DENIED),
        ("He denies chest pain, fever, or cough.", "cough", DENIED),
        ("Pneumonia was ruled out.", "Pneumonia", DENIED),
        ("DVT: negative.", "DVT", DENIED),
        ("CT without hemorrhage.", "hemorrhage", DENIED),
        ("Chest clear, no wheezes, pneumonia unlikely.", "pneumonia", DENIED),
        ("No fever; pneumonia on the left.", "pneumonia", AFFIRMED),
        ("No fever but pneumonia on the left.", "pneumonia", AFFIRMED),
        ("Patient has heart failure.", "heart failure", AFFIRMED),
        ("No change in heart failure.", "heart failure", AFFIRMED),
        ("Not only asthma.", "asthma", AFFIRMED),
        ("Pneumonia cannot be excluded.", "Pneumonia", OPEN),
        ("Known asthma, nodules on CT.", "asthma", AFFIRMED),
        ("Mother had breast cancer.", "cancer", RELATIVE),
        ("Family history: diabetes in two brothers.", "diabetes", RELATIVE),
        ("FH of stroke.", "stroke", RELATIVE),
        ("Brought in by his mother with asthma.", "asthma", AFFIRMED),
        ("Her asthma worries the daughter.", "asthma", AFFIRMED),
    ],
)
def test_a_mention_is_affirmed_denied_or_of_a_relative(sentence: str, mention: str, expected: Context) -> None:
    start = sentence.index(mention)
    assert context_of(sentence, [(start, start + len(mention))]) == expected


def test_one_affirmed_mention_is_enough() -> None:
    sentence = "No pneumonia last year, now pneumonia."
    first = sentence.index("pneumonia")
    second = sentence.rindex("pneumonia")
    assert context_of(sentence, [(first, first + 9)]).negated
    assert context_of(sentence, [(first, first + 9), (second, second + 9)]) == AFFIRMED


def test_a_sentence_without_a_mention_is_not_marked() -> None:
    assert context_of("No fever.", []) == AFFIRMED


def test_no_sentence_that_marks_something_is_passed_over_unread() -> None:
    marking = [marked for marked, context in PROBES if context not in (AFFIRMED, OPEN)]
    assert len(marking) > 100
    assert [marked for marked in marking if not has_cue(marked.replace("[", "").replace("]", ""))] == []
