"""How far a sweep is, in words."""

import time

import pytest

from footprint.cli.sweep_progress import Clock, duration, words
from footprint.sweep.conduct import Standing


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (89, "89 s"), (90, "2 min"), (3000, "50 min"), (7800, "2 h 10 min")]
)
def test_time_left_is_told_in_the_unit_that_fits(seconds, text):
    assert duration(seconds) == text


def test_points_that_were_there_before_do_not_make_the_rest_look_quick(monkeypatch):
    clock = Clock()
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + 10)
    # Ten seconds for ten points of its own: ninety more take ninety seconds.
    assert clock.left(Standing(total=200, done=110, reused=100)) == pytest.approx(90, rel=0.01)
    assert clock.left(Standing(total=200, done=100, reused=100)) is None


def test_a_line_says_what_is_done_what_runs_what_failed_and_the_time_left():
    assert words(Standing(total=5, done=2, running=2, failed=1), Clock()).startswith(
        "2 of 5 done, 2 running, 1 failed, 0 s left"
    )


def test_while_find_looks_the_line_says_which_machine_it_tries():
    assert words(Standing(total=5, done=5, looking="nics=64 v7.2.0"), Clock()).endswith("machine: nics=64 v7.2.0")
