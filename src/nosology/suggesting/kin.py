"""The words that say whose a diagnosis is: relatives and other persons, and what only looks like one.

A relative is whom a clause speaks of where the words behind are of having ("mother had", "(father)"). A relative who
reports, brings or is lived with has nothing to do with the diagnosis; and a sister on the ward is a nurse.
"""

from nosology.suggesting.cues import compiled

OTHERS = (
    r"boss|teacher|donor|carer|caregiver|landlord|landlady|tenant|lodger|pupil|coach|employer|employee|"
    r"manager|cellmate|team-?mate|index case|index patient|minder|childminder|"
    r"priest|lover|best friend|care worker|nanny|tutor|visitor"
)
"""Persons that are another's where a word says which."""
OWN = r"baby|newborn|child|infant|toddler|kid|ex|date|client|customer|guest|resident|recipient"
"""Persons that are another's only where a word says whose: the child of a note may be the patient."""
RELATIVE = (
    r"(?:(?:great[- ])*(?:mothers?|fathers?|mums?|moms?|mommy|mummy|mam|dads?|daddy|parents?|brothers?|sisters?|"
    r"siblings?|twin(?:s|"
    r" brother| sister)?|"
    r"aunts?|aunt(?:ie|y)|uncles?|grand[- ]?(?:mothers?|fathers?|parents?|mas?|pas?|dads?|mums?|moms?|daughters?|"
    r"sons?|children)|[mp]\.?g\.?[mf]\.?|(?:great|grand)[- ]?(?:aunt|uncle|niece|nephew)s?|fdrs?|"
    r"gran|granny|grandad|nan|nana|nanna|cousins?|nephews?|nieces?|sons?|daughters?|children|kids|"
    r"relatives?|relations?|family|(?:maternal|paternal) (?:side|\w+)|(?:first|second)[- ]degree relatives?|kin|"
    r"wife|husband|spouse|partner|boyfriend|girlfriend|fianc[eé]e?|"
    r"(?:step|half|foster)[- ]?(?:mother|father|brother|sister|son|daughter|sibling)s?|"
    r"(?:mother|father|brother|sister|son|daughter)s?[- ]in[- ]law|in[- ]laws|room-?mates?|flat-?mates?|"
    r"house-?mates?|"
    r"household (?:contacts?|members?)|colleagues?|co-?workers?|friends?|neighbou?rs?|class-?mates?|contacts?|"
    r"ex-(?:wife|husband|partner)|hubby|missus|missis|significant other|(?:other|better) half|bro|sis|papa|mama|gramps|"
    r"grand(?:dad|ad|papa|mama)|grampa|grammy|granda|nonna|(?:step|foster)[- ]?(?:mum|mom|dad|child(?:ren)?|parents?|"
    r"siblings?|kids?)|"
    r"triplets?|offspring|ancestors?|forebears?|(?:work|school|play|dorm|shop)-?mates?|fellow (?:resident|patient|"
    r"student|"
    r"pupil|worker|traveller|passenger)s?|carpool\w*)"
    rf"|(?<![\w-])(?:(?:his|her|their|my|the patient['’]s|another|a fellow|an?|the)\s+(?:\w+\s)?(?:{OTHERS})|"
    rf"(?:his|her|their|my|the patient['’]s)\s+(?:\w+\s)?(?:{OWN})))"
)
FAMILY_HEADER = compiled(
    r"^\s*(?:(?:strong |positive |significant |relevant |known |no |denies (?:any )?)?family (?:medical |"
    r"psychiatric )?"
    r"(?:history|hx)(?![\w-])|f(?:am)?\.?\s?hx?(?![\w-])|fam hx(?![\w-])|family(?=\s*:))"
)
CLOSED = compiled(
    r"[\s:]*(?:(?:is|was|otherwise)\s+)*(?:non-?contributory|unremarkable|negative|neg|nil(?: of note)?|none|"
    r"not (?:contributory|"
    r"relevant|known|available|obtained|significant)|unknown|unavailable|reviewed|insignificant|clear|"
    r"nothing (?:relevant|"
    r"of note))(?! for)(?![\w-])[^.;,\n]*[.;,\n]"
)
"""Behind a header on relatives, that it holds nothing: "family history is noncontributory."."""
IS_LIST = compiled(r"\s*[:=-]")
OF_THE_PATIENT = compiled(
    r"^\s*(?:he|she|they|pt|patient|the patient|presents?|presented|now|currently|admitted|seen)(?![\w-])|"
    r"(?<![\w-])(?:p?m?hx?|"
    r"pmhx?|pshx?|sh|shx|(?:social|medical|surgical|drug|past) (?:history|hx))(?![\w-])"
)
"""A new header, or a sentence of the patient."""
THEIRS = compiled(rf"(?:{RELATIVE})['’]s?\s+(?:(?:medical|past)\s+)?(?:history|hx)(?![\w-])")
FAMILY_PHRASE = compiled(
    r"\b(?:family (?:medical |psychiatric )?(?:history|hx)|fhx?|f/h|famhx|runs in (?:the|his|her) family|"
    r"familial history|"
    r"family member(?:s)?(?: with)?|inherited from)(?![\w-])"
)
_OF_THEM = (
    r"(?:has|have|had|having|is|was|are|were|with|suffer(?:s|ed|ing)?|died|dies|passed|deceased|diagnosed|known|"
    r"affected|all|each|got|gets|developed|positive|being|carries|carried|also|both|who|that|whose|living|alive|"
    r"well|treated|recovering|cured|may|might|could|probably|possibly|reportedly|apparently|born|underwent|lost|"
    r"survived|succumbed|contracted|caught|came down|battl\w+|lives with|struggl\w+|needed|takes|can(?:no|['’])t|"
    r"cannot|"
    r"does(?:n['’]t)?|do(?:n['’]t)?|has(?:n['’]t)?|had(?:n['’]t)?|is(?:n['’]t)?|was(?:n['’]t)?|"
    rf"tested|recently|never|did|does|(?:and|or)(?: (?:his|her|their|the|an|a|one|two))? {RELATIVE}|[,:(–—-]|"
    rf"['’]s?\s+(?:(?!(?:and|with|in|at|on|for)\s)[\w'’-]+\s+){{0,3}}$|['’]s?\s+(?:(?:medical|past|own|late|"
    rf"older|younger|maternal|paternal)\s+)*(?:side|family|line|death|history|hx|illness|diagnosis|{RELATIVE})(?!\w)|"
    rf"w/|(?:(?!['’]|and\b|to\b|for\b|about\b)[\w'’-]+\s+){{1,3}}?(?:with|has|had|suffers)|on (?:his|her|the|"
    rf"their)?\s?\w+['’]s side|at|in (?:his|her|their)|aged?|\d+)"
)
IN_TURN = compiled(
    r"^\s*,?\s*(?:who|whose)\s+(?:(?:has|had|is|was|are|were|suffer\w*|died|also|himself|herself)\b|\w+ed\b|$)"
)
"""Behind a relative who is not the subject: "cares for her husband, who has"."""
KEEPING = compiled(
    r"(?<![\w-])(?:cares? for|caring for|looks? after|looking after|carer (?:of|for)|married to|living with|"
    r"lives? with|"
    r"visit(?:s|ed|ing)|nurs(?:es|ed|ing)|shares? \w+ with|sleeps? (?:with|beside)|(?:son|daughter|child|born) (?:of|"
    r"to))\s+"
    r"(?:[\w'’-]+\s+){0,2}$"
)
"""Before one whose "with" is of that person: "lives with a partner with hepatitis"."""
LOST = compiled(r"(?<![\w-])(?:lost|losing)\s+(?:(?:his|her|their|an?|both|the|one)\s+)*$")
COUNTED = compiled(
    r"(?:^|,\s*|(?<![\w-])(?:has|have|with|of|and|to)\s+)(?:two|three|four|five|six|several|\d+|"
    r"grown-?(?:up)?|young|small|adult|his|her)\s+$"
)
"""Before children who are counted, not spoken of: "divorced, two children, anxiety"."""
ONE_OF = compiled(
    r"(?<![\w-])(?:one|two|three|four|five|several|some|many|most|all|both|none|neither|each|either|\d+) of\s+"
    r"(?:(?:his|her|their|the|my)\s+)?(?:\w+\s+)?$"
)
NOBODY = compiled(
    r"(?<![\w-])(?:no one|no-one|nobody|none|no (?:other )?(?:member|relative)s?)(?: (?:else )?(?:in|of|on|from)\b)"
)
THEMSELVES = compiled(r"^.{0,40}?\bin (?:herself|himself|themselves)(?!\w)")
_COMPOUND = (
    r"(?:cysts?|cells?|lesions?|nodules?|chromatids?|nuclei|tongue|parent company|vessels?|arter(?:y|ies)|molecules?|"
    r"compounds?|hospitals?|wards?|agenc\w+|doctors?|physicians?|gp|practice|practitioners?|medicine|planning|therapy|"
    r"conferences?|rooms?|dermatitis|lens(?:es)?|precautions|allerg\w+|sports?|tracing|details|number|violence|"
    r"meetings?|carers? group)"
)
RELATIVE_AHEAD = compiled(rf"(?<![\w-])(?:{RELATIVE})(?![\w-])(?! {_COMPOUND}(?![\w-]))")
RELATIVE_HAS = compiled(rf"^\s*{_OF_THEM}")
INFORMANT = compiled(
    r"(?<![\w-])(?:report\w*|says?|said|stat(?:es|ed|ing)|tells?|told|notic\w+|noted|describ\w+|confirm\w*|"
    r"mention\w*|"
    r"worri\w+|concern\w*|brought|brings|bring|called|calls|phoned|rang|found (?:him|her|the)|thinks?|thought|"
    r"feels?|felt|believ\w+|"
    r"inform\w*|ask\w*|witness\w*|observ\w*|recall\w*|accompan\w*|present (?:at|during|throughout)|"
    r"at (?:the )?bedside|"
    r"in attendance|explain\w*|insist\w*|request\w*|denies|denied|den(?:y|ying)|aware|updated|history from|helps?|"
    r"cares?|"
    r"gave|gives|provid\w*|interpret\w*|translat\w*|(?:main|only|sole|primary|full-time) (?:carer|caregiver|support)|"
    r"worries|wants?|visit\w*|drove|took|take(?:s|n)?)(?![\w-])"
)
EXPOSED = compiled(
    r"(?<![\w-])(?:expos\w+ (?:to|from|at home to)|contact (?:with|of)|caught (?:it )?from|"
    r"sick contacts?:?)\s+(?:[\w'’-]+\s+){0,3}$"
)
NOT_SUBJECT = compiled(
    r"(?<![\w-])(?:g\d+\s?p\d+\w*|primip\w*|multip\w*|[\w-]*year[- ]old|y/?o|breast-?feeding|nursing|expectant|"
    r"single|working)\s+$|"
    r"(?<![\w-])(?:by|per|with|to|from|for|via|of|lives? near|without|after|before|when|while|until|since|"
    r"carer (?:of|for)|cares for|caring for|looks after|supported by|according to|than|like|his own|d/w|"
    r"discussed with|"
    r"and|as|is|was|becoming|became)\s+"
    r"(?:(?:his|her|their|the|a|an|both|elderly|older|younger|eldest|young|adult|\w+['’]s|two|three|four|twin)\s+)*$"
)
OTHER_SUBJECT = compiled(
    r"(?<![\w-])(?:(?:he|she|patient|pt|the patient|who himself|i)(?= (?:has|had|is|was|reports?|denies|presents?|"
    r"developed|"
    r"now|also|does|did|never|remains?|complains?|himself|herself|feels?|suffers?|been|stopped|started|here|for)\b)|"
    r"presents? with|presented with|presenting with|patient here|admitted (?:for|with)|"
    r"(?:carer|caregiver|wife|mother|father|guardian|next of kin|nok) (?:for|of)|on the ward|ward sister|nurse|"
    r"of (?:one|two|three|four|five|\d+))"
    r"(?![\w-])"
)
RELATIVE_BEHIND = compiled(
    rf"^[\w'’-]+(?:\s+[\w'’-]+){{0,4}}?\s*(?:\((?!per\b|report|accord|from|as |via)(?:[^()]{{0,25}}\b)?(?:{RELATIVE})"
    r"(?=\s*(?:[),;/&+]|and|at|aged?|died|had|has|\d))|"
    rf"\s*(?:in|affecting|affects|among)\s+(?:(?:his|her|the|their|a|an|one|both|two|three|several|many|multiple|"
    rf"close|older|"
    rf"younger|maternal|paternal|first-degree|identical|other)\s+)*(?:{RELATIVE})(?![\w-])|"
    r"(?:runs|run|running|is common|is prevalent|is rife|clusters?) in (?:the|his|her|their) family|"
    rf"\s*(?::|[-–—=])\s*(?:(?:in|his|her|both|maternal|paternal|one|two|older|"
    rf"younger)\s+)*(?:{RELATIVE})(?=\s*(?:[.,;)/&+]|and\b|$))|"
    rf"\s*(?:killed|claimed|took|carried off|afflict(?:s|ed)|struck)\s+(?:(?:his|her|their|the|both|an?|maternal|"
    rf"paternal|"
    rf"older|younger)\s+)+(?:{RELATIVE})(?![\w-])|\s*(?:on|from|down) (?:the|his|her|their) (?:{RELATIVE}['’]s|"
    r"mat(?:ernal)?|pat(?:ernal)?)(?: side)?(?![\w-]))"
)
