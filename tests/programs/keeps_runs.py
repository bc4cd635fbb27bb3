"""Keeps runs in a history, and says of each that it is done: keeps_runs.py HISTORY WRITER RUNS."""

import sys
from pathlib import Path

from footprint.history.checkout import CommitAndBranch
from footprint.history.keep import keep
from footprint.recording import Recording, Run, Sample
from footprint.recording.model import SCHEMA

RULES = ("v2.10.0", "v7.2.0")
METRICS = 45


def recording(writer, number):
    """One that is like no other, and as large as a recording of a machine."""
    metrics = {f"metric.{n}": 1000 * writer + number for n in range(METRICS)}
    samples = tuple(Sample(mark, 0, metrics) for mark in ("built", "destroyed"))
    runs = tuple(Run(rules, {}, samples) for rules in RULES)
    return Recording(SCHEMA, "kept", {"writer": writer, "number": number}, "model", {"recorded": "2026-11-25"}, runs)


def main():
    path, writer, runs = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    for number in range(runs):
        keep(recording(writer, number), path, CommitAndBranch("c" * 40, "main"))
        print(writer, number, flush=True)


if __name__ == "__main__":
    main()
