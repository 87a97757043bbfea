"""The words of headers: those that name a section, those that name a disease, and titles that state a diagnosis.

A title's *head* is what it is about: "Summary of the stay" is a summary, "Wound infection" an infection, "Wound care" is
care. So the last word before the first preposition decides where a title has words of both kinds. Words of diseases
are those of the official titles of ICD rubrics and of the shipped abbreviations, less what titles of sections use too.
"""

# ruff: noqa: E501, SIM905 - a pattern is a list of wordings, one line each kind; a list of words is written as one text

import difflib
import re
from functools import lru_cache

from nosology.coding.rubrics import shipped_titles
from nosology.coding.terms import clinical_names

WORD = re.compile(r"[a-z]+(?:['’][a-z]+|/[a-z]+)*")
_JOINED = re.compile(r"\b(follow|work|check|x|post|pre|peri|intra)[- ](ups?|rays?|op|operative|procedur(?:e|al))\b")
_PREPOSITION = re.compile(
    r"\b(?:of|on|at|in|for|with|to|by|from|during|after|before|since|upon|per|about|when|while|the|your|this)\b|[@(]"
)
_DIAGNOSIS = re.compile(
    r"\b(?:diagnos[ie]s|diagnoses|diagnosed|diagnose|diag(?:n(?:os)?)?s?|diagnostic (?:labels?|statements?|opinions?|categor(?:y|ies)|impressions?|summary|formulation|list|codes?|conclusions?)|"
    r"(?!ddx)(?:[a-z]/)?[a-z]?dx(?:['’]?e?s)?|[psf]dx)\b"
)
_SPELLED = ("diagnosis", "diagnoses")
_MISSPELLED = re.compile(r"\bd[aegiknosy]{5,10}s\b")
_NEAR = 0.8  # share of letters in common, as difflib counts it: "dignosis", "diagonsis"; not "designs"
_RUN_TOGETHER = re.compile(r"\b(discharge|final|principal|primary|secondary|main|clinical|hospital)(diagnos[ei]s|dx)\b")
_COUNTED = re.compile(r"(?<=dx)\d{1,2}\b")
_ONCE = re.compile(r" (?:upon|after|following) .*$")  # "diagnosis after review" is one, "review of diagnoses" none
_AND = re.compile(r" ?(?:/|&|\+|\band\b) ?")
_WHEN = re.compile(r"(?<=\w) (?:as per|per|at|on|upon|during|in|for|from|after|before|since)\b.{0,40}$")
_QUALIFIED = (
    r"(?:(?:my|your|the|his|her|their|all|any|other|and|or|known|new|old|active|inactive|acute|chronic|current|resolved|ongoing|long[- ]term|"
    r"principal|primary|main|major|secondary|additional|associated|underlying|relevant|significant|pertinent|important|medical|health|"
    r"hospital|hospitalization|discharge|final|clinical|surgical|psychiatric|co-?existing|concurrent|concomitant|contributing|pre-?existing|"
    r"existing|identified|treated|stable|related|comorbid|co-?morbid|inpatient|admission|treatment|active|icd|confirmed|overall|(?:post|pre)-?\s?\w+)[ /,&+-]+(?:& )?)"
)
_AFTER = r"(?:(?: |/|, ?)(?:list|summary|treated|managed|present|identified|addressed|found|noted|at|on|this|during|the|time|of|for|in|your|hospital|hospitalization|admission|discharge|stay|visit|death|transfer|encounter|episode))*"
_STATED = re.compile(
    rf"^(?!discharge conditions?$)(?:(?:treated|managed) for|(?:trauma|injury) list|list of (?:all |active |medical )*(?:problems|injuries|conditions)|(?:the )?(?:immediate |underlying |final |probable |primary |main |contributing |direct )*causes? of (?:the )?death|c\.?o\.?d|"
    rf"(?:discharge|final|clinical|overall|diagnostic|summary|concluding|hospital|physician'?s?|doctor'?s?) (?:clinical |diagnostic )?impressions?{_AFTER}|"
    rf"(?:(?:final|discharge|clinical|medical|diagnostic|overall) )+conclusions?{_AFTER}|final (?:clinical |medical )?assessment|"
    rf"(?:(?:active|acute|medical|hospital|inpatient|other|main) )*issues (?:treated|managed){_AFTER}|"
    rf"(?:final |clinical |discharge )?impressions? (?:at|on|upon) (?:the )?(?:time of )?(?:discharge|d/?c|death|transfer)|"
    rf"{_QUALIFIED}+problems?{_AFTER}|problems?(?: list)?{_AFTER}|"
    rf"{_QUALIFIED}*(?:co-?morbs?|(?:co-?|multi)morbid(?:s|it(?:y|ies)| conditions?| diseases?| illness(?:es)?| problems?)){_AFTER}|"
    rf"{_QUALIFIED}+(?:conditions|diseases|illnesses|disorders){_AFTER}|(?:(?:the )?(?:name|nature|type|kind) of (?:the )?)?(?:diseases?|disorders?)(?: list)?|(?:the )?(?:name|nature|type|kind) of (?:the )?(?:illness|injury|condition)|"
    rf"(?:chronic|underlying|principal|primary|main|secondary|associated|treated) condition{_AFTER}|"
    rf"conditions{_AFTER}|your (?:illness|conditions?|health problems?)|injuries(?: list| sustained| identified| found)?|"
    r"(?:conditions?|illness|problem|disease)s? (?:\w+ly )?(?:responsible|accounting|treated|requiring|prompting|leading)\b.{0,50}|"
    r"(?:[a-z]+(?:al|ic|ive|ary) )+(?:problems?|conditions|issues) (?:at|on|upon) (?:discharge|d/?c|death|transfer)|"
    r"(?:conditions?|illness(?:es)?|problems?|diseases?)(?: that)? (?:we|you|were|was|had|have|are|treated|diagnosed|present|identified)\b.{0,50}|"
    r"(?:the |main |primary )*reasons? (?:that |why )?(?:you|we) (?:were|had|have|are|needed|stayed|came)\b.{0,50}|"
    r"(?:the |main |primary )*reasons? for (?:your|this|the) (?:hospital |current )?(?:stay|hospitali[sz]ation|illness|death)|"
    r"(?:what|why) (?:you|we) (?:were|had|have|are|found|treated|stayed|needed|diagnosed)\b.{0,50}|what(?: was|'s|’s| is| went)? wrong(?: with you)?|"
    r"what (?:is|was) the matter(?: with (?:you|me))?|what (?:made|kept) you .{0,40}|what your (?:doctor|team|doctors) found|"
    r"(?:you|we|(?:the )?(?:patient|pt)) (?:were|was|have been|had been|are being|have)? ?(?:treated|cared|diagnosed|hospitali[sz]ed|admitted|found|in the hospital|here)"
    r"(?: you| the patient)?(?: for| with| to have| because(?: of)?| due to)+|"
    r"(?:primary |principal |billing |final |discharge |diagnostic )*(?:icd|(?:ms-?|apr-?)?drgs?|icd(?:-?\s?(?:9|10|11))?(?:-?\s?(?:cm|am|gm))?)(?: ?[-/]? ?(?:9|10|11))?(?:-?\s?(?:cm|am|gm))?(?: diagnos[a-z]+)?(?: codes?| coding| list)?|"
    r"(?:codes?|coding) \(?icd.{0,12}|axis [iv]+|axes)$"
)
_CONDITIONS = re.compile(
    rf"(?P<which>(?:[\w'’-]+\.?[ /,&]+){{1,4}})(?:problems?|probs?\.?|conditions|diseases|illnesses|disorders){_AFTER}(?: while in hospital)?$"
)
_NOT_CONDITIONS = frozenset(
    """
    past previous earlier former social financial legal local environmental weather technical practical potential possible anticipated expected working financial language
    behavioural behavioral learning inherited hereditary no without marital parental domestic economic traffic road relationship communication supply delivery access
    """.split()
)
_MOST_DESCRIBING = 2
_QUALIFIERS = frozenset(
    """
    a about active acute additional admission admit admitted admitting after all also and any associated at axis based billing chronic clinical cm code coded codes coexisting
    complete concurrent confirmed contributing comorbid current d date death dc definitive dental departure describe detailed d/c dis disch discharge discharged dsm
    postprocedure preprocedure postprocedural disease diseases eating ed encounter established et etiologic final first following for from general hosp hospital icd impression
    impressions in including inpatient injuries injury interim is it known leading leaving list listed main major medical mental most my new no nos number obstetric of on
    oncologic operative or other our overall own p pathologic patient's patient patients per physician post postop postoperative pre preop preoperative present presumed
    presumptive princ prim primary principal prior problem problems procedure provisional psych psychiatric reason relevant s sec second secondary separation significant stay
    summary surgical suspected tertiary the their these third this time transfer trauma importance order priority sequence follows pertinent treated treating underlying unit
    upon visit w we were with working you your
    """.split()
)
_NOT_STATED = frozenset(
    """
    differential differentials ddx studies study test tests testing imaging pending workup work-up plan procedures procedure history family education course instructions labs
    laboratory radiology evaluation management precautions nursing teaching results findings data medication medications meds awaiting treatment treatments date
    """.split()
)
_STRONG = frozenset(
    """
    activities activity admitted aftercare allergies allergy ambulation appointment appointments appts appt assessment attending bloods care clinic communication complaint
    complaints consult consultant consultants consultation consultations consults contact contacts counseling counselling course cultures date dc'd destination diet dietary
    directives discharge disposition dispo drugs echo ecg education ekg equipment evaluation exam examination exams facility follow follow-up followup f/u fu goals handoff
    history hpi imaging immunisations immunization immunizations instructions interventions investigations investigation lab laboratory labs management measures medication
    medications meds micro microbiology monitoring mri narrative needs notes note nursing operation operations ops orders outcome outcomes outpatient overview parameters
    pathology pcp pharmacy physician plan plans planning pmh pmhx precautions prescription prescriptions procedure procedures prognosis progress provider providers psh pshx hx
    o/e questions radiology recommendations recommendation referral referrals rehab rehabilitation resuscitation results ros rx safety screening services service studies study
    summary supplies surgeries surgery teaching team tests therapies therapy transportation treatment treatments triage vaccinations vaccination vaccines vitals x-ray xray
    xrays ct ultrasound a/p ap cc fhx shx labs/imaging culture echocardiogram echocardiography electrocardiogram angiogram angiography catheterization cath endoscopy
    colonoscopy egd biopsy biopsies ultrasonography doppler spirometry pft pfts eeg emg telemetry scan scans film films cxr kub cbc bmp cmp lfts chemistry chemistries
    hematology urinalysis coags serology dme placement specialists specialist screen screens reconciliation discussion conclusion conclusions remarks timeline synopsis
    handover sign-out alerts highlights actions todo pharmacist prophylaxis regimen schedule protocol caregiver caregivers enclosures attachments addendum meals dietitian
    transport prehospital employment school residence hospice proxy interpreter language apgar apgars implants ventilation oxygen monitors goal targets target adls adl
    antibiotics anesthesia anaesthesia function functions nurse nurses doctor surgeon anaesthetist pack pump survey outlook pets anaesthetic anaesthetics anesthetic epidural
    coordinator counsellor secretary midwife obstetrician paediatrician geriatrician matron dentist optician audiology advice agenda aims analgesia anticoagulation belongings
    bloodwork board briefing bundle capacity carers ceiling certificate chart chase check checks checklist chronology circumstances clinician closure collateral consent
    context control correspondence coverage criteria debrief declaration department dietetics dietician directive director dressing enquiries escalation feedback finances
    flowsheet footwear guidance handling handout hobbies housing hygiene images input inspection instruction interview introduction itinerary jobs journey justification kin
    kit leaflet leaflets liaison licence logistics maintenance meeting meetings menu mobilisation mobilization nok objectives obs observations organisation paperwork parking
    pathway pathways permission permissions physio physiotherapy podiatry policy practitioner preferences preparation prevention priorities process profile program programme
    proposal provision psychology purpose queries reading receipt reflections representative requests requirements resources reviews reasoning rota roster rounds routine
    samples scale scales score scores self-care set-up setup settings situation slt specifics staging strategy sutures swab swabs tablets takeaways theatre therapist thoughts
    titration tips topics tto ttos tta ttas ttah transcript trend trends understanding update values verification video views visitors wishes workload workup writer uss tte
    tee ctpa mrcp ercp holter duplex dexa mammogram pocus bronchoscopy dip urine nutritionist chaplain chaplaincy bereavement registrar wardround vte news ews mews pews nihss
    gcs mmse moca phq barthel rankin braden waterlow background author cosigned dictated dictation transcribed copies copy vs review tasks reminders advice comment comments
    reactions intolerances remark addenda dosing chemotherapy rehabilitative prep appointments/follow-up
    """.split()
)
_SECTION_WORDS = _STRONG | frozenset(
    """
    admission advance all antibiotics arrangements attestation barriers behavior clearance code cognition complications condition cond consent data day deficits devices drains
    dressings duration electronically equipment events exercise family feeding findings fluids functional function general gp habits here home hospitalization hospitalisation
    icu immunization incision intake interval issues items leave length level life lifestyle lines living lives los medicine mobility next notify nutrition occupation
    overnight parameters patient pending pe performed pertinent physical presentation presenting prior products quality report reports response restrictions result return risk
    sh signature signed signs soc specimens staff stay status stopped stopping started starting stay steps supports support symptoms systems tasks team time to-do todo
    transfer transfusion transfusions transitional transition travel tx updates vaccine visit visits vital warning weight who where when what how why call wound wounds fh work
    events happened questions changed changes changes dates details demographics information insurance mental pain pills prescribed potential procedural psychosocial food
    drink growth hearing gait speech swallow swallowing balance orientation cognitive assistance aids glasses iv access catheters foley ostomy legal concerns guardian
    guardianship attorney palliative race ethnicity sex gender age dob mrn unit ward bed room location address phone fax resident intern nurse surgeon hospitalist job research
    trial trials control steroids ebl hardware prenatal antenatal maternity agency vna case manager worker letter letters disclaimer authentication version rationale
    description story decision decisions evolution trajectory handoffs key points action gp doctor doctors pt/ot ot slp i/o output inr csf abg ua wbc hgb social emergency stop
    start continue take taking avoid seek see bring keep use using ask remember reconciled episode chart record records identification id/cc subject re feeds feed things watch
    affect appetite attendance awareness behaviour beliefs birth bladder bm bms bowels breathing comfort continence delivery effects encounter evidence fit flags hydration
    independence markers mood movements nights numbers owner pulse pupils rate rates rhythm saturation saturations share sounds state states stools stockings supervision
    temperature tolerance transfers weights wellbeing skin sleep smoking spiritual subjective objective tobacco tubes bathing driving lifting eating
    """.split()
)
_ILL_ALONE = frozenset({"reaction", "intolerance"})  # "Adverse reactions" is a section, "Drug reaction" a disease
_LOOKED_AT = frozenset("ct mri mra xr us ultrasound cxr xray echo ecg ekg eeg emg pet".split())
_ASKING = frozenset(
    "when where how what who if call seek stop start continue take return avoid follow see please bring keep".split()
)
_TRAILING = frozenset(
    """
    performed given done stopped started changed held continued discontinued pending taken received completed obtained reviewed required ordered needed scheduled recommended
    administered provided used made overview planned initiated today s new old only below above list lists rendered seen leading still yet
    """.split()
)
_NAMING = re.compile(
    r"(?:[a-z]/)?(?:diag[a-z]*|[a-z]?dxs?|conditions?|problems?|co-?morbid[a-z]*|morbidities|causes?|drgs?|icd)"
)
_FEWEST_WORDS_OF_TEXT = 4
_MOST_WORDS = 5
_MOST_OTHER_WORDS = 3  # before "diagnosis": what it is the diagnosis of
_SMALL = frozenset(
    "a an and or the of on in at to for by with from as is was were are be been your you our we i no not".split()
)
_TELLING = frozenset(
    "was were is are be been had has have did does do went came will would can her his she he they their you your we it to the this then for from at no".split()
)
_ILLNESS = re.compile(
    r"(?:itis|osis|oses|emia|aemia|oma|omas|pathy|uria|plegia|paresis|algia|rrhea|rrhoea|rrhage|penia|ectasis|stenosis|thrombus|embolism|"
    r"embolus|cele|phobia|megaly|cytosis|plasia|trophy|sclerosis|lysis|spasm|ptysis|pnea|pnoea|cardia|phagia|phasia|lithiasis|"
    r"edema|oedema|oxia|lepsy|dynia|thorax|rrhexis|malacia|ptosis|iasis|dema|ism|ulcer|failure|infection|bleed|bleeding|clot|attack|rash|"
    r"cough|nausea|vomiting|stroke|dehydration|overdose|withdrawal|toxicity|intolerance|dehiscence|nonadherence|noncompliance|overload|reaction)s?$"
)
_ABNORMAL = frozenset(
    """
    abnormal altered impaired poor elevated decreased increased low high excessive failed loss lack inadequate positive severe mild moderate recurrent left right bilateral
    stage type unspecified likely possible probable presumed suspected uncontrolled htn dm cad chf afib ckd esrd gerd uti copd osa bph dvt pe's mi cva tia aki hld etoh sob
    hypoxic malignant benign metastatic ruptured failure s/p post
    """.split()
)
_NAMED = frozenset(
    "stage type htn dm cad chf afib ckd esrd gerd uti copd osa bph dvt pe's mi cva tia aki hld etoh sob failure".split()
)
_ORDINARY = frozenset(
    """
    with other unspecified elsewhere classified system organs conditions effect related level body sites defined specified specific without substances late external except
    agents borne parts affecting primarily known uncertain site certain nonspecific non early development induced during structures period originating causes cause following
    involvement mention mother small base allied dust fumes food human region contact problems within unknown but including major complete partial function person persons use
    used using fully time times home house work place first second general medical surgical name number end family social hospital physician
    """.split()
)


def words_of(title: str) -> list[str]:
    """Return the words of a title in lower case."""
    return WORD.findall(_JOINED.sub(r"\1\2", title).replace("a&p", "a/p").replace("h&p", "h/p"))


def states_diagnosis(title: str) -> bool:
    """Return whether a title, in lower case, says that a diagnosis follows."""
    title = _RUN_TOGETHER.sub(r"\1 \2", _MISSPELLED.sub(_mended, _COUNTED.sub("", title)))
    title, _, behind = title.partition(",")
    is_qualified = all(word in _QUALIFIERS for word in words_of(behind))
    if denies_diagnosis(behind) or (names_section(behind) and not is_qualified):
        return False
    if _STATED.match(title) or _names_several(title) or _names_conditions(title):
        return True
    if not _DIAGNOSIS.search(title):
        return False
    title = _ONCE.sub("", title)
    if denies_diagnosis(title):
        return False
    title = _WHEN.sub("", title)
    words = [word for word in words_of(_DIAGNOSIS.sub(" ", title)) if word not in _QUALIFIERS | _SMALL]
    is_about_it = " of " not in title and bool(_NAMING.fullmatch(head_of(title)))
    return len(words) <= (_MOST_OTHER_WORDS if is_about_it else 1)


def _names_conditions(title: str) -> bool:
    """Return whether a title is about conditions that a word or two describe, none of them of sections: "hospital-acquired conditions"."""
    match = _CONDITIONS.match(title)
    others = [word for word in words_of(match["which"]) if word not in _QUALIFIERS | _SMALL] if match else []
    is_apart = any(is_section_word(word) or word in _NOT_CONDITIONS or word in _NOT_STATED for word in others)
    return match is not None and bool(match["which"].strip()) and len(others) <= _MOST_DESCRIBING and not is_apart


def _names_several(title: str) -> bool:
    """Return whether a title joins several that each state a diagnosis or only qualify one: "principal problem and injuries"."""
    parts = [part.strip() for part in _AND.split(title)]
    stated = [bool(_STATED.match(part)) for part in parts]
    return (
        len(parts) > 1
        and any(stated)
        and all(
            is_stated or all(word in _QUALIFIERS or word == "issues" for word in words_of(part))
            for part, is_stated in zip(parts, stated, strict=True)
        )
    )


def _mended(match: re.Match[str]) -> str:
    """Return "diagnosis" for a word spelled nearly so, else the word."""
    word = match[0]
    is_near = word not in _SPELLED and difflib.get_close_matches(word, _SPELLED, cutoff=_NEAR)
    return _SPELLED[0] if is_near else word


def denies_diagnosis(title: str) -> bool:
    """Return whether a title has a word that makes of diagnoses something else: differential, tests, plan."""
    return any(word in _NOT_STATED for word in words_of(title))


def _is_in(word: str, words: frozenset[str]) -> bool:
    """Return whether a word, its singular or plural, or a part of it between slashes, is one of these."""
    parts = [word, *(part for part in word.split("/") if len(part) > 1)]
    return any(
        form in words
        for part in parts
        for form in (part, "" if part in _ILL_ALONE else part + "s", part.removesuffix("s"))
    )


def known_words_of(title: str) -> str:
    """Return a title less the words that titles of sections do not have, which may be a patient's own.

    Args:
        title: In lower case, of a section that states a diagnosis.
    """
    words = [
        word for word in words_of(title) if word in _QUALIFIERS or is_section_word(word) or _NAMING.fullmatch(word)
    ]
    return " ".join(words[:_MOST_WORDS]) or "diagnosis"


def head_of(title: str) -> str:
    """Return what a title is about: its last word before the first preposition, less words like "performed"."""
    match = _PREPOSITION.search(title)
    before = title[: match.start()] if match and match.start() else title
    words = words_of(before) or words_of(title)
    while len(words) > 1 and (words[-1] in _TRAILING or (words[-1].endswith("ed") and not is_ill(words[-1]))):
        words.pop()
    return words[-1] if words else ""


def is_section_word(word: str) -> bool:
    """Return whether titles of sections use a word."""
    return _is_in(word, _SECTION_WORDS)


def names_section(title: str) -> bool:
    """Return whether a title's head can be nothing but the name of a section: care, course, medications."""
    words = words_of(title)
    if not words:
        return False
    return _is_in(head_of(title), _STRONG) or words[0] in _LOOKED_AT or (len(words) > 1 and words[0] in _ASKING)


def is_title(title: str) -> bool:
    """Return whether a title is the name of a section word for word, with no other word in it."""
    words = words_of(title)
    return (
        bool(words)
        and _is_in(words[-1], _STRONG)
        and all(is_section_word(word) or word in _QUALIFIERS for word in words)
    )


def has_section_word(title: str) -> bool:
    """Return whether any word of a title is one that titles of sections use."""
    return any(is_section_word(word) for word in words_of(title))


def is_ill(title: str) -> bool:
    """Return whether any word of a title can only be said of an illness, not of the part of the body that has it."""
    return any(
        word in _ABNORMAL or bool(_ILLNESS.search(word)) for word in words_of(title) if not is_section_word(word)
    )


def is_abnormal(title: str) -> bool:
    """Return whether a word of a title says that something is not as it should be: "abnormal chest film"."""
    return any(word in _ABNORMAL and word not in _NAMED for word in words_of(title) if not is_section_word(word))


def _tells(text: str) -> bool:
    """Return whether a line in lower case has two of the small words that sentences have and lists of diseases have not."""
    return len(_TELLING & set(WORD.findall(text))) > 1


def is_prose(text: str) -> bool:
    """Return whether a line reads as a sentence of a story and not as an entry of a list."""
    return len(text.split()) >= _FEWEST_WORDS_OF_TEXT and (text.rstrip().endswith(".") or _tells(text.lower()))


def is_story(text: str, fewest: int) -> bool:
    """Return whether a line begins and reads as a sentence about a person.

    Args:
        text: The line.
        fewest: The fewest words that it must have.
    """
    return len(text.split()) >= fewest and text.lstrip()[:1].isupper() and _tells(text.lower())


def casing(title: str) -> str:
    """Return "upper", "title" or "sentence" for how a title is written; nothing if it begins with a small letter."""
    if not title[:1].isupper():
        return ""
    if title.isupper():
        return "upper"
    return "title" if all(word[:1].isupper() for word in title.split() if word not in _SMALL) else "sentence"


def is_about_disease(title: str) -> bool:
    """Return whether the head of a title is no disease or part of the body, though another word is: "epilepsy nurse"."""
    head = head_of(title)
    return not (is_abnormal(title) or is_ill(head) or head in disease_words() or _is_in(head, disease_heads()))


def names_disease(title: str) -> bool:
    """Return whether a title is the name of a disease: by its head or by a word of illness."""
    return is_ill(title) or _is_in(head_of(title), disease_heads())


@lru_cache(maxsize=1)
def disease_heads() -> frozenset[str]:
    """Return the words that names of diseases are about: fracture, syndrome, abscess; and their abbreviations."""
    titles = [
        title.lower()
        for version, apart in ((9, "VE"), (10, "UVWXYZ"))
        for code, title in shipped_titles(version).items()
        if code[0] not in apart
    ]
    names = [term.term.lower() for term in clinical_names() if term.kind == "abbreviation"]
    found = {head_of(re.split(r"[,;\[]", name)[0]) for name in (*titles, *names)}
    return frozenset(word for word in found - _ORDINARY - _SMALL - _TRAILING if not is_section_word(word))


def has_disease_word(title: str) -> bool:
    """Return whether any word of a title belongs to names of diseases and not to titles of sections."""
    return is_ill(title) or any(word in disease_words() for word in words_of(title))


@lru_cache(maxsize=1)
def disease_words() -> frozenset[str]:
    """Return the words of the names of diseases that titles of sections do not use."""
    found: set[str] = set()
    for version, apart in ((9, "VE"), (10, "UVWXYZ")):
        for code, title in shipped_titles(version).items():
            if code[0] not in apart:
                found.update(word for word in WORD.findall(title.lower()) if len(word) > 2)
    for term in clinical_names():
        if term.kind == "abbreviation":  # common names hold findings too: "troponin" names no disease
            found.update(word for word in WORD.findall(term.term.lower()) if len(word) > 1)
    return frozenset(found - _SECTION_WORDS - _ORDINARY - _SMALL - _TRAILING)
