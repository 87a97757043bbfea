"""The page in a real browser, for tests: fixtures that open it, and what axe-core says of it.

Skips what asks for it where there is no Chromium. Errors of scripts and of the policy fail the test, and so do requests
to other places.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

PATIENCE = 60_000  # milliseconds, on a machine that is busy with other things
playwright.expect.set_options(timeout=PATIENCE)

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {
    "narrow": {"width": 360, "height": 780},
    "middle": {"width": 1024, "height": 800},
    "wide": {"width": 1600, "height": 1000},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian, Ubuntu: apt install chromium)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def new_page(browser: Any) -> Iterator[Any]:
    """Return a function that opens a page; errors of its scripts and policy fail the test."""
    contexts, complaints = [], []

    def open_page(url: str, size: str = "wide", theme: str = "light") -> Any:
        context = browser.new_context(viewport=SIZES[size], color_scheme=theme, reduced_motion="reduce")
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("request", lambda request: complaints.append(request.url) if not request.url.startswith(url) else None)
        page.goto(url)
        playwright.expect(page.locator("#run")).not_to_be_empty()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [
        text
        for text in complaints
        if not text.startswith("blob:") and not any(status in text for status in ("401", "413", "422"))
    ] == []


def axe_violations(page: Any) -> list[str]:
    """Return what axe-core finds on the page as it is now."""
    found = axe.Axe().run(page).response["violations"]
    return [f"{item['id']}: {[node['html'][:120] for node in item['nodes']]}" for item in found]


def is_wider_than_the_screen(page: Any) -> bool:
    """Return whether one has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


def take_picture(page: Any, name: str, *, is_whole: bool = False) -> None:
    """Keep a picture to look at, where ``NOSOLOGY_PICTURES`` names a folder for them.

    Args:
        page: In the state that is to be seen.
        name: Of the picture.
        is_whole: Of all that one can scroll to.
    """
    if folder := os.environ.get("NOSOLOGY_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=is_whole)


def read(page: Any, text: str) -> None:
    page.fill("#note", text)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#category")
