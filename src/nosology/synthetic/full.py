"""Discharge summaries of real length: all the sections of MIMIC's template, from the header to the signature.

A summary aims at a number of words: the core (who, why, course, diagnoses) comes first, then passages are added to
random sections, laboratory results and medicines above all, until the aim is reached. Unlike a short note it names
its diagnoses, as real ones do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from nosology.synthetic.phrases import Phrase, pick
from nosology.synthetic.scene import Scene
from nosology.synthetic.surface import capitalize, shorten

MIN_WORDS, MAX_WORDS = 300, 1800
_LENGTHS = (420, 1730, 1250)  # low, high and mode of a triangle; the mean over all patients is near 1,100 words
_DICTATED = 1  # the convention that puts text on the line of its heading

_SECTIONS = (
    *("complaint", "procedure", "story", "past", "social", "kin", "exam", "results", "study", "course"),
    *("home_drug", "drug", "dispo", "called", "condition", "instructions", "plan"),
)
_LISTED = {"past", "home_drug", "drug", "called", "exam", "results"}

_EXTRA = (
    ("results", "full_labs", 30),
    ("study", "full_study_other", 8),
    ("study", "full_study", 5),
    ("story", "full_more", 10),
    ("past", "full_past_extra", 7),
    ("exam", "full_exam", 8),
    ("course", "full_course_past", 9),
    ("course", "full_course_routine", 9),
    ("course", "full_course_own", 5),
    ("home_drug", "full_med", 10),
    ("drug", "full_med", 14),
    ("instructions", "full_instructions", 8),
    ("plan", "full_plan", 3),
    ("kin", "full_kin", 1),
    ("social", "full_social", 1),
)
"""Section, group of passages, and how often it is lengthened by one of them."""

_REPEATABLE = {"full_labs", "full_past_extra", "full_course_past", "full_med"}
"""Groups whose templates say something else each time: other days, other diseases, other drugs."""

_NEEDS = {"full_course_own": "course", "full_study": "study"}
"""Groups that would repeat themselves once the main rubric has nothing new of this field to say."""


@dataclass(slots=True)
class _Draft:
    """A summary in the making: passages by section, none of them twice, no template twice outside `_REPEATABLE`."""

    scene: Scene
    sections: dict[str, list[str]] = field(default_factory=dict)
    n_words: int = 0
    _said: set[str] = field(default_factory=set)
    _left: dict[str, list[Phrase]] = field(default_factory=dict)

    def add(self, section: str, words: str) -> None:
        """Add a passage to a section unless it says so already."""
        if words in self._said:
            return
        self._said.add(words)
        self.sections.setdefault(section, []).append(capitalize(words))
        self.n_words += len(words.split())

    def say(self, section: str, group: str) -> None:
        """Add one passage of a group to a section, if the group has one left."""
        phrases = self.scene.group(group)
        if group in _REPEATABLE:
            self.add(section, self.scene.render(pick(self.scene.rng, phrases)))
            return
        left = self._left.setdefault(group, self.scene.rng.sample(phrases, len(phrases)))
        if left:
            self.add(section, self.scene.render(left.pop()))


def compose_full(scene: Scene, n_carriers: int) -> str:
    """Return a full summary, its identifiers still marked.

    Args:
        scene: The admission.
        n_carriers: Sentences that carry identifiers and nothing else.
    """
    rng = scene.rng
    draft = _Draft(scene)
    aim = rng.triangular(*_LENGTHS) * (0.6 if scene.is_small else 1)  # the summaries of infants are shorter
    draft.say("header", "full_header")
    _add_core(draft)
    for _ in range(n_carriers):
        draft.say(pick(rng, ("story", "social", "course", "instructions", "plan")), "carrier")
    sections, groups, weights = zip(*_EXTRA, strict=True)
    places = list(range(len(_EXTRA)))
    for _ in range(400):
        if draft.n_words >= aim:
            break
        place = rng.choices(places, weights)[0]
        needed = _NEEDS.get(groups[place])
        if needed is None or scene.has(needed):
            draft.say(sections[place], groups[place])
    draft.say("tail", "carrier_tail")
    text = _lay_out(draft, int(rng.random() * 3))
    if rng.random() < 0.4:
        text = shorten(text, rng, 0.1 + 0.4 * rng.random())
    return text


def _add_core(draft: _Draft) -> None:
    """Add what every summary holds."""
    scene, rng = draft.scene, draft.scene.rng
    draft.add("complaint", scene.tell("complaint"))
    draft.add("procedure", scene.tell("procedure") if scene.has("procedure") and rng.random() < 0.7 else "None")
    draft.say("story", "full_opening")
    draft.say("story", "full_story")
    draft.say("story", "full_more")
    for rubric in scene.stay.past:
        draft.add("past", scene.of(rubric, "past"))
    for section, group in (("past", "full_past_extra"), ("social", "full_social"), ("kin", "full_kin")):
        draft.say(section, group)
    for _ in range(4):
        draft.say("exam", "full_exam")
    for section in ("exam", "labs"):
        draft.say("exam" if section == "exam" else "results", f"full_{section}_own")
    draft.say("study", "full_study")
    draft.say("course", "full_course_opening")
    for _ in range(2):
        draft.say("course", "full_course_own")
    for rubric in scene.stay.minor:
        draft.add("course", f"# {scene.of(rubric, 'minor')}.")
    if scene.stay.past:
        draft.say("course", "full_course_past")
    draft.say("home_drug", "full_med")
    draft.say("drug", "full_med_own")
    draft.say("drug", "full_med")
    _add_end(draft)


def _add_end(draft: _Draft) -> None:
    """Add how the stay ended and what the diagnoses were."""
    scene = draft.scene
    draft.add("dispo", "Expired" if scene.stay.died else scene.say("destination"))
    draft.add("called", scene.tell("called"))
    for rubric in (*scene.stay.minor, *scene.stay.past)[: 1 + int(scene.rng.random() * 4)]:
        draft.add("called", scene.of(rubric, "called"))
    if scene.stay.died:
        return
    draft.say("condition", "full_condition")
    draft.say("instructions", "full_instructions")
    draft.say("plan", "full_plan")


def _lay_out(draft: _Draft, convention: int) -> str:
    """Return the text with the headings of one of three conventions."""
    scene = draft.scene
    blocks = draft.sections["header"][:]
    for section in _SECTIONS:
        passages = draft.sections.get(section)
        if not passages:
            continue
        heading = scene.heading(f"heading_{section}", convention)
        if section in _LISTED:
            body = _list(passages, convention, is_numbered=section in ("past", "home_drug", "drug"))
        else:
            body = ("\n\n" if section == "course" and convention != _DICTATED else " ").join(map(_sentence, passages))
        is_inline = convention == _DICTATED and "\n" not in body
        blocks.append(f"{heading}  {body}" if is_inline else f"{heading}\n{body}")
    return "\n\n".join([*blocks, *draft.sections["tail"]])


def _list(passages: list[str], convention: int, is_numbered: bool) -> str:
    if not is_numbered:
        return "\n".join(passages)
    mark: Callable[[int], str] = (lambda number: f"{number}. ") if convention < 2 else (lambda _: "- ")
    return "\n".join(mark(number) + words for number, words in enumerate(passages, start=1))


def _sentence(words: str) -> str:
    return words if words[-1] in ".:?!)" else words + "."
