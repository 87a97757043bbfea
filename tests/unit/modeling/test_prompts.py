"""Prompt templates: shipped ones never change, broken ones are refused by name."""

from pathlib import Path

import pytest

from nosology.errors import ConfigError
from nosology.modeling.prompts import NOTE_MARKER, PromptTemplate


def test_the_released_template_is_the_one_that_was_released() -> None:
    released = {"physician-v1": "657b26db378153c4cd9a60d5328513bda3f72289aa9dff4d274d3a6fc4b6a17d"}
    assert {name: PromptTemplate.load(name).sha256 for name in released} == released


def test_the_shipped_template_names_all_categories_before_the_note() -> None:
    text = PromptTemplate.load("physician-v1").user(["Neoplasms", "Skin Disorders"])
    assert text.index("Neoplasms; Skin Disorders.") < text.index(NOTE_MARKER)
    assert "board-certified" in PromptTemplate.load("physician-v1").system()


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="physician-v1"):
        PromptTemplate.load("physician-v99")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("{% macro system() %}a{% endmacro %}", r"user\(\) does not render"),
        ("{% macro system() %}a{% endmacro %}{% macro user(c, n) %}{{ c }}{% endmacro %}", "exactly once"),
        ("{% macro system() %}a{% endmacro %}{% macro user(c, n) %}{{ n }}{{ n }}{% endmacro %}", "exactly once"),
        ("{% macro system( %}", "does not render"),
        ("{% macro system() %}a{% endmacro %}{% macro user(c, n) %}{{ n }}{{ missing }}{% endmacro %}", "missing"),
    ],
)
def test_a_broken_template_is_refused(tmp_path: Path, source: str, complaint: str) -> None:
    file = tmp_path / "mine.jinja"
    file.write_text(source, encoding="utf-8")
    template = PromptTemplate.load(str(file))
    with pytest.raises(ConfigError, match=complaint):
        template.user(["Neoplasms"])


def test_a_template_from_a_file_is_named_after_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.jinja"
    file.write_text("{% macro system() %}s{% endmacro %}{% macro user(c, n) %}{{ n }}!{% endmacro %}", encoding="utf-8")
    template = PromptTemplate.load(str(file))
    assert (template.name, template.user([]), template.system()) == ("mine", f"{NOTE_MARKER}!", "s")
