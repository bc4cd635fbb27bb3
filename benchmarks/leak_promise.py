"""Whether "clean" keeps its promise on real targets: what it says that it would have shown is planted, and looked for.

    python benchmarks/leak_promise.py [--runs 20] [--only fds]

Each run measures a clean target, reads the power of its answer, and measures the same with a leak of as much, left by
chance. Exit code 1 where fewer than 95 % are found. Two seconds a run.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

METRIC, RATE = "LEAK_METRIC", "LEAK_RATE"
HERE = Path(__file__).parent
LEAVES = {
    "heap.bytes": ("malloc", 16, 32),
    "python.blocks": ("object", 0, 1),
    "gc.objects": ("cycle", 0, 1),
    "fds": ("fd", 0, 1),
    "threads": ("thread", 0, 1),
    "maps": ("mmap_shared", 4096, 1),
    "vm.bytes": ("mmap_by_ctypes", 4096, 4096),
    "uss.bytes": ("touched", 4096, 4096),
}
"""What is left for each metric, how large it is, and how much of the metric it is."""
ENOUGH = 0.95


def promised() -> Callable[[], None]:
    """The cycle that leaves what the environment names, by chance."""
    from leak_targets import LEAVES as WAYS

    what, size, unit = LEAVES[os.environ[METRIC]]
    share, leave = float(os.environ[RATE]) / unit, WAYS[what]

    def cycle() -> None:
        if random.random() < share:
            leave(size)

    return cycle


def answer(target: str, **environment: str) -> dict[str, object]:
    """What footprint says of it."""
    command = [sys.executable, "-m", "footprint", "leaks", f"leak_targets.py:{target}", "--json", "--no-where"]
    done = subprocess.run(
        command, cwd=HERE, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    return dict(json.loads(done.stdout))


def main() -> int:
    """Plant and look, metric by metric."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=20, help="of each metric")
    parser.add_argument("--only", choices=list(LEAVES), help="one metric")
    options = parser.parse_args()
    kept = True
    for metric in [options.only] if options.only else LEAVES:
        found, passed, rates = 0, 0, []
        for _ in range(options.runs):
            power = answer("nothing")["power"]
            rates.append(power[metric])  # type: ignore[index]
            said = answer("promised", **{METRIC: metric, RATE: str(rates[-1])})
            found += any(finding["metric"] == metric for finding in said["findings"])  # type: ignore[attr-defined]
            passed += said["verdict"] == "clean"
        kept = kept and found >= ENOUGH * options.runs
        promise = f"{min(rates):.3g}" + (f" to {max(rates):.3g}" if max(rates) > min(rates) else "")
        print(f"{metric:<14} {promise:>14} a cycle: found in {found} of {options.runs}, clean in {passed}", flush=True)
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
