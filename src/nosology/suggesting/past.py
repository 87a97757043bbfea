"""Words that say that a diagnosis is over: past, resolved, outgrown, or of a time that is gone.

What looks like one and is none is *pseudo* ("three-day history of", "compared with the previous film"), and a word just
before a cue may take it back ("has not resolved", "diagnosed in 2010").
"""

from nosology.suggesting.cues import any_of, compiled

STAGE = (
    r"child|boy|girl|teenager|infant|student|baby|adolescent|youngster|toddler|kid|teen|youth|schoolboy|schoolgirl|"
    r"schoolchild|undergraduate|pupil|preschooler|newborn|neonate|apprentice|conscript|cadet"
)
"""What somebody was once."""
DECADE = (
    r"(?:back )?in the (?:early |late |mid[- ]?)?(?:(?:nineteen-)?(?:fif|six|seven|eigh|nine|for|thir|twen)ties|"
    r"(?:19)?\d0s)"
)
_NUMBER = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|"
    r"seventy)(?:-\w+)?"
)
PAST_AHEAD = compiled(
    r"(?<![\w-])(?:"
    + any_of(
        r"(?:past (?:medical )?|prior |previous |remote |personal |known |long |longstanding |significant |medical )*"
        r"(?:history|hx)(?: (?:is )?(?:significant|notable|remarkable|positive) for| includes?| of|:)",
        r"h/o|ho(?= \w)|p?m?hx:?(?: of)?|ph(?=:)|pmhx?:?|pshx?:?|s/p|status[- ]post|post(?=[- ](?:\w+ ){0,3}$)(?! op)",
        r"(?:previous(?:ly)?|prior|past|remote(?:ly)?|old|former(?:ly)?|childhood|earlier|distant|healed|resolved|"
        r"cured|previously "
        r"treated)(?=\s+(?:[\w'’-]+\s+){0,3}$)",
        r"(?:long|now|since)[- ](?:resolved|healed|cured|settled)(?=\s+(?:[\w'’-]+\s+){0,3}$)|prev\.?|ex-(?= $)|"
        r"(?:complet(?:ed|ion of)|finished|successful(?:ly)?) (?:(?:a|the|his|her|full|course|"
        r"of) )*(?:treat\w*|"
        r"therapy|chemotherapy|radiotherapy)(?: (?:for|of))?|once had|(?:had|has had|have had) (?:an? |one |"
        r"some )?(?:bouts?|"
        r"episodes?|attacks?) of(?=.{0,60}(?:\bago|last|in \d|since))|(?:last|previous|only|first) (?:attack|episode|"
        r"bout|"
        r"flare|recurrence) of (?:[\w'’-]+ ){0,3}(?=$)|recover(?:ed|y) (?:\w+ )?(?:from|after)|cured of|survived|"
        r"overcame|used to (?:have|get|suffer from)|"
        r"in remission from|"
        r"no longer (?:has|have|having|suffers? from|gets|experienc\w+|(?:troubled|bothered|affected|plagued) by)|"
        r"outgr(?:ew|own)|resolution of|"
        r"got over|(?:long|years|decades) ago|years after(?: his| her| a| an)?|clear(?:ed)? of|"
        r"(?:(?:years?|months?|decades?) (?:ago|earlier|previously|before|back)|in (?:19|20)\d\d|in (?:childhood|"
        r"adolescence|infancy|"
        r"his (?:youth|teens|twenties|thirties|forties|fifties)|her (?:youth|teens|twenties|thirties|forties|"
        r"fifties))|"
        r"(?:as|when|while)(?: (?:he|she|they) (?:was|were))?(?: still)? an? "
        rf"(?:(?:[\w-]+ ){{0,2}}?(?:{STAGE})|(?:young )?(?:adult|man|woman|recruit|soldier)))|"
        rf"in (?:his|her|their) (?:{STAGE}|school|university|college|army|navy|younger|early) (?:days|years)|"
        rf"(?:a (?:long|good) )?(?:time|while|way) (?:ago|back)|{DECADE}",
    )
    + r")(?![\w-])"
)
PSEUDO_PAST = compiled(
    r"(?<![\w-])(?:(?:not|never|\w+n['’]t|yet to)(?: (?:yet|fully|completely|really|quite|been))* (?:got over|get over|"
    r"recover\w*|overc[ao]me|outgr\w+|cured of|clear(?:ed)? of)|family (?:medical )?(?:history|hx)(?: (?:of|is))?|"
    r"fhx?|(?:history|"
    r"hx) of (?:the )?present\w*(?: illness| complaint)?|"
    r"(?:history|hx) of (?:worsening|progressive|increasing|ongoing|recent)|\d+\s?/\s?(?:7|12|52) (?:history|"
    r"hx)(?: of)?|"
    r"(?:\w+[- ](?:day|week|month|hour|year|hr|wk|yr)s?['’]?|short|long|brief|acute|recent) (?:history|hx)(?: of)?|"
    r"(?:over|in|for|during|within) (?:the )?past (?:\w+ )?(?:\w+)|since (?:the |his |her )?(?:previous|prior|last|"
    r"earlier)(?: \w+)?|"
    r"(?:than|from|with|to) (?:the )?(?:previous|prior|earlier)(?:ly)? (?:\w+)?|\d+[- ]years?[- ]old|year[- ]old|"
    r"years old|"
    r"(?:previous|prior|old|earlier) (?:films?|scans?|imaging|notes?|records?|study|studies|ct|mri|x-rays?|ecgs?|"
    r"ekgs?|"
    r"admissions?|visits?|labs?)|prior to|earlier (?:today|this)|(?:not|never|un|incompletely |partially |"
    r"partly )resolved|"
    r"social (?:history|hx)|(?:former|ex|retired)[- ](?:\w+ ){1,2}(?=with|who|and|has|is|was|presents?)|"
    r"(?:former|previous|ex|past|prior|old)[- ](?:\w+ )?(?:smok\w+|drink\w+|users?|\w+er|"
    r"iv\w+|man|woman|lady|gentleman)(?![\w-])|history (?:taken|obtained|from|provided|given)|past (?:midnight|few|"
    r"several|week|month|day|\d+))"
)
_PAST_TIME = (
    r"(?:(?<!since )(?<!for )(?:in|around|back in|during|circa) (?:early |late |mid[- ]?)?(?:19|20)\d\ds?|"
    r"(?:\w+|\d+) (?:years?|yrs?|months?|decades?|summers?|winters?|springs?|autumns?|pregnancies|y) "
    r"(?:ago|previously|earlier|before|back)|years ago|long ago|when (?:he|she|they) (?:was|were) (?!seen|admitted|"
    r"found|"
    r"examined|reviewed)\w+|(?:during|while in|after) (?:his |her |the )?(?:military|national|army) service|"
    r"decades ago|(?:not|never)(?: since)?(?: (?:recurred|returned|come back|flared)|(?: been)? (?:troubled|bothered|"
    r"affected|seen|"
    r"needed)\b.{0,30}? since)|(?:sober|abstinent|clean|dry|seizure-free|symptom-free|disease-free|well) (?:for|"
    r"since)(?= )|"
    rf"at {_NUMBER}(?=\s*(?:[.,;)]|$))|(?<=treated )(?:in )?(?:19|20)\d\d|in (?:\w+ )?(?:earlier|previous|"
    rf"prior) pregnanc\w+|"
    r"(?:as|when|while) (?:he was |she was |still )?(?:an? )?"
    rf"(?:(?:[\w-]+ ){{0,2}}?(?:{STAGE})|young \w+)|(?:at|in) (?:boarding |high |primary |secondary |grade |"
    rf"elementary )?"
    rf"(?:school|university|college|kindergarten|nursery)(?=\s*(?:[.,;)]|$))|(?:while|when)? ?in the (?:army|navy|"
    rf"forces|military|air force|marines)|(?:some|a long|a good|a short) (?:time|while|way) (?:ago|back)|{DECADE}|"
    r"in (?:early |late )?(?:childhood|adolescence|infancy|youth|(?:his|her|their) (?:early |late |mid[- ]?)?"
    r"(?:childhood|youth|teens|twenties|thirties|forties|fifties|sixties|20s|30s|40s|50s|60s))|"
    r"at (?:the )?(?:tender )?age(?: of)? (?:\d+|one|two|three|four|five|six|seven|eight|nine|ten|\w+teen|twenty|"
    r"thirty)|"
    r"aged \d+|at \d+ years|(?<!since )last (?:year|winter|summer|spring|autumn)|in the (?:distant )?past|previously|"
    r"during (?:his|her) (?:first|second|third|last) pregnancy|with (?:full|complete|good) (?:recovery|resolution)|"
    r"in remission|(?<!as )(?<!than )(?<!like )before(?=\s*(?:[.,;)]|$)))"
)
PAST_BEHIND = compiled(
    r"(?:"
    r"(?P<over>^(?:\s[^,;.:()]{1,40})??(?:[\s,]+(?:that|which|and|has|have|had|is|are|was|were|now|since|fully|"
    r"completely|"
    r"spontaneously|largely|eventually|then|all|long|already|entirely|later|subsequently|long since))*[\s,]+"
    r"(?:resolved|subsided|cleared(?: up)?|healed|disappeared|did not (?:recur|return|come back)|abated|remitted|"
    r"settled(?! (?:over|into|around)\b)|faded|lifted|passed off|died down|"
    r"a thing of the past|behind (?:him|her|them)|recovered|cured|gone|stopped|"
    r"ceased|over(?=\s*(?:[.,;)]|$|now|for good|and))|"
    r"outgrown|"
    r"went away|gone away|successfully treated|eradicated|burn(?:t|ed) (?:itself )?out|quiescent|"
    r"no longer (?:present|an?|"
    r"active|evident|troublesome|detectable|seen|apparent|there|palpable|visible|bothers?|troubles?)))(?![\w-])|"
    r"^\s*\((?:[^)]*\b(?:19|20)\d\d|resolved|remote|old|past|previous|healed|in remission|treated)\b[^)]*\)|"
    rf"(?<![\w-]){_PAST_TIME}(?![\w-]))"
)
UNFINISHED = compiled(
    r"(?<![\w-])(?:not|\w+n['’]t|never|yet|slow to|hardly|barely|part(?:ial)?ly|incompletely|almost|nearly)"
    r"(?: \w+)?\s*$"
)
"""Before a word of resolution, that it is not over."""
CURRENT = compiled(
    r"(?<![\w-])(?:(?:since|for|diagnosed|known since|ever since|until|every|onset|first diagnosed|"
    r"dx(?:['’]?d)?)\s*(?:in |at |around |back in |the )?"
    r"(?:19|20)?\d*|recurr\w+|not|never|worse\w*|flar\w+|persist\w*|still|(?:first |originally |initially )(?:noted|"
    r"seen|found|recorded|noticed|identified|described)|ongoing|unchanged|stable|compared|than)\s*$"
)
