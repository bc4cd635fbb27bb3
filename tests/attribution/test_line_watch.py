"""Which line took what is kept: descriptors against the kernel's own list, threads, children and numbers."""

import os
import random
import subprocess
import threading
import time
from collections import Counter
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.attribution import line_watch
from footprint.leaks import measured_process
from footprint.process import clock, kernel_objects


def lines(stacks, function):
    """How many of the stacks begin in which line of `function`, from its first."""
    return Counter(stack[0][1] - function.__code__.co_firstlineno for stack in stacks)


def run(cycle, number=1):
    return partial(measured_process.run, cycle, number)


@pytest.fixture
def opened():
    """Descriptors that a test leaves open."""
    there = kernel_objects.descriptors()
    yield
    for number in kernel_objects.descriptors() - there:
        os.close(int(number))


def open_one():
    return os.open(os.devnull, os.O_RDONLY)


def drawn_descriptors(seed):
    """Who opened each descriptor that is open in the end, and what the watch says, after openings and closings."""
    chance, held = random.Random(seed), []

    def opens(many):
        held.extend(open_one() for _ in range(many))

    def closes():
        os.close(held.pop(chance.randrange(len(held))))

    watch = line_watch.KeptDescriptors(kernel_objects.files())
    taken = {}
    for _ in range(800):
        before = {*held}
        opens(chance.choice([1, 1, 2, 3])) if not held or chance.random() < 0.5 else closes()
        line = object()
        taken.update(dict.fromkeys({*held} - before, line))
        watch.look(lambda line=line: line)
    watch.close()
    return {number: taken[number] for number in held}, watch.taken


@pytest.mark.usefixtures("opened")
@pytest.mark.parametrize("seed", range(5))
def test_descriptors_are_known_one_by_one_whatever_is_opened_and_closed(seed):
    held, told = drawn_descriptors(seed)
    assert told == held


@pytest.mark.usefixtures("opened")
def test_where_too_many_are_open_to_ask_each_most_still_have_their_line(monkeypatch):
    monkeypatch.setattr(line_watch.KeptDescriptors, "MOST_ASKED", 10)
    for seed in range(5):
        held, told = drawn_descriptors(seed)
        assert sum(told.get(number) is line for number, line in held.items()) > 0.8 * len(held)


@pytest.mark.usefixtures("opened")
def test_a_descriptor_has_the_line_that_keeps_it_not_those_that_close_theirs():
    def cycle():
        with open(os.devnull):  # noqa: PTH123
            open_one()
        os.close(open_one())
        open_one(), os.pipe()

    watch = line_watch.KeptDescriptors(kernel_objects.files())
    line_watch.watched(run(cycle, 3), [watch.look])
    watch.close()
    found = [stack[-1:] if len(stack) > 1 else stack for stack in watch.taken.values()]
    assert lines(found, cycle) == {2: 3, 4: 9}


def test_a_thread_has_the_line_that_starts_it_while_others_are_joined():
    over = threading.Event()

    def cycle():
        short = threading.Thread(target=len, args=("",))
        short.start()
        threading.Thread(target=over.wait, daemon=True).start()
        short.join()

    watch = line_watch.KeptObjects(kernel_objects.thread_ids, kernel_objects.ThreadCount().has_changed)
    try:
        line_watch.watched(run(cycle, 3), [watch.look])
        there = kernel_objects.threads()
    finally:
        over.set()
    found = [stack[-1:] for number, stack in watch.taken.items() if number in there]
    assert lines(found, cycle) == {3: 3}


def test_a_child_has_the_line_that_starts_it_while_others_are_waited_for():
    left = []

    def cycle():
        short = subprocess.Popen(["true"])
        left.append(subprocess.Popen(["sleep", "97"]))
        short.wait()

    watch = line_watch.KeptObjects(kernel_objects.child_ids)
    try:
        line_watch.watched(run(cycle, 2), [watch.look])
    finally:
        for child in left:
            child.kill()
            child.wait()
    found = {number: stack[-1:] for number, stack in watch.taken.items()}
    assert {*found} == {child.pid for child in left}
    assert lines(found.values(), cycle) == {2: 2}


def test_what_falls_is_taken_for_the_last_rise_of_its_size():
    held = [0]

    def add(size):
        held[0] += size

    def cycle():
        add(5)
        add(7)
        add(-5)
        add(-1)

    rises = line_watch.rising_lines(run(cycle), lambda: held[0]).rises
    assert sorted(line_watch.by_line(rises.each).values()) == [5, 7]
    assert (rises.fell, sum(rises.loose.values())) == (6, 1)
    assert lines([stack[-1:] for stack, _ in rises.kept], cycle) == {2: 1}
    assert lines([stack[-1:] for stack in rises.loose], cycle) == {4: 1}


def test_where_only_some_lines_are_watched_the_line_that_calls_has_what_the_others_did():
    held = [0]

    def add(size):
        held[0] += size

    def adds_twice():
        add(5)
        add(7)

    def cycle():
        adds_twice()
        add(1)

    def rose(below):
        seen = line_watch.rising_lines(run(cycle), lambda: held[0], 3, below=below)
        assert seen.cycles == 3
        return line_watch.by_line(seen.rises.each)

    own = rose(())
    assert lines(own, cycle) == {1: 1, 2: 1}
    assert sorted(own.values()) == [3, 36]
    deeper = rose({max(own, key=own.get)})
    assert sorted(deeper.values()) == [3, 15, 21]
    assert lines([stack for stack, size in deeper.items() if size > 3], adds_twice) == {1: 1, 2: 1}


def test_a_cycle_that_is_not_watched_to_its_end_does_not_count_and_goes_on():
    held = [0]

    def cycle():
        held[0] += 1
        held[0] += 1
        time.sleep((held[0] == 5) * max(0.0, limits.end - clock.seconds() + 0.01))
        held[0] += 1

    limits = line_watch.WatchLimits(end=clock.seconds() + 0.5)
    seen = line_watch.rising_lines(run(cycle), lambda: held[0], 9, limits)
    assert (held[0], seen.cycles) == (6, 1)
    assert sum(line_watch.by_line(seen.rises.each).values()) == 3


def drawn_spans():
    """Spans in order, which may touch but do not overlap."""

    def spans(edges):
        pairs = zip(sorted(edges)[::2], sorted(edges)[1::2], strict=False)
        return [(start, end) for start, end in pairs if start < end]

    return st.lists(st.integers(0, 60), max_size=12).map(spans)


@given(drawn_spans(), drawn_spans())
def test_spans_without_others_are_the_addresses_that_are_in_none_of_them(spans, others):
    def addresses(spans):
        return {address for start, end in spans for address in range(start, end)}

    parts = line_watch.without(spans, others)
    assert addresses(parts) == addresses(spans) - addresses(others)
    assert parts == sorted(parts)
