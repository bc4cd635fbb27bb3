"""Growth in steps ever further apart, and what only looks like it: drawn tables, buffers, caches and late imports."""

import random
from bisect import bisect_left

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footprint.verdict.staircase import Rise, Staircase, lasting_steps
from tests.fixtures.leaks import judged_whole

SHORT, LONG = 3000, 30_000
"""Cycles that a target of the tests may run: what slow ones are given, and others."""
SEEN = 600
"""Bytes from which C's allocator holds a block: less is Python's."""


def table(factor, rate, first):
    """Bytes of a table that is filled by `rate` bytes a cycle and grows `factor` times whenever it is full."""
    sizes = [first]
    while sizes[-1] < 1e10:
        sizes.append(max(sizes[-1] * factor, sizes[-1] + 1))
    return lambda cycles: int(sizes[bisect_left(sizes, rate * cycles)])


def staircase(held, until):
    """What is seen of it when it is read a tenth later each time."""
    at = sorted({0, until, *(round(1.1**n) for n in range(200) if 1.1**n < until)})
    return Staircase(at, [held(cycles) for cycles in at])


@settings(max_examples=150, deadline=None)
@given(
    factor=st.one_of(st.sampled_from([1.125, 1.5, 2, 3, 4, 10]), st.floats(1.1, 10)),
    rate=st.floats(1, 1000),
    first=st.integers(8, 5000),
    budget=st.integers(SHORT, 10 * LONG),
    noise=st.sampled_from([0, 0, 50]),
)
def test_what_is_filled_steadily_and_grows_by_any_factor_is_never_clean_below_the_power_that_is_claimed(
    factor, rate, first, budget, noise
):
    held, chance = table(factor, rate, first), random.Random(first)
    answer, power, cycles = judged_whole(
        "heap.bytes", lambda at: held(at) + round(chance.gauss(0, noise)), budget=budget
    )
    # It was not full yet, or only once, and what that single step implies is not promised to have been seen.
    assert answer != "clean" or power >= rate or rate * cycles <= first


@settings(max_examples=150, deadline=None)
@given(
    factor=st.one_of(st.sampled_from([1.5, 2, 3, 4, 10]), st.floats(1.1, 10)),
    rate=st.floats(1, 1000),
    first=st.integers(8, 5000),
    entries=st.integers(1, 10_000),
)
def test_a_cache_that_fills_beside_it_hides_it_no_better_than_clean_says(factor, rate, first, entries):
    held = table(factor, rate, first)
    others = {"python.blocks": lambda at: min(at, entries)}
    answer, power, cycles = judged_whole(
        "heap.bytes", lambda at: held(at) + 100 * min(at, entries), budget=10 * LONG, **others
    )
    assert answer != "clean" or power >= rate or rate * cycles <= first


@pytest.mark.parametrize("factor", [2, 3, 4])
@pytest.mark.parametrize("rate", [8, 24, 100])
def test_tables_that_grow_by_up_to_four_times_are_leaks_where_there_is_time_to_see_it(factor, rate):
    answers = [
        judged_whole("heap.bytes", table(factor, rate, first), budget=1_000_000)[0] for first in range(8, 800, 99)
    ]
    assert set(answers) <= {"leak", "inconclusive"}
    assert answers.count("leak") >= 6


@pytest.mark.parametrize("factor", [2, 3, 4, 10])
def test_a_table_whose_next_step_is_still_to_come_goes_on(factor):
    for until in range(5000, 200_000, 4999):
        assert staircase(table(factor, 24, 64), until).goes_on


@pytest.mark.parametrize("factor", [2, 3, 4, 10])
def test_a_table_that_has_not_risen_when_it_should_have_is_full(factor):
    held = table(factor, 24, 64)
    full = [staircase(lambda cycles: held(min(cycles, 1000)), until) for until in (1000, 17_000)]
    assert [stairs.goes_on for stairs in full] == [True, False]
    assert [stairs.hidden > 0 for stairs in full] == [True, False]
    assert factor > 4 or not staircase(lambda cycles: held(min(cycles, 1000)), 8000).goes_on


def coupons(chance, keys):
    """A cache that is asked for keys at random: the last places are filled ever more rarely."""
    state, filled = [0], set()

    def held(cycles):
        while state[0] < cycles:
            state[0] += 1
            filled.add(chance.randrange(keys))
        return 600 * len(filled)

    return held


def imports(chance, count, within):
    """Modules of any size that are loaded when they are first needed."""
    due = [(chance.randrange(1, within), round(10 ** chance.uniform(3, 6))) for _ in range(count)]
    return lambda cycles: sum(size for at, size in due if at <= cycles)


CLEAN = {
    **{
        f"a cache of {entries} entries": lambda _, entries=entries: (
            lambda at: 100 * min(at, entries) + table(2, 24, 64)(min(at, entries))
        )
        for entries in (128, 1000, 2400)
    },
    "a table that grows by four and is full": lambda _: lambda at: table(4, 32, 256)(min(at, 2000)),
    "a cache that is asked at random": lambda chance: coupons(chance, 280),
    "modules that are loaded late": lambda chance: imports(chance, 8, 2500),
    "a free list": lambda _: lambda at: min(at, 100) * 56,
    "names that are interned": lambda chance: coupons(chance, 100),
    "noise": lambda chance: lambda _: round(chance.gauss(0, 3000)),
    "a cache with noise": lambda chance: lambda at: 100 * min(at, 1000) + round(chance.gauss(0, 500)),
}


@pytest.mark.parametrize("kind", CLEAN)
def test_what_fills_up_once_is_no_leak_and_seldom_a_doubt(kind):
    answers = [judged_whole("heap.bytes", CLEAN[kind](random.Random(seed)), budget=10 * LONG)[0] for seed in range(40)]
    assert "leak" not in answers
    assert answers.count("inconclusive") <= 1


def test_a_cache_of_sixty_thousand_entries_is_clean_when_its_cycles_are_fast():
    for entries in (20_000, 60_000):
        held = lambda at, entries=entries: 100 * min(at, entries) + table(2, 24, 64)(min(at, entries))  # noqa: E731
        assert judged_whole("heap.bytes", held, budget=1_000_000, seconds=5e-6)[0] == "clean"


@pytest.mark.parametrize(("factor", "entries"), [(2, 82_000), (2, 100_000), (4, 60_000), (1.5, 80_000)])
def test_a_table_that_was_full_before_its_usual_next_step_is_no_leak_however_far_apart_the_readings_are(
    factor, entries
):
    held = table(factor, 60, 600)
    assert judged_whole("heap.bytes", lambda at: held(min(at, entries)), budget=3_000_000, seconds=2e-6)[0] == "clean"


@pytest.mark.parametrize("entries", [60_000, 84_000, 90_000, 100_000])
def test_a_table_that_takes_one_more_step_when_its_content_is_complete_is_no_leak(entries):
    """As CPython's dictionary whose last entry goes whenever one comes: `popitem` makes no room in it."""
    held = table(2, 60, 600)
    full = next(at for at in range(entries, 4 * entries, 100) if held(at) > held(entries)) + 100
    others = {"python.blocks": lambda at: min(at, entries), "uss.bytes": lambda at: held(min(at, full))}
    answer, *_ = judged_whole("heap.bytes", others["uss.bytes"], budget=3_000_000, seconds=2e-6, **others)
    assert answer == "clean"


def test_a_cache_that_is_emptied_by_half_whenever_it_is_full_is_no_leak():
    def entries(at):
        return at if at <= 95_000 else 55_000 + (at - 95_000) % 40_000

    full = 174_763
    held = table(2, 60, 600)
    others = {"python.blocks": entries, "uss.bytes": lambda at: held(min(at, full)) + 4096 * min(at // 9000, 13)}
    answer, *_ = judged_whole("heap.bytes", lambda at: held(min(at, full)), budget=3_000_000, seconds=2e-6, **others)
    assert answer == "clean"


def test_no_step_is_waited_for_where_the_content_of_a_table_is_complete():
    held, blocks = table(2, 24, 64), {"python.blocks": lambda at: min(at, 1000)}
    answer, _, cycles = judged_whole(
        "heap.bytes", lambda at: 100 * min(at, 1000) + held(min(at, 1400)), budget=LONG, seconds=5e-4, **blocks
    )
    assert (answer, cycles < 4500) == ("clean", True)


def test_a_table_that_grows_on_when_what_else_there_was_is_complete_is_a_leak():
    blocks = {"python.blocks": lambda at: min(at, 50_000)}
    answer, *_ = judged_whole("heap.bytes", table(2, 60, 600), budget=3_000_000, seconds=2e-6, **blocks)
    assert answer == "leak"


@pytest.mark.parametrize("metric", ["vm.bytes", "uss.bytes"])
@pytest.mark.parametrize("factor", [2, 4])
def test_arenas_that_grow_by_a_factor_are_seen_where_only_address_space_or_pages_show_them(metric, factor):
    held = table(factor, 256, 64 << 10)
    answer, *_ = judged_whole(metric, held, budget=LONG, **{"heap.bytes": lambda _: 0})
    assert answer in ("leak", "inconclusive")


def test_two_steps_of_address_space_are_an_arena_of_pythons_and_another():
    def held(at):
        return (132 << 10) * (at > 60) + (1 << 20) * (at > 400)

    heap = {"heap.bytes": lambda _: 0}
    answer, _, cycles = judged_whole("vm.bytes", held, budget=LONG, seconds=2e-3, **heap)
    assert answer == "clean"
    assert cycles < 1500  # it is not waited for a third


def test_a_rise_that_was_undone_or_may_be_noise_is_no_lasting_step():
    assert lasting_steps((0, 1, 2, 3), (0, 5, 5, 2)) == [Rise(0, 1, 2)]
    assert lasting_steps((0, 1, 2, 3), (0, 5, 5, 7)) == [Rise(0, 1, 5), Rise(2, 3, 2)]
    assert lasting_steps((0, 1, 2, 3, 4, 5), (3, 0, 3, 3, 5, 5)) == []
    assert lasting_steps((0, 1, 2, 3, 4, 5), (3, 0, 3, 3, 9, 9)) == [Rise(3, 4, 6)]


def test_what_a_single_late_step_implies_is_not_promised():
    *_, power, _ = judged_whole("heap.bytes", lambda at: 80_000 * (at > 900), budget=SHORT, seconds=1e-2)
    assert power >= 80_000 / 1100
