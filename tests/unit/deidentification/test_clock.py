"""Dates moved by days: hand-counted results, in the format they were written in."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nosology.deidentification.clock import shift_date


@pytest.mark.parametrize(
    ("written", "days", "moved"),
    [
        ("2019-03-14", 1, "2019-03-15"),
        ("2019/12/31", 1, "2020/01/01"),
        ("2020-02-28", 1, "2020-02-29"),
        ("2019-02-28", 1, "2019-03-01"),
        ("20190314", -14, "20190228"),
        ("03/14/2019", -14, "02/28/2019"),
        ("12/31/2019", 1, "01/01/2020"),
        ("3/14/19", -14, "2/28/19"),
        ("9/30/2019", 1, "10/1/2019"),
        ("12/5/2019", 30, "1/4/2020"),
        ("12/09/2019", -7, "12/02/2019"),
        ("1/1/00", -1, "12/31/99"),
        ("14/3/2019", 1, "15/3/2019"),
        ("31.12.2019", 1, "01.01.2020"),
        ("3 / 14 / 2019", 7, "3 / 21 / 2019"),
        ("3/14", 20, "4/3"),
        ("12/31", 1, "01/01"),
        ("09/30", 1, "10/01"),
        ("03/2019", 31, "04/2019"),
        ("2019-12", 20, "2020-01"),
        ("March 14, 2019", -14, "February 28, 2019"),
        ("MARCH 31, 2019", 1, "APRIL 1, 2019"),
        ("march 31st", 1, "april 1st"),
        ("March 10th", 1, "March 11th"),
        ("Mar 14 2019", 31, "Apr 14 2019"),
        ("Sept. 30, 2019", 2, "Oct. 2, 2019"),
        ("May 30", 2, "June 1"),
        ("14 March 2019", 30, "13 April 2019"),
        ("the 30th of March", 3, "the 2nd of April"),
        ("14MAR2019", -10, "04MAR2019"),
        ("04-Mar-2019", 10, "14-Mar-2019"),
        ("March 2019", 31, "April 2019"),
        ("December", 31, "January"),
        ("Monday, March 11, 2019", -7, "Monday, March 4, 2019"),
        ("Mon 3/11/19", 1, "Tue 3/12/19"),
        ("2019-03-14 14:35", 1, "2019-03-15 14:35"),
        ("3/14/19 at 2:35 pm", 1, "3/15/19 at 2:35 pm"),
        ("2019-03-14T14:35:00Z", 1, "2019-03-15T14:35:00Z"),
        ("3/30/19 - 4/2/19", 2, "4/1/19 - 4/4/19"),
        ("12/25/1990-12/30/1990", 7, "01/01/1991-01/06/1991"),
        ("March 30 to April 2", 1, "March 31 to April 3"),
    ],
)
def test_a_date_moves_and_keeps_its_format(written: str, days: int, moved: str) -> None:
    assert shift_date(written, days) == moved


@pytest.mark.parametrize(
    "text",
    [
        "Christmas",
        "the 14th",
        "2/30/2019",
        "13/13/2019",
        "2019-00-10",
        "0000-01-01",
        "June 31, 2019",
        "",
        "14:35",
        "soon",
    ],
)
def test_what_is_no_calendar_day_is_left_to_the_caller(text: str) -> None:
    assert shift_date(text, 7) is None


def test_a_range_with_an_end_that_is_not_read_moves_not_at_all() -> None:
    assert shift_date("3/14/19 to Easter", 7) is None


def test_a_date_at_the_edge_of_the_calendar_moves_the_other_way() -> None:
    assert shift_date("0001-01-03", -7) == "0001-01-10"


DAYS = st.dates(date(1900, 1, 1), date(2099, 12, 31))
SHIFTS = st.integers(-1820, 1820)


@given(DAYS, SHIFTS)
def test_an_iso_date_moves_by_exactly_that_many_days(day: date, days: int) -> None:
    assert shift_date(day.isoformat(), days) == (day + timedelta(days)).isoformat()


@given(DAYS, SHIFTS, st.sampled_from(["%m/%d/%Y", "%m.%d.%Y 14:35", "%B %d, %Y", "%Y%m%d", "%A, %B %d, %Y"]))
def test_moving_there_and_back_gives_the_same_date_in_every_format(day: date, days: int, style: str) -> None:
    if not date(1900, 1, 1) <= day + timedelta(days) <= date(2099, 12, 31):
        days = -days
    written = day.strftime(style)
    there = shift_date(written, days)
    assert there is not None
    back = shift_date(there, -days)
    assert back is not None
    assert back.replace(" 0", " ") == written.replace(" 0", " ")


@given(st.text(max_size=40), SHIFTS)
def test_no_text_makes_it_fail(text: str, days: int) -> None:
    moved = shift_date(text, days)
    assert moved is None or moved.strip()
