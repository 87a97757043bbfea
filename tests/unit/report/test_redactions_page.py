"""The page of marked notes in a browser: what clicks and selections do, and what it says of recall.

Skipped where there is no Chromium.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from browsing import browser as browser
from nosology.deidentification.findings import Finding
from nosology.records import Span
from nosology.report.redactions import Reviewed, write_redactions

SELECT = """([first, from, last, to]) => {
  const range = document.createRange(), texts = document.querySelectorAll('.text');
  const node = ([note, child]) => texts[note].childNodes[child];
  range.setStart(node(first), from);
  range.setEnd(node(last), to);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
  document.dispatchEvent(new MouseEvent('mouseup', {bubbles: true}));
}"""


@pytest.fixture
def page(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """Open a page of two notes: "Okonjo" is marked in each."""
    notes = [
        Reviewed(
            row, f"Seen by Okonjo. Then Amara Nwosu came to visit row {row}.", (Finding(Span(8, 14, "NAME"), share),)
        )
        for row, share in ((1, 0.95), (2, 0.6))
    ]
    write_redactions(notes, tmp_path / "review.html", n_notes=9, recall="high")
    opened = browser.new_page()
    opened.goto((tmp_path / "review.html").as_uri())
    yield opened
    opened.close()


def test_recall_is_said_only_when_every_note_is_read(page: Any) -> None:
    boxes = page.locator("article input")
    boxes.nth(0).check()
    assert "1 of 2 notes read: 1 identifiers replaced" in page.locator("#counts").inner_text()
    assert "Recall is said once all are read." in page.locator("#counts").inner_text()
    boxes.nth(1).check()
    assert "Recall 1.000 (0.342 to 1.000, n = 2)." in page.locator("#counts").inner_text()
    page.evaluate(SELECT, [[0, 2], 7, [0, 2], 18])
    assert "1 missed" in page.locator("#counts").inner_text()
    assert "Recall 0.667" in page.locator("#counts").inner_text()
    page.locator("mark").nth(0).click()
    assert "1 marks that are none. Recall 0.500" in page.locator("#counts").inner_text()


def test_text_that_is_unmarked_again_can_be_selected_whole(page: Any) -> None:
    page.evaluate(SELECT, [[0, 2], 7, [0, 2], 12])
    assert page.locator("mark.missed").inner_text() == "Amara"
    page.locator("mark.missed").click()
    assert page.evaluate("document.querySelector('.text').childNodes.length") == 3
    page.evaluate(SELECT, [[0, 2], 7, [0, 2], 18])
    assert page.locator("mark.missed").inner_text() == "Amara Nwosu"


def test_a_selection_that_cannot_be_marked_is_told_and_the_telling_ends(page: Any) -> None:
    page.evaluate(SELECT, [[0, 0], 2, [0, 2], 6])
    assert "Nothing was marked" in page.locator("#problem").inner_text()
    assert page.locator("mark.missed").count() == 0
    page.evaluate(SELECT, [[0, 2], 7, [0, 2], 18])
    assert page.locator("#problem").inner_text() == ""
    page.evaluate(SELECT, [[0, 0], 2, [1, 0], 3])
    assert "select text of one note" in page.locator("#problem").inner_text()
