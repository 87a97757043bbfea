"""Other inputs than tables, as people have them: refused, read or counted as the reference page says."""

from pathlib import Path

import pytest

from broken_other import CANARY, INPUTS, Input
from nosology.errors import NosologyError
from nosology.serve.http.problems import Refused


@pytest.mark.parametrize("case", INPUTS, ids=lambda case: case.what.replace(" ", "-"))
def test_an_input_as_people_have_them(case: Input, tmp_path: Path) -> None:
    if case.outcome != "refused":
        said = case.act(tmp_path)
        assert case.says in said
        assert "gout" not in said
        return
    with pytest.raises((NosologyError, Refused, TypeError)) as caught:
        case.act(tmp_path)
    error = caught.value
    said = f"{error} {getattr(error, 'hint', '')} {getattr(error, 'detail', '')} {getattr(error, 'place', '')}"
    assert case.says in said
    assert not any(word in said for word in CANARY.split()[:2])
    assert not (tmp_path / "out").exists()


def test_there_are_five_of_each_kind_and_more() -> None:
    kinds = [case.kind for case in INPUTS]
    assert all(kinds.count(kind) >= 5 for kind in kinds)
    assert len({case.what for case in INPUTS}) == len(INPUTS)
