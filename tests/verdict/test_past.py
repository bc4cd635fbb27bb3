"""What a number did over all its cycles: scripted buffers that double, saw-teeth, pools, rare leaks, and noise."""

import math
import random

import pytest

from footprint.verdict.past import Past
from footprint.verdict.trend import Series
from footprint.verdict.windows import Evidence

BLOCKS = 10


def past(value, *, warm=(0, 1, 2, 4, 8, 16, 31, 63, 127, 255), windows=(500, 500)):
    """Read as a measurement reads: after the cycles of the warm-up, then at the edges of the blocks of the windows."""
    read = Past()
    for at in warm:
        read.add(at, value(at))
    for size in windows:
        start = read.cycles[-1]
        for block in range(1, BLOCKS + 1):
            read.add(start + size * block // BLOCKS, value(start + size * block // BLOCKS))
    return read


def judged(name, value, *, windows, warm=(0, 1, 2, 4, 8, 16, 31, 63, 127, 255, 2500)):
    """What the judge says of a metric after each window, until it says leak or clean."""
    read, evidence, start = Past(), None, warm[-1]
    for at in warm:
        read.add(at, value(at))
    evidence = Evidence(past={name: read})
    for size in windows:
        edges = [size * block // BLOCKS for block in range(BLOCKS + 1)]
        for edge in edges:
            read.add(start + edge, value(start + edge))
        evidence.add(edges, [{name: value(start + edge)} for edge in edges], [{name: 0} for _ in edges])
        start += size
        if evidence.windows > 1 and not evidence.undecided:
            return "leak" if evidence.leaking else "clean"
    return "inconclusive"


DOUBLING = [500 * 2**n for n in range(12)]


def doubled(at):
    """A buffer of eight bytes an entry that doubles when it is full."""
    size = 8
    while 8 * at > size:
        size *= 2
    return size


@pytest.mark.parametrize("first", range(500, 1500, 97))
def test_a_buffer_that_doubles_is_never_clean_however_the_windows_fall(first):
    sizes = [first, first, *(first * 2**n for n in range(8))]
    assert judged("heap.bytes", doubled, windows=sizes) in ("leak", "inconclusive")
    for last in range(2, len(sizes)):
        assert judged("heap.bytes", doubled, windows=sizes[:last]) != "clean"


@pytest.mark.parametrize("factor", [1.125, 1.5, 2])
def test_tables_that_grow_by_up_to_twice_are_never_clean(factor):
    def table(at):
        size = 64
        while size < at * 16:
            size = int(size * factor) + 1
        return size

    assert judged("heap.bytes", table, windows=DOUBLING) != "clean"


@pytest.mark.parametrize("entries", [1500, 3000, 7000, 20_000, 60_000])
@pytest.mark.parametrize("first", [500, 730, 1000, 3300])
def test_a_cache_that_was_seen_to_fall_is_no_leak(entries, first):
    """As far as its fall is in the windows: until then it is a leak for all that can be seen."""
    seen = [first * 2**n for n in range(12)]
    while sum(seen[:2]) < 2 * entries:
        seen = seen[1:]
    assert judged("python.blocks", lambda at: at % entries, windows=seen) != "leak"


def test_the_field_report_of_a_cache_of_three_thousand_is_clean():
    assert judged("python.blocks", lambda at: 3 * (at % 3000), windows=[500] * 6) == "clean"


def test_a_leak_under_a_saw_tooth_is_not_called_clean():
    assert judged("python.blocks", lambda at: at % 3000 + at, windows=[500, 500, 1000, 2000, 4000]) != "clean"
    assert judged("python.blocks", lambda at: at % 3000 + at // 2, windows=[500, 500, 1000, 2000, 4000]) != "clean"


def test_a_leak_after_memory_that_was_taken_and_given_back_once_is_a_leak():
    once = judged("heap.bytes", lambda at: 32 * at + (100 << 20 if at == 4 else 0), windows=[500, 500])
    assert once == "leak"


@pytest.mark.parametrize("every", [150, 300, 500, 700])
def test_a_rare_leak_above_the_floor_is_not_called_clean(every):
    size = max(3, every * 6 // 1000)
    assert (
        judged("python.blocks", lambda at: size * (at // every), windows=[700, 700, 1400, 2800, 5600, 11200]) == "leak"
    )
    assert judged("python.blocks", lambda at: size * (at // every), windows=[700, 700, 1400]) != "clean"


def test_a_buffer_that_doubles_is_a_leak_where_its_doublings_are_seen_to_go_on():
    assert judged("heap.bytes", doubled, windows=[597 * 2 ** max(0, n - 1) for n in range(10)]) == "leak"


def test_a_single_step_is_clean_when_nothing_came_after_it_for_as_long_as_before():
    step = past(lambda at: 3 * (at > 900))
    assert step.grew_late(0.005)
    assert not past(lambda at: 3 * (at > 900), windows=(500, 500, 1500)).grew_late(0.005)


@pytest.mark.parametrize("seed", range(60))
def test_it_is_known_when_what_rose_will_be_long_ago(seed):
    chance = random.Random(seed)
    seen, level = Past(), 0.0
    for at in sorted(chance.sample(range(400), 20)):
        level += chance.choice([0, 0, 0, 1, 5, 40])
        seen.add(at, level - (seed % 3 == 0) * chance.choice([0, 0, 3]))

    def grew_late_at(end):
        longer = Past(list(seen.cycles), list(seen.values))
        for n in range(1, 11):
            longer.add(seen.cycles[-1] + (end - seen.cycles[-1]) * n // 10, seen.values[-1])
        return longer.grew_late(0.5)

    ends = range(seen.cycles[-1] + 10, 2000)
    assert next(end for end in ends if not grew_late_at(end)) == max(ends[0], math.ceil(seen.quiet_at(0.5)))


def test_noise_alone_has_not_grown():
    chance = random.Random(4)
    late = sum(past(lambda _: chance.gauss(0, 3000)).grew_late(0.3) for _ in range(500))
    assert late <= 10


def test_a_cache_that_is_full_does_not_grow_by_doublings():
    assert not past(lambda at: min(at, 8000), windows=(3500, 3500, 3500)).grows_by_doublings(0.005)
    assert past(lambda at: at, windows=(3500, 3500, 3500)).grows_by_doublings(0.005)


def test_growth_that_slows_down_does_not_grow_by_doublings():
    assert not past(lambda at: int(1000 * at**0.5), windows=(500, 1000, 2000)).grows_by_doublings(0.3)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (lambda at: at, True),
        (lambda at: 3 * at, True),
        (lambda at: min(at, 64), False),
        (lambda at: at + (at == 70), False),
        (lambda at: at // 2, False),
        (lambda _: 7, False),
    ],
    ids=["one a cycle", "three a cycle", "a pool", "one too many once", "every other cycle", "none"],
)
def test_a_count_rises_exactly_only_where_every_cycle_adds_the_same_for_longer_than_a_pool(value, expected):
    assert past(value, warm=(0, 1, 2, 4, 8, 16), windows=(32, 32)).rises_exactly() is expected


def test_what_grew_without_the_target_is_taken_off():
    assert past(lambda at: 2 * at).less(2).rate_of_late() == 0


def test_a_reading_after_the_same_cycles_replaces_the_one_before():
    read = Past()
    read.add(10, 1)
    read.add(10, 2)
    assert (read.cycles, read.values) == ([10], [2])
    assert not Series((0, 1), (0, 0)).mean
