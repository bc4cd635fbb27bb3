"""The lines at which the heap grows, by glibc's own figure, where what else looks for them is blind."""

import ctypes
import itertools
from functools import partial

import pytest

from footprint.attribution import heap_lines as searched
from footprint.attribution.heap_lines import heap_lines
from footprint.leaks import measured_process

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes = (ctypes.c_size_t,)
libc.free.argtypes = (ctypes.c_void_p,)

cycles = itertools.count(1)


def keeps():
    libc.free(libc.malloc(3000))  # within a line nothing rises
    libc.malloc(1500)


def keeps_in_two_lines():
    libc.malloc(1500)
    libc.malloc(2000)


def keeps_now_and_then():
    if next(cycles) % 50 == 0:
        libc.malloc(5000)


def takes_and_gives():
    block = libc.malloc(8000)
    libc.malloc(1500)
    libc.free(block)


def gives_and_keeps():
    block = libc.malloc(8000)
    libc.free(block), libc.malloc(1500)  # it falls by the size of no block


def gives_and_keeps_below():
    gives_and_keeps()


def keeps_among_many_lines():
    libc.malloc(5000)
    for _ in range(300_000):
        pass


def replaces(held=[None]):  # noqa: B006
    libc.malloc(1500)
    block, held[0] = held[0], libc.malloc(8000)
    libc.free(block)


def told(cycle, untraced, cycles=40):
    run = partial(measured_process.run, cycle)
    return [
        (line.size, line.stack[0][1] - cycle.__code__.co_firstlineno)
        for line in heap_lines(run, cycles, untraced).lines
    ]


def test_each_line_has_the_bytes_that_a_cycle_leaves_there():
    assert told(keeps, 1520) == [(1520, 2)]
    assert told(keeps_in_two_lines, 3536) == [(2016, 2), (1520, 1)]


def test_what_is_left_in_few_cycles_is_waited_for():
    assert told(keeps_now_and_then, 100, cycles=200) == [(pytest.approx(100, rel=0.01), 2)]


def test_lines_that_do_not_explain_the_growth_are_not_told():
    assert told(keeps, 10_000) == []


def test_where_much_comes_and_goes_at_several_lines_of_a_function_the_function_is_told():
    assert told(gives_and_keeps, 1520) == [(1520, 0)]


def test_what_is_taken_and_given_back_in_other_lines_is_not_what_a_line_keeps():
    assert told(takes_and_gives, 1520) == [(1520, 2)]
    assert told(replaces, 1520) == [(1520, 1)]


def test_lines_have_no_more_bytes_in_all_than_are_to_be_explained():
    assert sum(size for size, _ in told(keeps_in_two_lines, 3000)) == pytest.approx(3000)


def test_where_there_is_no_time_for_the_cycles_own_lines_its_function_is_told(monkeypatch):
    monkeypatch.setattr(searched, "LOOKING_SECONDS", 0.01)
    run = partial(measured_process.run, keeps_among_many_lines)
    (line,), hint = searched.heap_lines(run, 20, 5008.0)
    assert line == (5008, ((__file__, keeps_among_many_lines.__code__.co_firstlineno),))
    assert hint == searched.ROUGHLY


def test_a_search_for_which_there_is_no_time_says_so():
    assert searched.heap_lines(partial(measured_process.run, keeps), 20, 1520.0, 0.0) == ([], searched.TOO_LATE)


def test_where_much_comes_and_goes_the_line_below_which_all_of_it_does_is_told():
    assert told(gives_and_keeps_below, 1520) == [(1520, 1)]
