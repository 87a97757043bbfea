"""The words that say whose a diagnosis is: relatives and other persons, and what only looks like one.

A relative is whom a clause speaks of where the words behind are of having ("mother had", "(father)"). A relative who
reports, brings or is lived with has nothing to do with the diagnosis; and a sister on the ward is a nurse.
"""

import re


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


RELATIVE = (
    r"(?:mothers?|fathers?|mums?|moms?|mommy|mummy|mam|dads?|daddy|parents?|brothers?|sisters?|siblings?|twin(?:s|"
    r" brother| sister)?|"
    r"aunts?|aunt(?:ie|y)|uncles?|grand[- ]?(?:mothers?|fathers?|parents?|mas?|pas?|dads?|mums?|moms?|daughters?|"
    r"sons?|children)|"
    r"gran|granny|grandad|nan|nana|nanna|cousins?|nephews?|nieces?|sons?|daughters?|children|kids|"
    r"relatives?|relations?|family|(?:maternal|paternal) (?:side|\w+)|(?:first|second)[- ]degree relatives?|kin|"
    r"wife|husband|spouse|partner|boyfriend|girlfriend|fianc[eé]e?|"
    r"(?:step|half|foster)[- ]?(?:mother|father|brother|sister|son|daughter|sibling)s?|"
    r"(?:mother|father|brother|sister|son|daughter)s?[- ]in[- ]law|in[- ]laws|room-?mates?|flat-?mates?|"
    r"house-?mates?|"
    r"household (?:contacts?|members?)|colleagues?|co-?workers?|friends?|neighbou?rs?|class-?mates?|contacts?|"
    r"ex-(?:wife|husband|partner))"
)
FAMILY_HEADER = _compile(
    r"^\s*(?:(?:strong |positive |significant |relevant |known |no |denies (?:any )?)?family (?:medical |"
    r"psychiatric )?"
    r"(?:history|hx)(?![\w-])|f(?:am)?\.?\s?hx?(?![\w-])|fam hx(?![\w-])|family(?=\s*:))"
)
FAMILY_PHRASE = _compile(
    r"\b(?:family (?:medical |psychiatric )?(?:history|hx)|fhx?|f/h|famhx|runs in (?:the|his|her) family|"
    r"familial history|"
    r"family member(?:s)?(?: with)?|inherited from)(?![\w-])"
)
_OF_THEM = (
    r"(?:has|have|had|having|is|was|are|were|with|suffer(?:s|ed|ing)?|died|dies|passed|deceased|diagnosed|known|"
    r"affected|all|each|got|gets|developed|positive|being|carries|carried|also|both|who|that|whose|living|alive|"
    r"well|treated|recovering|cured|"
    rf"tested|recently|never|did|does|(?:and|or)(?: (?:his|her|their|the|an|a|one|two))? {RELATIVE}|[,:(–—-]|"
    rf"['’]s?(?!\w)|on (?:his|her|the|their)?\s?\w+['’]s side|at|in (?:his|her|their)|aged?|\d+)"
)
RELATIVE_AHEAD = _compile(rf"(?<![\w-])(?:{RELATIVE})(?![\w-])")
RELATIVE_HAS = _compile(rf"^\s*{_OF_THEM}")
INFORMANT = _compile(
    r"(?<![\w-])(?:report\w*|says?|said|stat(?:es|ed|ing)|tells?|told|notic\w+|noted|describ\w+|confirm\w*|"
    r"mention\w*|"
    r"worri\w+|concern\w*|brought|brings|bring|called|calls|phoned|rang|found (?:him|her|the)|thinks?|thought|"
    r"feels?|felt|believ\w+|"
    r"inform\w*|ask\w*|witness\w*|observ\w*|recall\w*|accompan\w*|present (?:at|during|throughout)|"
    r"at (?:the )?bedside|"
    r"in attendance|explain\w*|insist\w*|request\w*|denies|denied|den(?:y|ying)|aware|updated|history from|helps?|"
    r"cares?|"
    r"gave|gives|provid\w*|interpret\w*|translat\w*|visit\w*|drove|took|take(?:s|n)?)(?![\w-])"
)
EXPOSED = _compile(
    r"(?<![\w-])(?:expos\w+ (?:to|from|at home to)|contact (?:with|of)|caught (?:it )?from|"
    r"sick contacts?:?)\s+(?:[\w'’-]+\s+){0,3}$"
)
NOT_SUBJECT = _compile(
    r"(?<![\w-])(?:g\d+\s?p\d+\w*|primip\w*|multip\w*|[\w-]*year[- ]old|y/?o|breast-?feeding|nursing|expectant|"
    r"single|working)\s+$|"
    r"(?<![\w-])(?:by|per|with|to|from|for|via|of|lives? near|without|after|before|when|while|until|since|"
    r"carer (?:of|for)|cares for|caring for|looks after|supported by|according to|than|like|his own|d/w|"
    r"discussed with|"
    r"and|as|is|was|becoming|became)\s+"
    r"(?:(?:his|her|their|the|a|an|both|elderly|older|younger|eldest|young|adult|\w+['’]s|two|three|four|twin)\s+)*$"
)
OTHER_SUBJECT = _compile(
    r"(?<![\w-])(?:(?:he|she|patient|pt|the patient|who himself|i)(?= (?:has|had|is|was|reports?|denies|presents?|"
    r"developed|"
    r"now|also|does|did|never|remains?|complains?|himself|herself|feels?|suffers?|been|stopped|started|here|for)\b)|"
    r"presents? with|presented with|presenting with|patient here|admitted (?:for|with)|"
    r"(?:carer|caregiver|wife|mother|father|guardian|next of kin|nok) (?:for|of)|on the ward|ward sister|nurse|"
    r"of (?:one|two|three|four|five|\d+))"
    r"(?![\w-])"
)
RELATIVE_BEHIND = _compile(
    rf"^[\w'’-]+(?:\s+[\w'’-]+){{0,4}}?\s*(?:\((?!per\b|report|accord|from|as |via)(?:[^()]{{0,25}}\b)?(?:{RELATIVE})"
    r"(?=\s*(?:[),;/&+]|and|at|aged?|died|had|has|\d))|"
    rf"\s*(?:in|affecting|affects|among)\s+(?:(?:his|her|the|their|a|an|one|both|two|three|several|many|multiple|"
    rf"close|older|"
    rf"younger|maternal|paternal|first-degree|identical|other)\s+)*(?:{RELATIVE})(?![\w-])|"
    r"(?:runs|run|running) in (?:the|his|her|their) family)"
)
