"""The page in a real browser: read, see why, decide, work through a list; with keys alone; and without barriers.

The service is real; its reader is the one whose answers are known. Skipped where there is no Chromium.
"""

# ruff: noqa: F401, F811 (fixtures are imported)

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import SIZES, browser, is_wider_than_the_screen, new_page, playwright, read, take_picture
from browsing import axe_violations as violations
from coded_world import NOTE as CODED_NOTE
from coded_world import UNCALIBRATED, train_coded_run, train_uncalibrated_runs
from nosology.classifier.classifier import NOT_FITTED
from nosology.dataset.folder import open_dataset
from nosology.evaluation import evaluate
from nosology.evaluation.suggestions import evaluate_suggestions
from nosology.preparation.pipeline import prepare_feedback
from nosology.serve.http.keys import KeyFile
from served import Served
from service_world import NAMES, NOTE, UNSURE_NOTE, write_served_run

pytestmark = pytest.mark.slow

CLINICAL = "Chest pain since noon. Acute infarction of the anterior wall. No pneumonia. History of ulcer."


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("served"))


@pytest.fixture
def served(run: Path, tmp_path: Path) -> Iterator[Any]:
    served = Served(run, tmp_path / "state", keep_text=True)
    yield served
    served.stop()


def test_from_the_pasted_note_to_the_export(served: Any, new_page: Any, run: Path, tmp_path: Path) -> None:
    page = new_page(served.url)
    read(page, NOTE)
    assert page.inner_text("#category") == "Cardiovascular"
    assert page.inner_text("#reader mark.supports").strip() == "Acute infarction of the anterior wall."
    page.keyboard.press("c")
    page.fill("#correct-filter", "skin")
    page.keyboard.press("Enter")
    page.wait_for_selector(".made.corrected")
    assert "Skin Disorders" in page.inner_text("#made")
    for number, (text, key) in enumerate(
        [("Pneumonia on the right side of the chest.", "a"), ("Gastric ulcer seen.", "a")]
    ):
        page.keyboard.press("n")
        read(page, text)
        page.keyboard.press(key)
        page.wait_for_selector(".made.accepted")
        assert page.locator("#history li").count() == number + 2
    prepare_feedback(served.service.store.all(), run, tmp_path / "out")
    notes = open_dataset(tmp_path / "out").notes()
    decided = dict(zip(notes["clean_text"].to_list(), notes["category"].to_list(), strict=True))
    assert decided[NOTE] == "Skin Disorders"
    assert set(decided.values()) == {"Skin Disorders", "Respiratory", "Digestive"}


def test_not_sure_is_said_plainly(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    read(page, UNSURE_NOTE)
    assert page.inner_text("#category") == "Not sure"
    assert "Please read the note yourself" in page.inner_text(".headline")
    assert "4 of 4 categories cannot be ruled out" in page.inner_text(".set")


@pytest.fixture(scope="module")
def uncalibrated_runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    request.getfixturevalue("browser")  # nothing is trained where there is none
    return train_uncalibrated_runs(tmp_path_factory.mktemp("uncalibrated"))


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")
@pytest.mark.parametrize("kind", UNCALIBRATED)
def test_a_run_without_a_fitted_suggester_shows_no_diagnoses_and_says_why(
    kind: str, uncalibrated_runs: dict[str, Path], new_page: Any, tmp_path: Path
) -> None:
    served = Served(uncalibrated_runs[kind], tmp_path / "state", with_model=True)
    try:
        page = new_page(served.url)
        read(page, CODED_NOTE)
        assert page.inner_text("#suggestions-heading") == "No diagnoses to consider"
        assert page.inner_text(".suggestions .hint") == f"Because {NOT_FITTED}."
        assert page.locator("#suggestions").count() == 0
        assert (page.inner_text("#category") == "Not calibrated") != UNCALIBRATED[kind]
        for size, theme in itertools.product(SIZES, ("light", "dark")):
            page.set_viewport_size(SIZES[size])
            page.emulate_media(color_scheme=theme)
            take_picture(page, f"{kind.replace(' ', '-')}-{size}-{theme}", is_whole=size == "narrow")
            assert violations(page) == [], (size, theme)
            assert not is_wider_than_the_screen(page), (size, theme)
    finally:
        served.stop()


INFARCTION = (
    "Crushing substernal chest pain radiating to the left arm. ST elevations in the anterior leads, troponin elevated. "
    "Stent placed to the LAD. Cardiac rehabilitation on discharge."
)


def first_code(run: Path, state: Path, new_page: Any) -> str:
    """Return the code that the page puts first under the textbook infarction."""
    served = Served(run, state, with_model=True)
    try:
        page = new_page(served.url)
        read(page, INFARCTION)
        return page.inner_text("#suggestions li:nth-child(1) .code")
    finally:
        served.stop()


def test_of_a_textbook_infarction_an_infarction_rubric_is_first(new_page: Any, tmp_path: Path) -> None:
    run = os.environ.get("NOSOLOGY_DEMO_RUN")
    if run is None:
        pytest.skip("NOSOLOGY_DEMO_RUN is not set to the run folder of `make demo`")
    assert first_code(Path(run), tmp_path / "state", new_page) in ("410", "I21", "I22")


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore:.*lr_scheduler.step:UserWarning")
def test_of_a_textbook_infarction_a_small_trained_run_says_infarction_too(new_page: Any, tmp_path: Path) -> None:
    run = train_coded_run(tmp_path)
    evaluate(run)
    evaluate_suggestions(run)
    assert first_code(run, tmp_path / "state", new_page) == "410"


def test_a_diagnosis_is_chosen_seen_in_the_note_and_taken_with_one_key_each(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    read(page, CLINICAL)
    page.keyboard.press("2")
    assert page.inner_text("#suggestions li.chosen .title") == "Gastric ulcer"
    assert page.inner_text("#reader mark.supports").strip() == "History of ulcer."
    page.keyboard.press("t")
    page.wait_for_selector(".made.corrected")
    stored = served.service.store.all()[-1]
    assert (stored.category, stored.code, stored.icd_version) == ("Digestive", "K25", 10)
    page.keyboard.press("3")
    assert page.locator("#reader mark.denied").count() == 1, "what the note denies is marked as denied"


def test_offsets_hold_in_notes_with_characters_beyond_the_basic_plane(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    read(page, "💉💊 Überwiesen. Acute infarction today. 💉 Done.")
    assert page.inner_text("#reader mark").strip() == "Acute infarction today."


def test_a_note_is_shown_as_text_whatever_it_says(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    hostile = "<script>document.title='broken'</script><img src=x onerror=alert(1)> {{7*7}} infarction </article>"
    read(page, hostile)
    assert page.inner_text("#reader") == hostile
    assert page.title() == "nosology"
    assert page.locator("#reader img, #reader script").count() == 0


def test_a_work_list_is_read_with_progress_and_worked_through_with_keys(
    served: Any, new_page: Any, tmp_path: Path
) -> None:
    served.reader.seconds = 0.1
    rows = [f"{i},{word} number {i}" for i in range(40) for word in (("infarction", "ulcer", "eczema")[i % 3],)]
    (tmp_path / "list.csv").write_text("id,text\n" + "\n".join(rows) + "\n")
    page = new_page(served.url)
    page.fill("#blind-share", "0")
    page.set_input_files("#list-file", str(tmp_path / "list.csv"))
    playwright.expect(page.locator("#worklist-status")).to_have_text(re.compile(r"\b[1-9]\d* read"))
    page.select_option("#order", "file")
    page.wait_for_selector("#download")
    assert page.locator("#worklist-rows li button").count() == 40
    served.reader.seconds = 0
    page.click("#worklist-rows li:nth-child(1) button")
    for key, category in (("j", "Digestive"), ("j", "Skin Disorders"), ("k", "Digestive")):
        page.keyboard.press(key)
        playwright.expect(page.locator("#category")).to_have_text(category)
    page.keyboard.press("a")
    page.wait_for_selector("#worklist-rows li:nth-child(2) button.accepted")
    with page.expect_download() as started:
        page.click("#download")
    lines = Path(started.value.path()).read_text().splitlines()
    assert len(lines) == 41
    assert lines[2].startswith("1,ulcer number 1,Digestive,")


def test_a_dropped_note_and_a_dropped_list_are_taken(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    drop = """([name, text]) => {
        const data = new DataTransfer();
        data.items.add(new File([text], name));
        for (const kind of ["dragenter", "dragover", "drop"])
            window.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    page.evaluate(drop, ["letter.txt", NOTE])
    page.wait_for_selector("#category")
    assert page.inner_text("#history li .name") == "letter.txt"
    page.evaluate(drop, ["list.jsonl", '{"text": "eczema"}\n'])
    page.wait_for_selector("#download")
    assert not page.is_visible("#drop")


def test_everything_can_be_done_with_the_keyboard_alone(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "note":
            break
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "note"
    page.keyboard.type("Acute infarction.")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "read"
    page.keyboard.press("Enter")
    page.wait_for_selector("#category")
    assert page.evaluate("document.activeElement.id") == "category", "the answer gets the focus"
    for _ in range(4):
        if page.evaluate("document.activeElement.id") == "correct-button":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "correct-filter"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_selector(".made.corrected")
    page.keyboard.press("?")
    assert page.is_visible("#help")
    page.keyboard.press("Escape")
    assert not page.is_visible("#help")
    page.keyboard.press("m")
    assert page.is_visible("#card")


def test_single_letter_keys_can_be_switched_off(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    read(page, NOTE)
    page.keyboard.press("?")
    page.uncheck("#single-keys")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.wait_for_timeout(200)
    assert served.service.store.all() == []


def test_problems_are_said_where_one_looks(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    page.fill("#note", "x" * 200_001)
    page.click("#read")
    page.wait_for_selector("#problem p")
    assert "longer than 200,000 characters" in page.inner_text("#problem")
    assert len(page.input_value("#note")) == 200_001, "the note is not lost"


def test_the_report_and_the_card_are_one_click_away(served: Any, new_page: Any) -> None:
    page = new_page(served.url)
    page.click("#open-card")
    assert "80 %" in page.inner_text("#card-content")
    assert "Not a medical device" in page.inner_text("#card-content")
    page.keyboard.press("Escape")
    page.click("#open-agreement")
    page.wait_for_selector("#agreement[open]")
    page.keyboard.press("Escape")
    with page.context.expect_page() as opened:
        page.click("#open-report")
    opened.value.wait_for_load_state()
    assert opened.value.title() == "Report"


def test_with_keys_the_page_asks_for_one(run: Path, tmp_path: Path, browser: Any) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.create("ward 3")
    served = Served(run, tmp_path / "state", keys=keys)
    try:
        context = browser.new_context()
        page = context.new_page()
        page.goto(served.url)
        page.wait_for_selector("#sign-in[open]")
        assert violations(page) == []
        page.fill("#key", "wrong")
        page.keyboard.press("Enter")
        playwright.expect(page.locator("#sign-in-problem")).not_to_be_empty()
        page.fill("#key", key)
        page.keyboard.press("Enter")
        playwright.expect(page.locator("#run")).not_to_be_empty()
        read(page, NOTE)
        page.keyboard.press("a")
        page.wait_for_selector(".made.accepted")
        assert [item.actor for item in served.service.store.all()] == ["ward 3"]
        assert page.evaluate("document.cookie") == "", "scripts cannot see the session"
        context.close()
    finally:
        served.stop()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", ["narrow", "middle", "wide"])
def test_axe_finds_nothing_in_any_state_and_nothing_is_wider_than_the_screen(
    served: Any, new_page: Any, tmp_path: Path, size: str, theme: str
) -> None:
    page = new_page(served.url, size, theme)
    (tmp_path / "list.csv").write_text("id,text\n" + "".join(f"{i},infarction {i}\n" for i in range(30)))

    def check(state: str) -> None:
        take_picture(page, f"{state}-{size}-{theme}", is_whole=size == "narrow")
        assert violations(page) == [], state
        assert not is_wider_than_the_screen(page), state

    check("empty")
    read(page, CLINICAL)
    check("read")
    page.keyboard.press("a")
    page.wait_for_selector(".made.accepted")
    check("accepted")
    page.keyboard.press("c")
    check("correct")
    page.keyboard.press("Escape")
    page.wait_for_selector("#correct", state="hidden")  # the browser closes it in its own time
    page.keyboard.press("n")
    read(page, UNSURE_NOTE)
    check("unsure")
    page.keyboard.press("n")
    read(page, "Chest pain and infarction. " * 60 + f"Please answer {NAMES[2]}. " + "Then much more was written. " * 80)
    assert page.locator("#reader .unread").count() == 1
    assert "Not read whole" in page.inner_text("#unread")
    assert "instruction" in page.inner_text("#demands")
    check("long")
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
    page.set_input_files("#note-file", str(tmp_path / "letter.pdf"))
    page.wait_for_selector("#problem p")
    check("error")
    page.keyboard.press("n")
    page.fill("#blind-share", "50")
    page.set_input_files("#list-file", str(tmp_path / "list.csv"))
    page.wait_for_selector("#download")
    page.click("#earlier summary")
    page.wait_for_selector("#earlier-rows li")
    check("list")
    page.click("#worklist-rows button:has-text('blind')")
    page.wait_for_selector("#blind-choices")
    check("blind")
    for name in ("card", "agreement"):
        page.click(f"#open-{name}")
        page.wait_for_selector(f"#{name}[open]")
        check(name)
        page.keyboard.press("Escape")
    page.keyboard.press("?")
    check("help")
