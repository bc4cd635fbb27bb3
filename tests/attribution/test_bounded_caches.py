"""A cache that is not full yet is no leak; one without a bound, or a leak beside it, is one."""

import pytest

from footprint.attribution.python_stacks import TRIED
from footprint.leaks.measure import Options, measure
from footprint.leaks.plan import Plan

RATES = {"python.blocks": 2.0}
COUNTER = "import functools, collections\nn = 0\ndef cycle():\n    global n\n    n += 1\n    keep(n)\n"
BOUNDED = {
    "lru_cache app.keep": "@functools.lru_cache(maxsize=1_000_000)\ndef keep(n): return (n,)\n",
    "deque app.D": "D = collections.deque(maxlen=1_000_000)\ndef keep(n): D.append((n, str(n)))\n",
    "Bounded app.B": ("class Bounded(dict): maxsize = 1_000_000\nB = Bounded()\ndef keep(n): B[n] = (n, str(n))\n"),
}
LEAKING = {
    "an unbounded cache": "@functools.lru_cache(maxsize=None)\ndef keep(n): return (n,)\n",
    "an unbounded deque": "D = collections.deque()\ndef keep(n): D.append((n, str(n)))\n",
    "a leak beside a cache": (
        "K = []\n@functools.lru_cache(maxsize=1_000_000)\ndef one(n): return (n,)\n"
        "def keep(n):\n    one(n)\n    K.append([str(n), object()])\n"
    ),
    "what a namespace calls its size": "maxsize = 1_000_000\nD = []\ndef keep(n): D.append((n, str(n)))\n",
}


@pytest.mark.parametrize("cache", BOUNDED)
def test_a_bounded_cache_that_still_fills_is_named(cache, explained):
    rates = {"python.blocks": 2.0}
    filling = explained(COUNTER + BOUNDED[cache], rates, before=200).filling
    assert (
        f"what grows is in the {cache}, which is still filling: {200 + TRIED + 3 * 40} of 1 000 000 entries, 1 entry a cycle"
        == filling
    )


@pytest.mark.parametrize("leak", LEAKING)
def test_what_has_no_bound_or_leaks_beside_one_is_not_filling(leak, explained):
    assert not explained(COUNTER + LEAKING[leak], {"python.blocks": 6.0}, before=200).filling


def verdict(tmp_path, source):
    (tmp_path / "app.py").write_text(source)
    return measure(f"{tmp_path}/app.py:cycle", Options(Plan(cycles=2000)))


def test_a_cache_that_still_fills_makes_the_verdict_inconclusive(tmp_path):
    answer = verdict(tmp_path, COUNTER + BOUNDED["lru_cache app.keep"])
    assert answer.verdict == "inconclusive"
    assert "still filling" in answer.reason
    assert not answer.leaks


def test_a_bounded_cache_that_is_full_is_clean(tmp_path):
    full = "D = {}\ndef keep(n):\n    D[n] = str(n)\n    D.pop(n - 100, None)\n"
    assert verdict(tmp_path, COUNTER + full).verdict == "clean"


def test_a_leak_has_its_places_in_the_findings_that_they_explain(tmp_path):
    answer = verdict(tmp_path, "keep = []\ndef cycle():\n    keep.append(object())\n")
    assert answer.verdict == "leak"
    finding = next(one for one in answer.findings if one.metric == "python.blocks")
    assert [place.kind for place in finding.where] == ["stack", "holder"]
