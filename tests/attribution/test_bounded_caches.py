"""A cache that is not full yet is no leak; one without a bound, or a leak beside it, is one."""

import re

import pytest

from footprint.attribution.python_stacks import TRIED
from footprint.leaks.measure import Options, measure
from footprint.leaks.plan import Plan
from tests.conftest import PROGRAMS
from tests.fixtures.leaks import explain_word

BOUNDED = {
    "lru_cache": "lru_cache caches.remembered",
    "deque": "deque caches.DEQUE",
    "own_class": "Bounded caches.BOUNDED",
}
LEAKING = ("lru_cache_without_bound", "deque_without_bound", "leak_beside_a_cache", "namespace_with_a_maxsize")


def filling(function, rates):
    return explain_word(f"{PROGRAMS}/caches.py:{function}", rates, before=200).filling


def verdict(function):
    return measure(f"{PROGRAMS}/caches.py:{function}", Options(Plan(cycles=2000)))


@pytest.mark.parametrize(("function", "name"), BOUNDED.items())
def test_a_bounded_cache_that_still_fills_is_named(function, name):
    sentence = filling(function, {"python.blocks": 2.0})
    told = re.fullmatch(
        rf"what grows is in the {name}, which is still filling: (\d+) of 1 000 000 entries, 1 entry a cycle", sentence
    )
    assert told, sentence
    assert 200 + TRIED + 5 <= int(told[1]) <= 200 + TRIED + 6 * 40  # fewer are run on a slow machine


@pytest.mark.parametrize("function", LEAKING)
def test_what_has_no_bound_or_leaks_beside_one_is_not_filling(function):
    assert not filling(function, {"python.blocks": 6.0})


def test_a_cache_that_still_fills_makes_the_verdict_inconclusive():
    answer = verdict("lru_cache")
    assert answer.verdict == "inconclusive"
    assert "still filling" in answer.reason
    assert not answer.leaks


def test_a_bounded_cache_that_is_full_is_clean():
    assert verdict("full").verdict == "clean"


def test_a_leak_has_its_places_in_the_findings_that_they_explain():
    answer = measure(f"{PROGRAMS}/planted.py:one_object", Options(Plan(cycles=2000)))
    assert answer.verdict == "leak"
    finding = next(one for one in answer.findings if one.metric == "python.blocks")
    assert [place.kind for place in finding.where] == ["stack", "holder"]
