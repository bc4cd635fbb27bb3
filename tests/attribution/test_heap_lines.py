"""The lines at which the heap grows, by glibc's own figure, where what else looks for them is blind."""

import ctypes
import itertools
from functools import partial

import pytest

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


def replaces(held=[None]):  # noqa: B006
    libc.malloc(1500)
    block, held[0] = held[0], libc.malloc(8000)
    libc.free(block)


def told(cycle, untraced, cycles=40):
    run = partial(measured_process.run, cycle)
    return [(line.size, line.stack[0][1] - cycle.__code__.co_firstlineno) for line in heap_lines(run, cycles, untraced)]


def test_each_line_has_the_bytes_that_a_cycle_leaves_there():
    assert told(keeps, 1520) == [(1520, 2)]
    assert told(keeps_in_two_lines, 3536) == [(2016, 2), (1520, 1)]


def test_what_is_left_in_few_cycles_is_waited_for():
    assert told(keeps_now_and_then, 100, cycles=200) == [(pytest.approx(100, rel=0.01), 2)]


def test_lines_that_do_not_explain_the_growth_are_not_told():
    assert told(keeps, 10_000) == []
    assert told(gives_and_keeps, 1520) == []  # most of what rises there falls


def test_what_is_taken_and_given_back_in_other_lines_is_not_what_a_line_keeps():
    assert told(takes_and_gives, 1520) == [(1520, 2)]
    assert told(replaces, 1520) == [(1520, 1)]


def test_where_much_comes_and_goes_the_line_below_which_all_of_it_does_is_told():
    assert told(gives_and_keeps_below, 1520) == [(1520, 1)]
