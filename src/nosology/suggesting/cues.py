"""The words that `nosology.suggesting.context` reads marks from, by what they say and which way they reach.

Four kinds of cue, after ConText (Harkema et al. 2009) and its successors: *before* a mention, *behind* it, *pseudo* (it
holds a cue's word and is none: "no change in", "not only"), and what *ends* a cue's reach. Here stand the ends and what
denies; what leaves open is in ``doubts``, what is over in ``past``, whose it is in ``kin``. "not" reaches a mention
only through a verb of having, seeing or thinking ("did not show", "is not") and "no" not through a word of habit,
treatment, allergy or course ("no relief of"), since then the mention is somebody's all along.
"""

import re


def any_of(*phrases: str) -> str:
    """Return a pattern of any of some phrases."""
    return "|".join(phrases)


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern that takes capitals and small letters for the same."""
    return re.compile(pattern, re.IGNORECASE)


# --- where a clause begins and ends ---------------------------------------------------------------------------------

_SUBJECT = r"(?:the |this )?(?:he|she|it|they|we|i|there|patient|pt|this|that)"
_FINITE = (
    r"(?:is|are|was|were|has|have|had|does|did|will|remains?|remained|persists?|persisted|continues?|continued|"
    r"shows?|"
    r"showed|reveals?|revealed|demonstrates?|demonstrated|develops?|developed|started|began|became|appears?|appeared|"
    r"reports?|reported|endorses?|endorsed|complain(?:s|ed|ing)?|admits?|presents?|presented|noted|found|treated|"
    r"diagnosed|suffers?|suffered|worsen(?:s|ed|ing)|flaring|improv(?:es|ed|ing)|attributed|explain(?:s|ed)|caused|"
    r"requir(?:es|ed)|responded|progressed|led|accounted|wakes|woke|lasts|lasted|recurs|recurred|returned|flared|"
    r"bothers|bothered|"
    r"troubles|disturbs|keeps|kept|comes|came|makes|made|interferes|lingers|lingered|follows|followed|occurs|occurred|"
    r"happens|happened|prevents|prevented|arose|arises|stems|stemmed|got|gets|stays|stayed|predominates|warrants)"
)
_AFFIRMING = (
    r"(?:\(\+\)|\+(?=\s?\w)|(?:positive|pos|\+ve) for|(?:now|currently|known|current|ongoing|longstanding|chronic|"
    r"worsening|persistent|persisting|newly|does (?:have|report)|did (?:reveal|show|have)|with|c/o|s/p|h/o|hx of|"
    r"status post|history of|p/w|admitted|treated|mild|moderate|severe|small|large|residual|definite|confirmed|"
    r"established|proven|obvious|florid|gross|prominent)(?![\w-]))"
)
STOP = "".join(f"(?<!{word})" for word in ("prev", "poss", "prob", "mat", "pat", "hx", "fam", "approx")) + r"\.\s"
"""The end of a sentence; a point behind a short form is none."""
SENTENCE_END = compiled(rf"[;\n]|{STOP}")
HARD_END = compiled(
    rf"[;\n]|{STOP}|\s[–—]\s|(?<![\w-])(?:but|however|although|though|except(?: for)?|aside from|apart from|other than|"
    r"whereas|while(?! (?:in the|at|serving|on|an?|still)\b)|despite|which|who|where|wherein|save for|barring|"
    r"with the exception of|excepting|besides|nonetheless|"
    r"even so|that said|all the same|conversely|(?:in|by) contrast|on the other hand|(?<=[,;] )(?:only|just|merely|"
    r"rather(?! than)|instead(?! of))|"
    r"(?<!has )(?<!have )(?<!not )(?<!as )(?<!been )yet(?! to\b)|nevertheless|"
    r"because(?: of)?|due to|d/t|secondary to|2/2|caused by|"
    r"owing to|on (?:a |the )?background of|presents? with|presented with|presenting with|p/w|"
    r"admitted (?:for|with)|reports?|reported|endorses?|complain(?:s|ed|ing)? of|c/o|admits? to|"
    r"(?:did|does) (?:reveal|show|have|report)|(?:positive|pos|\+ve) for|still(?! (?:to|has to|have to|needs?|cannot|"
    r"not|under|in|a)\b)|now|currently|found to have)(?![\w-])|"
    r"\(\+\)|(?:^|(?<=[\s,]))\+(?=\s?\w)"
)
LEADING = compiled(
    r"(?:(?<=despite)|\s*(?:in spite of|even with|with)\b)[^,;:]*?\s(?=(?:he|she|they|it|patient|pt|the patient|we) "
    rf"(?:\w+ly )?{_FINITE}\b)"
)
"""A leading phrase without a comma, before the subject: "despite no exposure he developed"."""
PERSON_END = compiled(
    rf"[;\n]|{STOP}|(?<![\w-])(?:but|however|although|though|whereas|while|presents? with|presented with|"
    r"presenting with|"
    r"admitted (?:for|with)|patient (?:here|now|himself|herself)|now presents?)(?![\w-])"
)
COLON = compiled(r":")
OWN_CLAUSE = compiled(
    rf"\s*(?:and |so |then )?(?:{_AFFIRMING}|{_SUBJECT}\b|(?:[\w'’/-]+\s+){{0,4}}?{_FINITE}\b|"
    r"(?:[\w'’/-]+\s+){1,4}?(?:on (?!palpation|exam|auscultation|imaging|ct\b|mri|x-?ray|the\b|admission|review|"
    r"inspection|"
    r"percussion|either|left|right|both|direct|questioning|chest|ecg|echo|ultrasound|this|any)|treated with|"
    r"managed with|"
    r"controlled (?:on|with|by)|since|for the last|for (?:\w+|\d+) (?:hour|day|week|month|year)s?|[x×]\s?\d+) ?\w*|"
    r"(?:[\w'’/-]+\s+){1,3}(?:marked|severe|prominent|profuse|present|positive|worse|\+{1,3})\s*\.?\s*$)"
)
OVER_NEXT = compiled(
    r"\s*(?:has |have |had |is |are |was |now |since |then |later |fully |completely )*(?:resolved|subsided|"
    r"cleared|healed|disappeared|settled|recovered|gone|went)(?![\w-])"
)
"""Behind "and", that what came before it is over."""
HABIT = compiled(
    r"(?<![\w-])(?:no|nil|non?|denies|denied|denying|never|without|not|n['’]t|any)[ -][^,;]{0,40}?(?:smok\w*|drink\w*|"
    r"alcohol|"
    r"tobacco|drugs?(?: use| misuse| abuse)?|cigarettes|etoh|illicits?|allerg\w+|reactions?|exercise|"
    r"vaping)(?: \w+){0,2}$"
)
OF_ITS_OWN_CAUSE = compiled(
    r"\s*(?!(?:or|nor|and)\b)(?:[\w'’/-]+\s+){1,4}?(?:due to|secondary to|attributable to|related to|acquired|"
    r"contracted|"
    r"inherited|from|because of|since|over|on the|for)(?![\w-])"
)
"""Behind a denied habit or allergy and a comma, a diagnosis of which more is told: no further habit."""
AND = compiled(
    rf"\band\s+(?!not\s)(?=(?:now|then|currently|{_SUBJECT}|(?:the |his |"
    rf"her )?(?:[\w'’-]+\s+){{0,2}}?{_FINITE})\b)"
)
FINITE = compiled(rf"(?<![\w-]){_FINITE}(?![\w-])")
NEW_SUBJECT = compiled(rf"(?:now|then|currently|{_SUBJECT}|{_FINITE})(?![\w-])")
AT_AGE = compiled(r"(?<![\w-])(?:aged?|at (?:the )?age(?: of)?|at) \d+")
LEADING_TIME = compiled(
    r"^\s*(?:in|during|around|since|back in)?\s*(?:the )?(?:(?:19|20)\d\d|(?:\w+\s){1,2}(?:years?|months?|weeks?|"
    r"days?) "
    r"(?:ago|earlier|previously|before)|childhood|adolescence|infancy|past|last (?:year|month|winter|summer|spring)|"
    r"as an? (?:child|boy|girl|teenager|infant|student|young \w+|adult)|previously|formerly|years ago)\s*$"
)

# --- denial ---------------------------------------------------------------------------------------------------------

_SEEN = (
    r"(?:seen|present|found|identified|detected|noted|observed|demonstrated|visuali[sz]ed|appreciated|evident|"
    r"apparent|elicited|palpable|palpated|heard|felt|reported|endorsed|confirmed|witnessed|documented|visible|shown)"
)
_HAVING = (
    r"(?:noticed?|witness(?:ed)?|observe[d]?|spot(?:ted)?|recall(?:ed)?|sound like|fit(?: with)?|match|resemble|"
    r"seem(?: like| to (?:be|have))?|amount to|qualify as|constitute|feel like|tally with|be|have|has|had|having|"
    r"show|shown|reveal|revealed|demonstrate|demonstrated|see|find|identify|detect|note|noted|"
    r"mention|develop|developed|experience|experienced|suspect|report|reported|endorse|complain(?:ed)? of|"
    r"suffer(?:ed)?(?: from)?|"
    r"exhibit|display|support|suggest|indicate|meet criteria for|look like|appear to (?:have|be)|think|"
    r"believe|"
    r"feel|diagnose|complain(?:ing)? of|been|appreciate|visuali[sz]e|elicit|favou?r|represent|want to call)"
)
_BEING = (
    r"(?:consistent with|at all|sold on|persuaded (?:of|by|that)|so much|enough to (?:suggest|call)|suggestive of|"
    r"indicative of|compatible with|in keeping with|typical (?:of|for)|convinced|"
    r"thought|felt|believed|likely|suspicious for|suspected|concerning for|worried about|in favou?r of|diagnostic of|"
    r"feeling|having|showing|"
    r"complaining of|a|an|the|any|true|acute|frank|clinically|clearly|obviously|in|yet)"
)
_AUX = r"(?:(?:do|does|did|could|would|should|can|will)(?: not|n['’]t)|cannot)"
_PERFECT = r"(?:has|have|had)(?: not|n['’]t)"
_PLAIN_NOT = (
    "".join(
        f"(?<!{word} )"
        for word in ("do", "does", "did", "could", "would", "should", "can", "will", "has", "have", "had")
    )
    + "not"
)
_BE = rf"(?:(?:is|are|was|were)(?: not|n['’]t)|{_PLAIN_NOT})"
_DOING = (
    r"used?|taken?|tried|try|need(?:ed)?|required?|received?|under(?:go|gone)|inject(?:ed)?|chew(?:ed)?|abused?|"
    r"smoked?|"
    r"drunk|drink|consumed?|touch(?:ed)?|been (?:on|given|prescribed|offered|exposed to|started on|put on)|"
    r"contract(?:ed)?|caught|catch|got|get|gotten|acquired?|sustain(?:ed)?|progress(?:ed)? to|voiced?|"
    r"volunteer(?:ed)?|described?|disclosed?|produced?|uncover(?:ed)?|confirm(?:ed)?|yield(?:ed)?|grow|grown"
)
"""What one has not done, where it stands right before a mention: used, needed, caught."""
# A word that "no" or "without" may stand before while the diagnosis itself is there all along.
_BYSTANDER = (
    r"(?:known |documented |previous |significant |current |recent |obvious |clear |further |new )*"
    r"(?:(?:[\w-]+ )?(?:allerg\w+|options?)|nkda|drug|medications?|medicines?|treatments?|therapy|insulin|"
    r"antibiotics?|steroids?|"
    r"anticoagula\w+|"
    r"dialysis|surgery|operations?|inhalers?|statins?|opioids?|chemotherapy|vaccin\w+|tobacco|alcohol|smok\w+|"
    r"drinking|"
    r"etoh|illicits?|exercise|relief|improvement|response|benefit|change|changes|increase|decrease|progression|"
    r"worsening|deterioration|control|resolution|recovery|difficulty|complications?|incident|interruption|delay|"
    r"doubt|question|"
    r"follow[- -]?up|plans?|need|indication|intervention|longer(?! (?:suspect|think|consider|believ|favou?r|worried|"
    r"concerned))|further|new|reason(?! to (?:suspect|think|believe))|way|absence|lack|adherence|"
    r"compliance|effect|success|explanation|cause|time|sooner|wonder|mistaking|matter|shortage|hiding|ignoring|"
    r"stranger|secret|surprise|"
    r"escaping|arguing|avoiding|getting away|end of|other \w+ than|one(?! (?:in|of|on|else|has|had|at))|relatives?|"
    r"urine output)"
)
_BARELY = r"(?:hardly|scarcely|barely)"
_NEGATOR = (
    r"(?:no|not|never|nor|neither|nothing|none|nobody|cannot|without|nowhere|seldom|rarely|not in a position to|"
    r"in no position to|\w+n['’]t|can['’]t|far from|unable to|"
    rf"fail(?:s|ed)? to|(?:hard|difficult|impossible|premature|unwise|too early|insufficient|inadequate) to|{_BARELY})"
)
_SOME = r"(?:(?!(?:and|but|on|with|or|of|for|in|at)\s)[\w'’/-]+\s+)"
IMPROBABLE = r"(?:unlikely|improbable|implausible|impossible|inconceivable|unreasonable to consider)"
_STANCE = r"(?! (?:suspect|think|consider|believ|favou?r|worried|concerned))"
_WEAKENED = (
    r"(?:(?:one|else|a|day|days|longer|been|be|is|was|ever|quite|entirely|completely|really|actually|said|that|he|"
    r"she|it|they|patient|to|do|"
    r"does|did|have|has|had|wholly|any|now|currently|fully|reasons?|in|denying|simply|an?|the|there|show\w*|"
    r"seem\w*)\s+)"
)
PSEUDO_DENIAL = compiled(
    rf"(?<![\w-])(?:{_NEGATOR} {_WEAKENED}{{0,5}}?(?:den(?:y|ies|ied|ying)|lack\w*|without|absen(?:t|ce of)|refut\w+|"
    rf"contradict\w*|disprov\w+|"
    r"(?:free|clear|rid|cleared|devoid) (?:of|from)|doubt\w*|(?:argue|speak|point|weigh)s? against)(?![\w-])|"
    rf"{_NEGATOR} (?:(?!(?:and|or|nor|but)\s)[\w'’-]+ ){{1,6}}?(?:without|(?:free|devoid|clear) of|with no)(?![\w-])|"
    rf"{_NEGATOR} (?:\w+ ){{0,4}}?(?:say|said|claim|state|pretend|maintain|true)(?: that)? (?:he|she|they|it|there|the "
    rf"patient) (?:has|have|had|is|are|was|were) (?:no|not)(?![\w-])|"
    rf"(?<!at )(?:no|not any|without(?: any)?|nil|w/o|any) (?:{_BYSTANDER})(?![\w-])|(?:no|without|beyond(?: any)?) "
    rf"(?:longer{_STANCE}|doubt)|not (?:only|just|merely|simply|certain|sure|known|necessarily)|"
    rf"negative for (?:years|months|weeks)|not (?:in|un)(?:frequent|common|usual)\w*|not (?:rare|seldom)\w*|"
    r"(?:wrong|untrue|false|incorrect|not true|misleading)(?: to (?:say|claim|suggest|think))?(?: that)?(?: (?:he|"
    r"she|they|it|"
    r"there))?(?: (?:is|are|has|have|had|was|were))? (?:no|not|without|never|free of)|"
    r"free of charge)"
)
"""What holds a cue's word and denies nothing: a bystander of "no", and a denial that is itself denied."""
DENIED_EXCLUSION = compiled(
    rf"(?<![\w-]){_NEGATOR} {_SOME}{{0,5}}?(?:(?:rul(?:e[sd]?|ing) out|exclu(?:de[sd]?|ding|sion of)|r/o|eliminat\w+|"
    rf"discount(?:ed|s)?|dismiss(?:ed|es)?)(?: for)?|{IMPROBABLE})(?![\w-])"
)
"""An exclusion that is denied settles nothing: "nothing here excludes", "not impossible"."""
_NO = (
    r"no(?: (?:evidence|signs?|history|symptoms?|complaints?|suggestion|findings?|reasons?|grounds|cause|mention|"
    r"indication|trace|features?|"
    r"hint|documentation|suspicion|clinical \w+|radiolog\w+ \w+|other|known|apparent|obvious|definite|focal|"
    r"acute|e/o|h/o|s/s|hx)(?: (?:of|for|or|to (?:suspect|think|believe)|to suggest|suggestive of|consistent with))?)*"
)
LOW = (
    r"(?:low|little|minimal|no|negligible|remote) (?:(?:index|degree|level) of |(?:clinical|pre-?test|prior|overall) )*"
    r"(?:suspicion|concern|likelihood|probability|chance|risk)(?: (?:for|of|that))"
)
DENIED_AHEAD = compiled(
    r"(?<![\w-])(?:"
    + any_of(
        _NO,
        r"den(?:y|ies|ied|ying)",
        r"without(?: any)?(?: (?:evidence|signs?|features|symptoms) of)?",
        r"w/o(?:ut)?",
        r"nil",
        r"zero",
        r"never (?:had|has|have|been diagnosed with|developed|experienced|suffered|complained of|diagnosed with|a )",
        r"never (?:been (?:any|an?|diagnosed|shown|found|known to have))|never(?: any| an?)?$",
        r"(?:negative|neg|-ve) for",
        r"(?:^\s*|(?<=[,:;(.] ))(?:neg|negative)$",
        r"(?:allow(?:s|ed)|enabl(?:es|ed)|permit(?:s|ted)|helped) (?:us |me |them )?to (?:exclude|rule out)",
        r"(?<!not )able to (?:exclude|rule out)|managed to (?:exclude|rule out)",
        r"not much (?:to (?:suggest|support|indicate)|evidence (?:of|for))|struggl(?:e|ing) to believe",
        r"(?:tests?|screen(?:ed|s)?|swab|culture|biopsy|serology) (?:was |is |were |came back )?(?:negative|neg)",
        r"(?:free|clear|devoid|cleared) (?:of|from)",
        r"absen(?:ce of|t)",
        r"(?:rules?|ruled|ruling) out(?: for)?",
        r"r/o['’]?d(?: for)?",
        r"exclud(?:es|ed|ing)",
        r"lack(?:s|ed|ing)?(?: of)?",
        r"fail(?:s|ed|ing)? to (?:show|reveal|demonstrate|identify|find|detect|disclose|confirm|develop)",
        r"(?:un|not )able to (?:find|identify|detect|see|demonstrate|confirm|elicit|visuali[sz]e|appreciate|palpate)",
        r"(?:un|not |less |very un|highly un|im)(?:likely|probable)(?: to (?:be|have|represent|reflect))?",
        r"neither",
        r"nor",
        r"(?:doubt(?:s|ed|ful)?|dubious|unconvinced|unpersuaded|s[ck]eptic(?:al|ism)|disbelie\w+)"
        r"(?: (?:of|about|regarding|whether|that|as to))?(?: (?:this|it|he|she)(?: is| has)?)?(?: for)?",
        LOW,
        r"(?:little|scant|scanty|slender|meagre|poor|weak|minimal|hardly any|few|nothing) (?:(?:clinical|real|other|"
        r"radiological|in the way of|here|on \w+|at all|much) )*(?:to (?:suggest|support|indicate|point to|back|"
        r"favou?r)|"
        r"evidence (?:of|for)|(?:signs?|features?|support|indication|suggestion|findings?) (?:of|for)|suggest(?:s|ed|"
        r"ive "
        r"of|ing)|points? to|pointed to|pointing to|indicat(?:es?|ed|ing)|support(?:s|ed|ing)?|in (?:keeping with|"
        r"favou?r of)|consistent with)",
        rf"{_BARELY}(?: any| an?| the| ever| likely| suggestive of| typical of| consistent with| compatible with)?$",
        r"(?:surprised|surprising|astonished)(?: to (?:find|see)| if| should| by| that)?",
        r"(?:inconsistent|incompatible|at odds|out of keeping|irreconcilable) with|(?:atypical|unusual|odd) (?:for|of)|"
        r"contrary to|contradicts?|refutes?|(?:less|un)suspicious (?:of|for)",
        r"(?:no one|no-one|nobody|none|neither)(?: [\w'’]+){1,6}?",
        r"(?:dismiss|discount)(?:es|s|ed|ing)(?: (?:the|a))?(?: (?:diagnosis|possibility|idea) of)?$|(?:reject|"
        r"discard|abandon|"
        r"withdr[ae]w|drop)(?:s|ed|ped|ing|n)? (?:the|a|his|her|our|my) (?:diagnosis|possibility|idea|notion|"
        r"suggestion|label) "
        r"of",
        r"(?:no longer|never|not) (?:suspect\w*|think\w*|consider\w*|believe\w*|favou?r\w*|worried about|"
        r"concerned (?:about|"
        r"for))",
        r"(?:argues?|argued|speaks?|evidence|points?|goes|went|weighs?|militates?) (?:strongly )?(?:against|"
        r"away from)",
        r"against (?:a diagnosis of|the diagnosis of)",
        r"unremarkable for|unconvincing for",
        rf"{_AUX}(?: (?:currently|yet|really|seem to|appear to))? {_HAVING}",
        rf"{_PERFECT}(?: (?:yet|ever|really))? {_HAVING}",
        rf"{_BE}(?: (?:currently|yet|really))? {_BEING}",
        rf"{_BE}(?= [\w-]+(?: [\w-]+)?$)",
        rf"(?:{_AUX}|{_PERFECT}|{_BE})$",
        r"rather than|instead of|as opposed to|other than",
        r"at no (?:time|point|stage)|on no occasion|in no way|under no circumstances",
        r"(?:disprove[sd]?|refute[sd]?|rebut(?:s|ted)|negate[sd]?|dispel(?:s|led)|overturn(?:s|ed)?|debunk(?:s|ed)?)",
        r"(?:managed to avoid|(?<!be )(?:avoided|escaped|averted|evaded)|(?:was|were|been) spared)"
        r"(?: (?:any|an?|the|all|further|from))*$",
        rf"(?:never|{_AUX}|{_PERFECT})(?: ever)? (?:{_DOING})(?: (?:any|an?|regular|of|more than))*"
        r"(?: [\w'’-]+(?: [\w'’-]+)?(?:,| or|, or| and| nor))*(?: (?:any|an?))?$",
        r"resists? the diagnosis of",
    )
    + r")(?![\w-])"
    r"|(?:(?<=, )|(?<=,))[-−–]$|\(-\)|\(−\)|\(–\)|[Ø∅⊘]|(?:^|(?<=[,:(]\s)|(?<=[,:(]))\s*[-−–](?!ve for)(?=\s?[^\W\d])|"
    r"(?:^|"
    r"(?<=[\s,]))°(?=\w)|"
    r"(?<![\w-])non-$"
)
_BE_WORDS = (
    r"(?:(?:was|were|is|are|has been|have been|had been|been|be|being|has|came back|come back|remains?|seems?|appears?|"
    r"looks?|sounds?|would be|would seem)\s+)?"
)
RULING = compiled(r"(?<![\w-])rul(?:e[sd]?|ing)(?: (?:an?|the|any|acute))*$")
PARTED = compiled(r"^(?:\s+[\w'’-]+){0,2}?\s+out(?![\w-])")
"""The two halves of a verb that a mention parts: "rule tuberculosis out"."""
_HELD = r"(?:(?:very|highly|most|rather|quite|thought|felt|considered|deemed|judged|to be|now|extremely|fairly)\s+)*"
_HOW = r"(?:(?:reliably|convincingly|clearly|confidently|now|since|formally|effectively|again|also|definitively)\s+)?"
DENIED_BEHIND = compiled(
    r"^(?:"
    rf"\s*(?:[:=]|\s[-–]\s)\s*(?:negative|neg|none|no|nil|absent|denies|denied|not (?:present|seen|found|likely)|-ve|"
    rf"unlikely|less likely|improbable|"
    r"doubtful|doubt(?: it)?(?![\w])|"
    r"[-−–]|0|Ø|∅|excluded|ruled out)|"
    r"[-−–](?=\s*(?:[,;.)/]|$))|"
    rf"\s*\((?:-|−|–|neg(?:ative)?|-ve|absent|denied|denies|excluded|ruled out|no|none|"
    r"(?:very |less |highly )?unlikely|less likely|improbable|doubtful|not likely)\)|\s*\?\s*(?:i |"
    r"we )?(?:doubt(?:ful)?|unlikely)(?: it)?|"
    rf"(?:[\s,]*(?:(?:,|and|or|/)\s*)?(?:[\w'’-]+\s+){{0,3}}?)\s*(?:{_BE_WORDS}{_HOW}"
    rf"(?:ruled out|r/o['’]?d|excluded|not (?:{_SEEN}|evident|an? (?:\w+ )?(?:feature|consideration|possibility|"
    rf"contender|concern|"
    r"option|likely \w+|explanation)|on the (?:cards|list)|tenable|credible|(?:supported|substantiated|sustained|"
    r"upheld|justified|accepted)|felt to be present|an issue|"
    rf"supported|thought likely|considered likely|likely|suspected)|(?:cannot|can not|can[’']t|"
    rf"could not) be (?:{_SEEN}|supported|substantiated|sustained|upheld|justified|accepted|made)|never (?:confirmed|"
    rf"found|seen|documented|proven)|"
    rf"absent|{_HELD}(?:unlikely|improbable|implausible|"
    r"inconceivable|unusual|uncharacteristic|atypical|doubtful|doubted|dubious|far-?fetched|less likely|least likely|"
    r"not favou?red|disfavou?red|out of the question|in doubt|hard to credit|unsupported|a long shot|"
    r"(?:very )?(?:low|bottom|far down|lower) (?:down )?(?:on|in|of) (?:the|my|our) (?:differential|list|ddx))|"
    rf"(?:has|have|had) (?:not|never) been {_SEEN}|(?:has|have|had)n['’]t been {_SEEN}|(?:looked for|sought|"
    rf"searched for)"
    r"(?:,? (?:and|but))? not|nil|none|off (?:the|my|our) list|(?:can be )?(?:crossed|struck) off|"
    r"negative|neg|-ve|denied|non-?reactive|unreactive|undetectable|"
    r"(?:has been |was )?(?:refuted|disproved|discounted|dismissed|rejected|discarded|abandoned|eliminated)))|"
    r"\s+(?:\w+ )?(?:tests?|screen(?:ing)?|serology|swabs?|cultures?|pcr|antigen|antibod(?:y|ies)|markers?|titres?|"
    r"titers?|"
    r"assay|panel|smears?) (?:[\w'’-]+ ){0,3}?(?:normal|clear|unremarkable|not raised)|"
    rf"\s*(?:isn|wasn|aren|weren)['’]t {_SEEN})(?![\w-])"
)

ODDS_AHEAD = compiled(
    r"(?<![\w-])(?:suspicion|concern|likelihood|probability|chances?|risk|odds|evidence|case|support)(?: (?:of|for|"
    r"that)(?: "
    r"(?:this|it|he|she|there)(?: is| has)?)?)(?: (?:an?|the|any|acute|true|underlying|this being))*$"
)
ODDS_LOW = compiled(
    r"^\s*(?:(?:is|are|was|were|remains?|seems?|appears?|felt|thought|to be|now|very|extremely|vanishingly|rather|"
    r"quite)\s+)*"
    r"(?:low|slim|small|remote|minimal|negligible|slender|weak|thin|lacking|poor|nil|scant)(?![\w-])"
)
"""Odds that are named before a mention and called low behind it."""


ANY = re.compile(  # the first words of whatever marks denial or the past; a test holds it against all probes
    r"(?<![\w-])(?:no|not|nor|never|nil|without|w/o|zero|denie|deny|denying|neg|nothing|nobody|none|hardly|scarcely|"
    r"barely|scant|slender|meagre|poor|weak|few|dubious|unconvinced|unpersuaded|s[ck]eptic|disbelie|surpris|astonish|"
    r"inconsistent|incompatible|odds|out of keeping|irreconcilable|atypical|unusual|contra|implausible|inconceivable|"
    r"far-?fetched|uncharacteristic|less|least|disfavou?red|unsu|negligible|prev|complet|finished|success|once|"
    r"before|when|burn|quiescent|inactive|stage|faded|lifted|died|sober|abstinent|clean|dry|at (?:no|\w+teen|boarding|"
    r"high|primary|secondary|school|university|college|nursery|kindergarten)|treated|avoid|escape|avert|evad|"
    r"spared|disprove|refute|rebut|negate|dispel|overturn|debunk|undetect|non-?react|unreact|(?:back|tests?|screen|"
    r"swabs?|cultures?|serology|pcr|antigen|antibod\w+|panel|smears?)(?: \w+){0,2} normal|struggl|allow|"
    r"enabl|permit|manag|"
    r"off|crossed|struck|behind|thing|deny|closed|while (?:in|at|serving)|time (?:ago|back)|way back|days|rather|"
    r"instead|long|devoid|"
    r"killed|claimed|lost|dismiss|discount|reject|discard|abandon|withdr|suspicion|"
    r"concern|likelihood|probability|chance|risk|case|evidence|support|ex-|stop|ceased|over|went|negative|free|clear|"
    r"absen|rule|ruled|exclu|lack|fail|unable|unlikely|improbable|neither|doubt|low|little|minimal|against|resolved|"
    r"h/o|"
    r"hx|history|p?m?hx|s/p|status|previous|prior|past|remote|old|former|childhood|pm?h|psh|during|odd|eradicat|"
    r"infancy|adolescence|youth|teens|(?:twen|thir|for|fif|six)ties|r/o|earlier|distant|healed|cured|"
    r"recover|"
    r"survived|used|remission|longer|outgr|years?|decades?|months?|ago|last|aged?|in (?:19|20)\d\d|as an?|fhx?|"
    r"family|f/h|"
    r"subsided|cleared|gone|abated|settled|disappeared|refuted|dismissed|-ve|expos)|n['’]t\b|cannot|[-−–(]\s?[-−–]|"
    r"[Ø∅⊘°]|"
    r"(?:^|[,:(])\s*[-−–]|\w[-−–]\s*(?:[,;.)/]|$)|\)",
    re.IGNORECASE,
)
