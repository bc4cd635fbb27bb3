"""Whether a sweep survives: SIGKILL at random moments, and a Dask worker that dies half-way.

    python benchmarks/sweep_survival.py kill 20
    python benchmarks/sweep_survival.py dask [SIZE]

Both compare every point, byte by byte, with those of a sweep that nobody disturbed. `kill` also says whether a point
that was on disk was ever played or written again. SIZE is small (default) or 500.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

SMALL = ["-g", "nics=4,8,12,16,24,31", "-g", "cpus=1,4,8", "-s", "bridges=1", "-r", "v2.10.0", "-r", "v7.2.0"]
RULES = 2
"""How many rule sets SMALL has."""
FIVE_HUNDRED = [
    *("-g", "nics=8,16,24,32,48", "-g", "cpus=1,8,16,32,64", "-g", "bridges=4,8", "-g", "ohci=0,1"),
    *("-r", "v2.10.0", "-r", "202fc01b05", "-r", "v2.11.0", "-r", "v7.2.0", "-r", "v11.1.0"),
]
SCENARIO = '''
import os
from footprint.machines.pseries import pseries
from footprint.scenario import Build, Mark, Param, Settle, scenario


@scenario("How much?", params=(Param("cpus", 1, least=1), Param("nics", 1), Param("bridges", 1)), rules=("v7.2.0",))
def logged(p):
    """Notes that it was played before it builds anything."""
    with open(os.environ["SWEEP_STARTS"], "a") as log:
        log.write(f"{p.cpus} {p.nics}\\n")
    yield Build(pseries(cpus=p.cpus, nics=p.nics, bridges=p.bridges))
    yield Settle()
    yield Mark("built")
'''


def command(scenario: str, grid: list[str], folder: Path, *more: str) -> list[str]:
    """The command line of a sweep into `folder`."""
    words = [
        sys.executable,
        "-m",
        "footprint",
        "sweep",
        scenario,
        *grid,
        "-o",
        str(folder),
        "--no-report",
        "--workers",
        "2",
    ]
    return [*words, *more]


def contents(folder: Path) -> dict[str, bytes]:
    """Every point of a sweep."""
    return {path.name: path.read_bytes() for path in (folder / "points").glob("*.json")}


def machines(folder: Path) -> Counter[str]:
    """How many points of each machine, called as the scenario logs it, are done."""
    documents = map(json.loads, contents(folder).values())
    return Counter(f"{document['params']['cpus']} {document['params']['nics']}" for document in documents)


def kill(times: int) -> bool:
    """SIGKILL the sweep `times` times, resume it each time, and compare."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        script, starts = base / "logged.py", base / "starts"
        script.write_text(SCENARIO)
        os.environ["SWEEP_STARTS"] = str(starts)
        began = time.monotonic()
        subprocess.run(command(str(script), SMALL, base / "whole"), check=True, capture_output=True)
        whole = time.monotonic() - began
        chance, killed, rewritten, again = random.Random(19), 0, 0, 0
        done: dict[str, tuple[int, int]] = {}
        code = 1
        while code != 0:
            starts.unlink(missing_ok=True)
            # A machine whose points are all there must not be started again.
            complete = machines(base / "cut")
            process = subprocess.Popen(
                command(str(script), SMALL, base / "cut", "--resume"),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            if killed < times:
                try:
                    process.wait(chance.uniform(0.2, max(1.0, whole / 6)))
                except subprocess.TimeoutExpired:
                    process.send_signal(signal.SIGKILL)
                    killed += 1
            code = process.wait()
            time.sleep(0.1)
            started = starts.read_text().splitlines() if starts.exists() else []
            again += sum(complete[machine] == RULES for machine in started)
            for path in (base / "cut" / "points").glob("*.json"):
                status = path.stat()
                mark = (status.st_ino, status.st_mtime_ns)
                rewritten += done.setdefault(path.name, mark) != mark
        left = [
            process.pid
            for process in psutil.process_iter(["cmdline"])
            if str(script) in (process.info["cmdline"] or [])
        ]
        same = contents(base / "whole") == contents(base / "cut")
        equal = (base / "whole" / "sweep.json").read_text().split('"environment"')[0] == (
            base / "cut" / "sweep.json"
        ).read_text().split('"environment"')[0]
        print(
            f"killed {killed} times; {len(done)} points; points the same: {same}; documents the same: {equal}; "
            f"written again: {rewritten}; machines started again: {again}; "
            f"processes left: {len(left)}"
        )
        return same and equal and not rewritten and not again and not left


def dask(grid: list[str]) -> bool:
    """Kill one of two Dask workers half-way, and compare."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        began = time.monotonic()
        subprocess.run(command("power8", grid, base / "local"), check=True, capture_output=True)
        print(f"local: {time.monotonic() - began:.1f} s")
        total = len(contents(base / "local"))
        began = time.monotonic()
        process = subprocess.Popen(command("power8", grid, base / "dask", "--dask"), stdout=subprocess.DEVNULL)
        while len(contents(base / "dask")) < total // 2 and process.poll() is None:
            time.sleep(0.05)
        workers = [
            child
            for child in psutil.Process(process.pid).children(recursive=True)
            if "spawn_main" in " ".join(child.cmdline())
        ]
        workers[0].kill()
        at = len(contents(base / "dask"))
        code = process.wait()
        same = contents(base / "local") == contents(base / "dask")
        print(
            f"Dask: {time.monotonic() - began:.1f} s; one of {len(workers)} workers killed at {at} of {total} points; "
            f"exit code {code}; points the same: {same}"
        )
        return same and code == 0


if __name__ == "__main__":
    what = sys.argv[1]
    size = sys.argv[2] if len(sys.argv) > 2 else ""
    sys.exit(0 if (kill(int(size or 20)) if what == "kill" else dask(FIVE_HUNDRED if size == "500" else SMALL)) else 1)
