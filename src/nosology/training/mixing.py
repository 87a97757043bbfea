"""Course texts among the training notes: the phrases of `nosology.course`, prepared and encoded as the notes are.

They share the notes' form (lower case where a preparation lower-cases), their instruction and their answers, but no
figure counts them as notes.
"""

import polars as pl

from nosology.coding.labels import LabelSet
from nosology.config import CourseConfig
from nosology.course.folder import course_rows
from nosology.course.phrases import collect
from nosology.text.cleaning import Cleaning
from nosology.text.normalize import normalize


def with_course(rows: pl.DataFrame, labels: LabelSet, course: CourseConfig, form: Cleaning) -> pl.DataFrame:
    """Return training rows with the texts of a course behind them.

    Args:
        rows: The training notes.
        labels: Their label set.
        course: How many texts, how often each, and the seed; no texts give the rows as they are.
        form: What was done to the notes; the same is done to case and punctuation of the texts.

    Raises:
        LabelError: The label set has no codes, so no phrase belongs to a category.
    """
    if not course.phrases:
        return rows
    texts = course_rows(collect(labels), course.phrases, course.seed)
    formed = [
        normalize(text, lowercase=form.lowercase, strip_punctuation=form.strip_punctuation)
        for text in texts["clean_text"]
    ]
    texts = texts.with_columns(pl.Series("clean_text", formed), split=pl.lit("train"))
    return pl.concat([rows, *[texts.select(rows.columns).cast(rows.schema)] * course.epochs])
