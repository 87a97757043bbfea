"""scrubadub and Presidio behind our interface: offsets, types, and what happens where they are not needed or absent."""

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findings import found
from nosology.deidentification.detectors import presidio
from nosology.deidentification.detectors import scrubadub_detectors as scrubadub_detectors_module
from nosology.deidentification.detectors.scrubadub_detectors import scrubadub_detectors
from nosology.errors import ModelError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail ann@example.org now", ("CONTACT", "ann@example.org")),
        ("👩🏽‍⚕️ ann@example.org", ("CONTACT", "ann@example.org")),
        ("ann at example dot org", ("CONTACT", "ann at example dot org")),
        ("please call 617-555-0142 today", ("CONTACT", "617-555-0142")),
        ("x " * 60 + "617-555-0142" + " x" * 60, ("CONTACT", "617-555-0142")),
        ("Ann (617-555-0142) agrees", ("CONTACT", "617-555-0142")),
        ("Ann at (617) 555-0142", ("CONTACT", "(617) 555-0142")),
        ("SSN 219-09-9999", ("ID", "219-09-9999")),
        ("card 4716221051885662", ("ID", "4716221051885662")),
        ("see https://example.org/x", ("CONTACT", "https://example.org/x")),
        ("username: ann password: secret1", ("CONTACT", "username: ann password: secret1")),
    ],
)
def test_what_scrubadub_finds_has_our_types_and_offsets(text: str, expected: tuple[str, str]) -> None:
    assert found(scrubadub_detectors, text) == [expected]


@pytest.mark.parametrize("text", ["BP 120/80", "a lesion at 2.5 cm", "seen at noon. dot", "Dr. Okafor on March 14", ""])
def test_where_no_gate_opens_scrubadub_finds_nothing(text: str) -> None:
    assert found(scrubadub_detectors, text) == []


def test_a_stretch_that_comes_again_and_again_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    detector, seen = scrubadub_detectors_module._detector("phone"), []
    real = detector.iter_filth

    def looked_at(text: str) -> object:
        seen.append(text)
        return real(text)

    monkeypatch.setattr(detector, "iter_filth", looked_at)
    line = "x" * 45 + " call (617) 555-0142 or (617-555-0143) " + "y" * 45 + "\n"
    numbers = ["(617) 555-0142", "617-555-0143"]
    assert [value for _, value in found(scrubadub_detectors, line * 40)] == numbers * 40
    assert len(seen) == len(set(seen)) <= 3


def test_scrubadub_is_not_imported_for_a_text_that_holds_nothing_for_it() -> None:
    program = (
        "import sys\n"
        "from nosology.deidentification import scrubadub_detectors\n"
        "assert list(scrubadub_detectors('BP 120/80, seen by Dr. Okafor')) == []\n"
        "assert 'scrubadub' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True, capture_output=True)


@given(st.text(st.sampled_from("0123456789 -.()+@:/abwu\n"), max_size=60))
def test_scrubadub_never_points_outside_the_text(text: str) -> None:
    assert all(0 <= span.start < span.end <= len(text) for span in scrubadub_detectors(text))


def test_without_presidio_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presidio.util, "find_spec", lambda _: None)
    assert not presidio.is_presidio_installed()
    with pytest.raises(ModelError, match="Presidio is not installed") as refusal:
        presidio.PresidioDetector()
    assert "pip install presidio-analyzer" in (refusal.value.hint or "")


@pytest.fixture
def analyzer(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """Put an analyzer of Presidio's interface in its place; return the calls that it gets."""
    calls: list[dict] = []

    class Engine:
        def __init__(self, **settings: object) -> None:
            calls.append(settings)

        def analyze(self, **request: object) -> list[SimpleNamespace]:
            calls.append(request)
            kinds = ("PERSON", "DATE_TIME", "NRP", "ORGANIZATION", "EMAIL_ADDRESS", "US_SSN")
            return [SimpleNamespace(start=2 * i, end=2 * i + 1, entity_type=kind) for i, kind in enumerate(kinds)]

    engine = ModuleType("presidio_analyzer.nlp_engine")
    engine.NlpEngineProvider = lambda nlp_configuration: SimpleNamespace(create_engine=lambda: nlp_configuration)
    package = ModuleType("presidio_analyzer")
    package.AnalyzerEngine = Engine
    spacy = ModuleType("spacy.util")
    spacy.is_package = lambda name: name == "en_core_web_sm"
    for module in (package, engine, spacy):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(presidio, "is_presidio_installed", lambda: True)
    return calls


def test_presidios_kinds_become_ours_and_what_is_no_identifier_is_left_out(analyzer: list[dict]) -> None:
    spans = list(presidio.PresidioDetector(min_score=0.5)("a b c d e f"))
    assert [(span.start, span.type) for span in spans] == [
        (0, "NAME"),
        (2, "DATE"),
        (6, "ORG"),
        (8, "CONTACT"),
        (10, "ID"),
    ]
    assert analyzer[-1] == {"text": "a b c d e f", "language": "en", "score_threshold": 0.5}
    assert analyzer[0]["nlp_engine"]["models"] == [{"lang_code": "en", "model_name": "en_core_web_sm"}]


@pytest.mark.usefixtures("analyzer")
def test_a_spacy_model_that_is_not_installed_is_named_and_nothing_is_downloaded() -> None:
    with pytest.raises(ModelError, match="there is no spaCy model 'en_core_web_huge'"):
        presidio.PresidioDetector("en_core_web_huge")
