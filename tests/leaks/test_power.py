"""The detector on the targets of `benchmarks/leak_power.py`, each answer from a process of its own."""

import itertools
import sys

import pytest

from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))

from leak_runs import Runner
from leak_targets import TARGETS

SECONDS_OR_MORE = ("slow_cache", "slow_cache_at_random", "slow_cache_used_late")
"""Asked once; the others share what is left of the runs."""
CLEAN_RUNS, LEAK_RUNS = 50, 8


def answers(names):
    with Runner(2) as runner:
        return list(runner.all((name, "footprint") for name in names))


@pytest.mark.slow
def test_clean_code_that_looks_leaky_is_never_called_a_leak():
    kinds = [name for name, target in TARGETS.items() if target.kind == "clean"]
    often = itertools.cycle(name for name in kinds if name not in SECONDS_OR_MORE)
    names = [*SECONDS_OR_MORE, *itertools.islice(often, CLEAN_RUNS - len(SECONDS_OR_MORE))]
    assert set(names) == set(kinds)
    runs = answers(names)
    assert [run for run in runs if run.answer not in ("clean", "inconclusive")] == []
    assert len([run for run in runs if run.answer == "inconclusive"]) <= 2, runs


@pytest.mark.parametrize("name", ["malloc_16", "object"])
def test_sixteen_bytes_or_one_object_a_cycle_are_found_every_time(name):
    assert [run for run in answers([name] * LEAK_RUNS) if run.answer != "leak"] == []


def test_sixty_four_bytes_or_one_object_in_a_hundredth_of_the_cycles_are_found():
    rare = ["malloc_64_1pc", "object_1pc", "list_64_1pc", "fd_1pc"]
    missed = [run for run in answers(rare * (LEAK_RUNS // len(rare))) if run.answer != "leak"]
    assert len(missed) <= 1, missed


@pytest.mark.parametrize("name", ["malloc_1048576", "mmap_by_ctypes_4096", "thread", "fd", "cycle", "numpy_array_16"])
def test_each_kind_of_leak_is_found_by_its_own_metric(name):
    (run,) = answers([name])
    metric = {"malloc": "heap", "mmap": "vm", "thread": "threads", "fd": "fds", "cycle": "gc", "numpy": "python"}
    assert run.answer == "leak", run
    assert metric[name.partition("_")[0]] in run.why
