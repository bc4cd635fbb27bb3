"""How many windows, and how long: scripted targets that leak, do not, or end on the way."""

import random
import re
import time

import pytest

from footprint.leaks.measurement import LONG_CYCLES, LONG_SECONDS, WINDOW_BYTES, Measurement
from footprint.leaks.pace import MOST_THREADS, Pace
from footprint.leaks.plan import BLOCKS, Plan
from footprint.leaks.supervisor import Ended, Limits
from footprint.leaks.warm_up import WARM_CYCLES, WarmUp
from tests.fixtures.leaks import ScriptedSubject

AS_NEEDED = Plan()


class Slow(ScriptedSubject):
    """A scripted subject whose cycles take real time."""

    def run(self, cycles):
        time.sleep(cycles * 0.001)
        return super().run(cycles)


def measurement(plan=AS_NEEDED, *, said=None, empty=None, **script):
    """Ready to be run, after ten cycles that say how fast it goes."""
    pace = Pace(ScriptedSubject(**script), ScriptedSubject(**(empty or {})), Limits(1000))
    pace.read()
    pace.run_timed(10)
    return Measurement(pace, WarmUp(pace, lambda _: None), plan, (said if said is not None else []).append)


def test_a_target_that_does_not_grow_is_clean_after_two_windows_of_blocks_as_long_as_it_is_fast():
    clean = measurement(python_blocks=0, seconds=1e-4)
    assert clean.run() == ""
    assert (clean.evidence.windows, clean.cycles) == (2, 2 * BLOCKS * 350)
    assert clean.evidence.leaking == []


def test_a_leak_is_called_one_after_the_usual_caches_are_full_and_some_time_was_measured():
    leak = measurement(python_blocks=1, seconds=1e-4)
    assert leak.run() == ""
    assert leak.evidence.leaking == ["python.blocks"]
    assert leak.cycles * 1e-4 >= LONG_SECONDS
    assert leak.cycles >= WARM_CYCLES


def test_a_leak_of_fast_cycles_is_watched_for_many_of_them():
    leak = measurement(python_blocks=1, seconds=1e-6)
    assert leak.run() == ""
    assert leak.evidence.leaking == ["python.blocks"]
    assert leak.cycles >= LONG_CYCLES


def test_a_cache_that_is_full_while_its_growth_is_looked_at_is_clean():
    cache = measurement(python_blocks=lambda n: min(n, 2 * BLOCKS * 350 + 1000), seconds=1e-4)
    assert cache.run() == ""
    assert cache.evidence.leaking == []
    assert cache.evidence.windows > 2


def test_what_rose_is_waited_for_no_longer_than_until_it_is_long_ago():
    # Nine blocks at once, in the last block of the first window: not yet before the last half of both.
    size = BLOCKS * 350
    step = measurement(python_blocks=lambda n: 9 * (n >= size - 100), seconds=1e-4)
    assert step.run() == ""
    assert step.evidence.leaking == []
    assert 2 * size < step.cycles <= 3 * size


def test_as_many_cycles_are_measured_as_planned():
    for cycles in (20, 333):
        planned = measurement(Plan(cycles), python_blocks=1)
        assert planned.run() == ""
        assert (planned.cycles, planned.evidence.leaking) == (cycles, ["python.blocks"])


def test_growth_that_is_not_steady_is_not_guessed_at():
    jumps = measurement(Plan(200), heap_bytes=lambda n: 100_000 * (n > 150))
    assert jumps.run() == "heap.bytes grows, but not steadily; more cycles than 200 would tell"
    assert jumps.evidence.leaking == []


@pytest.mark.parametrize("seconds", [0.7, 1.0, 1.5])
def test_time_that_is_left_is_used_for_a_shorter_window(seconds):
    # A step that shows in the second window is settled by a third, for which there is time if it is shorter.
    pace = Pace(Slow(python_blocks=lambda n: n >= 350 * seconds, seconds=0.001), ScriptedSubject(), Limits(seconds))
    pace.read()
    pace.run_timed(1)
    step = Measurement(pace, WarmUp(pace, lambda _: None), AS_NEEDED, lambda _: None)
    assert (step.run(), step.evidence.leaking) == ("", [])
    assert step.evidence.windows > 2


def test_what_fits_into_the_limits_is_measured_and_less_than_a_window_is_not():
    few = measurement(threads=lambda n: MOST_THREADS - 20 + n)
    assert few.run() == "only 3 cycles fit into the limits"
    assert few.cycles == 0


def test_a_window_leaves_no_more_behind_than_is_needed_to_see_it():
    said = []
    large = measurement(said=said, heap_bytes=1 << 17, rss_bytes=1 << 17, seconds=1e-6)
    large.run()
    blocks = [int(words.split()[0]) for words in said[:3]]
    assert 0.99 < (blocks[2] - blocks[1]) * BLOCKS / (WINDOW_BYTES >> 17) < 1.01


def test_what_was_seen_before_the_target_ends_counts():
    ends = measurement(Plan(200), python_blocks=1, ends=10 + 100 + 75)
    with pytest.raises(Ended):
        ends.run()
    assert (ends.cycles, ends.evidence.windows) == (100 + 70, 2)
    assert ends.evidence.leaking == ["python.blocks"]


def test_a_window_of_too_few_blocks_is_counted_and_not_judged():
    ends = measurement(Plan(200), python_blocks=1, ends=10 + 35)
    with pytest.raises(Ended):
        ends.run()
    assert (ends.cycles, ends.evidence.windows) == (30, 0)


def test_what_the_empty_target_does_too_is_seen():
    both = measurement(Plan(200), empty={"fds": 1}, fds=1)
    both.run()
    assert both.evidence.grows_when_empty == ["fds"]


def test_only_the_metrics_of_the_plan_decide():
    leak = measurement(Plan(200, ("fds",)), python_blocks=1, fds=0)
    assert leak.run() == ""
    assert leak.evidence.leaking == []


def test_what_rose_until_there_was_no_room_for_more_is_never_clean():
    reasons = set()
    for seed in range(20):
        chance, left = random.Random(seed), [0, 0]

        def children(n, chance=chance, left=left):  # now and then one stays, and some come and go
            while left[1] < n:
                left[1] += 1
                left[0] += chance.random() < 0.01
            return left[0] + 2 * (chance.random() < 0.1)

        crowded = measurement(children=children, seconds=1e-5)
        reason = crowded.run()
        assert crowded.evidence.leaking or reason
        reasons.add(re.sub("to 1[0-9]{2}", "to N", reason))
    assert "children rose from 0 processes to N processes, and no more than 200 processes are let be" in reasons
