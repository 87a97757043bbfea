"""Prompt templates: shipped ones never change, broken ones are refused by name."""

import hashlib
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


# ---- what a template may and may not do


def written(folder: Path, source: str, name: str = "mine.jinja") -> str:
    """Write a template and return its path as a configuration names it."""
    (folder / name).write_text(source, encoding="utf-8")
    return str(folder / name)


WHOLE = "{% macro system() %}Be {{ 1 + 1 }} times precise.{% endmacro %}{% macro user(categories, note) %}"


def test_the_hash_is_that_of_the_text_and_changes_with_any_letter(tmp_path: Path) -> None:
    one = PromptTemplate("a", "{% macro system() %}x{% endmacro %}")
    assert one.sha256 == hashlib.sha256(one.source.encode()).hexdigest()
    assert PromptTemplate("another name", one.source).sha256 == one.sha256
    assert PromptTemplate("a", one.source + " ").sha256 != one.sha256
    assert PromptTemplate.load(written(tmp_path, one.source)).sha256 == one.sha256


def test_a_template_is_rendered_with_the_categories_and_a_mark_for_the_note(tmp_path: Path) -> None:
    source = WHOLE + "One of {{ categories | join(', ') }}:\n{{ note }}\nAnswer.{% endmacro %}"
    template = PromptTemplate.load(written(tmp_path, source))
    assert template.system() == "Be 2 times precise."
    assert template.user(["A", "B & C"]) == f"One of A, B & C:\n{NOTE_MARKER}\nAnswer."


@pytest.mark.parametrize("body", ["no note at all", "{{ note }} twice {{ note }}", "{{ note | length }}"])
def test_the_note_stands_in_a_prompt_exactly_once(tmp_path: Path, body: str) -> None:
    template = PromptTemplate.load(written(tmp_path, WHOLE + body + "{% endmacro %}"))
    with pytest.raises(ConfigError, match="exactly once") as caught:
        template.user(["A", "B"])
    assert caught.value.place == "mine"


@pytest.mark.parametrize(
    "body",
    [
        "{{ note.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}{{ note }}",
        "{{ categories.append('X') }}{{ note }}",
        "{{ missing }}{{ note }}",
        "{% include '/etc/passwd' %}{{ note }}",
    ],
)
def test_a_template_can_neither_reach_out_nor_change_what_it_is_given(tmp_path: Path, body: str) -> None:
    template = PromptTemplate.load(written(tmp_path, WHOLE + body + "{% endmacro %}"))
    categories = ["A", "B"]
    with pytest.raises(ConfigError, match=r"does not render|exactly once"):
        template.user(categories)
    assert categories == ["A", "B"]


def test_a_shipped_name_is_no_file_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "physician-v1").write_text("mine")
    assert PromptTemplate.load("physician-v1").source != "mine"


def test_the_source_shows_in_no_repr() -> None:
    assert "precise" not in repr(PromptTemplate("a", WHOLE))


GOOD = "{% macro system() %}s{% endmacro %}{% macro user(c, n) %}{{ n }}BODY{% endmacro %}"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("{% for a in c %}{% for b in c %}{{ b }}{% endfor %}{% endfor %}", "for is not allowed"),
        ("{% for a in range(99999999) %}x{% endfor %}", "for is not allowed"),
        ("{{ 'x' * 10000000000 }}", "mul is not allowed"),
        ("{{ 2 ** 99999999 }}", "pow is not allowed"),
        ("{% set a = 'xx' %}", "assign is not allowed"),
        ("{{ 'x' | center(9999999999) }}", "the filter center is not allowed"),
        ("{{ system() }}", "call is not allowed"),
        ("{% include 'other' %}", "include is not allowed"),
    ],
)
def test_what_could_take_endless_time_or_memory_is_refused_with_its_line(tmp_path: Path, body: str, what: str) -> None:
    file = tmp_path / "mine.jinja"
    file.write_text(GOOD.replace("BODY", "\n" + body), encoding="utf-8")
    template = PromptTemplate.load(str(file))
    with pytest.raises(ConfigError, match=what) as caught:
        template.user(["Neoplasms"])
    assert caught.value.place == "mine, line 2"


def test_a_loop_over_the_categories_with_a_condition_is_allowed(tmp_path: Path) -> None:
    body = "{% for a in c %}{% if not loop.first %}, {% endif %}{{ a | upper }}{% endfor %}"
    file = tmp_path / "mine.jinja"
    file.write_text(GOOD.replace("BODY", body), encoding="utf-8")
    assert PromptTemplate.load(str(file)).user(["x", "y"]) == f"{NOTE_MARKER}X, Y"


def test_a_template_that_is_no_text_or_too_long_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "mine.jinja"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="cannot be read") as caught:
        PromptTemplate.load(str(file))
    assert caught.value.place == str(file)
    file.write_text(GOOD.replace("BODY", "x" * 100_000), encoding="utf-8")
    with pytest.raises(ConfigError, match="at most 100,000 characters"):
        PromptTemplate.load(str(file)).system()
