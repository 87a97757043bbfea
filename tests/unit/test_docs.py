"""The pages: generated ones are fresh, links lead somewhere, and commands that they name exist."""

import importlib.util
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest

from nosology import cli
from nosology.cli.demo import ADMISSIONS
from nosology.coding.labels import LabelSet
from nosology.config import load_config, shipped_config

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def loaded(name: str) -> Any:
    """Return a module of `docs`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def generate() -> Any:
    return loaded("generate")


@pytest.fixture(scope="module")
def marked() -> Any:
    return loaded("marked")


@pytest.fixture(scope="module")
def helps(generate: Any) -> dict[tuple[str, ...], str]:
    """Return each command's help by the words that lead to it."""
    cli.register_commands()
    return {tuple(path): generate._help_of(path) for path in generate.command_paths(cli.app)}


def page_id(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_generated_pages_are_fresh(generate: Any) -> None:
    pages = {name: generate.NOTICE + text for name, text in generate.reference_pages().items()}
    pages |= generate.reference_schemas()
    assert generate.stale_pages(pages, generate.REFERENCE) == [], "run `make docs`"


def test_a_page_that_differs_is_missing_or_is_left_over_is_stale(generate: Any, tmp_path: Path) -> None:
    (tmp_path / "same.md").write_text("same")
    (tmp_path / "other.md").write_text("old")
    (tmp_path / "left-over.md").write_text("nobody writes this any more")
    pages = {"same.md": "same", "other.md": "new", "missing.md": "new"}
    assert generate.stale_pages(pages, tmp_path) == ["left-over.md", "missing.md", "other.md"]


def test_every_configuration_field_is_on_the_reference_page_with_its_default(generate: Any) -> None:
    page = generate.config_page()
    assert "| `lora_r` | whole number, ≥ 1 | `16` | LoRA rank. |" in page
    assert "| `learning_rate` | number, > 0 | `0.0002` |" in page
    assert "| `max_words` | whole number, ≥ 1 or empty | empty |" in page
    assert "| `split_shares` | 3 numbers | `[0.8, 0.1, 0.1]` |" in page


def test_every_category_is_on_the_reference_page_with_its_ranges(generate: Any) -> None:
    page = generate.labels_page()
    assert "| Cardiovascular | 390-459 | I00-I99 |" in page
    assert page.count("\n| ") == 1 + 1 + 18, "two lines of head, 18 categories"


def test_every_command_ends_its_help_with_one_example_of_itself(helps: dict[tuple[str, ...], str]) -> None:
    for path, text in helps.items():
        usage = text.split("Options:")[0].split("Arguments:")[0]
        examples = re.findall(r"^ *Example: ", usage, flags=re.MULTILINE)
        assert len(examples) == 1, f"nosology {' '.join(path)}"
        example = " ".join(usage.split("Example: ")[1].split())
        assert example.startswith(f"nosology {' '.join(path)}")


def commands_in(text: str) -> list[str]:
    """Return the lines of a page's code blocks that call nosology, continued lines joined."""
    blocks = re.findall(r"```(?:console|bash|sh|text)?\n(.*?)```", text, flags=re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    return [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ").startswith("nosology ")]


@pytest.mark.parametrize("page", [page for page in PAGES if page.parent.name != "reference"], ids=page_id)
def test_commands_on_a_page_exist_with_the_options_they_are_given(page: Any, helps: dict[tuple[str, ...], str]) -> None:
    for line in commands_in(page.read_text(encoding="utf-8")):
        words = shlex.split(line, comments=True)[1:]
        path = next((tuple(words[:n]) for n in (2, 1) if tuple(words[:n]) in helps), None)
        assert path, f"no such command: {line}"
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert option in re.findall(r"--[\w-]+", helps[path]), f"no option {option}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_between_pages_lead_somewhere(page: Any) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?://|mailto:)([^)#\s]+)[^)]*\)", text)
    assert [target for target in targets if not (page.parent / target).exists()] == []


def anchors_of(page: Path) -> set[str]:
    """Return what a link can name of a page: its headings as GitHub writes them, numbered where they come again."""
    found: set[str] = set()
    for title in re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        shown = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", title).lower()
        name = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        found.add(name if name not in found else f"{name}-1")
    return found


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_to_a_part_of_a_page_lead_to_a_heading_of_it(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target, anchor in re.findall(r"\]\((?!https?://)([^)#\s]*\.md)?#([^)\s]+)\)", text):
        assert anchor in anchors_of(page.parent / target if target else page), f"{target}#{anchor}"


def test_the_steps_of_the_quickstart_are_those_of_the_demo() -> None:
    page = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
    assert f"nosology synth demo/source --admissions {ADMISSIONS} --seed 0\n" in page


def test_the_layers_on_the_design_page_are_those_that_are_enforced() -> None:
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    page = (ROOT / "docs" / "explanation" / "design.md").read_text(encoding="utf-8")
    block = page.split("## Layers")[1].split("```text\n")[1].split("```")[0]
    drawn = [re.split(r"\s{3,}", line)[0] for line in block.strip().splitlines()]
    assert drawn == [layer.replace("(", "").replace(")", "") for layer in contract["layers"]], "( ): not there yet"


def test_every_module_has_its_layer_and_its_line_in_the_tree() -> None:
    package = ROOT / "src" / "nosology"
    modules = {path.stem for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    modules -= {"__init__", "__main__"}
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    assert modules <= {name.strip("() ") for layer in contract["layers"] for name in layer.split("|")}
    tree = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("src/nosology/\n")[1].split("```")[0]
    assert modules <= set(re.findall(r"(\w+)(?:\.py|/)", tree))


FIGURES = [ROOT / "docs" / "figures" / f"{name}.json" for name in ("beside", "starter", "trained")]
FACTS = json.loads((ROOT / "docs" / "figures" / "facts.json").read_text(encoding="utf-8"))


def written_as(value: float, unit: str) -> str:
    """Return a figure as pages write it."""
    return str(value) if unit == "notes per second" else f"{value:.3f}".removeprefix("0")


def intervals_on(page: str) -> set[tuple[float, float]]:
    """Return the intervals that a page writes as [.016, .049], [+1.6, +4.9] or (.016-.049)."""
    number = r"([+\-\u2212]?\d*\.?\d+)"
    pairs = re.findall(rf"\[{number}, {number}\]", page) + re.findall(rf"\({number}-{number}\)", page)
    return {(float(low.replace("\u2212", "-")), float(high.replace("\u2212", "-"))) for low, high in pairs}


def is_recorded(interval: tuple[float, float], page: str) -> bool:
    """Return whether a page has an interval of shares, as shares or in points."""
    low, high = interval
    return bool({(low, high), (round(100 * low, 1), round(100 * high, 1))} & intervals_on(page))


@pytest.mark.parametrize("file", FIGURES, ids=lambda file: file.stem)
def test_figures_that_the_readme_quotes_are_those_of_the_page_that_records_them(file: Path) -> None:
    found = json.loads(file.read_text(encoding="utf-8"))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for row in found["rows"]:
        source = found | row
        assert (ROOT / source["script"]).is_file()
        assert re.fullmatch(r"2026-\d\d-\d\d", source["date"])
        recorded = (ROOT / source["recorded_in"]).read_text(encoding="utf-8")
        assert f"{row['n']:,}" in recorded, row["n"]
        for said in re.findall(r"\d*\.\d+|\d[\d,]+\d", row.get("question", "")):
            assert said in recorded, (said, source["recorded_in"])
        names = ("words", "starter", "blend", "fitted_to_codiesp", "tuned", "ensemble")
        values = [row[name] for name in names if name in row]
        sides = [row[side] for side in ("baseline", "ours") if isinstance(row.get(side), dict)]
        values += [side["value"] for side in sides]
        for found_interval in filter(None, [row.get("interval"), *(side["interval"] for side in sides)]):
            assert is_recorded(tuple(found_interval), recorded), (found_interval, source["recorded_in"])
        if "difference" in row:
            assert f"{100 * row['difference']:+.1f}" in recorded, (row["difference"], source["recorded_in"])
        for value in values:
            text = written_as(value, row.get("unit", ""))
            assert text in recorded or text.rstrip("0") in recorded, (text, source["recorded_in"])
            assert text in readme


def test_the_readme_tells_how_good_it_is_in_no_figure_of_its_own() -> None:
    """Each figure of that part but the setting's stands between marks, so it is written from `docs/figures`."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("## How good it is") : readme.index("## Your notes")]
    for part in ("trained", "starter", "beside", "original"):
        assert f"<!-- {part}: begin -->" in section
    prose = re.sub(r"<!-- (\w+): begin -->.*?<!-- \1: end -->", "", section, flags=re.DOTALL)
    numbers = r"\d[\d.,]*|\b(?:half|third|quarter|fifth|sixth|eighth|tenth|one|two|three|four|five|six|ten)s?\b"
    assert re.findall(numbers, prose) == ["135", "two", "one"], "million parameters, cores, seed"


def test_what_the_readme_says_of_installing_and_of_the_demo_is_recorded() -> None:
    recorded = (ROOT / FACTS["install"]["recorded_in"]).read_text(encoding="utf-8")
    for name, value in FACTS["install"].items():
        if name.endswith(("_mb", "_gb")):
            assert f"{value} {name[-2:].upper()}" in recorded, name
    assert f"{FACTS['demo']['minutes']} min {FACTS['demo']['seconds']} s" in recorded


def test_the_original_project_is_told_as_its_configuration_has_it() -> None:
    original, paper = FACTS["original"], load_config(shipped_config("paper"))
    assert (paper.prepare.min_words, paper.prepare.max_words) == (original["min_words"], original["max_words"])
    assert original["model"].replace(" ", "-") in paper.model.name
    assert len(LabelSet.load(paper.prepare.label_set).names) == original["categories"]


def test_parts_are_named_as_one_says_them(marked: Any) -> None:
    assert marked._part_above(0.295) == "a third"
    assert marked._part_above(0.132) == "a sixth"


def test_the_identifiers_that_stay_are_what_recall_leaves(marked: Any) -> None:
    rows = [{"ours": {"value": recall}} for recall in (0.868, 0.939)]
    assert "13 % of the identifiers stay by default and 6 % with" in marked.identifiers_left({"rows": rows})


def test_a_tuned_model_that_beats_words_is_not_called_no_better(marked: Any) -> None:
    figures = json.loads((ROOT / "docs" / "figures" / "trained.json").read_text(encoding="utf-8"))
    figures["rows"][2]["tuned"] = figures["rows"][2]["words"] + 0.05
    with pytest.raises(ValueError, match="better than words"):
        marked.trained_sentences(figures)


def test_an_interval_that_no_page_records_is_noticed() -> None:
    page = "the blend, +3.2 [1.6, 4.9]; recall .166 (.148-.186); less words \u22121.0 [\u22122.7, +9.4]"
    for interval in ((0.016, 0.049), (0.148, 0.186), (-0.027, 0.094)):
        assert is_recorded(interval, page)
    assert not is_recorded((0.026, 0.049), page)
    assert not is_recorded((0.016, 0.048), page)


def test_a_page_whose_marks_are_missing_is_refused(generate: Any, marked: Any) -> None:
    pages = generate.marked_pages()
    assert {page.name for page in pages} == {"README.md", "gpu.md"}
    assert all(page.read_text(encoding="utf-8") == text for page, text in pages.items()), "run `make docs`"
    assert (
        marked.written("<!-- a: begin -->old<!-- a: end -->", {"a": "new\n"})
        == "<!-- a: begin -->\nnew\n<!-- a: end -->"
    )
    with pytest.raises(ValueError, match="marks of 'b'"):
        marked.written("no marks", {"b": ""})
