"""Discharge notes of 50 to 100 words: few facts of the diagnosis, many of the patient's other troubles.

A short note shows three to five phrases of its main rubric; the rest is history, complications, drugs of other
diseases, negations and routine, as in real addenda and brief summaries. It never says its category; more often than
not it names the service that looked after the patient, or the diagnosis, as real summaries do.
"""

from collections.abc import Callable
from random import Random

from nosology.synthetic.phrases import pick
from nosology.synthetic.scene import Scene
from nosology.synthetic.surface import capitalize, clip_style, count_words, shorten

MIN_WORDS, MAX_WORDS = 50, 100
_AIM = (55, 92)  # leaves room for what de-identification and normalization do to the count
_CEILING = 96

_EVIDENCE = {
    "complaint": 0.5,
    "story": 0.6,
    "exam": 0.7,
    "labs": 0.8,
    "study": 0.8,
    "procedure": 0.6,
    "drug": 0.9,
    "course": 0.9,
    "follow": 0.15,
    "called": 0.05,
}
"""How often each field of the main rubric is among the few that a note shows, relative to the others."""

_AFTER_SERVICE = ("\n", "\n\n", " ", "  ")
_TELLING = ("story", "course", "study", "procedure", "labs")
_N_EVIDENCE = ((3, 4, 5), (30, 42, 28))
_NAMES_DIAGNOSIS, _NAMES_SERVICE = 0.6, 0.6
_ORDER = (
    *("complaint", "story", "past", "kin", "social", "negatives", "vitals", "exam", "labs", "study", "procedure"),
    *("course", "minor", "ruled_out", "drug", "other_drug", "called", "filler", "dispo", "follow", "plan"),
)

_Sentences = list[tuple[str, str]]  # what it speaks of, and the words


def compose_short(scene: Scene, n_carriers: int) -> str:
    """Return a short note, its identifiers still marked.

    Args:
        scene: The admission.
        n_carriers: Sentences that carry identifiers and nothing else.
    """
    rng = scene.rng
    evidence = draw_evidence(scene)
    style = rng.choices(tuple(_STYLES), tuple(weight for weight, _ in _STYLES.values()))[0]
    if style == "letter" and scene.stay.age < 18:
        style = "prose"
    text = _STYLES[style][1](scene, evidence, [scene.say("carrier") for _ in range(n_carriers)])
    if rng.random() < _NAMES_SERVICE:
        text = f"{scene.say('say_service')}{pick(rng, _AFTER_SERVICE)}{text}"
    if rng.random() < 0.5:
        text = shorten(text, rng, 0.15 + 0.6 * rng.random())
    return text


def draw_evidence(scene: Scene) -> list[str]:
    """Return the few fields of the main rubric that the note will show, at least one of them telling."""
    rng = scene.rng
    fields = [field for field in _EVIDENCE if scene.stay.primary.phrases[field]]
    drawn = [pick(rng, [field for field in _TELLING if field in fields])]
    for _ in range(rng.choices(*_N_EVIDENCE)[0] - 1):
        rest = [field for field in fields if field not in drawn]
        drawn.append(rng.choices(rest, [_EVIDENCE[field] for field in rest])[0])
    if "called" not in drawn and rng.random() < _NAMES_DIAGNOSIS:
        drawn.append("called")
    return drawn


def _distractors(scene: Scene) -> list[str]:
    rng, is_small = scene.rng, scene.is_small
    chances = {
        "past": 0.6,
        "minor": 0.75 if scene.stay.minor else 0.1,
        "other_drug": 0.1 if is_small else 0.6,
        "kin": 0.1 if is_small else 0.3,
        "ruled_out": 0.25,
        "negatives": 0.35,
        "vitals": 0.25,
        "social": 0.25,
    }
    kinds = [kind for kind, chance in chances.items() if rng.random() < chance]
    rng.shuffle(kinds)
    return kinds


def _say(scene: Scene, kind: str) -> str:
    return capitalize(scene.say(f"say_{kind}"))


def _fit(sentences: _Sentences, scene: Scene, say: Callable[[Scene, str], str], kept: int) -> _Sentences:
    """Return the sentences with routine ones added, or later ones left out, until the note has its length.

    Args:
        sentences: What must be said first, then what may be left out.
        scene: The admission.
        say: Makes one more sentence of a kind.
        kept: How many of the first sentences must stay.
    """
    rng = scene.rng
    aim = _AIM[0] + int(rng.random() * (_AIM[1] - _AIM[0]))
    chosen, n_words = [], 0
    for number, (kind, words) in enumerate(sentences):
        length = count_words(words)
        if number < kept or n_words + length <= min(aim + 8, _CEILING):
            chosen.append((kind, words))
            n_words += length
    routine = ["dispo", "filler", "plan", "filler", "negatives", "filler", "vitals", "filler", "social"]
    said = {words for _, words in chosen}
    for _ in range(40):
        if n_words >= aim:
            break
        kind = pick(rng, routine)
        words = say(scene, kind)
        length = count_words(words)
        if n_words + length <= _CEILING and words not in said:
            chosen.append((kind, words))
            said.add(words)
            n_words += length
            if kind != "filler":
                routine.remove(kind)
    return chosen


def _in_order(sentences: _Sentences, rng: Random) -> list[str]:
    """Return the words in the usual order of a summary, now and then with two neighbours exchanged."""
    ordered = sorted(sentences, key=lambda item: _ORDER.index(item[0]) if item[0] in _ORDER else -1)
    if len(ordered) > 2 and rng.random() < 0.4:
        at = 1 + int(rng.random() * (len(ordered) - 2))
        ordered[at], ordered[at + 1] = ordered[at + 1], ordered[at]
    return [words for _, words in ordered]


def _prose(scene: Scene, evidence: list[str], carriers: list[str]) -> str:
    opened = next((field for field in ("story", "complaint") if field in evidence), "")
    rest = [field for field in evidence if field != opened]
    sentences = [("opening", capitalize(scene.say(f"opening_{opened or 'plain'}")))]
    sentences += [(field, _say(scene, field)) for field in rest]
    sentences += [("filler", words) for words in carriers]
    kept = len(sentences)
    sentences += [(kind, _say(scene, kind)) for kind in _distractors(scene)]
    return " ".join(_in_order(_fit(sentences, scene, _say, kept), scene.rng))


def _terse(scene: Scene, evidence: list[str], carriers: list[str]) -> str:
    text = _prose(scene, evidence, carriers)
    return clip_style(shorten(text, scene.rng, 0.5), scene.rng, 0.7)


def _list(scene: Scene, kind: str) -> str:
    if kind in ("vitals", "filler", "minor", "other_drug", "ruled_out", "follow", "called"):
        return _say(scene, kind)
    if kind == "social" and scene.is_small:
        return f"{scene.say('head_social')} {scene.say('say_social')}"
    return f"{scene.say('head_' + kind)} {capitalize(scene.say('list_' + kind))}"


def _sections(scene: Scene, evidence: list[str], carriers: list[str]) -> str:
    sentences = [(field, _list(scene, field)) for field in evidence]
    sentences += [("filler", words) for words in carriers]
    kept = len(sentences)
    sentences += [(kind, _list(scene, kind)) for kind in _distractors(scene)]
    separator = pick(scene.rng, ("\n", "\n\n", "\n", "  "))
    return separator.join(_in_order(_fit(sentences, scene, _list, kept), scene.rng))


def _letter_line(scene: Scene, kind: str) -> str:
    if kind in ("drug", "procedure", "study", "labs", "follow", "past", "other_drug"):
        return capitalize(scene.say(f"letter_{kind}"))
    return capitalize(scene.say("letter_end"))


def _letter(scene: Scene, evidence: list[str], carriers: list[str]) -> str:
    fields = [field for field in evidence if field in ("drug", "procedure", "study", "labs", "follow")]
    told = [field for field in evidence if field in ("course", "story", "exam")]
    opening = "letter_opening" if "complaint" in evidence or not fields + told else "letter_blank"
    sentences = [("opening", capitalize(scene.say(opening)))]
    sentences += [(field, _letter_line(scene, field)) for field in fields]
    sentences += [(field, _say(scene, field)) for field in told]
    sentences += [("filler", words) for words in carriers]
    kept = len(sentences)
    sentences += [
        (kind, _letter_line(scene, kind)) for kind in ("past", "other_drug", "past") if scene.rng.random() < 0.6
    ]
    return " ".join(_in_order(_fit(sentences, scene, _letter_line, kept), scene.rng))


def _addendum(scene: Scene, evidence: list[str], carriers: list[str]) -> str:
    sentences = [("opening", scene.say("addendum_opening")), ("plan", scene.say("addendum_end"))]
    sentences += [(field, _say(scene, field)) for field in evidence]
    sentences += [("filler", words) for words in carriers]
    kept = len(sentences)
    sentences += [(kind, _say(scene, kind)) for kind in _distractors(scene)]
    return "\n".join(_in_order(_fit(sentences, scene, _say, kept), scene.rng))


_STYLES: dict[str, tuple[int, Callable[[Scene, list[str], list[str]], str]]] = {
    "prose": (36, _prose),
    "terse": (22, _terse),
    "sections": (24, _sections),
    "letter": (8, _letter),
    "addendum": (10, _addendum),
}
"""Name to weight and composer."""
