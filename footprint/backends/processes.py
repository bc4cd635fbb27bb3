"""The backend of real processes that load a flash image, each for itself or all from one mapping."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from footprint.errors import MeasurementError, RequestError, UnknownNameError
from footprint.process.child import Child
from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import Destroy, LoadFlash, Mark, Settle, Step

WAYS = {
    "private": "each process reads the image into memory of its own, as QEMU does",
    "shared": "each process maps the image's file, read-only: the pages of the page cache serve all",
}
"""What stands in the place of rule sets: how a process gets at the image."""
SECONDS = 60.0
"""How long loading may take."""
_STEPS = (LoadFlash, Settle, Mark, Destroy)
_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class ProcessOptions:
    """How to load: one run for each of `ways`."""

    ways: tuple[str, ...] = tuple(WAYS)


def check_ways(ways: Sequence[str]) -> tuple[str, ...]:
    """`ways`, each once; raises UnknownNameError for what is none."""
    for way in ways:
        if way not in WAYS:
            raise UnknownNameError("way to load an image", way, WAYS)
    return tuple(dict.fromkeys(ways))


class LoadedProcess:
    """A child that has loaded the image at [start, end) of its memory."""

    def __init__(self, image: Path, way: str, size: int, number: int) -> None:
        words = [sys.executable, "-m", "footprint.process.flash_child", str(image), way, str(size)]
        self.child = Child(words, name=f"process {number}")
        self.start = self.end = 0

    def wait(self, what: str) -> None:
        """Wait until it has loaded; raises MeasurementError with its last words where it does not."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            for line in self.child.words.splitlines(keepends=True):
                if line.startswith("mapped ") and line.endswith("\n"):
                    self.start, self.end = (int(word, 16) for word in line.split()[1:])
                    return
            if not self.child.is_alive:
                raise self.child.obituary(what)
            time.sleep(0.005)
        raise MeasurementError(f"{self.child.name} was not ready after {SECONDS:g} s {what}")


class ProcessBackend:
    """Loads an image in children, by one way. Leaving it as a context manager ends them all, and the image is gone.

    `running` are the children; `image` is the file that they load, None where they load nothing.
    """

    name = "processes"

    def __init__(self, way: str) -> None:
        self.way = way
        self.running: list[LoadedProcess] = []
        self.image: Path | None = None
        self._size = 0
        self._folder = contextlib.ExitStack()

    def __enter__(self) -> ProcessBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def prepare(self, scenario: Scenario, steps: Sequence[Step]) -> None:
        """See whether it can take every step (RequestError), and whether there is room for it (MeasurementError)."""
        for step in steps:
            if not isinstance(step, _STEPS):
                raise RequestError(f"-b processes only loads images; {scenario.name} asks for {type(step).__name__}")
        loads = [step for step in steps if isinstance(step, LoadFlash)]
        if loads:
            most = max(loads, key=lambda step: step.size * step.count)
            _check_room(most.size * (most.count if self.way == "private" else 1), most.count)

    def obey(self, step: Step) -> None:
        """Do what `step` says; raises MeasurementError where a child does not live."""
        match step:
            case LoadFlash(count, _, size):
                self._load(count, size)
            case Destroy():
                self._end()

    def check_alive(self) -> None:
        """Raise MeasurementError if a child has died since it loaded its image."""
        for process in self.running:
            if not process.child.is_alive:
                raise process.child.obituary("before its memory was read")

    def _load(self, count: int, size: int) -> None:
        if size != self._size or count < len(self.running):
            self._end()
        more = count - len(self.running)
        if size and self.image is None:
            self.image = self._make_image(size)
        self._size = size
        what = f"while it loaded {size >> 20} MiB ({self.way}), as one of {count}"
        for number in range(count - more, count):
            self.running.append(LoadedProcess(self.image or Path(os.devnull), self.way, size, number + 1))
        for process in self.running[count - more :]:
            process.wait(what)

    def _make_image(self, size: int) -> Path:
        """A file of `size` bytes, no two pages alike, in the page cache."""
        folder = self._folder.enter_context(tempfile.TemporaryDirectory(prefix="footprint-"))
        path = Path(folder) / "flash.fd"
        block = bytearray(os.urandom(_BLOCK))
        try:
            with path.open("wb") as file:
                for start in range(0, size, _BLOCK):
                    for page in range(0, _BLOCK, 4096):
                        block[page : page + 8] = (start + page).to_bytes(8, "little")
                    file.write(block[: size - start])
        except OSError as error:
            raise MeasurementError(f"no room for an image of {size} bytes in {folder}: {error.strerror}") from None
        return path

    def _end(self) -> None:
        with contextlib.ExitStack() as ending:
            for process in self.running:
                ending.callback(process.child.kill)
        self.running = []
        self.image = None
        self._size = 0
        self._folder.close()


def _check_room(needed: int, count: int) -> None:
    """Raise MeasurementError where the machine has less memory free than `count` processes need."""
    free = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(), flags=re.M)
    if free is not None and needed > int(free[1]) * 1024:
        raise MeasurementError(
            f"{count} processes need {needed >> 20} MiB for their images, and {int(free[1]) >> 10} MiB are free"
        )
