"""Someone who works through a list on the page: how soon it can be begun, and how long each note is waited for.

A browser drops a list on the page of a service, then decides a note every few seconds with one key. It waits until both
the category and the diagnoses to consider are there (of a blind note: until its text is). What is counted as waiting is
the time from the key that decides a note to when all of the next one is there.
"""

import csv
import io
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
_PATIENCE = 300_000  # milliseconds
_READY = "#suggestions, #unfitted, #no-suggestions, #blind-choices"
_DROP = """([name, text]) => {
    const data = new DataTransfer();
    data.items.add(new File([text], name));
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@dataclass
class Worked:
    """What one person met.

    Attributes:
        first_usable_s: Seconds from the drop until the first note can be decided.
        first_whole_s: Seconds from the drop until its diagnoses are there too.
        list_s: Seconds from the drop until every note of the list was read.
        waits: Seconds that each note was waited for, the first one left out.
        keys: Pressed.
        n_reads: Requests that ask for a row with diagnoses.
    """

    first_usable_s: float = 0.0
    first_whole_s: float = 0.0
    list_s: float = 0.0
    waits: list[float] = field(default_factory=list)
    keys: int = 0
    n_reads: int = 0

    def row(self) -> dict[str, float]:
        """Return the figures of the table."""
        return {
            "notes": len(self.waits) + 1,
            "first_usable_s": round(self.first_usable_s, 2),
            "first_whole_s": round(self.first_whole_s, 2),
            "list_s": round(self.list_s, 2),
            "waiting_s": round(sum(self.waits), 2),
            "longest_wait_s": round(max(self.waits, default=0.0), 2),
            "keys": self.keys,
            "reads": self.n_reads,
        }


def chromium() -> str:
    """Return the browser.

    Raises:
        SystemExit: None is installed.
    """
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("--page needs Chromium (Debian, Ubuntu: apt install chromium), or its path in CHROMIUM")
    return found


def work_through(port: int, notes: Sequence[str], *, every_s: float) -> Worked:
    """Return what somebody meets who decides a note every few seconds.

    Args:
        port: Of the service.
        notes: The list.
        every_s: Seconds from one note being there to its decision.
    """
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=_PATIENCE)
    worked = Worked()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=_FLAGS)
        page = browser.new_page()
        page.set_default_timeout(_PATIENCE)
        page.on("request", lambda request: _count(worked, request.method, request.url))
        page.goto(f"http://127.0.0.1:{port}")
        expect(page.locator("#run")).not_to_be_empty()
        dropped = time.perf_counter()
        page.evaluate(_DROP, ["list.csv", _table(notes)])
        page.wait_for_selector("#accept, #blind-choices")
        worked.first_usable_s = time.perf_counter() - dropped
        page.wait_for_selector(_READY)
        worked.first_whole_s = time.perf_counter() - dropped
        for number in range(len(notes)):
            if number:
                worked.waits.append(_wait(page, number))
            _work(page, every_s, worked, dropped)
            page.keyboard.press("1" if page.locator("#blind-choices").count() else "a")
            worked.keys += 1
        expect(page.locator("#n-decided")).to_contain_text(f"{len(notes)} of")
        page.wait_for_selector("#download", state="attached")
        worked.list_s = worked.list_s or time.perf_counter() - dropped
        browser.close()
    return worked


def _work(page: Any, seconds: float, worked: Worked, dropped: float) -> None:
    """Look at a note for a time, and see whether the list is read meanwhile."""
    ends = time.perf_counter() + seconds
    while (left := ends - time.perf_counter()) > 0:
        if not worked.list_s and page.locator("#download").count():
            worked.list_s = time.perf_counter() - dropped
        page.wait_for_timeout(1000 * min(left, 0.1))


def _wait(page: Any, n_decided: int) -> float:
    """Return how long it takes from a key until all of the next note is there."""
    from playwright.sync_api import expect

    started = time.perf_counter()
    expect(page.locator("#n-decided")).to_contain_text(f"{n_decided} of")
    expect(
        page.locator("#worklist-rows .accepted[aria-current], #worklist-rows .corrected[aria-current]")
    ).to_have_count(0)
    page.wait_for_selector(_READY)
    return time.perf_counter() - started


def _count(worked: Worked, method: str, url: str) -> None:
    worked.n_reads += method == "GET" and url.rpartition("/rows/")[2].isdigit()


def _table(notes: Sequence[str]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["id", "text"])
    writer.writerows((f"note {number}", note) for number, note in enumerate(notes, start=1))
    return out.getvalue()
