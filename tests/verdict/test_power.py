"""What "clean" promises is kept: growth of as much as it names is found, in noise of any kind, of every metric.

`FOOTPRINT_POWER_RUNS=1000` plants so many leaks of each kind; `FOOTPRINT_POWER_SEED` draws them anew.
"""

import math
import os
import random
from itertools import product

import pytest

from footprint.verdict.foresight import power
from footprint.verdict.power import visible
from footprint.verdict.trend import Series
from tests.fixtures.leaks import measured_whole

RUNS = int(os.environ.get("FOOTPRINT_POWER_RUNS", "40"))
SEED = int(os.environ.get("FOOTPRINT_POWER_SEED", "0"))
BYTES, COUNT, PAGE = 1 << 28, 20, 4096
"""What a process holds anyway of bytes, and of everything else."""


def measured(metric, held, **how):
    """The evidence of a whole measurement of a target whose metric is `held` of its cycles."""
    return measured_whole(metric, held, **how)[0]


def noise(seed, deviation):
    chance = random.Random(seed)
    return lambda _: chance.gauss(0, deviation)


@pytest.mark.parametrize("deviation", [0, 40, 400, 4000], ids=lambda bytes_: f"noise of {bytes_} bytes")
def test_a_leak_of_what_clean_would_have_shown_is_found_in_95_of_100_runs(deviation):
    clean = [measured("heap_bytes", noise(seed, deviation)) for seed in range(RUNS)]
    assert [evidence.leaking for evidence in clean] == [[]] * RUNS
    found = 0
    for seed, evidence in enumerate(clean):
        rate, error = power(evidence)["heap.bytes"], noise(1000 + seed, deviation)
        found += measured("heap_bytes", lambda n, rate=rate, error=error: rate * n + error(n)).leaking == ["heap.bytes"]
    assert found >= 0.95 * RUNS


def test_objects_that_are_left_now_and_then_as_often_as_clean_names_are_found_in_95_of_100_runs():
    rate, found = power(measured("python_blocks", lambda _: 0))["python.blocks"], 0
    for seed in range(RUNS):
        chance, left = random.Random(seed), [0, 0]

        def held(n, chance=chance, left=left):
            while left[1] < n:
                left[1] += 1
                left[0] += chance.random() < rate
            return left[0]

        found += measured("python_blocks", held).leaking == ["python.blocks"]
    assert found >= 0.95 * RUNS


def rounded(held, unit):
    return lambda cycles: (COUNT if unit == 1 else BYTES) + unit * round(held(cycles) / unit)


def spikes(seed, size):
    """Something is open for a moment in one reading of ten."""
    chance = random.Random(seed)
    return lambda _: size * (chance.random() < 0.1)


def walk(seed, deviation):
    """Pages that the kernel gives and takes."""
    chance, at = random.Random(seed), [0.0]

    def held(_):
        at[0] += chance.gauss(0, deviation) - 0.3 * at[0]
        return at[0]

    return held


def by_chance(seed, rate, unit):
    """A cycle leaves a unit now and then, `rate` in all."""
    chance, left, times = random.Random(seed), [0, -1], max(1.0, rate / unit)
    share = rate / unit / times

    def held(cycles):
        while left[0] <= cycles:
            left[0] += 1 if share >= 1 else int(math.log(1 - chance.random()) / math.log(1 - share)) + 1
            left[1] += 1
        return unit * times * left[1]

    return held


UNITS = {"heap_bytes": 32, "vm_bytes": PAGE, "uss_bytes": PAGE}
NOISES = {
    "quiet": lambda _, __: lambda _: 0,
    "with spikes": lambda seed, unit: spikes(seed, 2 * unit),
    "noisy": lambda seed, unit: noise(seed, 4 * unit if unit > 1 else 1),
    "wandering": lambda seed, unit: walk(seed, 4 * unit if unit > 1 else 1),
}
UNLIKE = {("children", "noisy"), ("children", "wandering")}
METRICS = ("heap_bytes", "python_blocks", "gc_objects", "fds", "threads", "children", "maps", "vm_bytes", "uss_bytes")


@pytest.mark.parametrize("seconds", [1e-5, 5e-2], ids=lambda seconds: f"cycles of {seconds:g} s")
@pytest.mark.parametrize(("metric", "noises"), [pair for pair in product(METRICS, NOISES) if pair not in UNLIKE])
def test_of_every_metric_as_much_as_clean_names_is_found_in_95_of_100_runs(metric, noises, seconds):
    unit, name, clean, found = UNITS.get(metric, 1), metric.replace("_", "."), 0, 0
    others = {} if metric == "heap_bytes" else {"heap_bytes": lambda _: 0}
    for seed in range(10 * SEED * RUNS, 10 * SEED * RUNS + RUNS // 4):
        without = measured(metric, rounded(NOISES[noises](seed, unit), unit), seconds=seconds, **others)
        if without.leaking or without.undecided:
            continue
        error, leak = NOISES[noises](-1 - seed, unit), by_chance(seed, power(without)[name], unit)
        held = rounded(lambda n, error=error, leak=leak: error(n) + leak(n), unit)
        evidence, reason, _ = measured_whole(metric, held, seconds=seconds, **others)
        # Two hundred children are not to be exceeded, which may be too few to be sure, but is never clean.
        is_found = name in evidence.leaking or (metric == "children" and reason)
        clean, found = clean + 1, found + bool(is_found)
    assert clean > 0.9 * (RUNS // 4)
    assert found >= 0.95 * clean - 1  # of ten, one may be missed by chance


def test_few_cycles_promise_less():
    quiet = [Series(tuple(range(0, 101, 10)), (7,) * 11)] * 2
    assert visible(quiet, 0.005, 1) == 0.12
    many = [Series(tuple(range(0, 10_001, 1000)), (7,) * 11)] * 2
    assert visible(many, 0.005, 1) == 0.01


def test_noise_promises_less():
    loud = [Series(tuple(range(0, 1001, 100)), (0, 900) * 5 + (0,))] * 2
    assert visible(loud, 0.3, 32) > 9
