"""What keeping its history costs a run: pairs of `run` with history and with --no-history, in turn.

    python benchmarks/history.py [--pairs 30] [--kept 1000]

The history already has `--kept` runs. Prints the median of the pairs' differences with its 95 % interval (by order
statistics): of the time until the process has ended, and of its processor time, which a loaded machine disturbs less.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from footprint.history.checkout import CommitAndBranch
from footprint.history.keep import keep
from footprint.record.recorder import record
from footprint.record.request import ModelOptions, Request
from footprint.scenario.custom_rules import find_rule_sets
from footprint.scenario.find import find

RUN = ("run", "power8", "-s", "cpus=2", "-s", "nics=3", "-s", "bridges=1", "--json")

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT |= {"FOOTPRINT_HISTORY": "history.db"}
"""Modules are compiled once, as in every installation."""


def seconds(folder: Path, *more: str) -> tuple[float, float]:
    """How long one run takes, from its start to its end, and what of it on a processor."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "footprint", *RUN, *more],
        cwd=folder, env=ENVIRONMENT, check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    end, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return end - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def differences(folder: Path, pairs: int) -> tuple[list[float], list[float]]:
    """What the history adds, in milliseconds, pair by pair; which of the two is first changes from pair to pair."""
    added: tuple[list[float], list[float]] = ([], [])
    for n in range(pairs):
        if n % 2:
            without, with_ = seconds(folder, "--no-history"), seconds(folder)
        else:
            with_, without = seconds(folder), seconds(folder, "--no-history")
        for column, more, less in zip(added, with_, without, strict=True):
            column.append(1000 * (more - less))
    return added


def told(added: list[float]) -> str:
    """The median and its interval."""
    ordered, n = sorted(added), len(added)
    off = int(0.98 * n**0.5)
    low, high = ordered[max(0, n // 2 - off - 1)], ordered[min(n - 1, n // 2 + off)]
    return f"{statistics.median(added):+6.1f} ms   {low:+6.1f} … {high:+6.1f}   ({n} pairs)"


def fill(path: Path, runs: int) -> None:
    """A history of that many runs."""
    scenario = find("power8")
    values = scenario.values({"cpus": "2", "nics": "3", "bridges": "1"})
    recording = record(Request(scenario, "power8", values, ModelOptions(find_rule_sets(scenario.rules))))
    for _ in range(runs):
        keep(recording, path, CommitAndBranch("0" * 40, "main"))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--kept", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder / "history.db", options.kept)
        size = (folder / "history.db").stat().st_size / 2**20
        print(f"{options.kept} runs kept, {size:.1f} MiB")
        for name, added in zip(("time", "processor time"), differences(folder, options.pairs), strict=True):
            print(f"{name:<16}{told(added)}")


if __name__ == "__main__":
    main()
