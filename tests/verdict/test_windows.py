"""Which metrics leak, by scripted readings of a target and of an empty one beside it."""

import pytest

from footprint.verdict.page_cost import is_costly
from footprint.verdict.trend import Slope
from footprint.verdict.windows import Evidence

EDGES = tuple(range(0, 1001, 100))


def readings(**rates):
    """Eleven readings a hundred cycles apart; a rate is per cycle, or the function that gives the reading."""
    return [
        {name.replace("_", "."): rate(at) if callable(rate) else rate * at for name, rate in rates.items()}
        for at in EDGES
    ]


def evidence(windows=2, judged=None, empty=None, **rates):
    found = Evidence(judged)
    for _ in range(windows):
        found.add(EDGES, readings(**rates), readings(**(empty or dict.fromkeys(rates, 0))))
    return found


def in_pieces(at):
    """Three hundred pages at a time, a page for each cycle."""
    return (at // 300) * 300 * 4096


def test_what_grows_in_two_windows_leaks_and_what_does_not_is_clean():
    found = evidence(heap_bytes=32, python_blocks=0, fds=1)
    assert found.leaking == ["heap.bytes", "fds"]
    assert found.undecided == []
    assert found.rates["heap.bytes"] == Slope(32, 32, 32)


def test_one_window_decides_nothing():
    assert evidence(windows=0).leaking == evidence(windows=0).undecided == []
    assert evidence(windows=1, heap_bytes=0).undecided == ["heap.bytes"]


def test_what_the_empty_target_grows_by_is_no_leak_of_the_target():
    both = evidence(heap_bytes=34, python_blocks=1, empty={"heap_bytes": 2, "python_blocks": 1})
    assert both.leaking == ["heap.bytes"]
    assert both.rate("heap.bytes").per_cycle == 32
    assert both.grows_when_empty == ["heap.bytes", "python.blocks"]


def test_an_empty_target_that_shrinks_adds_nothing():
    assert evidence(heap_bytes=0, empty={"heap_bytes": -5}).leaking == []


@pytest.mark.parametrize("windows", [2, 4])
def test_resident_pages_that_others_may_share_are_never_a_leak(windows):
    shared = evidence(windows, heap_bytes=0, rss_bytes=4096)
    assert (shared.leaking, list(shared.agreeing)) == ([], ["rss.bytes"])


def test_pages_of_its_own_that_nothing_else_explains_are_a_leak_after_four_windows():
    assert evidence(2, heap_bytes=0, uss_bytes=4096).undecided == ["uss.bytes"]
    assert evidence(4, heap_bytes=0, uss_bytes=4096).leaking == ["uss.bytes"]
    assert evidence(4, heap_bytes=4096, uss_bytes=4096).leaking == ["heap.bytes"]
    assert evidence(4, judged=("fds",), fds=0, heap_bytes=0, uss_bytes=4096).leaking == []


def test_pages_that_come_all_at_once_or_less_and_less_are_no_leak():
    assert evidence(4, heap_bytes=0, uss_bytes=lambda at: 1 << 20 if at > 400 else 0).leaking == []
    assert evidence(4, heap_bytes=0, uss_bytes=lambda at: min(at, 700) * 4096).leaking == []


def test_pages_are_the_true_cost_where_they_are_far_more_than_heap_and_blocks():
    assert is_costly(evidence(2, heap_bytes=160, uss_bytes=9523))
    assert not is_costly(evidence(2, heap_bytes=4000, uss_bytes=9523))
    assert not is_costly(evidence(2, heap_bytes=0, maps=1, uss_bytes=9523))
    # Ten blocks of Python may take 512 bytes each; one does not take a page.
    assert not is_costly(evidence(2, heap_bytes=85, python_blocks=10, uss_bytes=4899))
    assert is_costly(evidence(2, heap_bytes=0, python_blocks=1, uss_bytes=4096))


def test_pages_are_a_reason_to_look_longer_where_the_heap_is_not_known():
    assert evidence(vm_bytes=0, uss_bytes=4096).undecided == ["uss.bytes"]


def test_address_space_in_pieces_is_a_leak_only_where_the_heap_is_not_known():
    assert evidence(windows=4, vm_bytes=in_pieces).leaking == ["vm.bytes"]
    assert evidence(windows=4, heap_bytes=0, vm_bytes=in_pieces).leaking == []
    assert evidence(windows=4, heap_bytes=0, vm_bytes=4096).leaking == ["vm.bytes"]


def test_only_what_is_judged_leaks():
    assert evidence(judged=("fds",), heap_bytes=32, fds=1).leaking == ["fds"]


def test_cycles_are_counted_over_the_last_windows():
    assert evidence(windows=3, fds=0).last_cycles(2) == 2000
    assert evidence(windows=0).last_cycles(2) == 0
