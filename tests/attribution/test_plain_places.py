"""The lines that a Python before 3.11 tells, here told by this one."""

import copy
from functools import partial

from footprint.attribution.plain_places import plain_explanation
from footprint.leaks.measured_process import run

kept = []
RATES = {"python.blocks": 1.0}


def told(cycle, rates=None):
    places = plain_explanation(partial(run, cycle), 20, rates or RATES)["places"]
    kept.clear()
    return [(place["where"], place["rate"]) for place in places]


def test_what_was_made_once_or_waits_for_the_collector_is_no_place():
    number = 0

    def cycle():
        nonlocal number
        number += 1
        garbage = []
        garbage.append(garbage)
        kept.append(object())
        if number in (10, 40):
            kept.append([str(n) for n in range(1000, 1010 if number == 10 else 1001)])

    assert told(cycle) == [("kept.append(object())", 1)]


def test_the_line_is_the_innermost_outside_of_the_standard_library():
    template = {"a": [1.5]}

    def cycle():
        kept.append(copy.deepcopy(template))

    (place,) = told(cycle, {"python.blocks": 4.0})
    assert place[0] == "kept.append(copy.deepcopy(template))"


def test_a_ring_that_is_filled_again_is_said_to_be_too_much():
    ring, numbers = [str(n) for n in range(1000)], iter(range(1000))

    def cycle():
        number = next(numbers)
        ring[number] = str(number)
        kept.append(object())

    first, *hints = plain_explanation(partial(run, cycle), 20, RATES)["hints"]
    kept.clear()
    assert [hint.split(":")[0] for hint in hints] == ["these lines made 2 blocks a cycle, but only 1 stays"]
    kept_only = plain_explanation(partial(run, lambda: kept.append(object())), 20, RATES)["hints"]
    kept.clear()
    assert kept_only == [first]
