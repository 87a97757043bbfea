"""The converters behind the starter: the publishers' own formats become phrases with the right code."""

import gzip
import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from nosology.coding.labels import LabelSet
from nosology.course.phrases import read_phrases

FOLDER = Path(__file__).parents[3] / "scripts" / "starter"

OBO = """format-version: 1.2

[Term]
id: DOID:1
name: disease of joints
xref: ICD10CM:M00-M25
is_a: DOID:0 ! disease

[Term]
id: DOID:2
name: gouty trouble
def: "A joint disease that has_symptom pain and is \\"sudden\\"." [url:http\\://example.org]
synonym: "podagra thing" EXACT []
synonym: "arthritis" BROAD []
xref: ICD10CM:M10.9
xref: UMLS_CUI:C0001
is_a: DOID:1 ! disease of joints

[Term]
id: DOID:3
name: tophaceous gouty trouble
is_a: DOID:2 ! gouty trouble

[Term]
id: DOID:4
name: old gouty trouble
is_obsolete: true
xref: ICD10CM:M10.9

[Typedef]
id: part_of
name: part of
"""

XML = """<?xml version="1.0" encoding="UTF-8"?>
<Document id="1" source="X" url="http://example.org">
<Focus>Gouty Trouble</Focus>
<FocusAnnotations><UMLS><CUIs><CUI>C0001</CUI></CUIs></UMLS>
<Synonyms><Synonym>Podagra thing</Synonym></Synonyms></FocusAnnotations>
<QAPairs>
<QAPair pid="1"><Question qid="1" qtype="symptoms">What?</Question>
<Answer>Gouty trouble makes the big toe hot, red and very sore within a few hours. Call 1-800-555-0100 for a leaflet.
Podagra thing often comes back at night after a large meal with a lot of wine.</Answer></QAPair>
<QAPair pid="2"><Question qid="2" qtype="inheritance">Who?</Question>
<Answer>It runs in families, and that is all that anybody seems to know of it.</Answer></QAPair>
<QAPair pid="3"><Question qid="3" qtype="treatment">How?</Question><Answer></Answer></QAPair>
</QAPairs></Document>
"""


@pytest.fixture
def scripts() -> Iterator[tuple[ModuleType, ModuleType]]:
    """The two converters, imported from their folder."""
    sys.path.insert(0, str(FOLDER))
    yield importlib.import_module("ontology"), importlib.import_module("medquad")
    sys.path.remove(str(FOLDER))
    for name in ("ontology", "medquad", "phrase_file"):
        sys.modules.pop(name, None)


def test_an_obo_file_gives_its_terms_but_obsolete_ones(scripts: tuple[ModuleType, ModuleType]) -> None:
    found = {disease.id: disease for disease in scripts[0].from_obo(OBO.splitlines())}
    assert found.keys() == {"DOID:1", "DOID:2", "DOID:3"}
    gout = found["DOID:2"]
    assert (gout.synonyms, gout.umls, gout.parents) == (("podagra thing",), ("C0001",), ("DOID:1",))
    assert gout.definition == 'A joint disease that has_symptom pain and is "sudden".'


def test_a_disease_without_a_code_takes_its_nearest_coded_ancestors(scripts: tuple[ModuleType, ModuleType]) -> None:
    ontology = scripts[0]
    diseases = {disease.id: disease for disease in ontology.from_obo(OBO.splitlines())}
    assert ontology.codes_of(diseases) == {"DOID:2": "M10.9", "DOID:3": "M10.9"}  # a range of codes is no code


def test_of_several_parents_the_code_that_most_share_is_taken(scripts: tuple[ModuleType, ModuleType]) -> None:
    ontology = scripts[0]
    coded = {key: ontology.Disease(key, key, codes=(code,)) for key, code in [("a", "L20"), ("b", "I10"), ("c", "L20")]}
    child = ontology.Disease("x", "x", parents=("a", "b", "c"))
    tied = ontology.Disease("y", "y", parents=("a", "b"))
    codes = ontology.codes_of({**coded, "x": child, "y": tied})
    assert (codes["x"], codes["y"]) == ("L20", "I10")


def test_a_circle_of_parents_ends(scripts: tuple[ModuleType, ModuleType]) -> None:
    ontology = scripts[0]
    circle = {"a": ontology.Disease("a", "a", parents=("b",)), "b": ontology.Disease("b", "b", parents=("a",))}
    assert ontology.codes_of(circle) == {}


def test_the_written_file_is_one_that_a_course_takes(scripts: tuple[ModuleType, ModuleType], tmp_path: Path) -> None:
    ontology = scripts[0]
    diseases = {disease.id: disease for disease in ontology.from_obo(OBO.splitlines())}
    from_module = sys.modules["phrase_file"]
    n = from_module.write_rows(tmp_path / "out.tsv.gz", ontology.rows(diseases))
    phrases = read_phrases(tmp_path / "out.tsv.gz", LabelSet.load("icd-chapters-18"))
    assert n == len(phrases) == 4
    assert {phrase.category for phrase in phrases} == {"Musculoskeletal"}
    assert 'A joint disease that has symptom pain and is "sudden".' in {phrase.text for phrase in phrases}
    assert gzip.decompress((tmp_path / "out.tsv.gz").read_bytes()).count(b"\n") == 5


def test_answers_are_coded_cut_masked_and_freed_of_telephones(scripts: tuple[ModuleType, ModuleType]) -> None:
    ontology, medquad = scripts
    diseases = {disease.id: disease for disease in ontology.from_obo(OBO.splitlines())}
    codes = medquad.Codes(diseases, LabelSet.load("icd-chapters-18"))
    (row,) = medquad.rows(medquad.from_xml(XML), codes)
    assert (row.code, row.kind, row.licence) == ("M10.9", "finding", "CC-BY-4.0")
    assert "800" not in row.text
    assert "ocht" not in row.text
    assert row.text.lower().count("this condition") == 2
    assert not {"gouty", "podagra"} & set(row.text.lower().split())


def test_a_disease_is_found_by_name_where_its_identifier_is_unknown(scripts: tuple[ModuleType, ModuleType]) -> None:
    medquad = scripts[1]
    codes = medquad.Codes({}, LabelSet.load("icd-chapters-18"))
    assert codes.find(medquad.Answer("Essential (primary) hypertension", (), ("C9",), "symptoms", "")) == "I10"
    assert codes.find(medquad.Answer("A disease that nobody has", (), (), "symptoms", "")) is None


def test_passages_are_whole_sentences_of_bounded_length(scripts: tuple[ModuleType, ModuleType]) -> None:
    medquad = scripts[1]
    text = " ".join(f"Sentence number {n} says that this is so and not otherwise." for n in range(40))
    passages = medquad.passages(text)
    assert len(passages) == medquad.MOST_PASSAGES
    assert all(len(passage.split()) <= medquad.MOST_WORDS and passage.endswith(".") for passage in passages)
