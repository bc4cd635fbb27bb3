"""How many leaks the detector finds, how often it cries wolf, and how long it takes, beside psleak and pytest-memray.

    pip install -e '.[bench]'
    python benchmarks/leak_power.py [--quick] [--runs 5] [--clean 1000] [--certain 200] [--jobs 2]
                                    [--only PATTERN] [--without TOOL] [--json FILE]

Three parts: the table (every target, every tool, so many runs, one at a time), clean targets (half of the runs beside
two busy processes), and leaks that must be found in every run. Each run is a fresh process, timed from its start to its
end; each tool is used as its documentation has it. Exit code 1 if a criterion fails. `leak_power.md` has the figures.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import itertools
import json
import re
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from leak_runs import HERE, TOOLS, Run, Runner, load
from leak_targets import TARGETS

CERTAIN = {
    "malloc_16": (1.0, "heap.bytes", 32.0),  # glibc takes at least 32 bytes for a block, and 16 more than 64
    "object": (1.0, "python.blocks", 1.0),
    "malloc_64_1pc": (0.95, "heap.bytes", 0.8),
    "object_1pc": (0.95, "python.blocks", 0.01),
    "list_64_1pc": (0.95, "python.blocks", 0.01),
    "fd_1pc": (0.95, "fds", 0.01),
}
"""In what share of its runs a leak must be found, and in which metric it truly leaves how much per cycle."""
HOLDING = 0.9
"""In what share of the runs the interval must hold that: 95 %, less three of its own standard errors in 200 runs."""
QUICK = (
    "malloc_16|malloc_64_1pc|malloc_1024|mmap_4096|fd|thread|object|object_1pc|cycle_10th|ctypes_buffer_16"
    "|numpy_array_16|malloc_16_in_(tree|buffers)|nothing|tree|tree_with_cycles|buffers|subprocess_waited|lru_cache_in_order"
    "|free_lists|interned|lazy_imports|fragmented_heap|noisy_neighbour"
)
FAST_MICROSECONDS, FAST_SECONDS = 100, 2.0
MOST_INCONCLUSIVE = 0.01
KINDS = ("leak", "clean", "filling")


def main() -> int:
    """Measure, and print; the exit code."""
    options = _options()
    tools = [tool for tool in TOOLS if tool not in options.without]
    _check_installed(tools)
    names = [name for name in TARGETS if not options.only or re.fullmatch(options.only, name)]
    if not names:
        raise SystemExit(f"no target's name is {options.only!r}; python benchmarks/leak_targets.py lists them")
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as it is under nohup
            signal.signal(number, signal.default_int_handler)
    runs: list[Run] = []
    micros: dict[str, float] = {}
    started, stopped = time.monotonic(), False
    try:
        if options.runs:
            micros.update((name, _microseconds(name)) for name in names)
        with Runner(options.jobs) as runner:
            for run in _told(_plan(runner, options, names, tools), _count(options, names, tools)):
                runs.append(run)
    except KeyboardInterrupt:
        print("\nstopped; what there is so far:", file=sys.stderr)
        stopped = True
    if options.json:
        document = {"microseconds": micros, "runs": [dataclasses.asdict(run) for run in runs]}
        Path(options.json).write_text(json.dumps(document, indent=1))
    print("\n".join(_report(runs, micros, tools)))
    print(f"\n{len(runs)} runs in {(time.monotonic() - started) / 60:.1f} minutes")
    verdicts = list(_criteria(runs, micros, tools))
    print("\n".join(f"{'ok    ' if held else 'FAILED'} {words}" for held, words in verdicts))
    return 130 if stopped else int(not all(held for held, _ in verdicts))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a part of the table once, 50 clean runs, 5 of each leak")
    parser.add_argument("--runs", type=int, help="of each cell of the table")
    parser.add_argument("--clean", type=int, help="runs of clean targets by footprint alone")
    parser.add_argument("--certain", type=int, help="runs of each leak that must be found")
    parser.add_argument("--only", default="", metavar="PATTERN", help="targets whose whole name matches")
    parser.add_argument("--without", action="append", default=[], choices=TOOLS[1:], help="leave a tool out")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", metavar="FILE", help="write every run")
    options = parser.parse_args()
    for name, quick, full in (("runs", 1, 5), ("clean", 50, 1000), ("certain", 5, 200)):
        if getattr(options, name) is None:
            setattr(options, name, quick if options.quick else full)
    options.only = options.only or (QUICK if options.quick else "")
    return options


def _check_installed(tools: Iterable[str]) -> None:
    for tool in TOOLS[1:]:
        if tool in tools and importlib.util.find_spec(tool.replace("-", "_")) is None:
            words = f"{tool} is not installed; install it with: pip install -e '.[bench]'"
            raise SystemExit(f"{words}, or leave it out with: --without {tool}")


# What is run.


def _count(options: argparse.Namespace, names: list[str], tools: list[str]) -> int:
    return options.runs * len(names) * len(tools) + options.clean + options.certain * len(_certain(names))


def _certain(names: Iterable[str]) -> list[str]:
    return [name for name in CERTAIN if name in names]


def _plan(runner: Runner, options: argparse.Namespace, names: list[str], tools: list[str]) -> Iterator[Run]:
    for _ in range(options.runs):  # the tools in turn, so that what else the machine does hits all of them
        yield from runner.all(itertools.product(names, tools), alone=True)
    clean = itertools.cycle([name for name in names if TARGETS[name].kind == "clean"] or ["nothing"])
    for loaded in (False, True):
        half = options.clean // 2 + (options.clean % 2 if loaded else 0)
        with load(on=loaded and half > 0):
            wanted = [(next(clean), "footprint") for _ in range(half)]
            yield from runner.all(wanted, loaded=loaded, part="clean")
    wanted = [(name, "footprint") for _ in range(options.certain) for name in _certain(names)]
    yield from runner.all(wanted, part="certain")


def _told(runs: Iterable[Run], total: int) -> Iterator[Run]:
    """The same, with a line on stderr."""
    for number, run in enumerate(runs, 1):
        words = f"{number}/{total} {run.part}: {run.tool} {run.target} {run.answer:.30} {run.seconds:.1f} s"
        end = "\r" if sys.stderr.isatty() else "\n"
        print(f"{words:<100.100}", end=end, file=sys.stderr, flush=True)
        yield run
    print(file=sys.stderr)


def _microseconds(name: str) -> float:
    done = subprocess.run(
        [sys.executable, "leak_targets.py", name], cwd=HERE, capture_output=True, text=True, check=True, timeout=120
    )
    return float(done.stdout.split()[0])


# What it says.


def _report(runs: list[Run], micros: dict[str, float], tools: list[str]) -> Iterator[str]:
    table = [run for run in runs if run.part == "table"]
    for kind in KINDS if table else ():
        heading = {"leak": "found", "clean": "called a leak", "filling": "called a leak (still filling)"}[kind]
        columns = "".join(f" {tool:>14} {'s':>5}" for tool in tools)
        yield f"\n{heading:<28} {'left per cycle':<24} {'µs':>6}{columns}"
        for name in dict.fromkeys(run.target for run in table if TARGETS[run.target].kind == kind):
            cells = "".join(_cell([run for run in table if (run.target, run.tool) == (name, tool)]) for tool in tools)
            yield f"{name:<28} {TARGETS[name].left:<24} {micros[name]:>6.0f}{cells}"
    for part in ("certain", "clean"):
        some = [run for run in runs if run.part == part]
        for name in dict.fromkeys(run.target for run in some):
            if some[0].target == name:
                heading = f"{part}, footprint alone"
                yield f"\n{heading:<28} {'leak':>6} {'incl.':>6} {'runs':>6} {'median s':>9}"
            yield _tally(name, [run for run in some if run.target == name])
        for loaded in (False, True) if part == "clean" and some else ():
            words = "all, machine loaded" if loaded else "all, not loaded"
            yield _tally(words, [run for run in some if run.loaded == loaded])


def _cell(runs: list[Run]) -> str:
    if not runs:
        return f" {'':>14} {'':>5}"
    found, odd = (sum(run.answer == one for run in runs) for one in ("leak", "inconclusive"))
    broken = sum(run.answer not in ("leak", "clean", "inconclusive") for run in runs)
    notes = (f" {odd}?" if odd else "") + (f" {broken}!" if broken else "")
    return f" {f'{found}/{len(runs)}{notes}':>14} {_median(runs):>5.2f}"


def _tally(name: str, runs: list[Run]) -> str:
    leaks, odd = (sum(run.answer == one for run in runs) for one in ("leak", "inconclusive"))
    return f"{name:<28} {leaks:>6} {odd:>6} {len(runs):>6} {_median(runs) if runs else 0:>9.2f}"


def _median(runs: Iterable[Run]) -> float:
    return statistics.median(run.seconds for run in runs)


# What must hold.


def _criteria(runs: list[Run], micros: dict[str, float], tools: list[str]) -> Iterator[tuple[bool, str]]:
    yield from _about_clean([run for run in runs if run.part == "clean"])
    for name, (least, metric, truth) in CERTAIN.items():
        some = [run for run in runs if run.part == "certain" and run.target == name]
        found = sum(run.answer == "leak" for run in some)
        if some:
            yield found >= least * len(some), f"{name}: found in {found} of {len(some)} runs, at least {least:.0%}"
            yield from _about_rates([run.rates[metric] for run in some if metric in run.rates], name, truth)
    table = [run for run in runs if run.part == "table"]
    yield from _about_peers(table, tools[1:])
    yield from _about_seconds(table, micros)
    strange = {
        f"{run.tool} {run.target}: {run.answer}" for run in runs if run.answer.startswith(("error", "no answer"))
    }
    yield from ((False, words) for words in sorted(strange) if words.startswith("footprint"))
    yield from ((True, words) for words in sorted(strange) if not words.startswith("footprint"))


def _about_clean(runs: list[Run]) -> Iterator[tuple[bool, str]]:
    if not runs:
        return
    leaks, odd = (sum(run.answer == one for run in runs) for one in ("leak", "inconclusive"))
    bound = f"; the 95 % upper bound of the rate is {3 / len(runs):.2%} (rule of three)" if not leaks else ""
    yield leaks == 0, f"clean targets: {leaks} of {len(runs)} runs called a leak{bound}"
    yield odd <= MOST_INCONCLUSIVE * len(runs), f"clean targets: {odd} of {len(runs)} inconclusive, at most 1 %"


def _about_rates(rates: list[tuple[float, float, float]], name: str, truth: float) -> Iterator[tuple[bool, str]]:
    """How often the interval holds the truth, and how far the rates are from it."""
    if not rates:
        return
    holding = sum(low <= truth <= high for _, low, high in rates)
    off = statistics.median(abs(rate / truth - 1) for rate, _, _ in rates)
    words = (
        f"{name}: the interval holds {truth:g} a cycle in {holding} of {len(rates)} runs; the median error is {off:.1%}"
    )
    yield holding >= HOLDING * len(rates), words


def _about_peers(table: list[Run], peers: list[str]) -> Iterator[tuple[bool, str]]:
    """At least as many found, at most as many called, on every row that both have."""
    for peer, kind in itertools.product(peers, KINDS[:2]):
        worse, rows = [], 0
        for name in dict.fromkeys(run.target for run in table if TARGETS[run.target].kind == kind):
            ours, theirs = (_share(table, name, tool) for tool in (TOOLS[0], peer))
            rows += 1
            if (ours < theirs) if kind == "leak" else (ours > theirs):
                worse.append(name)
        words = "finds at least as many as" if kind == "leak" else "calls no more clean targets leaks than"
        if rows:
            yield not worse, f"{words} {peer} on {rows - len(worse)} of {rows} rows {' '.join(worse)}".rstrip()


def _share(table: list[Run], name: str, tool: str) -> float:
    some = [run.answer == "leak" for run in table if (run.target, run.tool) == (name, tool)]
    return sum(some) / len(some) if some else 0.0


def _about_seconds(table: list[Run], micros: dict[str, float]) -> Iterator[tuple[bool, str]]:
    fast = {
        name: _median(run for run in table if (run.target, run.tool) == (name, TOOLS[0]))
        for name in dict.fromkeys(run.target for run in table)
        if micros[name] < FAST_MICROSECONDS and TARGETS[name].kind != "filling"
    }
    if fast:
        slowest = max(fast, key=lambda name: fast[name])
        words = f"{len(fast)} targets under 0.1 ms a cycle: medians up to {fast[slowest]:.2f} s ({slowest})"
        yield fast[slowest] <= FAST_SECONDS, f"{words}, at most {FAST_SECONDS:.0f} s"
    for name in dict.fromkeys(run.target for run in table if TARGETS[run.target].noisy):
        ours, theirs = ([run for run in table if (run.target, run.tool) == (name, tool)] for tool in TOOLS[:2])
        # A leak that was missed was no answer, however soon it came.
        right = [run for run in theirs if run.answer == "leak"] or theirs
        if ours and theirs:
            missed = f"; {_median(theirs):.2f} s with those that miss it" if len(right) < len(theirs) else ""
            words = f"{name}: {_median(ours):.2f} s, psleak {_median(right):.2f} s{missed}"
            yield _median(ours) <= _median(right), words


if __name__ == "__main__":
    sys.exit(main())
