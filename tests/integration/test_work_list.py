"""Thirty notes before lunch: a work list in a real browser, with a key a note, nothing read twice, nothing lost."""

# ruff: noqa: F401, F811 (fixtures are imported)

import csv
import io
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import axe_violations, browser, is_wider_than_the_screen, new_page, playwright
from nosology.files import read_json, write_json
from nosology.runs.run import INVENTED
from served import Served
from service_world import NAMES, write_served_run

N_NOTES, MOST_KEYS = 30, 35
WORDS = ("infarction", "ulcer", "eczema")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_served_run(tmp_path_factory.mktemp("list"))


@pytest.fixture
def served(run: Path, tmp_path: Path) -> Iterator[Any]:
    served = Served(run, tmp_path / "state")
    yield served
    served.stop()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """A list of notes, each of which says its number."""
    rows = [f"n{i},p{i // 2},The note of number {i} tells of {WORDS[i % 3]}." for i in range(N_NOTES)]
    path = tmp_path / "ward.csv"
    path.write_text("id,patient,text\n" + "\n".join(rows) + "\n")
    return path


def begin(page: Any, path: Path) -> None:
    page.set_input_files("#list-file", str(path))
    page.wait_for_selector("#reader:not([hidden])")
    page.wait_for_selector("#download")


def decide(page: Any, n: int) -> tuple[int, list[int]]:
    """Decide on some notes; return how many keys it took, and which rows were blind."""
    keys, blind, heading, name = 0, [], page.locator("#note-heading"), None
    for _ in range(n):
        if name is not None:
            playwright.expect(heading).not_to_have_text(name)  # until the next note is there, a key decides nothing
        page.wait_for_selector("#accept, #blind-choices")
        name = heading.inner_text()
        done = int(page.inner_text("#n-decided").split()[0])
        if page.locator("#blind-choices").count():
            blind.append(int(page.get_attribute("#worklist-rows [aria-current]", "data-row")))
            assert page.locator("#ranking, #suggestions, #reader mark").count() == 0
            assert page.is_visible("#skip-button")
            page.keyboard.press("1")
        else:
            page.keyboard.press("a")
        keys += 1
        playwright.expect(page.locator("#n-decided")).to_have_text(f"{done + 1} of {N_NOTES} decided")
    return keys, blind


def test_thirty_notes_take_a_key_each_and_are_read_once_and_survive_a_reload(
    served: Any,
    new_page: Any,
    notes: Path,
) -> None:
    asked: Counter[str] = Counter()
    page = new_page(served.url)
    page.on(
        "request",
        lambda request: asked.update([request.url.rpartition("/rows/")[2]] if request.method == "GET" else []),
    )
    begin(page, notes)
    playwright.expect(page.locator("#worklist-kept")).to_contain_text("This tab remembers the list, not its text")
    playwright.expect(page.locator("#suggestions, #blind-choices")).to_be_visible()  # one note in ten is drawn blind
    page.wait_for_timeout(300)
    assert sum(n for row, n in asked.items() if row.isdigit()) == 3, "the open note and the next two"
    assert axe_violations(page) == []
    keys, blind = decide(page, 15)
    assert {row: n for row, n in asked.items() if row.isdigit() and n > 1} == {}
    told = page.evaluate("JSON.stringify([sessionStorage, localStorage])")
    assert "number" not in told, "no text of a note is kept in the browser"
    page.click("#worklist-rows button:has(.what:text-is('blind'))")
    page.wait_for_selector("#blind-choices")
    for width in (360, 1024, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        assert axe_violations(page) == [], width
        assert not is_wider_than_the_screen(page), width
    page.reload()
    playwright.expect(page.locator("#n-decided")).to_have_text(f"15 of {N_NOTES} decided")
    more, others = decide(page, 15)
    assert keys + more <= MOST_KEYS
    assert "blind" not in page.inner_text("#worklist-status"), "none is left that the table would give away"
    playwright.expect(page.locator("#last")).to_contain_text("Every note of this list is decided.")
    playwright.expect(page.locator("#announcer")).to_have_text("Every note of this list is decided.")
    assert len([*blind, *others]) == 3, "a tenth"
    read = Counter(text for texts in served.reader.texts for text in texts)
    assert set(read.values()) == {1}, "no note was read twice"
    table = served.get(page.get_attribute("#download", "href"))
    rows = list(csv.DictReader(io.StringIO(table)))
    assert all(row["decided_category"] in NAMES and row["decided_by"] == "local" and row["decided_at"] for row in rows)
    assert [i for i, row in enumerate(rows) if row["decided_blind"] == "true"] == sorted([*blind, *others])
    stored = {decision.note_id: decision for decision in served.service.store.all()}
    assert len(stored) == N_NOTES
    assert {name for name, decision in stored.items() if decision.blind} == {f"n{row}" for row in (*blind, *others)}


def test_what_was_decided_last_is_undone_and_a_note_that_was_skipped_comes_last(
    served: Any,
    new_page: Any,
    notes: Path,
) -> None:
    page = new_page(served.url)
    page.fill("#blind-share", "0")
    begin(page, notes)
    page.select_option("#order", "file")
    playwright.expect(page.locator("#worklist-rows li:nth-child(1) .name")).to_have_text("n0")
    page.click("#worklist-rows li:nth-child(1) button")
    playwright.expect(page.locator("#note-heading")).to_have_text("n0")
    page.keyboard.press("a")
    playwright.expect(page.locator("#note-heading")).to_have_text("n1")
    page.keyboard.press("u")
    playwright.expect(page.locator("#note-heading")).to_have_text("n0")
    playwright.expect(page.locator("#n-decided")).to_have_text(f"0 of {N_NOTES} decided")
    assert [decision.verdict for decision in served.service.store.all()] == ["accepted", "undone"]
    page.keyboard.press("s")
    playwright.expect(page.locator("#note-heading")).to_have_text("n1")
    page.keyboard.press("k")
    playwright.expect(page.locator("#note-heading")).to_have_text("n0")
    page.select_option("#show", "unsure")
    playwright.expect(page.locator("#worklist-rows li")).to_have_count(0)
    page.select_option("#show", "all")
    page.select_option("#category-filter", "Digestive")
    playwright.expect(page.locator("#worklist-rows li")).to_have_count(10)
    page.set_input_files("#list-file", str(notes))
    playwright.expect(page.locator("#worklist-rows li")).to_have_count(N_NOTES)
    page.select_option("#order", "file")
    page.click("[data-row='0']")
    for row in range(2):
        playwright.expect(page.locator("#note-heading")).to_have_text(f"n{row}")
        page.keyboard.press("a")
    playwright.expect(page.locator("#n-decided")).to_have_text(f"2 of {N_NOTES} decided")
    page.click("[data-row='0']")
    playwright.expect(page.locator("#undo")).to_be_visible()
    page.click("#last button")
    playwright.expect(page.locator("#note-heading")).to_have_text("n1")
    assert served.service.store.all()[-1].note_id == "n1", "the one that the bar told"
    page.set_input_files("#list-file", str(notes))
    playwright.expect(page.locator("#replace-what")).to_contain_text("The table of ward.csv holds 1 decision that")
    page.click("#replace .leave")
    playwright.expect(page.locator("#n-decided")).to_have_text(f"1 of {N_NOTES} decided")


def test_a_file_that_is_no_text_is_refused_with_the_reason_which_goes_with_the_next_file(
    served: Any,
    new_page: Any,
    notes: Path,
    tmp_path: Path,
) -> None:
    page = new_page(served.url)
    for name, content, said in (
        ("a.pdf", b"%PDF-1.7", "A PDF holds pages"),
        ("b.docx", b"PK\x03\x04", "A Word document"),
        ("c.txt", b"%PDF-1.7", "A PDF holds pages"),
    ):
        (tmp_path / name).write_bytes(content)
        page.set_input_files("#note-file", str(tmp_path / name))
        playwright.expect(page.locator("#problem")).to_contain_text(said)
        assert page.locator("#problem p").count() == 1
    assert axe_violations(page) == []
    page.set_input_files("#list-file", str(notes))
    playwright.expect(page.locator("#problem p")).to_have_count(0)


def test_where_the_column_of_notes_is_not_clear_the_page_asks(
    served: Any,
    new_page: Any,
    tmp_path: Path,
) -> None:
    (tmp_path / "odd.csv").write_text(
        "who,story,ward\nx,Acute infarction of the anterior wall.,3\ny,Gastric ulcer seen.,4\n"
    )
    page = new_page(served.url)
    page.fill("#blind-share", "0")
    page.set_input_files("#list-file", str(tmp_path / "odd.csv"))
    page.wait_for_selector("#columns[open]")
    assert page.input_value("#column-text") == "story"
    assert axe_violations(page) == []
    page.select_option("#column-id", "who")
    page.keyboard.press("Enter")
    page.click("#columns .primary", timeout=2_000) if page.locator("#columns[open]").count() else None
    page.wait_for_selector("#download")
    assert page.inner_text("#worklist-rows li:nth-child(1) .name") in ("x", "y")


def test_keys_can_be_changed(served: Any, new_page: Any, notes: Path) -> None:
    page = new_page(served.url)
    page.fill("#blind-share", "0")
    page.keyboard.press("Tab")
    page.click("#open-help")
    page.fill("[aria-label^='Key: accept']", "c")
    page.keyboard.press("Tab")
    playwright.expect(page.locator("#help-problem")).to_contain_text("taken")
    page.fill("[aria-label^='Key: accept']", "x")
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    begin(page, notes)
    page.wait_for_selector("#accept")
    assert "X" in page.inner_text("#accept")
    page.keyboard.press("a")
    page.wait_for_timeout(200)
    assert served.service.store.all() == []
    page.keyboard.down("x")
    playwright.expect(page.locator("#n-decided")).to_have_text(f"1 of {N_NOTES} decided")
    page.wait_for_selector("#accept")
    page.keyboard.down("x")  # held
    page.wait_for_timeout(200)
    assert len(served.service.store.all()) == 1


def test_a_late_answer_undoes_neither_a_newer_choice_nor_a_decision(served: Any, new_page: Any, notes: Path) -> None:
    page = new_page(served.url)
    page.fill("#blind-share", "0")
    begin(page, notes)
    page.wait_for_selector("#accept")
    shown, held = page.locator("#worklist-rows li"), []

    def choose_and_hold(how: str) -> None:
        """Choose what is shown; the answer is the list as it is now, and comes when it is let go."""
        page.route("**/list?*", lambda route: held.append((route, route.fetch())), times=1)
        page.select_option("#show", how)
        while not held:
            page.wait_for_timeout(20)

    def let_go() -> None:
        route, answer = held.pop()
        route.fulfill(response=answer)

    choose_and_hold("open")
    page.select_option("#category-filter", "Digestive")
    playwright.expect(shown).to_have_count(10)
    let_go()
    page.wait_for_timeout(200)
    assert (shown.count(), page.input_value("#category-filter")) == (10, "Digestive")
    choose_and_hold("all")
    page.keyboard.press("a")
    playwright.expect(page.locator("#n-decided")).to_have_text(f"1 of {N_NOTES} decided")
    let_go()
    page.wait_for_timeout(200)
    assert page.inner_text("#n-decided") == f"1 of {N_NOTES} decided"
    page.select_option("#show", "open")
    page.select_option("#category-filter", "")
    playwright.expect(shown).to_have_count(N_NOTES - 1)
    page.keyboard.press("u")
    playwright.expect(shown).to_have_count(N_NOTES)
    playwright.expect(page.locator("#n-decided")).to_have_text(f"0 of {N_NOTES} decided")


def test_where_the_list_is_drawn_again_the_focus_and_an_open_choice_stay(
    served: Any, new_page: Any, notes: Path
) -> None:
    page = new_page(served.url)
    page.fill("#blind-share", "0")
    begin(page, notes)
    option = page.query_selector("#category-filter option[value='Digestive']")
    page.focus("[data-row='7']")
    drawn = page.query_selector("[data-row='7']")
    page.evaluate("""() => {
        document.getElementById("order").value = "file";
        document.getElementById("order").dispatchEvent(new Event("change"));
    }""")
    playwright.expect(page.locator("#worklist-rows li:nth-child(8) button")).to_be_focused()
    assert page.evaluate("document.activeElement.dataset.row") == "7"
    assert [drawn.evaluate("it => it.isConnected"), option.evaluate("it => it.isConnected")] == [False, True]


def test_notes_beyond_those_that_are_shown_are_decided_too(served: Any, new_page: Any, notes: Path) -> None:
    page = new_page(served.url)
    page.fill("#blind-share", "0")
    page.route("**/list?*", lambda route: route.continue_(url=route.request.url.replace("limit=500", "limit=3")))
    begin(page, notes)
    playwright.expect(page.locator("#worklist-rows .more")).to_contain_text("The first 3 of 30")
    decide(page, 8)
    assert page.input_value("#show") == "open"
    assert len({decision.note_id for decision in served.service.store.all()}) == 8
    page.select_option("#category-filter", "Digestive")
    playwright.expect(page.locator("#worklist-rows .what")).to_have_text(["Digestive"] * 3)


@pytest.mark.parametrize("size", ["narrow", "wide"])
def test_the_next_note_begins_at_its_beginning(size: str, served: Any, new_page: Any, tmp_path: Path) -> None:
    long = "".join(f'n{i},"Tells of {WORDS[i % 3]} {i}.{" More was written on it." * 300}"\n' for i in range(12))
    (tmp_path / "long.csv").write_text("id,text\n" + long)
    page = new_page(served.url, size)
    page.fill("#blind-share", "0")
    begin(page, tmp_path / "long.csv")
    for n_decided in range(1, 4):
        page.wait_for_selector("#accept")
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.keyboard.press("a")
        playwright.expect(page.locator("#n-decided")).to_have_text(f"{n_decided} of 12 decided")
        page.wait_for_selector("#suggestions")
        assert -2 <= page.evaluate("document.querySelector('main').getBoundingClientRect().top") < 200
        playwright.expect(page.locator("#category")).to_be_in_viewport()


@pytest.mark.parametrize("is_invented", [True, False])
def test_of_invented_notes_the_page_says_so_above_all_and_beside_each_answer(
    is_invented: bool, run: Path, new_page: Any, notes: Path, tmp_path: Path
) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    manifest = read_json(copied / "manifest.json")
    manifest["dataset"]["is_invented"] = is_invented
    write_json(copied / "manifest.json", manifest)
    served = Served(copied, tmp_path / "state")
    try:
        page = new_page(served.url)
        page.fill("#blind-share", "0")
        begin(page, notes)
        page.wait_for_selector("#suggestions")
        said = [page.inner_text("#caution")] if page.is_visible("#caution") else []
        said += page.locator("#caution-here").all_inner_texts()
    finally:
        served.stop()
    assert said == ([f"{INVENTED[0].upper()}{INVENTED[1:]}."] * 2 if is_invented else [])
