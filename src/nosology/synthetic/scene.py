"""One note in the making: who, why, and what has been said already.

Fills every slot of the wording: findings of the stay's own rubric, traces of its other rubrics, the patient's age and
pronouns, identifiers. A phrase of the main rubric is used once per note.
"""

from collections.abc import Callable
from random import Random

from nosology.synthetic.content import PHRASE_FIELDS, Book, RubricContent
from nosology.synthetic.identifiers import REALISTIC, Identifiers
from nosology.synthetic.patients import Stay
from nosology.synthetic.phrases import Phrase, pick
from nosology.synthetic.wording import Wording

_PRONOUNS = {
    "M": {"he": "he", "his": "his", "him": "him", "himself": "himself", "hers": "his"},
    "F": {"he": "she", "his": "her", "him": "her", "himself": "herself", "hers": "hers"},
}
_SKEW = 1.6  # the first phrases of a field are its common ones
_WOMENS_SERVICES = {"gynecology", "obstetrics", "OB", "maternal-fetal medicine"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
_GROWN = 18
_COMMON_FROM = 35  # years; from here on nearly everybody has something common
_SMALL = 2  # years; younger patients have no title and no job


class Scene:
    """Everything that the wording of one note may ask for.

    Attributes:
        rng: Draws all choices of the note.
        stay: The admission.
    """

    def __init__(self, rng: Random, stay: Stay, identifiers: Identifiers, wording: Wording, book: Book) -> None:
        self.rng, self.stay = rng, stay
        self._identifiers, self._wording, self._book = identifiers, wording, book
        self._used: set[int] = set()
        self._untold = rng.sample(stay.past, len(stay.past))
        self._pronouns = _PRONOUNS[stay.patient.sex]

    def say(self, group: str) -> str:
        """Return one rendered template of a group of the wording."""
        return self.render(pick(self.rng, self.group(group)))

    def group(self, name: str) -> tuple[Phrase, ...]:
        """Return the templates of a group, or of its variant for infants where the patient is one and there is one."""
        groups = self._wording.groups
        return groups[f"{name}_small"] if self.is_small and f"{name}_small" in groups else groups[name]

    @property
    def is_small(self) -> bool:
        """Whether the patient is too young for a title, a job and habits."""
        return self.stay.age < _SMALL

    def heading(self, group: str, convention: int) -> str:
        """Return the heading of a section in one of the wording's conventions."""
        return self.render(self._wording.groups[group][convention])

    def render(self, phrase: Phrase) -> str:
        """Return a phrase with all its slots filled."""
        return phrase.render(self.rng, self.fill)

    def has(self, field: str) -> bool:
        """Return whether the main rubric has an unused phrase of this field."""
        return any(id(phrase) not in self._used for phrase in self.stay.primary.phrases[field])

    def tell(self, field: str) -> str:
        """Return a phrase of the main rubric that this note has not used, or any where all are used.

        A rubric without procedures or advice of its own gets everyday ones.
        """
        phrases = self.stay.primary.phrases[field]
        if not phrases:
            return self.say(f"plain_{field}")
        fresh = [phrase for phrase in phrases if id(phrase) not in self._used] or phrases
        phrase = fresh[int(self.rng.random() ** _SKEW * len(fresh))]
        self._used.add(id(phrase))
        return self.render(phrase)

    def of(self, rubric: RubricContent, field: str) -> str:
        """Return a phrase of another rubric."""
        return self.render(pick(self.rng, rubric.phrases[field]))

    def fill(self, slot: str) -> str:
        """Return the words for a slot.

        Raises:
            KeyError: Neither a field, nor a slot of this class, nor an identifier, nor a group of the wording.
        """
        if slot.isupper() and len(slot) > 1:
            return self._shout(slot.lower())
        pronoun = self._pronouns.get(slot.lower())
        if pronoun is not None:
            return pronoun.capitalize() if slot[0].isupper() else pronoun
        if slot in _SLOTS:
            return _SLOTS[slot](self)
        if slot in _MAIN:
            return self.tell(slot)
        if slot in REALISTIC:
            return self._identifiers.fill(slot)
        return self.say(slot)

    def _shout(self, slot: str) -> str:
        if slot in REALISTIC:
            return self._identifiers.fill(slot, is_upper=True)
        return self.fill(slot).upper()

    def age(self) -> str:
        """Return the age in years, hidden where it must be."""
        return self._identifiers.age()

    def year(self) -> str:
        """Return the year of something past."""
        return self._identifiers.year(1 + int(self.rng.expovariate(0.2)) % max(self.stay.age, 1))

    def person(self) -> str:
        """Return who the patient is by age and sex: ``67-year-old man``, ``term newborn girl``."""
        stay = self.stay
        is_male = stay.patient.sex == "M"
        if stay.age_days < 3:
            return pick(self.rng, ("newborn", "newborn infant")) + (" boy" if is_male else " girl")
        if stay.age_days < 60:
            return f"{stay.age_days}-day-old" + (" boy" if is_male else " girl")
        if stay.age < _SMALL:
            return f"{stay.age_days // 30}-month-old" + (" boy" if is_male else " girl")
        if stay.age < _GROWN:
            return f"{stay.age}-year-old" + (" boy" if is_male else " girl")
        noun = pick(self.rng, ("man", "male", "gentleman", "man") if is_male else ("woman", "female", "lady", "woman"))
        return f"{self.age()}{pick(self.rng, ('-year-old', '-year-old', ' year old', ' yo', ' y/o'))} {noun}"

    def brief_person(self) -> str:
        """Return who the patient is in a few letters: ``67M``, ``67 yo F``."""
        stay = self.stay
        if stay.age < _SMALL:
            return self.person()
        return f"{self.age()}{pick(self.rng, (' yo ', 'yo', '', ' y/o ', ' '))}{stay.patient.sex}"

    def name(self) -> str:
        """Return how prose calls the patient at the start of a sentence."""
        stay = self.stay
        if stay.age < _SMALL:
            return pick(self.rng, ("The infant", "Baby {}", "The baby", "This infant")).format(
                self.fill("patient_last")
            )
        if stay.age < _GROWN:
            return pick(self.rng, ("The patient", self.fill("patient_first"), "This child"))
        if self.rng.random() < 0.35:
            return pick(self.rng, ("The patient", "Patient", "Pt"))
        title = "Mr." if stay.patient.sex == "M" else pick(self.rng, ("Mrs.", "Ms."))
        return f"{title} {self.fill('patient_last')}"

    def kin_word(self) -> str:
        """Return who of the family the note speaks of."""
        return self._identifiers.kin

    def service(self) -> str:
        """Return the hospital service that looks after the patient."""
        if self.is_small:
            return self.say("small_service")
        services = self.stay.primary.services
        if self.stay.patient.sex == "M":
            services = tuple(service for service in services if service not in _WOMENS_SERVICES)
        return pick(self.rng, services)

    def past(self) -> str:
        """Return one more disease in the patient's history, or something common where the history is told."""
        if self._untold:
            return self.of(self._untold.pop(), "past")
        if self.stay.age < _SMALL:
            return self.say("no_past")
        return self.say("common_past" if self.stay.age >= _COMMON_FROM else "no_past")

    def pasts(self) -> str:
        """Return one to three diseases of the patient's history as a list in prose."""
        words = [self.past() for _ in range(min(1 + int(self.rng.random() * 3), max(len(self._untold), 1)))]
        return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]

    def other_drug(self) -> str:
        """Return a drug of another disease of the patient, or an everyday one."""
        if self.stay.past and self.rng.random() < 0.6:
            return self.of(pick(self.rng, self.stay.past), "drug")
        return self.say("everyday_drug")

    def minor(self) -> str:
        """Return a sentence about a complication, or about nothing much."""
        if self.stay.minor:
            return self.of(pick(self.rng, self.stay.minor), "minor")
        return self.say("uneventful")

    def kin(self) -> str:
        """Return what runs in the family."""
        for _ in range(8):
            rubric = pick(self.rng, self._book.all)
            if rubric.phrases["kin"]:
                return self.of(rubric, "kin")
        return self.say("healthy_kin")

    def strange_complaint(self) -> str:
        """Return the complaint of some other rubric that the patient might have had."""
        for _ in range(8):
            rubric = pick(self.rng, self._book.all)
            if rubric is not self.stay.primary and rubric.fits(self.stay.age, self.stay.patient.sex):
                return self.of(rubric, "complaint")
        return self.say("negative")


_MAIN = frozenset(PHRASE_FIELDS) - {"past", "minor", "kin"}

_SLOTS: dict[str, Callable[[Scene], str]] = {
    "age": Scene.age,
    "year": Scene.year,
    "person": Scene.person,
    "brief_person": Scene.brief_person,
    "name": Scene.name,
    "past": Scene.past,
    "pasts": Scene.pasts,
    "other_drug": Scene.other_drug,
    "minor": Scene.minor,
    "kin": Scene.kin,
    "strange_complaint": Scene.strange_complaint,
    "weekday": lambda scene: pick(scene.rng, _WEEKDAYS),
    "service": Scene.service,
    "courtesy": lambda scene: "Mr." if scene.stay.patient.sex == "M" else pick(scene.rng, ("Ms.", "Mrs.")),
    "kin_word": Scene.kin_word,
    "sex": lambda scene: scene.stay.patient.sex,
}
