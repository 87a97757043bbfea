"""How far a cue reaches inside its clause: what stands between it and a mention, and what a header says of its list.

A cue reaches the head of the words behind it and what is joined to that head. It does not reach what the head is only
said of: in "no growth of the meningioma", "not a candidate for his stenosis" or "cannot exclude a tear beneath the
swelling" the last thing is taken for granted, which the article or possessive before it says. Nouns like "evidence" or
"sign" pass a cue on. A header's cue reaches every item of its list ("Resolved problems: sepsis, delirium").
"""

import re

from nosology.suggesting.cues import any_of, compiled

_PASSES_ON = (
    r"(?:evidence|signs?|symptoms?|features?|findings?|suggest\w+|suspicion|suspicious|concern\w*|possibility|chance|"
    r"likelihood|probability|risk|history|hx|complaints?|mention|trace|hint|indication|diagnosis|diagnoses|episodes?|"
    r"support|question|fear|impression|any|all|none|some|one|both|either|neither|much|more|part|kind|sort|form|type|"
    r"today|now|here|currently|presently|consistent|compatible|keeping|typical|because|case|criteria|positive|"
    r"screen\w*|"
    r"look\w*|test\w*|evaluat\w*|assess\w*|monitor\w*|watch\w*|check\w*|search\w*|work-?up|return|attacks?|bouts?|"
    r"recurrence|presence|development|onset|thought|worried|diagnosed|suffer\w*|complain\w*|den(?:ies|ied|ying)|"
    r"admit\w*|progress|progressed|due|likely|be|been|is|was|has|have|had)"
)
_RELATES = (
    r"(?:of|in|on|to|with|at|from|by|over|under|within|around|surrounding|behind|beneath|below|above|beside|near|"
    r"across|through|along|into|about|for|between|against|regarding|concerning|(?:adjacent|next|relating) to|inside|"
    r"outside|accompanying|explaining|underlying|overlying|complicating)"
)
_GIVEN = r"(?:the|his|her|their|its|my|our|your|this|that|these|those|known|existing|established|longstanding)"
_ADJECTIVES = r"(?:(?!(?:and|or|nor|but|no|not)\s)[\w'’/-]+\s+){0,4}$"
_TAKEN_FOR_GRANTED = rf"(?<![\w'’-])(?!{_PASSES_ON}\s)[\w'’-]+\s+{_RELATES}\s+{_GIVEN}\s+{_ADJECTIVES}"
_STEERED = (
    r"(?<![\w'’-])to (?:treat|manage|control|relieve|ease|explain|address|discuss|help|cure|handle|cope with|live with|"
    rf"deal with) (?:{_GIVEN}\s+)?{_ADJECTIVES}"
)
_APART = (
    rf"(?<![\w'’-])(?!{_PASSES_ON}\s)[\w'’-]+\s+(?:for|about|from|despite|by|around|surrounding|behind|beneath|since|"
    rf"after|"
    r"before|during|within|complicating)\s+(?:an?\s+)?(?:(?!(?:and|or|nor|but|no|not)\s)[\w'’/-]+\s+){0,2}$"
)
_COURSE = (
    r"(?:change|growth|enlargement|expansion|shrinkage|reduction|regression|alteration|variation|difference|"
    r"improvement|"
    r"deterioration|exacerbation|progression|evolution|resolution|response|relief|insight|interest|knowledge|"
    r"awareness|"
    r"pattern|trigger|reason|cause|explanation|treatment|cure|remedy|medication|candidate|answer)s?"
)
_OF_COURSE = rf"^(?:\s+[\w'’-]+){{0,3}}?\s+{_COURSE}\s+(?:of|in|into|to|with|from|for|on|behind)\b[^,;]*$"
_WHAT_FOLLOWS = (
    r"^\s+from (?!\w+ity)\w+ with\b|^\s+to (?:need|want|benefit|tolerate|survive|respond|comply|attend|manage|cope|"
    r"recover|improve|resolve|heal|change|"
    r"progress|worsen)(?![\w-])"
)
NOT_REACHED_BY_DENIAL = compiled(
    any_of(rf"·\s+{_RELATES}\b[^,;]*$", _TAKEN_FOR_GRANTED, _STEERED, _APART, _OF_COURSE, _WHAT_FOLLOWS)
)
"""Between a denial and a mention: the mention belongs to what is denied, and is there all along."""
NOT_REACHED_BY_DOUBT = compiled(_TAKEN_FOR_GRANTED)
"""Between a word of doubt and a mention: the mention is where the doubtful thing lies."""
TOLD = compiled(r"(?<![\w-])(?:mention(?:ed)?|disclosed?|report(?:ed)?|reveal(?:ed)?)$")
"""A denied word of telling, at its end: what was not told is there, where it is somebody's ("did not mention her")."""
SOMEBODYS = compiled(r"^\s+(?:his|her|their)\s")

# --- headers --------------------------------------------------------------------------------------------------------

_THINGS = (
    r"(?:illness(?:es)?|problems?|diagnos[ie]s|conditions?|diseases?|infections?|operations?|surger(?:y|ies)|"
    r"procedures?|events?|issues?|injur(?:y|ies)|episodes?|complaints?|symptoms?|signs?|findings?|disorders?|"
    r"ailments?|history|features?|items?)"
)
_OVER = r"(?:recovered|resolved|healed|cured|outgrown|settled|cleared|in remission|in the past|as a child|in childhood)"
_QUALIFIED = r"(?:(?:medical|surgical|major|serious|known|significant|other|psychiatric|pertinent|relevant)\s+)*"
PAST_HEADER = compiled(
    r"(?<![\w-])(?:"
    rf"(?:past|previous|prior|old|earlier|childhood|former|resolved|inactive|closed|treated|cured|healed|historical)\s+"
    rf"{_QUALIFIED}{_THINGS}(?:[,\s(]+[\w ]{{0,20}}{_OVER}\)?)?|"
    rf"{_THINGS}[,\s(]+(?:(?:all|now|long|since|fully)\s+)*{_OVER}\)?|(?:has |previously |once )had|"
    rf"(?:recovered from|treated in the past|{_OVER}))\s*:"
)
DENIED_HEADER = compiled(
    r"(?<![\w-])(?:(?<!gram )negatives?|negative (?:findings?|symptoms?|signs?)|absent (?:findings?|symptoms?|signs?)|"
    rf"(?:{_QUALIFIED}{_THINGS} )?(?:not (?:found|present|seen|detected|noted|reported)|absent|(?<!be )(?:excluded|"
    rf"ruled out)|denied|"
    r"never had)|none of(?: the following)?|excluded diagnos[ie]s)\s*:"
)
OPEN_HEADER = compiled(
    r"(?<![\w-])(?:possibilit(?:y|ies)|possible diagnos[ie]s|differentials?|considerations?|queries|suspicions?|"
    r"rule[- ]outs?|suspected (?:diagnos[ie]s|conditions?)|(?:to|must|should)(?: be)? (?:exclude|excluded|rule out|"
    r"ruled out|confirm|confirmed|consider|considered)|under (?:investigation|consideration))\s*:"
)
HEADER = compiled(rf"(?:{PAST_HEADER.pattern}|{DENIED_HEADER.pattern}|{OPEN_HEADER.pattern})$")
"""A header up to its colon that says something of the list behind it."""

# --- a condition without "if" ---------------------------------------------------------------------------------------

INVERTED_AHEAD = compiled(r"(?<![\w-])(?:should|were)(?:\s+[\w'’-]+){0,3}$")
INVERTED_BEHIND = compiled(
    r"^\s*(?:[\w'’-]+\s+){0,2}?(?:to )?(?:occur|develop|arise|recur|appear|worsen|return|happen|come (?:on|back)|"
    r"set in|"
    r"persist|continue|emerge|begin|start|increase|become|get worse|be (?:noticed|seen|suspected|present))(?![\w-])"
)
"""Around a mention, a condition told by the order of its words: "should bleeding occur"."""


def reaches(cue: re.Pattern[str], before: str, barred: re.Pattern[str]) -> bool:
    """Return whether a cue in the words before a mention reaches it.

    Args:
        cue: The cues.
        before: The words of the clause up to the mention.
        barred: What keeps a cue from a mention when it stands between them.
    """
    for found in cue.finditer(before):
        between = before[found.end() :] + " "
        if TOLD.search(found[0]) and SOMEBODYS.match(between):
            continue
        if not barred.search(between):
            return True
    return False
