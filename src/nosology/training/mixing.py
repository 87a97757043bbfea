"""What is learned beside the training notes as they are: course texts among them, and demands written into some.

Course texts share the notes' form (lower case where a preparation lower-cases), their instruction and their answers,
but no figure counts them as notes. Demands (`nosology.course.demands`) come last, so they stand in both.
"""

from random import Random

import polars as pl

from nosology.coding.labels import LabelSet
from nosology.config import CourseConfig
from nosology.course.demands import demanding
from nosology.course.folder import course_rows
from nosology.course.notes import compose_notes
from nosology.course.phrases import collect
from nosology.text.cleaning import Cleaning
from nosology.text.normalize import normalize

AS_WRITTEN = 0.2
"""Share of demands that keep case and punctuation where the notes lose theirs: text may meet a model unprepared."""


def with_course(rows: pl.DataFrame, labels: LabelSet, course: CourseConfig, form: Cleaning) -> pl.DataFrame:
    """Return training rows with the texts of a course behind them.

    Args:
        rows: The training notes.
        labels: Their label set.
        course: How many phrases and invented notes, how often each, and the seed; none give the rows as they are.
        form: What was done to the notes; the same is done to case and punctuation of the texts.

    Raises:
        LabelError: The label set has no codes, so no phrase belongs to a category.
    """
    if not (course.phrases or course.notes):
        return rows
    notes = compose_notes(labels, course.notes, course.seed)
    texts = course_rows(collect(labels), course.phrases, course.seed, notes)
    formed = [
        normalize(text, lowercase=form.lowercase, strip_punctuation=form.strip_punctuation)
        for text in texts["clean_text"]
    ]
    texts = texts.with_columns(pl.Series("clean_text", formed), split=pl.lit("train"))
    return pl.concat([rows, *[texts.select(rows.columns).cast(rows.schema)] * course.epochs])


def with_demands(rows: pl.DataFrame, labels: LabelSet, share: float, seed: int, form: Cleaning) -> pl.DataFrame:
    """Return training rows of which some hold a demand for another category than theirs.

    A note that names the demanded category by itself stays as it is: there the words may well be true.

    Args:
        rows: The training notes, and the course's texts.
        labels: Their label set.
        share: Of the rows, drawn; 0 gives the rows as they are.
        seed: Of every draw.
        form: What was done to the notes; the same is done to case and punctuation of most demands.
    """
    if not share:
        return rows
    draw = Random(seed)
    texts = []
    for text, category in rows.select("clean_text", "category").iter_rows():
        if draw.random() < share:
            text = demanding(text, category, labels.names, draw)
            if draw.random() >= AS_WRITTEN:
                text = normalize(text, lowercase=form.lowercase, strip_punctuation=form.strip_punctuation)
        texts.append(text)
    return rows.with_columns(pl.Series("clean_text", texts, dtype=rows.schema["clean_text"]))
