"""Dates: every usual way to write one is found whole; measurements that look like dates stay."""

import pytest

from nosology.deidentification.detectors.dates import dates
from nosology.deidentification.spans import merge_spans


def found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in merge_spans(dates(text), len(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("March 14, 2019 at 14:35 ok", "March 14, 2019"),
        ("on the 14th of March", "the 14th of March"),
        ("14-Mar-2019", "14-Mar-2019"),
        ("14MAR2019", "14MAR2019"),
        ("seen Mar 14", "Mar 14"),
        ("in March 2019", "March 2019"),
        ("March of 2019", "March of 2019"),
        ("Mar. 2019", "Mar. 2019"),
        ("seen 03/2019", "03/2019"),
        ("seen in May.", "May"),
        ("returned May 5", "May 5"),
        ("may 5th", "may 5th"),
        ("Tuesday, March 14, 2019", "Tuesday, March 14, 2019"),
        ("Mon 3/14/19", "Mon 3/14/19"),
        ("seen 3/14", "3/14"),
        ("(3/14)", "3/14"),
        ("on 3/14 he", "3/14"),
        ("2019-03-14T12:30", "2019-03-14"),
        ("03.14.2019", "03.14.2019"),
        ("14.03.2019", "14.03.2019"),
        ("2019/03/04", "2019/03/04"),
        ("born 19570314", "19570314"),
        ("Jan-05", "Jan-05"),
        ("the fourteenth of March", "the fourteenth of March"),
        ("March 3-7, 2019", "March 3-7, 2019"),
        ("March 3 and 5", "March 3 and 5"),
        ("on the 14th.", "14th"),
        ("around Christmas", "Christmas"),
        ("3 / 14 / 2019", "3 / 14 / 2019"),
        ("seen 05/12", "05/12"),
        ("September 11th", "September 11th"),
        ("1.2.2019", "1.2.2019"),
        ("10/12/98 10:20 AM", "10/12/98"),
        ("June 2nd of 2009", "June 2nd of 2009"),
        ("12th June 2004", "12th June 2004"),
        ("on 29 May", "29 May"),
        ("Apr 5 2004", "Apr 5 2004"),
        ("2004 May 5", "2004 May 5"),
        ("September, 2005", "September, 2005"),
        ("Feb. 28, '99", "Feb. 28, '99"),
        ("on 03-04", "03-04"),
        ("02/14-02/18/2020", "02/14-02/18/2020"),
        ("last July", "July"),
        ("July she", "July"),
        ("12/25/1990-12/30/1990", "12/25/1990-12/30/1990"),
        ("SEEN MARCH 14, 2019", "MARCH 14, 2019"),
        ("seen march 14, 2019", "march 14, 2019"),
    ],
)
def test_a_date_is_found_whole(text: str, expected: str) -> None:
    assert found(text) == [expected]


def test_both_ends_of_a_range_are_found() -> None:
    assert found("from 3/4/19 to 3/9") == ["3/4/19", "3/9"]


@pytest.mark.parametrize(
    "text",
    [
        "in 1998",
        "strength 4/5",
        "BP 120/80",
        "1/2 NS",
        "2/6 systolic murmur",
        "grade 2/6",
        "on the 3rd day",
        "Christmas tree pattern",
        "T12-L1 and C5-6",
        "5-10 mg",
        "7-14 days",
        "for 3/4 hours",
        "she marched",
        "he may 2 tablets",
        "2 march",
        "pH 7.35",
        "a 3/8 inch needle",
        "pain 6/10",
        "second, third and fourth toes",
        "potassium 2.5.",
    ],
)
def test_what_is_no_date_stays(text: str) -> None:
    assert found(text) == []
