"""Disease names, synonyms and definitions of the Disease Ontology as phrases of a course.

Reads the publisher's ``doid.obo`` (CC0; https://github.com/DiseaseOntology/HumanDiseaseOntology), or the same terms as
JSON lines (``id, name, synonyms, definition, parents, icd10cm, umls``), and writes the TSV file that `nosology course
--file` takes. A disease without an ICD-10-CM code gets that of its nearest coded ancestor: the parents first, then
theirs; of several at one distance the code that most of them share, ties by the alphabet. Codes of ranges and obsolete
terms are left out.

Run as ``python scripts/starter/ontology.py doid.obo --out ontology.tsv.gz``.
"""

import argparse
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from phrase_file import Row, write_rows

from nosology.coding import icd

SOURCE, LICENCE = "Disease Ontology", "CC0-1.0"
FARTHEST = 4
"""Generations that a code is inherited over; beyond it an ancestor says too little."""

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_RELATION = re.compile(r"(?<=[a-z])_(?=[a-z])")


@dataclass(frozen=True, slots=True)
class Disease:
    """One term of the ontology."""

    id: str
    name: str
    synonyms: tuple[str, ...] = ()
    definition: str = ""
    parents: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    umls: tuple[str, ...] = field(default=())


def read_diseases(path: Path) -> dict[str, Disease]:
    """Return the diseases of an OBO file or of JSON lines (gzipped or not), by id."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        lines = list(file)
    found = from_json_lines(lines) if lines and lines[0].startswith("{") else from_obo(lines)
    return {disease.id: disease for disease in found}


def from_obo(lines: Iterable[str]) -> Iterator[Disease]:
    """Yield the diseases of an OBO file's ``[Term]`` stanzas, obsolete ones left out."""
    stanza: list[tuple[str, str]] | None = None
    for line in [*lines, "["]:
        text = line.strip()
        if text.startswith("["):
            if stanza and ("is_obsolete", "true") not in stanza:
                yield _disease(stanza)
            stanza = [] if text == "[Term]" else None
        elif stanza is not None and ": " in text:
            key, _, value = text.partition(": ")
            stanza.append((key, value))


def _disease(stanza: list[tuple[str, str]]) -> Disease:
    def values(key: str) -> list[str]:
        return [value for name, value in stanza if name == key]

    references = [value.split()[0] for value in values("xref")]
    return Disease(
        id=values("id")[0],
        name=(values("name") or [""])[0],
        synonyms=tuple(_quoted(value) for value in values("synonym") if "EXACT" in value),
        definition=_quoted((values("def") or ['""'])[0]),
        parents=tuple(value.split()[0] for value in values("is_a")),
        codes=tuple(ref.partition(":")[2] for ref in references if ref.startswith("ICD10CM:")),
        umls=tuple(ref.partition(":")[2] for ref in references if ref.startswith("UMLS_CUI:")),
    )


def _quoted(value: str) -> str:
    match = _QUOTED.search(value)
    return re.sub(r"\\(.)", r"\1", match[1]) if match else ""


def from_json_lines(lines: Iterable[str]) -> Iterator[Disease]:
    """Yield the diseases of JSON lines."""
    for line in lines:
        item = json.loads(line)
        yield Disease(
            id=item["id"],
            name=item["name"],
            synonyms=tuple(item.get("synonyms", ())),
            definition=item.get("definition", ""),
            parents=tuple(item.get("parents", ())),
            codes=tuple(item.get("icd10cm", ())),
            umls=tuple(item.get("umls", ())),
        )


def codes_of(diseases: Mapping[str, Disease]) -> dict[str, str]:
    """Return one ICD-10-CM code a disease: its own first one, or that of its nearest coded ancestor."""
    own = {key: code for key, disease in diseases.items() if (code := _first_code(disease)) is not None}
    found = dict(own)
    for key, disease in diseases.items():
        generation, seen = set(disease.parents), {key}
        for _ in range(FARTHEST):
            if key in found or not generation:
                break
            counts = Counter(own[parent] for parent in generation if parent in own)
            if counts:
                found[key] = min(counts, key=lambda code: (-counts[code], code))
            seen |= generation
            generation = {up for one in generation if one in diseases for up in diseases[one].parents} - seen
    return found


def _first_code(disease: Disease) -> str | None:
    usable = (code for code in disease.codes if "-" not in code and icd.normalize(code, 10) is not None)
    return next(usable, None)


def rows(diseases: Mapping[str, Disease]) -> Iterator[Row]:
    """Yield a row for each name, synonym and definition of a disease that has a code."""
    codes = codes_of(diseases)
    for key, code in codes.items():
        disease = diseases[key]
        for name in dict.fromkeys([disease.name, *disease.synonyms]):
            if name:
                yield Row(name, code, "name", SOURCE, LICENCE)
        if disease.definition:
            yield Row(in_words(disease.definition), code, "definition", SOURCE, LICENCE)


def in_words(definition: str) -> str:
    """Return a definition without the ontology's own relation names (``has_symptom`` becomes ``has symptom``)."""
    return _RELATION.sub(" ", definition)


def main() -> None:
    """Convert a file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("ontology", type=Path, help="doid.obo, or JSON lines")
    parser.add_argument("--out", type=Path, required=True, help="the TSV file to write; gzipped if it ends in .gz")
    options = parser.parse_args()
    diseases = read_diseases(options.ontology)
    n = write_rows(options.out, rows(diseases))
    print(f"{n:,} phrases of {len(codes_of(diseases)):,} coded diseases among {len(diseases):,}: {options.out}")


if __name__ == "__main__":
    main()
