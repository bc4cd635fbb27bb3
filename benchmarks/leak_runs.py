"""One answer of one tool about one target in a fresh process, and many of them side by side, for `leak_power.py`."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
TOOLS = ("footprint", "psleak", "pytest-memray")
LONGEST = 180
"""Seconds after which a run is given up."""
Rates = dict[str, tuple[float, float, float]]


@dataclass(frozen=True)
class Run:
    """What `tool` said about `target` (``leak``, ``clean``, ``inconclusive``, or what went wrong), and when.

    `why`: what leaks, or the reason of an inconclusive answer, where the tool says so as data. `rates`: each leak's
    rate per cycle, and its 95 % interval, by metric.
    """

    target: str
    tool: str
    answer: str
    seconds: float
    loaded: bool = False
    part: str = "table"
    why: str = ""
    rates: Rates = field(default_factory=dict)


class Runner:
    """Runs commands in process groups of their own; leaving it ends every one of them."""

    def __init__(self, jobs: int) -> None:
        self._jobs, self._alive = jobs, set[subprocess.Popen[str]]()
        self._lock, self._over = threading.Lock(), False

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._over = True
            for child in self._alive:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)

    def all(
        self, wanted: Iterable[tuple[str, str]], *, loaded: bool = False, part: str = "table", alone: bool = False
    ) -> Iterator[Run]:
        """The runs of these (target, tool), each as it is finished; `alone`: one at a time."""
        with ThreadPoolExecutor(1 if alone else self._jobs) as pool:
            waiting = [pool.submit(self.one, target, tool, loaded=loaded, part=part) for target, tool in wanted]
            try:
                for future in as_completed(waiting):
                    yield future.result()
            finally:
                for future in waiting:
                    future.cancel()
                if sys.exc_info()[0] is not None:
                    self.__exit__()

    def one(self, target: str, tool: str, *, loaded: bool = False, part: str = "table") -> Run:
        """From the start of the process to its end."""
        command, environment, read = _COMMANDS[tool](target)
        with self._lock:
            if self._over:
                raise InterruptedError
            started = time.perf_counter()
            child = subprocess.Popen(
                command, cwd=HERE, env={**os.environ, **environment}, text=True, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )  # fmt: skip
            self._alive.add(child)
        try:
            said, complained = child.communicate(timeout=LONGEST)
            answer, why, rates = read(child.returncode, said, complained)
        except subprocess.TimeoutExpired:
            answer, why, rates = "no answer", "", {}
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            self._alive.discard(child)
        return Run(target, tool, answer, time.perf_counter() - started, loaded, part, why, rates)


Read = Callable[[int, str, str], tuple[str, str, Rates]]
"""An answer, why, and the rates with their intervals, out of an exit code, stdout and stderr."""


def _footprint(target: str) -> tuple[list[str], dict[str, str], Read]:
    command = [sys.executable, "-m", "footprint", "leaks", f"leak_targets.py:{target}", "--json"]

    def read(code: int, said: str, complained: str) -> tuple[str, str, Rates]:
        if code not in (0, 1, 3) or not said:
            return f"error: {complained.strip()[-300:]}", "", {}
        verdict = json.loads(said)
        leaks = [one for one in verdict["findings"] if one["kind"] == "leak"]
        words = ", ".join(f"{one['metric']} {one['per_cycle']:.3g}" for one in leaks)
        rates = {one["metric"]: (one["per_cycle"], one["low"], one["high"]) for one in leaks}
        return verdict["verdict"], words or verdict["reason"], rates

    return command, {}, read


def _psleak(target: str) -> tuple[list[str], dict[str, str], Read]:
    command = [sys.executable, "-m", "unittest", "leak_psleak"]
    environment = {"PYTHONMALLOC": "malloc", "PYTHONUNBUFFERED": "1", "LEAK_TARGET": target}

    def read(code: int, _: str, complained: str) -> tuple[str, str, Rates]:
        if code == 0 and "skipped" not in complained:
            return "clean", "", {}
        if "FAILED (failures=1)" not in complained:
            return f"error: {complained.strip()[-300:]}", "", {}
        named = re.search(r"^psleak\.(\w+)", complained, re.MULTILINE)
        return "leak", named[1] if named else "", {}

    return command, environment, read


def _memray(target: str) -> tuple[list[str], dict[str, str], Read]:
    # Without the plugins that happen to be installed beside it, which would count as its seconds.
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider"]
    command += ["-p", "pytest_memray.plugin", "--memray", "leak_memray.py"]

    def read(code: int, said: str, complained: str) -> tuple[str, str, Rates]:
        if code == 0:
            return "clean", "", {}
        answer = "leak" if "Test was allowed to leak" in said else f"error: {(said + complained).strip()[-300:]}"
        return answer, "", {}

    return command, {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "LEAK_TARGET": target}, read


_COMMANDS = dict(zip(TOOLS, (_footprint, _psleak, _memray), strict=True))


# The load.

SPIN, TAKE = "spin", "take"


@contextlib.contextmanager
def load(*, on: bool = True) -> Iterator[None]:
    """A process that computes and one that takes and gives memory, for as long as this lasts and we live."""
    command = [sys.executable, __file__, str(os.getpid())]
    busy = [subprocess.Popen([*command, what], start_new_session=True) for what in (SPIN, TAKE)] if on else []
    try:
        yield
    finally:
        for child in busy:
            child.kill()
            child.wait()


def _be_busy(parent: int, what: str) -> None:
    while os.getppid() == parent:
        if what == SPIN:
            sum(range(100_000))
        else:
            many = [bytearray(random.randrange(1, 1 << 20)) for _ in range(60)]
            many.sort()


if __name__ == "__main__":
    _be_busy(int(sys.argv[1]), sys.argv[2])
