"""Waiting for memory that falls: a scripted clock and scripted readings."""

import time

import pytest

from footprint.process.smaps import command_line_of, cpu_seconds, process_metrics, program_of, resident
from footprint.process.steady_memory import await_steady

MIB = 1 << 20


class Script:
    """A clock that each pause moves on, and a process whose memory and work go by it."""

    def __init__(self, falls, busy_until=0.0):
        self.now = 0.0
        self.falls = falls
        self.busy_until = busy_until

    def resident(self):
        return next(mib for until, mib in self.falls if self.now < until) * MIB

    def sleep(self, seconds):
        self.now += seconds

    def wait(self, quiet, limit):
        return await_steady(
            self.resident, quiet=quiet, limit=limit, busy=lambda: self.now < self.busy_until,
            clock=lambda: self.now, sleep=self.sleep,
        )  # fmt: skip


FOREVER = float("inf")


def test_memory_that_does_not_fall_is_steady_after_the_quiet_time():
    script = Script([(FOREVER, 40)])
    steadiness = script.wait(quiet=0.5, limit=15)
    assert (steadiness.reached, steadiness.seconds) == (True, 0)
    assert script.now == pytest.approx(0.5, abs=0.05)


def test_a_fall_within_the_quiet_time_is_waited_for_and_its_moment_is_told():
    script = Script([(2, 5000), (3, 800), (FOREVER, 400)])
    steadiness = script.wait(quiet=2.5, limit=15)
    assert script.resident() == 400 * MIB
    assert (steadiness.reached, steadiness.seconds) == (True, pytest.approx(3, abs=0.05))


def test_memory_that_falls_on_and_on_is_given_up_at_the_limit():
    script = Script([(tenth / 10, 1000 - tenth * 2) for tenth in range(1, 400)])
    steadiness = script.wait(quiet=0.5, limit=4)
    assert not steadiness.reached
    assert script.now == pytest.approx(4, abs=0.05)


def test_what_is_known_to_wait_is_waited_for_though_nothing_falls():
    script = Script([(6, 5000), (FOREVER, 400)], busy_until=6.1)
    assert script.wait(quiet=0.5, limit=15).reached
    assert script.resident() == 400 * MIB


def test_memory_that_grows_is_steady():
    assert Script([(0.1, 40), (0.2, 60), (FOREVER, 90)]).wait(quiet=0.5, limit=15).seconds == 0


@pytest.fixture
def sleeper(program):
    from footprint.process.child import Child

    with Child([program("while true; do :; done"), "one word", "two"]) as child:
        time.sleep(0.3)
        yield child


def test_the_peak_of_a_process_is_at_least_what_is_resident(sleeper):
    metrics = process_metrics(sleeper.pid)
    assert metrics["process.rss.peak"] >= metrics["process.rss"] >= metrics["process.uss"] > 0
    assert resident(sleeper.pid) > 0


def test_a_process_that_works_takes_processor_time(sleeper):
    before, deadline = cpu_seconds(sleeper.pid), time.monotonic() + 10
    while cpu_seconds(sleeper.pid) == before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert cpu_seconds(sleeper.pid) > before


def test_a_process_is_known_by_its_program_and_its_words(sleeper):
    assert program_of(sleeper.pid).endswith("bash")
    assert command_line_of(sleeper.pid)[-2:] == ["one word", "two"]
    assert (program_of(2**22), command_line_of(2**22)) == ("", [])
