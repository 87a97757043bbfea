"""Numbers that point to a person: record, account, plan, licence, vehicle, device and document numbers, and SSNs.

Two ways to know one: a label before it ("MRN:", "policy no.", "serial number"), or a shape that clinical measurements
do not have (nine digits in a row, letters glued to many digits, three groups of digits).
"""

import re
from collections.abc import Iterator

from nosology.deidentification.lexicon import words
from nosology.deidentification.tokens import Tokens, tokenize
from nosology.records import Span

# Labels that are enough on their own, and those that need "number", "#", "ID" or a colon after them.
_STRONG = (
    r"mrn|mr\s?#|med\.?\s?rec\.?|medical\srecords?|hospital\srecord|(?:unit|record|account|acct|chart|policy|"
    r"member(?:ship)?|subscriber|"
    r"beneficiary|plan|group|insurance|medicare|medicaid|license|licence|licen[cs]e\splate|plate|registration|"
    r"tag|certificate|permit|serial|device|lot|"
    r"accession|specimen|case|visit|encounter|admission|episode|job|document|report|dictation|confirmation|"
    r"transcription|clip|claim|reference|ref|authorization|auth|order|requisition|prescription|rx|study|tracking|badge|"
    r"employee|student|staff|provider|passport|patient|pt|hospital|client|identification|identity|identifier|"
    r"control|file|folder|"
    r"health\scare|health\splan|healthcare|contract|invoice|bill(?:ing)?|bank|routing|card|credit\scard|"
    r"vehicle|chassis|"
    r"registry|protocol|enrollment|donor|recipient|barcode|ticket|voucher|locker|room\skey|"
    r"driver['’]?s?\s(?:license|licence)|"
    r"fingerprint|voiceprint|biometric|order)"
    r"\s?(?:numbers?|nos?\b\.?|num\b\.?|nbr\b\.?|#|id\b|identifier|code)"
    r"|ssn|ss\s?#|soc(?:ial)?\.?\s?sec(?:urity)?\.?(?:\s?(?:number|no\.?|num|#))?|npi|dea|upin|vin|imei|udi|"
    r"csn|har|fin|hicn?|mbi|nhs\s(?:number|no)|"
    r"s\s?/\s?n|sn\s?[:#]|serial|acct\.?|account|(?:driver['’]?s?|operator['’]?s?|medical|nursing|"
    r"state)\s(?:license|licence)|"
    r"(?:license|licence)\splates?|medical\srec|record|accession|policy|member\sid|dl|i\.?d\.?|"
    r"doc\.?\s?id|document\sid|job|(?:lot|unit|case|ref|visit|chart|mr|encounter|specimen|order|claim|group|"
    r"patient|"
    r"policy|plan|member|subscriber|medicare|medicaid|insurance|passport|badge|registration|license|"
    r"licence)\s?(?:#|:)|(?:group|member|policy|plan|claim|lot|specimen|case|visit|encounter|chart|account|"
    r"acct|license|licence|plate|tag|permit|device|unit|order|reference|certificate|"
    r"accession)(?=\s[A-Z]{0,4}[\d-]{4}|\s[A-Z]{1,4}-?\d{3}|\s\d[A-Z0-9]{1,5}-[A-Z0-9]{2,5}-|"
    r"\s[A-Z]{0,3}(?:\s\d\d){3})"
)
_LABEL_STARTS = words("numbers.label_starts")
_LABEL = re.compile(rf"(?:{_STRONG})(?![A-Za-z])", re.IGNORECASE)
_AFTER_LABEL = re.compile(
    r"[\s)\]]{0,3}(?:#|numbers?\b|nos?\b\.?|num\b\.?|id\b|code\b|is\b|was\b|of\b|as\b|reads?\b|ending in\b|:|"
    r"=|-|–|\(|\s){0,6}"
    r"(?P<value>(?=[A-Z0-9./-]{0,24}(?:\s[A-Z0-9./-]{0,12})?\d)[A-Z0-9]{1,20}(?:(?:[-./]|\s(?=[A-Z]{0,3}\d|"
    r"[A-Z]\b))[A-Z0-9]{1,20}){0,6})",
    re.IGNORECASE,
)
# A licence plate has too few digits to be known by them; what it hangs on says it.
_PLATE = re.compile(
    r"(?:(?:vehicle|car|auto|truck|motorcycle|tag|licen[cs]e)\s(?:registration|plates?|tags?)|registration|plates?)"
    r"\s?(?:numbers?|no\.?|#|:|is|was|reads?)?\s?#?(?P<value>(?-i:(?=[A-Z -]{0,5}\d|\d[\dA-Z -]{0,6}[A-Z])[A-Z0-9]{1,7}"
    r"(?:[ -][A-Z0-9]{2,5})?))(?![\w/])",
    re.IGNORECASE,
)
# A plate of metal: "plate 18 mm", "locking plate C3-C5", "border plate 2-0 4 hole".
_OF_BONE = re.compile(
    r"(?:[CTLS]\d{1,2}(?:\s?-\s?[CTLS]?\d{1,2})?|\d{1,3}(?:\.\d|-\d)?\s?(?:x|mm|cm|hole|screws?|\d)?)\b(?!-)",
    re.IGNORECASE,
)
_PLATE_STARTS = frozenset(
    {"vehicle", "car", "auto", "truck", "motorcycle", "tag", "license", "licence", "registration", "plate", "plates"}
)
_UNIT_AFTER = re.compile(
    r"[ ]?(?:mg|mcg|ml|cc|cm|mm|units?|%|tab|days?|weeks?|months?|years?|hours?|minutes|of\b|times|patients|"
    r"x\b|degrees|pounds|lbs|kg|french|gauge)",
    re.IGNORECASE,
)

_SHAPES = re.compile(
    r"#?(?:"
    # social security numbers, also masked
    r"(?:\d{3}|[X*]{3})[- ](?:\d\d|[X*]{2})[- ]\d{4}"
    # seven digits or more in a row; six unless a measure follows
    r"|\d{7,}|\d{6}(?![ ]?(?:cells|units?|copies|mg|mcg|ml|cc|/|per\b|iu\b|u\b|colon|cfu|steps|dollars|people|"
    r"patients|microl|wbc|platelets?))"
    # groups of digits: 123-45-67, 12-3456789, 12345-6, 1234 5678 9012
    r"|\d{2,6}(?:-\d{1,6}){2,5}|\d{2}-\d{5,9}|\d{5,9}-\d{1,4}|\d{1,2}-\d{6,9}|\d{3}-\d{5,9}|\d{4}(?:[ -]\d{4}){2,4}"
    # dotted identifiers of images
    r"|\d{1,6}(?:\.\d{1,10}){5,20}"
    # letters and digits: AB123456, S19-12345, 12A3456789, M-123456, MR-00-12-34, ABC-1234-567X
    r"|(?=(?:[A-Z-]{0,150}\d){4})(?=[0-9-]{0,150}[A-Z])(?=[A-Z0-9-]{6})"
    r"[A-Z0-9]{1,24}(?:-[A-Z0-9]{1,24}){0,5}"
    # a vehicle's number: 17 letters and digits, no I, O or Q
    r"|(?=[A-Z]*\d)(?=\d*[A-Z])[A-HJ-NPR-Z0-9]{17}"
    # four or more digits in four groups mixed with letters: 1EG4-TE5-MK73
    r"|(?=[0-9-]{0,20}[A-Z])(?=(?:[A-Z-]{0,20}\d){3})[A-Z0-9]{3,6}(?:-[A-Z0-9]{3,6}){2,4}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r")(?![\w]|\.\d|,\d{3})",
)
# What a device's label says by GS1's rules: "(01)" before 14 digits, "(21)" or "(10)" before a serial or lot number.
_DEVICE = re.compile(
    r"\(01\)(?:[ -]?\d){14}(?!\d)|\((?:21|10)\)[ ]?(?=[A-Za-z-]{0,19}\d)[A-Za-z0-9][A-Za-z0-9-]{3,19}(?![\w-])"
)
_NOT_ID = re.compile(
    r"[GP]-?\d(?:-\d)+\Z|(?:19|20)\d\d-(?:19|20)?\d\d\Z|\d{1,4}-\d{1,4}\Z|"
    r"[A-Z]{1,2}\d{1,3}(?:\.\d)?-[A-Z]{0,2}\d{1,3}\Z|"
    r"\d{1,5}(?:-\d{1,4})?(?:MG|MCG|ML|MM|CM|CC|KG|LB|HR|MIN|FR|MEQ|HZ|MHZ|KV|GY|CGY|RPM|PSI|IU|K|M|S|G|X|"
    r"UNITS?|YO|YEARS?)\Z|COVID|SARS|"
    r"(?:ACL|CPT|ICD|SF|HLA|CYP|FT|TSH|CA|CK|INR|DRG|HCPCS|FDA|GAD|PHQ|BRCA|TNM|HER|RBC|WBC|FEF|FEV|POG|COG|CCG|"
    r"CALGB|ECOG|SWOG|NSABP|RTOG|EORTC|GOG)-?\d",
    re.IGNORECASE,
)
_COUNTED_OUT = re.compile(
    r"\W?(?:A?B?C?D?123(?:4(?:5(?:6(?:7(?:8(?:90?)?)?)?)?)?)?|0+)\Z", re.IGNORECASE
)  # a template's filler
_RATIO_BEFORE = re.compile(r"\d:\Z")
# Codes of procedures and laws, and the names of studies: they say what was done, not to whom.
_CODE_BEFORE = re.compile(
    r"\b(?:CPT|ICD|HCPCS|DRG|WAC|RCW|CFR|USC|trial|trial of|study)(?:[- ]?(?:9|10)(?:-CM)?)?(?:\scodes?)?[\s:#]{1,3}\Z",
    re.IGNORECASE,
)
_WORD_FIRST = re.compile(
    r"(?:at|of|is|in|to|on|no|with|and|for|was|by|from|the|[a-z]{4,})\s|[GgPp]-?\d-", re.IGNORECASE
)
_DIGITS_OF_A_LABEL = 3
_SURE_DIGITS = 7
_LONGEST = 150  # characters of an identifier; looking further back would take long on a long run of digits and dashes


def numbers(text: str) -> Iterator[Span]:
    """Yield spans of record, account, plan, licence, vehicle, device and document numbers."""
    tokens = tokenize(text)
    if tokens.numbers:
        yield from _labelled(tokens)
        yield from _plates(tokens)
        yield from _by_shape(tokens)
        for match in _DEVICE.finditer(tokens.text):
            yield Span(match.start(), match.end(), "ID")


def _labelled(tokens: Tokens) -> Iterator[Span]:
    """Yield numbers after a label: "MRN:", "policy no."."""
    text = tokens.text
    for i in tokens.places(_LABEL_STARTS):
        label = _LABEL.match(text, tokens.starts[i])
        match = _AFTER_LABEL.match(text, label.end()) if label else None
        if match and _is_number_value(match["value"]) and not _UNIT_AFTER.match(text, match.end()):
            start = match.start("value")
            yield Span(start - (text[start - 1] == "#"), match.end("value"), "ID")


def _plates(tokens: Tokens) -> Iterator[Span]:
    """Yield plates of vehicles; plates of bone stay."""
    text = tokens.text
    for i in tokens.places(_PLATE_STARTS):
        plate = _PLATE.match(text, tokens.starts[i])
        if plate and not _OF_BONE.match(text, plate.start("value")):
            yield Span(plate.start("value"), plate.end("value"), "ID")


def _by_shape(tokens: Tokens) -> Iterator[Span]:
    """Yield numbers of a shape that measurements do not have."""
    text = tokens.text
    reached, latest, latest_first = 0, -1, 0
    for i in tokens.numbers:
        start = tokens.starts[i]
        if start < reached:
            continue
        first = max(reached, start - _LONGEST)
        while start > first and (text[start - 1].isalnum() or text[start - 1] in "-*#"):
            start -= 1
            if start == latest:  # the same run of characters: where it begins is known
                start = max(first, latest_first)
                break
        latest, latest_first = tokens.starts[i], start
        match = _SHAPES.match(text, start)
        if not match and len(tokens.words[i]) >= _SURE_DIGITS:  # whatever is glued before it: "pt44719025"
            match = _SHAPES.match(text, tokens.starts[i])
        if match and not _is_measure_or_code(text, match):
            reached = match.end()
            yield Span(match.start(), match.end(), "ID")


def _is_measure_or_code(text: str, match: re.Match[str]) -> bool:
    """Return whether a number is part of a sum or a ratio, a range, a template's filler, or a code of a procedure."""
    start = match.start()
    return bool(
        (start and text[start - 1] in ".$/,+")
        or _RATIO_BEFORE.search(text, max(0, start - 2), start)
        or _NOT_ID.match(match[0].lstrip("#"))
        or _COUNTED_OUT.match(match[0])
        or _CODE_BEFORE.search(text, max(0, start - 20), start)
    )


def _is_number_value(value: str) -> bool:
    """Return whether what follows a label is a number and not the next word: three digits, or two with letters."""
    if _COUNTED_OUT.match(value) or _WORD_FIRST.match(value):
        return False
    digits = sum(c.isdigit() for c in value)
    letters = sum(c.isalpha() for c in value)
    return digits >= _DIGITS_OF_A_LABEL or (digits == 2 and 1 <= letters <= 4)
