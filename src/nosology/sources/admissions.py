"""What MIMIC's tables say about an admission: its diagnosis codes, and the patient's sex, age band and admission type.

MIMIC-IV has six million diagnoses, too many for Python objects; they stay in sorted columns and become `Code` records
when a note asks for those of its admission.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from nosology.coding import icd
from nosology.errors import DataError
from nosology.records import Code
from nosology.sources.codecolumn import CodeSuspicions
from nosology.sources.csvblock import CsvBlock
from nosology.sources.csvstream import CsvReader
from nosology.sources.reading import Rejected

_AGE_BANDS = ((0, "0"), (17, "1-17"), (44, "18-44"), (64, "45-64"), (79, "65-79"))
_OLDEST_BAND = "80+"


def key_of(patient_id: int, admission_id: int) -> int:
    """Return one number for a patient and an admission of theirs; both ids are below 2**31."""
    return (patient_id << 32) | admission_id


def whole_number(text: str) -> int | None:
    """Return the number that an id spells, ``"145834.0"`` included; None where it is no id."""
    digits = text.strip().removesuffix(".0")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else None


class AdmissionTable:
    """Rows of a table, found by patient and admission.

    Args:
        frame: A column ``key`` (see `key_of`) and what is asked for.
        order: Columns that rows of one admission are sorted by.
    """

    def __init__(self, frame: pl.DataFrame, order: Sequence[str] = ()) -> None:
        frame = frame.sort("key", *order, nulls_last=True)
        self._keys = array("q", frame["key"].to_numpy().tobytes())
        # Few values, many rows: each column is held as its distinct values and a small number a row.
        self._values: list[list[object]] = []
        self._places: list[npt.NDArray[np.int32]] = []
        for column in frame.drop("key").iter_columns():
            distinct = column.unique().sort()
            places = pl.DataFrame({"value": distinct, "place": np.arange(len(distinct), dtype=np.int32)})
            found = pl.DataFrame({"value": column}).join(
                places, on="value", how="left", nulls_equal=True, maintain_order="left"
            )
            self._values.append(distinct.to_list())
            self._places.append(found["place"].to_numpy())

    def __len__(self) -> int:
        return len(self._keys)

    def rows(self, patient_id: int, admission_id: int) -> list[tuple[object, ...]]:
        """Return the rows of one admission; none where the admission is unknown or another patient's."""
        key = key_of(patient_id, admission_id)
        start = bisect_left(self._keys, key)
        stop = bisect_right(self._keys, key, lo=start)
        columns = (
            [values[place] for place in places[start:stop].tolist()]
            for values, places in zip(self._values, self._places, strict=True)
        )
        return list(zip(*columns, strict=True))


@dataclass(frozen=True, slots=True)
class Diagnoses:
    """The diagnosis codes of all admissions.

    Attributes:
        rejected: Records that could not be read.
        n_rows: Records of the file, with those rejected.
        warnings: What looks wrong with the codes.
    """

    table: AdmissionTable
    n_rows: int
    rejected: tuple[Rejected, ...]
    warnings: tuple[str, ...]

    def codes_of(self, patient_id: int, admission_id: int) -> tuple[Code, ...]:
        """Return an admission's codes in sequence order, those without a sequence number last."""
        rows = self.table.rows(patient_id, admission_id)
        return tuple(Code(str(value), int(str(version)), sequence) for sequence, value, version in rows)  # type: ignore[arg-type]


def read_diagnoses(path: Path, columns: Mapping[str, str], version: int | None) -> Diagnoses:
    """Return the diagnosis codes of a DIAGNOSES_ICD file.

    Args:
        path: The file.
        columns: The file's names for ``patient``, ``admission``, ``sequence``, ``code`` and, where a row states it,
            ``version``.
        version: The ICD version of all rows; None where a column states it.

    Raises:
        DataError: The file or a column is missing, the file is damaged, or its codes were turned into numbers.
    """
    reader = CsvReader(path, whole_numbers=[columns["patient"], columns["admission"], columns["sequence"]])
    names = dict(zip(columns, reader.require(list(columns.values())), strict=True))
    frames: list[pl.DataFrame] = []
    rejected: list[Rejected] = []
    n_rows = 0
    for block in reader.blocks():
        frame, bad = _typed(block, names, version)
        n_rows += len(block) + len(block.rejected)
        rejected += [*block.rejected, *bad]
        frames.append(frame)
    empty = pl.DataFrame(schema={"key": pl.Int64, "sequence": pl.Int32, "code": pl.String, "version": pl.Int8})
    frame = pl.concat([empty, *frames])
    codes = frame.select("code", "version").unique().sort("code", "version")
    warnings = _check_spelling(codes, path)
    normal = [icd.normalize(code, v) or code.strip() for code, v in codes.iter_rows()]
    frame = frame.join(
        codes.with_columns(normal=pl.Series(normal, dtype=pl.String)), on=["code", "version"], how="left"
    )
    table = AdmissionTable(frame.select("key", "sequence", code="normal", version="version"), ["sequence", "code"])
    return Diagnoses(table, n_rows, tuple(rejected), warnings)


def _typed(block: CsvBlock, names: Mapping[str, str], version: int | None) -> tuple[pl.DataFrame, list[Rejected]]:
    """Return a block's diagnoses with numbers as numbers, and the rows whose numbers are none."""
    raw = block.frame(list(names.values())).rename({name: role for role, name in names.items()})
    stated = pl.lit(version, pl.Int8) if version else _number("version", pl.Int8)
    frame = raw.select(
        key=_number("patient") * 2**32 + _number("admission"),
        sequence=_number("sequence", pl.Int32),
        code=pl.col("code"),
        version=stated,
    )
    checks = {"a patient or admission id that is no number": frame["key"].is_null()}
    checks["an ICD version that is neither 9 nor 10"] = ~frame["version"].is_in([9, 10]).fill_null(False)
    checks["a sequence number that is no number"] = frame["sequence"].is_null() & (
        raw["sequence"].str.strip_chars() != ""
    )
    is_bad = pl.Series(np.zeros(frame.height, bool))
    rejected = []
    for reason, fails in checks.items():
        rejected += [block.reject(i, reason) for i in (fails & ~is_bad).arg_true()]
        is_bad = is_bad | fails
    return frame.filter(~is_bad), rejected


def _number(column: str, dtype: type[pl.DataType] = pl.Int64) -> pl.Expr:
    return pl.col(column).str.strip_chars().str.strip_suffix(".0").cast(dtype, strict=False)


def _check_spelling(codes: pl.DataFrame, path: Path) -> tuple[str, ...]:
    """Refuse codes that were turned into numbers; warn where their leading zeros seem to be gone.

    Raises:
        DataError: A code reads like 41401.0.
    """
    icd9 = codes.filter(pl.col("version") == 9)["code"].str.strip_chars()
    n_floats = int(icd9.str.contains(r"^\d{4,5}\.0$").sum())
    if n_floats:
        hint = "read the codes as text (in pandas: dtype=str); as a number 0389 (septicemia) becomes 389 (hearing loss)"
        raise DataError(
            f"{n_floats:,} ICD-9 codes were turned into numbers, such as 41401.0", place=str(path), hint=hint
        )
    suspicions = CodeSuspicions()
    for code in icd9.to_list():
        suspicions.add(code)
    return tuple(suspicions.notices(path.name))


def read_attributes(
    patients: Path | None, admissions: Path | None, columns: Mapping[str, str]
) -> tuple[AdmissionTable, tuple[str, ...]]:
    """Return sex, age band and admission type of every admission, and a warning for each table that is not there.

    Args:
        patients: The PATIENTS file.
        admissions: The ADMISSIONS file.
        columns: The files' names for ``patient``, ``admission``, ``admitted``, ``admission_type``, ``sex`` and either
            ``birth``, or ``anchor_age`` and ``anchor_year``.

    Raises:
        DataError: A file lacks a column or is damaged.
    """
    if admissions is None or patients is None:
        missing = "ADMISSIONS" if admissions is None else "PATIENTS"
        empty = pl.DataFrame(schema={"key": pl.Int64, "sex": pl.String, "age_band": pl.String, "type": pl.String})
        return AdmissionTable(empty), (f"no {missing} file: sex, age band and admission type stay empty",)
    by_year = "anchor_year" in columns
    of_patient = ["patient", "sex", *(["anchor_age", "anchor_year"] if by_year else ["birth"])]
    people = _read_columns(patients, {role: columns[role] for role in of_patient})
    stays = _read_columns(
        admissions, {role: columns[role] for role in ("patient", "admission", "admitted", "admission_type")}
    )
    people = (
        people.with_columns(patient=_number("patient"))
        .drop_nulls("patient")
        .unique("patient", keep="first", maintain_order=True)
    )
    stays = stays.with_columns(patient=_number("patient"), admission=_number("admission")).drop_nulls(
        ["patient", "admission"]
    )
    born = _number("anchor_year") - _number("anchor_age") if by_year else _year("birth")
    joined = stays.join(people.with_columns(born=born), on="patient", how="left")
    age = _year("admitted") - pl.col("born")
    table = joined.select(
        key=pl.col("patient") * 2**32 + pl.col("admission"),
        sex=_or_null("sex"),
        age_band=_age_band(age),
        type=_or_null("admission_type"),
    )
    return AdmissionTable(table.unique("key", keep="first", maintain_order=True)), ()


def _read_columns(path: Path, columns: Mapping[str, str]) -> pl.DataFrame:
    reader = CsvReader(path, whole_numbers=[columns["patient"]])
    names = reader.require(list(columns.values()))
    frames = [block.frame(names) for block in reader.blocks()]
    frame = pl.concat([pl.DataFrame(schema=dict.fromkeys(names, pl.String)), *frames])
    return frame.rename(dict(zip(names, columns, strict=True)))


def _year(column: str) -> pl.Expr:
    """Read the year of ``2151-08-04 ...``; other spellings give null, since two digits do not say the century."""
    return pl.col(column).str.extract(r"^\s*(\d{4})-\d{2}-\d{2}").cast(pl.Int64, strict=False)


def _age_band(age: pl.Expr) -> pl.Expr:
    """Return the band of an age in years; MIMIC-III moves the births of people over 89 to 300 years back."""
    band: Any = pl.when((age < 0) | age.is_null()).then(None)
    for oldest, name in _AGE_BANDS:
        band = band.when(age <= oldest).then(pl.lit(name))
    banded: pl.Expr = band.otherwise(pl.lit(_OLDEST_BAND))
    return banded


def _or_null(column: str) -> pl.Expr:
    stripped = pl.col(column).str.strip_chars()
    return pl.when(stripped == "").then(None).otherwise(stripped)
