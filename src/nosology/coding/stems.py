"""Words of clinical English without their endings, with the words that mean the same brought together.

Light on purpose: "infarct" and "infarction", "oedema" and "edema", "renal" and "kidney" must meet; that two words meet
that should not costs more than a pair that does not. One word may give two stems, since a carcinoma is called a
malignant neoplasm in the official lists.
"""

import re
from functools import lru_cache

WORD = re.compile(r"[^\W\d_]+(?:\d+[^\W_]*)?|\d+")
"""What is looked at as one word: letters, with digits behind them ("B12"), or a number."""

_EMPTY = frozenset(
    [
        "and",
        "the",
        "for",
        "with",
        "other",
        "without",
        "unspecified",
        "due",
        "not",
        "elsewhere",
        "classified",
        "specified",
        "certain",
        "following",
        "involving",
        "nos",
        "nec",
        "from",
        "use",
        "disease",
        "diseases",
        "disorder",
        "disorders",
        "condition",
        "conditions",
        "general",
        "of",
        "in",
        "to",
        "by",
        "as",
        "at",
        "or",
        "on",
        "an",
        "is",
        "was",
        "be",
        "are",
        "has",
        "had",
        "have",
        "this",
        "that",
        "his",
        "her",
        "site",
        "sites",
        "part",
        "parts",
        "so",
        "stated",
        "except",
        "less",
        "than",
        "more",
        "over",
        "under",
        "into",
        "during",
        "its",
        "patient",
        "patients",
        "syndrome",
        "type",
        "status",
        "any",
        "all",
        "no",
        "also",
        "their",
        "them",
        "there",
        "which",
        "who",
        "when",
        "where",
        "were",
        "been",
        "being",
        "both",
        "one",
        "he",
        "she",
        "it",
        "they",
        "we",
        "you",
        "i",
        "a",
        "am",
    ]
)
_ENDING = re.compile(
    r"(?:isations?|izations?|ations?|itions?|ions?|ically|ical|ities|ity|ies|ous|ing|ances?|ences?|ances?|ents?|ants?|"
    r"ial|al|ics?|aries|ary|ory|ive|able|ed|es|ly|us|um|is|ia|ias|s|y|a|e|o|i)$"
)
_FEWEST = 4  # letters that must be left

_SAME = (
    "cancer=cancer carcinoma=cancer,neoplasm adenocarcinoma=cancer,neoplasm malignancy=cancer malignant=cancer "
    "cancerous=cancer malignancies=cancer carcinomas=cancer,neoplasm cancers=cancer tumor=neoplasm "
    "tumour=neoplasm tumors=neoplasm tumours=neoplasm neoplasms=neoplasm neoplasm=neoplasm neoplasia=neoplasm "
    "neoplastic=neoplasm metastasis=secondary,cancer,neoplasm metastases=secondary,cancer,neoplasm "
    "metastatic=secondary,cancer,neoplasm heart=heart cardiac=heart kidney=kidney renal=kidney kidneys=kidney "
    "nephric=kidney liver=liver hepatic=liver lung=lung lungs=lung pulmonary=lung stomach=stomach "
    "gastric=stomach brain=brain cerebral=brain bone=bone bones=bone osseous=bone skin=skin cutaneous=skin "
    "eye=eye eyes=eye ocular=eye ophthalmic=eye ear=ear ears=ear otic=ear aural=ear mouth=mouth oral=mouth "
    "tooth=tooth teeth=tooth dental=tooth bladder=bladder vesical=bladder bowel=bowel intestine=bowel "
    "intestinal=bowel intestines=bowel womb=uterus uterus=uterus uterine=uterus breast=breast mammary=breast "
    "spine=spine spinal=spine vertebra=spine vertebral=spine vertebrae=spine vertebras=spine muscle=muscle "
    "muscular=muscle muscles=muscle joint=joint joints=joint articular=joint artery=artery arterial=artery "
    "arteries=artery vein=vein venous=vein veins=vein bleed=bleed bleeding=bleed hemorrhage=bleed "
    "haemorrhage=bleed hemorrhagic=bleed haemorrhagic=bleed hemorrhages=bleed bled=bleed stone=stone "
    "stones=stone calculus=stone calculi=stone lithiasis=stone nephrolithiasis=kidney,stone "
    "cholelithiasis=gallstone gallstone=gallstone gallstones=gallstone fever=fever pyrexia=fever febrile=fever "
    "feverish=fever swelling=swelling swollen=swelling failure=failure insufficiency=failure clot=thrombosis "
    "thrombus=thrombosis thrombosis=thrombosis thrombotic=thrombosis clots=thrombosis thromboses=thrombosis "
    "embolism=embolism embolus=embolism emboli=embolism embolic=embolism break=fracture broken=fracture "
    "fracture=fracture fractured=fracture fractures=fracture itching=itching itch=itching pruritus=itching "
    "vomit=vomit vomiting=vomit emesis=vomit stroke=stroke hypertension=hypertens hypertensive=hypertens "
    "infection=infect infections=infect infected=infect infectious=infect infective=infect inflammation=inflam "
    "inflammatory=inflam inflamed=inflam pain=pain painful=pain pains=pain ache=pain aching=pain aches=pain "
    "sepsis=sepsis septic=septic septicemia=sepsis septicaemia=sepsis anemia=anemia anaemia=anemia anemic=anemia "
    "anaemic=anemia thyroid=thyroid thyroidal=thyroid diabetes=diabet diabetic=diabet diabetics=diabet "
    "alcohol=alcohol alcoholic=alcohol alcoholism=alcohol,dependence ethanol=alcohol tobacco=tobacco "
    "smoker=tobacco smoking=tobacco smokes=tobacco nicotine=tobacco cigarettes=tobacco child=child "
    "newborn=newborn neonate=newborn neonatal=newborn pregnant=pregnancy pregnancy=pregnancy gravid=pregnancy "
    "miscarriage=abortion,spontaneous abscess=abscess abscesses=abscess ulcer=ulcer ulcers=ulcer "
    "ulceration=ulcer ulcerated=ulcer rupture=rupture ruptured=rupture burn=burn burns=burn lymph=lymph "
    "lymphatic=lymph lymphadenopathy=enlarged,lymph,node nodes=node obstruction=obstruct obstructive=obstruct "
    "obstructed=obstruct stenosis=stenosis stenotic=stenosis narrowing=stenosis ischemia=ischem ischemic=ischem "
    "ischaemia=ischem ischaemic=ischem chest=chest thoracic=thorax thorax=thorax abdomen=abdomen "
    "abdominal=abdomen pelvis=pelvis pelvic=pelvis head=head headache=headache headaches=headache "
    "cephalalgia=headache cough=cough coughing=cough hernia=hernia hernias=hernia herniated=hernia "
    "heartburn=heartburn dyspnea=dyspnea dyspnoea=dyspnea breathlessness=dyspnea jaundice=jaundice "
    "icterus=jaundice icteric=jaundice jaundiced=jaundice weakness=weakness weak=weakness obese=obesity "
    "obesity=obesity allergy=allergy allergic=allergy allergies=allergy depression=depress depressive=depress "
    "depressed=depress psychosis=psychosis psychotic=psychosis paralysis=paralysis paralytic=paralysis "
    "paralyzed=paralysis hydronephrosis=hydronephros diarrhea=diarrhea diarrhoea=diarrhea prostate=prostate "
    "prostatic=prostate arthritis=arthritis arthritic=arthritis cirrhosis=cirrhosis cirrhotic=cirrhosis "
    "necrosis=necrosis necrotic=necrosis fibrosis=fibrosis fibrotic=fibrosis cyst=cyst cysts=cyst cystic=cyst "
    "two=2 ii=2 one=1 three=3 iii=3 iv=4"
)
_TABLE = {word: tuple(stems.split(",")) for word, stems in (pair.split("=") for pair in _SAME.split())}


@lru_cache(maxsize=65_536)
def stems_of(word: str) -> tuple[str, ...]:
    """Return the stems of one word; none where it says nothing.

    Args:
        word: One word without blanks or punctuation, in any case.
    """
    lower = word.lower()
    if lower in _TABLE:
        return _TABLE[lower]
    if lower in _EMPTY or (len(lower) < 3 and not lower.isdigit()):
        # "ST elevation", "hepatitis B": in capitals a short word is a name, in small letters it is none.
        return (word,) if word.isupper() and lower not in _EMPTY else ()
    american = lower.replace("ae", "e").replace("oe", "e").replace("our", "or") if len(lower) > 4 else lower
    if american in _TABLE:
        return _TABLE[american]
    return (_shortened(american),)


def _shortened(word: str) -> str:
    """Return a word without its ending, as long as enough of it is left."""
    match = _ENDING.search(word)
    while match and match.start() < _FEWEST:
        match = _ENDING.search(word, match.start() + 1)
    return word[: match.start()] if match else word


def term_stems(text: str) -> list[str]:
    """Return the stems of a text's words, each once, in order."""
    return list(dict.fromkeys(stem for match in WORD.finditer(text) for stem in stems_of(match[0])))
