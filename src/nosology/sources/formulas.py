"""Formula characters at the start of a cell: table programs run such a cell instead of showing it."""

import polars as pl

_FORMULA = r"^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]"  # the last four are the wide forms of the first four
_NUMBER = r"^[+-]?([0-9]+([.,][0-9]+)*|[.,][0-9]+)([eE][+-]?[0-9]+)?$"


def escaped(table: pl.DataFrame) -> pl.DataFrame:
    """Return a table whose text cells and column names never begin as a formula does; a plain number stays.

    Such a cell gets an apostrophe in front, which table programs take for "this is text". It stays in the file: whoever
    reads the table with anything else finds it there.

    Args:
        table: Columns of text, numbers and truth values.
    """
    names: list[str] = []
    for name in _escaped(pl.Series(table.columns, dtype=pl.String)).to_list():
        while name in names or (name != table.columns[len(names)] and name in table.columns):
            name = f"'{name}"
        names.append(name)
    return pl.DataFrame(
        [
            (_escaped(column) if column.dtype == pl.String else column).alias(name)
            for column, name in zip(table, names, strict=True)
        ]
    )


def _escaped(column: pl.Series) -> pl.Series:
    cell = pl.col("cell")
    is_formula = cell.str.contains(_FORMULA) & ~cell.str.contains(_NUMBER)
    found = pl.when(is_formula).then(pl.concat_str(pl.lit("'"), cell)).otherwise(cell)
    return column.alias("cell").to_frame().select(found.alias("cell"))["cell"].alias(column.name)
