"""The words beside which a person's name stands: titles, kinship, roles, labels, credentials, verbs. All lower case."""

from nosology.deidentification.lexicon import words

TITLES = words("cue_words.titles")
# Titles that are also words or abbreviations: the name after them must look like one.
WEAK_TITLES = words("cue_words.weak_titles")
KIN = words("cue_words.kin")
POSSESSORS = words("cue_words.possessors")
ROLES = words("cue_words.roles")
# Last words of labels before a colon, a dash, a tab or wide space ("Patient Name:", "Dictated by:", "cc:").
LABELS = KIN | ROLES | words("cue_words.labels")
# "seen by", "dictated and signed by": what a person can have done.
VERBS_BEFORE_BY = words("cue_words.verbs_before_by")
# "spoke with", "lives with", "letter to", "note from", "care of": words of speech, company and paper.
VERBS_BEFORE_WITH = words("cue_words.verbs_before_with")
VERBS_BEFORE_TO = words("cue_words.verbs_before_to")
VERBS_BEFORE_FROM = words("cue_words.verbs_before_from")
VERBS_BEFORE_OF = words("cue_words.verbs_before_of")
VERBS_BEFORE_PREPOSITION = {
    "by": VERBS_BEFORE_BY,
    "with": VERBS_BEFORE_WITH,
    "w": VERBS_BEFORE_WITH,
    "to": VERBS_BEFORE_TO,
    "from": VERBS_BEFORE_FROM,
    "of": VERBS_BEFORE_OF,
    "under": VERBS_BEFORE_OF,
}
PREPOSITIONS = frozenset(VERBS_BEFORE_PREPOSITION)
# "Please call ...", "thank you for sending ...": the name follows at once.
DIRECT_VERBS = words("cue_words.direct_verbs")
NAMED_STARTS = words("cue_words.named_starts")
GREETINGS = words("cue_words.greetings")
CREDENTIALS = words("cue_words.credentials")
# Credentials that are words: they need capitals and a comma before them.
WORDLIKE_CREDENTIALS = frozenset({"do", "pa", "rd", "dc", "cns", "ccc", "emt", "np"})
