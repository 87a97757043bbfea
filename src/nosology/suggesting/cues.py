"""The words that `nosology.suggesting.context` reads marks from, by what they say and which way they reach.

Four kinds of cue, after ConText (Harkema et al. 2009) and its successors: *before* a mention, *behind* it, *pseudo* (it
holds a cue's word and is none: "no change in", "not only"), and what *ends* a cue's reach. "not" reaches a mention only
through a verb of having, seeing or thinking ("did not show", "is not") and "no" not through a word of habit, treatment,
allergy or course ("no relief of"), since then the mention is somebody's all along.
"""

import re


def _any(*phrases: str) -> str:
    return "|".join(phrases)


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# --- where a clause begins and ends ---------------------------------------------------------------------------------

_SUBJECT = r"(?:the |this )?(?:he|she|it|they|we|i|there|patient|pt|this|that)"
_FINITE = (
    r"(?:is|are|was|were|has|have|had|does|did|will|remains?|remained|persists?|persisted|continues?|continued|"
    r"shows?|"
    r"showed|reveals?|revealed|demonstrates?|demonstrated|develops?|developed|started|began|became|appears?|appeared|"
    r"reports?|reported|endorses?|endorsed|complain(?:s|ed|ing)?|admits?|presents?|presented|noted|found|treated|"
    r"diagnosed|suffers?|suffered|worsen(?:s|ed|ing)|flaring|improv(?:es|ed|ing)|attributed)"
)
_AFFIRMING = (
    r"(?:\(\+\)|\+(?=\s?\w)|(?:positive|pos|\+ve) for|(?:now|currently|known|current|ongoing|longstanding|chronic|"
    r"worsening|persistent|persisting|newly|does (?:have|report)|did (?:reveal|show|have)|with|c/o|s/p|h/o|hx of|"
    r"status post|history of|p/w|admitted|treated|mild|moderate|severe|small|large|residual)(?![\w-]))"
)
HARD_END = _compile(
    r"[;\n]|\.\s|\s[–—]\s|(?<![\w-])(?:but|however|although|though|except(?: for)?|aside from|apart from|other than|"
    r"whereas|while|despite|which|who|yet|nevertheless|because(?: of)?|due to|d/t|secondary to|2/2|caused by|"
    r"owing to|on (?:a |the )?background of|presents? with|presented with|presenting with|p/w|"
    r"admitted (?:for|with)|reports?|reported|endorses?|complain(?:s|ed|ing)? of|c/o|admits? to|"
    r"(?:did|does) (?:reveal|show|have|report)|(?:positive|pos|\+ve) for|still|now|currently|found to have)(?![\w-])|"
    r"\(\+\)|(?:^|(?<=[\s,]))\+(?=\s?\w)"
)
PERSON_END = _compile(
    r"[;\n]|\.\s|(?<![\w-])(?:but|however|although|though|whereas|while|presents? with|presented with|"
    r"presenting with|"
    r"admitted (?:for|with)|patient (?:here|now|himself|herself)|now presents?)(?![\w-])"
)
COLON = _compile(r":")
OWN_CLAUSE = _compile(
    rf"\s*(?:and |so |then )?(?:{_AFFIRMING}|{_SUBJECT}\b|(?:[\w'’/-]+\s+){{0,4}}?{_FINITE}\b|"
    r"(?:[\w'’/-]+\s+){1,4}?(?:on (?!palpation|exam|auscultation|imaging|ct\b|mri|x-?ray|the\b|admission|review|"
    r"inspection|"
    r"percussion|either|left|right|both|direct|questioning|chest|ecg|echo|ultrasound|this|any)|treated with|"
    r"managed with|"
    r"controlled (?:on|with|by)|since|for the last) ?\w+)"
)
AND = _compile(rf"\band\s+(?=(?:now|then|currently|{_SUBJECT}|(?:the |his |her )?(?:[\w'’-]+\s+){{0,2}}?{_FINITE})\b)")
FINITE = _compile(rf"(?<![\w-]){_FINITE}(?![\w-])")
NEW_SUBJECT = _compile(rf"(?:now|then|currently|{_SUBJECT}|{_FINITE})(?![\w-])")
AT_AGE = _compile(r"(?<![\w-])(?:aged?|at (?:the )?age(?: of)?|at) \d+")
LEADING_TIME = _compile(
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
    r"(?:have|has|had|having|show|shown|reveal|revealed|demonstrate|demonstrated|see|find|identify|detect|note|noted|"
    r"mention|develop|developed|experience|experienced|report|reported|endorse|complain(?:ed)? of|"
    r"suffer(?:ed)?(?: from)?|"
    r"exhibit|display|display|support|suggest|indicate|meet criteria for|look like|appear to (?:have|be)|think|"
    r"believe|"
    r"feel|diagnose|complain(?:ing)? of|been|appreciate|visuali[sz]e|elicit|favou?r|represent|want to call)"
)
_BEING = (
    r"(?:consistent with|suggestive of|indicative of|compatible with|in keeping with|typical (?:of|for)|convinced|"
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
# A word that "no" or "without" may stand before while the diagnosis itself is there all along.
_BYSTANDER = (
    r"(?:known |documented |previous |significant |current |recent |obvious |clear |further |new )*"
    r"(?:allerg\w+|nkda|drug|medications?|medicines?|treatments?|therapy|insulin|antibiotics?|steroids?|"
    r"anticoagula\w+|"
    r"dialysis|surgery|operations?|inhalers?|statins?|opioids?|chemotherapy|vaccin\w+|tobacco|alcohol|smok\w+|"
    r"drinking|"
    r"etoh|illicits?|exercise|relief|improvement|response|benefit|change|changes|increase|decrease|progression|"
    r"worsening|deterioration|control|resolution|recovery|difficulty|complications?|incident|interruption|delay|"
    r"doubt|question|"
    r"follow[- -]?up|plans?|need|indication|intervention|longer|further|new|reason|way|absence|lack|adherence|"
    r"compliance|effect|success|explanation|cause|time|one|relatives?|urine output)"
)
PSEUDO_DENIAL = _compile(
    rf"(?<![\w-])(?:(?:no|not any|without(?: any)?|nil|w/o|any) (?:{_BYSTANDER})(?![\w-])|no (?:longer|doubt)|"
    r"not (?:only|just|merely|simply|certain|sure|known|necessarily|without|(?:be |been )?(?:excluded?|ruled? out))|"
    r"(?:does|do|did|has|have|had|can|could|would|should)(?:n['’]t| not) (?:yet )?(?:den(?:y|ied)|(?:be |been )?"
    r"(?:rule[sd]? out|exclude[sd]?))|not (?:deny|denied)|never (?:den(?:y|ied))|"
    r"not (?:been )?(?:free|clear|rid|cleared) (?:of|from)|negative for (?:years|months|weeks)|free of charge)"
)
_NO = (
    r"no(?: (?:evidence|signs?|history|symptoms?|complaints?|suggestion|findings?|mention|indication|trace|features?|"
    r"hint|documentation|suspicion|clinical \w+|radiolog\w+ \w+|other|known|apparent|obvious|definite|focal|"
    r"acute|e/o|h/o|s/s|hx)(?: (?:of|for|or|to suggest|suggestive of|consistent with))?)*"
)
DENIED_AHEAD = _compile(
    r"(?<![\w-])(?:"
    + _any(
        _NO,
        r"den(?:ies|ied|ying)",
        r"without(?: any)?(?: (?:evidence|signs?|features|symptoms) of)?",
        r"w/o(?:ut)?",
        r"nil",
        r"zero",
        r"never (?:had|has|have|been diagnosed with|developed|experienced|suffered|complained of|diagnosed with|a )",
        r"never (?:been (?:any|an?|diagnosed|shown|found|known to have))|never(?: any| an?)?$",
        r"(?:negative|neg|-ve) for",
        r"(?:tests?|screen(?:ed|s)?|swab|culture|biopsy|serology) (?:was |is |were |came back )?(?:negative|neg)",
        r"(?:free|clear|devoid|cleared) (?:of|from)",
        r"absen(?:ce of|t)",
        r"(?:rules?|ruled|ruling) out(?: for)?",
        r"exclud(?:es|ed|ing)",
        r"lack(?:s|ed|ing)?(?: of)?",
        r"fail(?:s|ed|ing)? to (?:show|reveal|demonstrate|identify|find|detect|disclose|confirm|develop)",
        r"(?:un|not )able to (?:find|identify|detect|see|demonstrate|confirm|elicit|visuali[sz]e|appreciate|palpate)",
        r"(?:un|not |less |very un|highly un|im)(?:likely|probable)(?: to (?:be|have|represent|reflect))?",
        r"neither",
        r"nor",
        r"doubt(?:s|ed|ful)?(?: (?:that )?(?:this|it|he|she)(?: is| has)?)?(?: for)?",
        r"(?:low|little|minimal|no) (?:clinical )?(?:suspicion|concern|likelihood|probability|chance|risk) (?:for|"
        r"of|that)",
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
        r"resists? the diagnosis of",
    )
    + r")(?![\w-])"
    r"|\(-\)|\(−\)|\(–\)|[Ø∅⊘]|(?:^|(?<=[,:(]\s)|(?<=[,:(]))\s*[-−–](?=\s?[^\W\d])|(?:^|(?<=[\s,]))°(?=\w)|"
    r"(?<![\w-])non-$"
)
_BE_WORDS = r"(?:(?:was|were|is|are|has been|have been|had been|been|be|being|has|came back|come back|remains?)\s+)?"
_HOW = r"(?:(?:reliably|convincingly|clearly|confidently|now|since|formally|effectively|again|also|definitively)\s+)?"
DENIED_BEHIND = _compile(
    r"^(?:"
    rf"\s*(?:[:=]|\s[-–]\s)\s*(?:negative|neg|none|no|nil|absent|denies|denied|not (?:present|seen|found)|-ve|"
    r"[-−–]|0|Ø|∅|excluded|ruled out)|"
    rf"\s*\((?:-|−|–|neg(?:ative)?|-ve|absent|denied|denies|excluded|ruled out|no|none)\)|"
    rf"(?:[\s,]*(?:(?:,|and|or|/)\s*)?(?:[\w'’-]+\s+){{0,3}}?)\s*(?:{_BE_WORDS}{_HOW}"
    rf"(?:ruled out|r/o['’]?d|excluded|not (?:{_SEEN}|evident|a feature|felt to be present|an issue|"
    r"supported|thought likely|considered likely|likely|suspected)|never (?:confirmed|found|seen|documented|proven)|"
    r"absent|unlikely|(?:very |highly |most |thought |felt |considered )+unlikely|improbable|doubtful|doubted|"
    r"negative|neg|-ve|denied|"
    r"(?:has been |was )?(?:refuted|disproved|discounted|dismissed)))|"
    rf"\s*(?:isn|wasn|aren|weren)['’]t {_SEEN})(?![\w-])"
)

# --- doubt that was not settled -------------------------------------------------------------------------------------

_SETTLE = r"(?:ruled? out|r/o|exclud(?:e|ed)|be ruled out|be excluded|eliminate|discount)"
_UNABLE = (
    r"(?:cannot|can(?: not|['’]t)|could(?: not|n['’]t)|unable to|not able to|not (?:yet )?been able to|"
    r"(?:do|does|did|would|will)(?: not|n['’]t)(?: yet)?(?: (?:fully|entirely|completely|reliably|confidently))?|"
    r"(?:has|have|had)(?: not|n['’]t)(?: yet)?|(?:insufficient|inadequate|not enough|hard|difficult|impossible|"
    r"failed|not possible|too early|yet) to)(?: (?:fully|entirely|completely|reliably|confidently|definitively|"
    r"safely|yet))?"
)
_UNSETTLED = _any(
    rf"{_UNABLE} {_SETTLE}",
    r"(?:to|please|must|should|will|need(?:s|ed)? to|in order to|want to|plan to|helps?) (?:rule out|r/o|exclude)",
    r"(?:for|and) (?:rule[- ]out|r/o|exclusion of)|r/o|rule-out(?! for)|^\s*rule out(?! for)|"
    r"(?<=[,:(/] )rule out(?! for)|(?:^|(?<=, )|(?<=: ))exclude|(?:to|for) exclusion of",
)
UNSETTLED_AHEAD = _compile(rf"(?<![\w-])(?:{_UNSETTLED})(?![\w-])")
"""Exclusions that failed or are planned: they hold the words of a finished one."""
UNCERTAIN_AHEAD = _compile(
    r"(?<![\w-])(?:"
    + _any(
        _UNSETTLED,
        r"(?:possibl[ey]|probabl[ey]|potential(?:ly)?|presum(?:ed|ably|ptive)|likely|poss|prob|questionable|query|"
        r"suspect(?:s|ed|ing)?|suspicion (?:of|for)|suspicious (?:of|for)|provisional|putative|conceivably|perhaps|"
        r"maybe|"
        r"equivocal(?: for)?|working diagnosis(?: of)?|borderline|tentative|impression of possible|"
        r"clinically suspected)",
        r"(?:some |clinical )?concern(?:s|ed|ing)?(?: (?:for|of|that this is|regarding))|concern about|c/f|"
        r"worr(?:y|isome|ying) (?:for|about)",
        r"question(?:able|s)?(?: of)?|\?+|(?:differential|ddx|dd|d/d)(?: diagnosis)?(?: (?:includes?|is|of|remains|"
        r":))?",
        r"(?:may|might|could)(?: well)? (?:be|have|represent|reflect|indicate|suggest|also be|also have|still be|"
        r"develop|also represent)",
        r"(?:suggest(?:s|ed|ive of|ing)|s/o|points? towards?|raises? (?:the )?(?:possibility|question|suspicion|"
        r"concern) (?:of|for))",
        r"(?:evaluat(?:e|ed|ion)|assess(?:ed|ment)?|screen(?:ed|ing)?|investigat(?:e|ed|ion|ions)|work[- -]?up|"
        r"worked up|"
        r"look(?:ing)?|check(?:ed|ing)?|test(?:ed|ing)?|monitor(?:ed|ing)?|watch(?:ing)?|observe[d]?|"
        r"search(?:ing)?|eval) for",
        r"(?:consider(?:ing|ed)?|contemplat(?:e|ing)|vs\.?|versus|either|whether|if|thought to (?:be|have)|"
        r"felt to (?:be|represent)|"
        r"appears? to (?:be|have|represent)|looks? like|seems? (?:to be|like)|favou?r(?:s|ed|ing)?|at risk (?:of|"
        r"for)|"
        r"risk of|in case of|should (?:he|she|they|you|there)(?: be| have| develop| get)?|unless|in the event of|"
        r"return (?:for|with)|come back (?:for|with|if)|(?:call|contact|phone|ring|report|seek|present|"
        r"attend)\b[^,;.]{0,40}\b(?:for|with|about) "
        r"(?:any|new|worsening|recurrent|increasing)|(?:for|with) any|report any|notify us of|"
        r"signs of (?=\w+ (?:develop|occur)))",
        r"(?:not sure|not certain|uncertain|unclear|unsure|unknown|undecided) (?:if|whether|about|of)",
    )
    + r")(?![\w-])|\?+\s?$|\?+(?=\s?[\w])"
)
UNCERTAIN_BEHIND = _compile(
    r"^(?:\s*\?+|\s*\((?:\?|possible|probable|suspected|likely|query|presumed)\)|\s*,?\s+(?:vs\.?|versus|v)(?=\s)|"
    r"(?:\s*(?:[\w'’-]+\s+){0,3}?\s*(?:"
    r"(?:cannot|can(?: not|['’]t)|could(?: not|n['’]t)|has not|have not|hasn['’]t|haven['’]t|is not|was not|"
    r"are not|isn['’]t|"
    r"were not|not|yet to|remains? to|still to|needs? to|must|should|to)(?: yet)?(?: (?:be|been))?"
    r"(?: (?:reliably|entirely|completely|fully|confidently|definitively|safely|formally|yet))?"
    r" (?:be |been )?(?:ruled out|excluded|eliminated|discounted)|"
    r"(?:is|are|was|were|remains?|has been|being|still)(?: (?:still|also|strongly|clinically|now|being|certainly|"
    r"highly|very))*"
    r" (?:suspected|possible|probable|likely|considered|questioned|queried|a possibility|a consideration|a concern|"
    r"under consideration|in the differential|on the differential|presumed|uncertain|unconfirmed|questionable|"
    r"in question|pending)|"
    r"(?:suspected|possible|probable|likely|queried|presumed|questionable|(?:in|on) (?:the )?differential|"
    r"not (?:yet )?confirmed)(?=\s*(?:[.,;)]|$|on|given|based|by|with|from))|"
    r"to be (?:excluded|ruled out|considered|confirmed)|develops|occurs|recurs|(?:may|might|could) (?:be|have|"
    r"explain|account|still be|"
    r"also be|develop|well be|underlie))))(?![\w-])"
)
PSEUDO_UNCERTAIN = _compile(
    r"(?<![\w-])(?:un|not |less |very un|most un|no )(?:likely|probable|possible|suspicion|suspected|concern\w*|"
    r"question)|unlikely|"
    r"(?:low|little|minimal|no) (?:clinical )?(?:suspicion|concern|likelihood|probability|chance|risk)(?: (?:of|"
    r"for|that))?|"
    r"no possible|as soon as possible|if possible|as possible|(?:not|never) (?:suggest\w*|considered|"
    r"thought to (?:be|have)|felt to (?:be|represent))|"
    r"no (?:evidence|findings?|signs?|features?) (?:to suggest|suggest\w+ of|suggest\w+)|would you like|"
    r"no apparent|without apparent|not apparent|"
    r"screen(?:ed|ing)? (?:negative|positive) for|test(?:ed|s|ing)? (?:positive|negative) for"
)

# --- what is past ---------------------------------------------------------------------------------------------------

PAST_AHEAD = _compile(
    r"(?<![\w-])(?:"
    + _any(
        r"(?:past (?:medical )?|prior |previous |remote |personal |known |long |longstanding |significant |medical )*"
        r"(?:history|hx)(?: (?:is )?(?:significant|notable|remarkable|positive) for| includes?| of|:)",
        r"h/o|ho(?= \w)|p?m?hx:?(?: of)?|pmhx?:?|pshx?:?|s/p|status[- ]post|post(?=[- ](?:\w+ ){0,3}$)(?! op)",
        r"(?:previous(?:ly)?|prior|past|remote(?:ly)?|old|former(?:ly)?|childhood|earlier|distant|healed|resolved|"
        r"cured|previously "
        r"treated)(?=\s+(?:[\w'’-]+\s+){0,3}$)",
        r"recover(?:ed|y) (?:\w+ )?(?:from|after)|cured of|survived|overcame|used to (?:have|get|suffer from)|"
        r"in remission from|"
        r"no longer (?:has|have|having|suffers? from|gets|experiences?)|outgr(?:ew|own)|resolution of|"
        r"got over|(?:long|years|decades) ago|years after(?: his| her| a| an)?|clear(?:ed)? of|"
        r"(?:(?:years?|months?|decades?) (?:ago|earlier|previously|before|back)|in (?:19|20)\d\d|in (?:childhood|"
        r"adolescence|infancy|"
        r"his (?:youth|teens|twenties|thirties|forties|fifties)|her (?:youth|teens|twenties|thirties|forties|"
        r"fifties))|"
        r"as an? (?:young )?(?:child|boy|girl|teenager|infant|student|baby|adolescent|youngster|toddler|"
        r"young adult))",
    )
    + r")(?![\w-])"
)
PSEUDO_PAST = _compile(
    r"(?<![\w-])(?:family (?:medical )?(?:history|hx)(?: (?:of|is))?|fhx?|(?:history|"
    r"hx) of (?:the )?present\w*(?: illness| complaint)?|"
    r"(?:\w+[- ](?:day|week|month|hour|year|hr|wk|yr)s?['’]?|short|long|brief|acute|recent) (?:history|hx)(?: of)?|"
    r"(?:over|in|for|during|within) (?:the )?past (?:\w+ )?(?:\w+)|since (?:the |his |her )?(?:previous|prior|last|"
    r"earlier)(?: \w+)?|"
    r"(?:than|from|with|to) (?:the )?(?:previous|prior|earlier)(?:ly)? (?:\w+)?|\d+[- ]years?[- ]old|year[- ]old|"
    r"years old|"
    r"(?:previous|prior|old|earlier) (?:films?|scans?|imaging|notes?|records?|study|studies|ct|mri|x-rays?|ecgs?|"
    r"ekgs?|"
    r"admissions?|visits?|labs?)|prior to|earlier (?:today|this)|(?:not|never|un|incompletely |partially |"
    r"partly )resolved|"
    r"social (?:history|hx)|(?:former|previous|ex|past|prior|old)[- ](?:\w+ )?(?:smok\w+|drink\w+|users?|\w+er|"
    r"iv\w+|man|woman|lady|gentleman)(?![\w-])|history (?:taken|obtained|from|provided|given)|past (?:midnight|few|"
    r"several|week|month|day|\d+))"
)
_PAST_TIME = (
    r"(?:(?<!since )(?<!for )(?:in|around|back in|during|circa) (?:early |late |mid[- ]?)?(?:19|20)\d\ds?|"
    r"(?:\w+|\d+) (?:years?|yrs?|months?|decades?|y) (?:ago|previously|earlier|before|back)|years ago|long ago|"
    r"decades ago|"
    r"(?:as|when|while) (?:an? |he was |she was |still )?(?:an? )?(?:young )?(?:child|boy|girl|teenager|infant|"
    r"student|baby|adolescent|toddler|young adult|young man|young woman|kid)|"
    r"in (?:early |late )?(?:childhood|adolescence|infancy|youth|(?:his|her|their) (?:early |late |mid[- ]?)?"
    r"(?:childhood|youth|teens|twenties|thirties|forties|fifties|sixties|20s|30s|40s|50s|60s))|"
    r"at (?:the )?age(?: of)? \d+|"
    r"aged \d+|at \d+ years|(?<!since )last (?:year|winter|summer|spring|autumn)|in the (?:distant )?past|previously|"
    r"during (?:his|her) (?:first|second|third|last) pregnancy|with (?:full|complete|good) (?:recovery|resolution)|"
    r"in remission)"
)
PAST_BEHIND = _compile(
    r"(?:"
    r"^[\s,]*(?:[\w'’-]+\s+){0,4}?(?:(?:has|have|had|is|are|was|were|now|since|fully|completely|spontaneously|"
    r"largely|eventually|"
    r"then|all|long|already|entirely)\s+)*"
    r"(?:resolved|subsided|cleared(?: up)?|healed|disappeared|abated|remitted|settled|recovered|cured|gone|"
    r"outgrown|in remission|"
    r"went away|gone away|successfully treated|eradicated)(?![\w-])|"
    r"^\s*\((?:[^)]*\b(?:19|20)\d\d|resolved|remote|old|past|previous|healed|in remission|treated)\b[^)]*\)|"
    rf"(?<![\w-]){_PAST_TIME}(?![\w-]))"
)
CURRENT = _compile(
    r"(?<![\w-])(?:(?:since|for|diagnosed|known since|ever since|until|every|onset|first diagnosed|"
    r"dx(?:['’]?d)?)\s*(?:in |at |around |back in |the )?"
    r"(?:19|20)?\d*|recurr\w+|not|never|worse\w*|flar\w+|persist\w*|still|ongoing|unchanged|stable|compared|than)\s*$"
)

ANY = re.compile(  # the first words of whatever marks denial or the past; a test holds it against all probes
    r"(?<![\w-])(?:no|not|nor|never|nil|without|w/o|zero|denie|deny|denying|neg|negative|free|clear|"
    r"absen|rule|ruled|exclu|lack|fail|unable|unlikely|improbable|neither|doubt|low|little|minimal|against|resolved|h/o|"
    r"hx|history|p?m?hx|s/p|status|previous|prior|past|remote|old|former|childhood|earlier|distant|healed|cured|recover|"
    r"survived|used|remission|longer|outgr|years?|decades?|months?|ago|last|aged?|in (?:19|20)\d\d|as an?|fhx?|"
    r"family|f/h|"
    r"subsided|cleared|gone|abated|settled|disappeared|refuted|dismissed|-ve|expos)|n['’]t\b|cannot|[-−–(]\s?[-−–]|[Ø∅⊘°]|"
    r"(?:^|[,:(])\s*[-−–]|\)",
    re.IGNORECASE,
)
