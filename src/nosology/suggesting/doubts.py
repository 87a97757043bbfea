"""Words that leave a diagnosis open: suspected, to be excluded, impossible to exclude, or warned of.

An exclusion that failed, is planned or is itself denied ("nothing here excludes") settles nothing. It holds the words
of a finished one, so it is looked for first.
"""

from nosology.suggesting.cues import DENIED_EXCLUSION, IMPROBABLE, LOW, any_of, compiled

_NOT_IMPROBABLE = (
    rf"(?:is|was|are|were|seems?|remains?)?\s*(?:not|by no means|far from|hardly)(?: at all)? {IMPROBABLE}"
)

_SETTLE = r"(?:ruled? out|r/o|exclud(?:e|ed)|be ruled out|be excluded|eliminate|discount)"
_UNABLE = (
    r"(?:cannot|can(?: not|['’]t)|could(?: not|n['’]t)|unable to|not able to|not (?:yet )?been able to|"
    r"(?:do|does|did|would|will)(?: not|n['’]t)(?: yet)?(?: (?:fully|entirely|completely|reliably|confidently))?|"
    r"(?:has|have|had)(?: not|n['’]t)(?: yet)?|(?:insufficient|inadequate|not enough|hard|difficult|impossible|"
    r"failed|not possible|too early|yet) to)(?: (?:fully|entirely|completely|reliably|confidently|definitively|"
    r"safely|yet|with (?:any )?(?:certainty|confidence)))?"
)
_UNSETTLED = any_of(
    rf"{_UNABLE} {_SETTLE}",
    r"to be (?:excluded|ruled out)(?=\s*:)|(?:confirm|prove) (?:or|and) (?:refute|exclude|disprove|rule out)|"
    r"(?:make sure|making sure|ensure|be certain|make certain)(?: that)? (?:it|this|that|he|she|there)(?:['’]s| is|"
    r" has)? (?:not|no)|"
    r"(?:(?<!us )(?<!me )(?<!them )(?<!able )(?<!allowed )(?<!managed )to|please|must|should|will|need(?:s|ed)? to|"
    r"in order to|want to|plan to|helps?) (?:rule out|r/o|exclude)",
    r"(?:for|and) (?:rule[- ]out|r/o(?!['’]?d)|exclusion of)|r/o(?!['’]?d)|rule-out(?! for)|^\s*rule out(?! for)|"
    r"(?<=[,:(/] )rule out(?! for)|(?:^|(?<=, )|(?<=: ))exclude|(?:to|for) exclusion of",
)
UNSETTLED_AHEAD = compiled(rf"(?<![\w-])(?:{_UNSETTLED})(?![\w-])|{DENIED_EXCLUSION.pattern}")
"""Exclusions that failed or are planned: they hold the words of a finished one."""
UNCERTAIN_AHEAD = compiled(
    r"(?<![\w-])(?:"
    + any_of(
        _UNSETTLED,
        DENIED_EXCLUSION.pattern,
        r"(?:possibl[ey]|probabl[ey]|potential(?:ly)?|presum(?:ed|ably|ptive)|likely|poss|prob|questionable|query|"
        r"suspect(?:s|ed|ing)?|suspicion (?:of|for)|suspicious (?:of|for)|provisional|putative|perhaps|"
        r"maybe|"
        r"equivocal(?: for)?|working diagnosis(?: of)?|borderline|tentative|impression of possible|"
        r"clinically suspected)",
        r"(?:some |clinical )?concern(?:s|ed|ing)?(?: (?:for|of|that this is|regarding))|concern about|c/f|"
        r"worr(?:y|isome|ying) (?:for|about)",
        r"question(?:able|s)?(?: of)?|\?+|(?:differential|ddx|dd|d/d)(?: diagnosis)?(?: (?:includes?|is|of|remains|"
        r":))?",
        r"(?:may|might|could)(?: well| also| still| yet| just| conceivably)* (?:be|have|have had|have been|represent|"
        r"reflect|indicate|suggest|also be|also have|still be|"
        r"develop|also represent)",
        r"(?:suggest(?:s|ed|ive of|ing)|s/o|points? towards?|raises? (?:the )?(?:possibility|question|suspicion|"
        r"concern) (?:of|for))",
        r"(?:evaluat(?:e|ed|ion)|assess(?:ed|ment)?|screen(?:ed|ing)?|investigat(?:e|ed|ion|ions)|work[- -]?up|"
        r"worked up|"
        r"look(?:ing)?|check(?:ed|ing)?|test(?:ed|ing)?|monitor(?:ed|ing)?|watch(?:ing)?|observe[d]?|"
        r"search(?:ing)?|eval) for",
        r"(?:leading|top|likeliest|favou?red|main|most likely|primary working) (?:diagnos[ie]s|differential|"
        r"possibility)"
        r"(?: (?:is|remains|was|here|now|:))*|hint(?:s|ing|ed) (?:at|of)|smacks of|redolent of|"
        r"(?:some |a |slight )?(?:suggestion|impression|spectre|possibility|chance|fear|question|likelihood) (?:of|"
        r"that)|"
        r"wonder(?:s|ed|ing)?(?: (?:about|if|whether))?|(?:tests?|serology|swabs?|screen|cultures?|biopsy|bloods|"
        r"imaging|scan|"
        r"results?) (?:(?:is|are|still) )?(?:pending|awaited|outstanding|sent) for|conceivabl[ey]|(?:not|"
        r"hardly) inconceivable|empiric(?:al|ally)? (?:\w+ )?(?:for|as)|"
        r"treat(?:ed|ing)? (?:\w+ )?as(?! an? (?:in|out)-?patient)|"
        r"cover(?:ed|ing)? for|treated empirically for|entertain(?:ed|ing)?|mindful of|thinking of|"
        r"(?:unsure|uncertainty|debate|query) (?:about|over|of|regarding)",
        r"(?:consider(?:ing|ed)?|contemplat(?:e|ing)|vs\.?|versus|either|whether|if|thought to (?:be|have)|"
        r"felt to (?:be|represent)|"
        r"appears? to (?:be|have|represent)|looks? like|seems? (?:to be|like)|favou?r(?:s|ed|ing)?|"
        r"safety[- ]net\w*(?: advice)?(?: given)? (?:for|about)|i fear|watch out for|in case (?:this|it|he|she|there)|"
        r"lest|at risk (?:of|"
        r"for)|"
        r"risk of|in case of|should (?:he|she|they|you|there)(?: be| have| develop| get)?|unless|in the event of|"
        r"return (?:for|with)|come back (?:for|with|if)|(?:call|contact|phone|ring|report|seek|present|"
        r"attend)\b[^,;.]{0,40}\b(?:for|with|about) "
        r"(?:any|new|worsening|recurrent|increasing)|(?:for|with) any|report any|notify us of|"
        r"signs of (?=\w+ (?:develop|occur)))",
        r"(?:at |with )?(?:the )?(?:first |any |earliest |slightest )(?:signs?|hint|symptoms?) of",
        r"(?:^\s*|(?<=[,;] )|(?<=\. ))should(?: (?:any|an?|the|her|his|new|further))*$",
        r"(?:not sure|not certain|uncertain|unclear|unsure|unknown|undecided) (?:if|whether|about|of)",
    )
    + r")(?![\w-])|\?+\s?$|\?+(?=\s?[\w])"
)
_WORDS = r"^(?:\s*(?:[\w'’-]+\s+){0,3}?\s*"
UNSETTLED_BEHIND = compiled(
    rf"{_WORDS}(?:"
    r"(?:cannot|can(?: not|['’]t)|could(?: not|n['’]t)|has not|have not|hasn['’]t|haven['’]t|is not|was not|"
    r"are not|isn['’]t|wasn['’]t|were not|not|never|(?:yet|remains?|still|needs?|has|have|had) to|must|should|to|"
    r"not able to|"
    r"unable "
    r"to|hard to|difficult to|impossible to)(?: yet)?(?: (?:be|been))?"
    r"(?: (?:reliably|entirely|completely|fully|confidently|definitively|safely|formally|yet|wholly|absolutely))?"
    r" (?:be |been )?(?:(?:ruled out|excluded|eliminated|discounted|dismissed)|(?:exclude|rule out|eliminate)"
    r"(?=\s*(?:[.,;)]|$)))|"
    r"(?:needs?|requires?|awaits?|awaiting|warrants?|merits?) (?:excluding|exclusion|ruling out)|"
    rf"{_NOT_IMPROBABLE})(?![\w-]))"
)
"""What stands behind a mention that no exclusion has settled."""
UNCERTAIN_BEHIND = compiled(
    r"^(?:\s*\?+|\s*\((?:\?|possible|probable|suspected|likely|query|presumed)\)|\s*,?\s+(?:vs\.?|versus|v)(?=\s))|"
    rf"{_WORDS}(?:"
    r"(?:is|are|was|were|remains?|has been|being|still)(?: (?:still|also|strongly|clinically|now|being|certainly|"
    r"highly|very|raised as|thought|felt|the|most|more|our|my|a|an|leading|real|as|top))*"
    r" (?:suspected|possible|probable|likely|likeliest|considered|questioned|queried|possibility|consideration|concern|"
    r"under consideration|in the differential|on the differential|presumed|uncertain|unconfirmed|questionable|"
    r"equivocal|"
    r"indeterminate|in question|pending|feared|entertained|(?:working |leading |favou?red )diagnosis|contender|"
    r"on the cards|in the frame|borderline)|"
    r"(?:suspected|possible|probable|likely|queried|presumed|questionable|(?:in|on) (?:the )?differential|"
    r"not (?:yet )?(?:been )?(?:confirmed|proven|established))(?=\s*(?:[.,;)]|$|on|given|based|by|with|from))|"
    r"(?:should|must|needs to|ought to|to) be (?:considered|confirmed|borne in mind|kept in mind|thought of|sought)|"
    r"(?:serology|tests?|screen|swab|cultures?|biopsy|titres?|antibod\w+|panel|markers|pcr|scan|imaging|results?|"
    r"confirmation) "
    r"(?:(?:is|are|still) )?(?:pending|awaited|outstanding|sent)|until (?:proven|proved|shown) otherwise|"
    r"(?:high|top|first|up there) (?:up )?(?:on|of|in) (?:the|my|our) (?:list|differential|ddx)|"
    r"in mind(?=\s*(?:[.,;)]|$))|(?:not |un)confirmed|awaiting confirmation|"
    r"develops|occurs|recurs|(?:may|might|could|would)(?: (?:also|well|best|still|easily|just))* (?:be|have|explain|"
    r"account|"
    r"develop|underlie|fit|suit))(?![\w-]))"
)
PSEUDO_UNCERTAIN = compiled(
    r"(?<![\w-])no wonder|(?<![\w-])(?:un|not |less |very un|most un|no )(?:likely|probable|possible|suspicion|"
    r"suspected|"
    r"concern\w*|"
    r"question)|unlikely|"
    r"(?:no|not|\w+n['’]t|never|without|cannot)(?: \w+){0,2}? (?:(?:reasons?|grounds|cause|need) to )?suspect\w*|"
    rf"{LOW}|(?:no longer|never|not) (?:suspect\w*|consider\w*|favou?r\w*|worried about|concerned (?:about|for))|"
    rf"(?:surpris\w+|astonished) if|(?:less|least|not) (?:thought |felt )?likely|not equivocal|"
    r"doubt if|doubt\w* whether|"
    r"(?:low|lower|far|bottom) (?:down )?(?:on|in|of) (?:the|my|our) (?:differential|list)|"
    r"no possible|as soon as possible|if possible|as possible|(?:not|never) (?:suggest\w*|considered|"
    r"thought to (?:be|have)|felt to (?:be|represent))|"
    r"no (?:evidence|findings?|signs?|features?) (?:to suggest|suggest\w+ of|suggest\w+)|would you like|"
    r"no apparent|without apparent|not apparent|"
    r"screen(?:ed|ing)? (?:negative|positive) for|test(?:ed|s|ing)? (?:positive|negative) for"
)
