"""What commands say while they work."""

import io
import sys

import pytest

from nosology.cli.console import PLAIN_INTERVAL_SECONDS, duration, progress, say


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_talk_goes_to_stderr_and_leaves_stdout_to_data(capsys: pytest.CaptureFixture[str]) -> None:
    say("preparing")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "preparing\n")


def test_short_work_is_summed_up_in_one_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with progress("prepare", total=3, clock=clock) as advance:
        for _ in range(3):
            advance()
        clock.now += 2.5
    assert capsys.readouterr().err == "prepare: 3 notes in 2.5 s\n"


def test_long_work_says_share_and_time_left_every_half_minute(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with progress("train", total=1000, unit="steps", clock=clock) as advance:
        advance(100, "loss 2.50")
        clock.now += PLAIN_INTERVAL_SECONDS
        advance(150, "loss 1.25")  # 250 steps in 30 s, so 750 more take 90 s
        advance(1, "loss 1.20")  # no time has passed: nothing is said
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "train: 250 of 1,000 steps (25%), 1 min 30 s left, loss 1.25",
        "train: 251 steps in 30 s, loss 1.20",
    ]


def test_work_of_unknown_size_claims_no_share_and_no_time_left(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with progress("read", unit="rows", clock=clock) as advance:
        clock.now += PLAIN_INTERVAL_SECONDS
        advance(12_000)
    assert capsys.readouterr().err.splitlines()[0] == "read: 12,000 rows after 30 s"


def test_failed_work_is_not_reported_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), progress("prepare", total=2):
        raise RuntimeError
    assert capsys.readouterr().err == ""


def test_a_terminal_gets_a_bar_with_count_and_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "160")
    with progress("train", total=40, unit="steps") as advance:
        advance(30, "loss 0.75")
    shown = terminal.getvalue()
    assert "30/40" in shown
    assert "steps" in shown
    assert "loss 0.75" in shown


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (200, "3 min 20 s"),
        (3599.6, "1 h 00 min"),
        (7500, "2 h 05 min"),
    ],
)
def test_a_duration_reads_as_people_say_it(seconds: float | int, words: str) -> None:
    assert duration(seconds) == words
