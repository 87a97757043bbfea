"""The report as a browser lays it out: at each width and in print nothing is cut off and numbers can be read.

Skipped where there is no Chromium.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from evaluation_world import Loader, write_dataset, write_run
from nosology.coding.labels import LabelSet
from nosology.config import EvaluateConfig
from nosology.evaluation import evaluate
from nosology.files import read_json, write_json
from nosology.report import write_report

playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
PRINT = 688
"""Pixels between the margins of A4."""

SPILLED = """() => {
  const width = document.documentElement.clientWidth, found = [];
  if (document.documentElement.scrollWidth > width) found.push('the page: ' + document.documentElement.scrollWidth);
  for (const part of document.querySelectorAll('main *, header *, footer *')) {
    if ((part.closest('svg') && part.tagName !== 'svg') || part.closest('.name')) continue;
    const box = part.getBoundingClientRect(), name = part.tagName + '.' + part.getAttribute('class');
    if (box.width && (box.right > width + 1 || box.left < -1)) found.push(name + ' leaves the page');
    const isBlock = part.clientWidth && getComputedStyle(part).display !== 'inline';
    if (isBlock && part.scrollWidth > part.clientWidth + 1) found.push(name + ' spills over');
  }
  return found;
}"""
SMALL = """() => [...document.querySelectorAll('.matrix td, .matrix th')]
  .filter(cell => parseFloat(getComputedStyle(cell).fontSize) < 11).length"""
APART = """() => [...document.querySelectorAll('.key dt')].filter(term => term.checkVisibility())
  .filter(term => term.getBoundingClientRect().top > term.nextElementSibling.getBoundingClientRect().top + 1
    || term.getBoundingClientRect().left > term.nextElementSibling.getBoundingClientRect().left)
  .map(term => term.textContent)"""
TOUCHING = """() => {
  const found = [], box = part => part.getBoundingClientRect();
  for (const figure of document.querySelectorAll('main svg')) {
    const marks = [...figure.querySelectorAll('use')].map(box).filter(mark => mark.width);
    for (const text of figure.querySelectorAll('text')) {
      const words = box(text);
      if (words.width && marks.some(mark => mark.right + 2 > words.left && mark.left < words.right + 2
        && mark.bottom > words.top && mark.top < words.bottom)) found.push(text.textContent.trim());
    }
  }
  return found;
}"""
SHOWN = """() => [...document.querySelectorAll('.matrix')]
  .filter(table => table.checkVisibility() && table.getBoundingClientRect().width > 200).length"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The report of a run on all 18 categories, in a browser."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian, Ubuntu: apt install chromium)")
    folder = tmp_path_factory.mktemp("layout")
    names = LabelSet.load("icd-chapters-18").names
    dataset = write_dataset(folder / "dataset", {"train": 72, "validation": 54, "test": 54}, names=names, in_turn=True)
    run = write_run(folder / "run", dataset, n_train=72)
    systems = ("majority", "base_strict", "base_lenient", "tuned")
    evaluate(run, config=EvaluateConfig(bootstrap_samples=100, systems=systems), load=Loader(names), include_text=True)
    _never_right(run / "eval" / "test" / "results.json", "base_strict")
    path: Path = write_report(run, include_text=True)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(120_000)  # a busy machine draws slowly; how fast is not the question here
        page.goto(path.as_uri())
        yield page
        browser.close()


def _never_right(file: Path, system: str) -> None:
    """Give a system an accuracy of 0, whose dot stands where the titles end."""
    results = read_json(file)
    results["systems"][system] |= {"accuracy": 0.0, "accuracy_interval": [0.0, 0.07]}
    write_json(file, results)


@pytest.mark.parametrize("width", [390, 1024, 1600, PRINT])
def test_nothing_is_cut_off_and_both_matrices_can_be_read(page: Any, width: int) -> None:
    page.emulate_media(media="print" if width == PRINT else "screen")
    page.set_viewport_size({"width": width, "height": 1000})
    assert page.evaluate(SPILLED) == []
    assert page.evaluate(SMALL) == 0
    assert page.evaluate(SHOWN) == 2
    assert page.evaluate(TOUCHING) == [], "two pixels at least between dots and the words of a figure"
    assert page.evaluate(APART) == [], "each term stands before or above what is said of it"
