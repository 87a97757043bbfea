"""The page's files: nothing from other sites, nothing that the policy would block, every id that a script asks for."""

import re
from importlib import resources
from typing import Any

import pytest

from nosology.serve.http.guards import PAGE_POLICY
from nosology.serve.routes.about import page_files

FILES = {name: content.decode("utf-8") for name, (content, _) in page_files().items()}
SCRIPTS = {name: text for name, text in FILES.items() if name.endswith(".js")}


def test_every_file_of_the_folder_is_served_or_is_none_of_the_pages() -> None:
    folder = resources.files("nosology.serve").joinpath("page")
    assert {item.name for item in folder.iterdir() if not item.name.startswith(".")} == set(FILES)


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_comes_from_another_site(name: Any) -> None:
    addresses = re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}[^\s\"')]*", FILES[name])
    assert [address for address in addresses if not address.startswith("http://www.w3.org/2000/svg")] == []
    assert "@import" not in FILES[name]


@pytest.mark.parametrize("name", sorted(name for name in FILES if name.endswith(".html")))
def test_nothing_needs_inline_code_or_styles(name: Any) -> None:
    text = FILES[name]
    assert re.findall(r"<script(?![^>]*\bsrc=)", text) == []
    assert "<style" not in text
    assert re.findall(r"\sstyle=|\son[a-z]+=", text) == []
    assert "'unsafe" not in PAGE_POLICY


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_text_never_becomes_markup(name: Any) -> None:
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"):
        assert forbidden not in SCRIPTS[name]


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_nothing_but_settings_and_the_place_in_a_list_is_kept_in_the_browser(name: Any) -> None:
    for forbidden in ("localStorage", "sessionStorage", "indexedDB", "document.cookie"):
        assert forbidden not in SCRIPTS[name] or name == "memory.js", "notes are gone when the page is closed"
    kept = set(re.findall(r'\bkeep\("(\w+)"', SCRIPTS[name]))
    assert kept <= {"keys", "singleKeys", "blindShare", "list"}


def test_every_element_that_a_script_asks_for_exists() -> None:
    made = set(re.findall(r'\bid: "([\w-]+)"', "".join(SCRIPTS.values())))
    there = set(re.findall(r'\bid="([\w-]+)"', FILES["index.html"])) | made
    asked = set(re.findall(r'\$\("([\w-]+)"\)', "".join(SCRIPTS.values())))
    assert asked <= there
    labelled = set(re.findall(r'(?:aria-labelledby|aria-controls|for)="([\w-]+)"', FILES["index.html"]))
    assert labelled <= there


def test_every_module_that_is_imported_is_there() -> None:
    for text in SCRIPTS.values():
        assert set(re.findall(r'from "\./([\w.]+)"', text)) <= set(SCRIPTS)


def test_every_colour_is_defined_in_both_themes() -> None:
    light, dark = re.findall(r":root \{(.*?)\}", FILES["style.css"], flags=re.DOTALL)[:2]
    names = lambda block: set(re.findall(r"(--[\w-]+):", block))  # noqa: E731
    fonts = {"--serif", "--sans", "--mono"}
    assert names(light) - fonts == names(dark)
    used = set(re.findall(r"var\((--[\w-]+)\)", FILES["style.css"]))
    assert used <= names(light) | {"--share"}


def luminance(colour: str) -> float:
    """Return a colour's relative luminance (WCAG 2.2)."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "paper", "least"),
    [
        ("ink", "paper", 7),
        ("muted", "paper", 4.5),
        ("muted", "panel", 4.5),
        ("muted", "raised", 4.5),
        ("ink", "mark", 7),
        ("ink", "accent-soft", 7),
        ("accent", "paper", 4.5),
        ("accent-ink", "accent", 4.5),
        ("unsure", "paper", 4.5),
        ("wrong", "wrong-soft", 4.5),
        ("edge", "paper", 3),
    ],
)
def test_contrast_is_enough(theme: int, ink: str, paper: str, least: int | float) -> None:
    block = re.findall(r":root \{(.*?)\}", FILES["style.css"], flags=re.DOTALL)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]+)", block))
    one, two = sorted((luminance(colours[ink]), luminance(colours[paper])), reverse=True)
    assert (one + 0.05) / (two + 0.05) >= least


def test_no_action_has_a_key_that_decides_for_a_category_of_a_blind_note() -> None:
    (choices,) = re.findall(r'BLIND_KEYS = \[\.\.\."(\w+)"\]', SCRIPTS["finding.js"])
    actions = re.findall(r'\{ id: "\w+", key: "(.)"', SCRIPTS["app.js"])
    assert len(choices) == len(set(choices)) == 18
    assert len(actions) == 12
    assert not set(choices) & set(actions)
