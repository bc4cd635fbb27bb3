"""The backend of real Unicorn engines, each played in a child process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from footprint.errors import MeasurementError, RequestError
from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import Destroy, MapPages, Mark, Settle, Step

SECONDS = 300
_STEPS = (MapPages, Settle, Mark, Destroy)


@dataclass(frozen=True, slots=True)
class UnicornOptions:
    """Nothing to choose: the engines are those of the wheel that is installed."""


class UnicornBackend:
    """Maps memory in engines. `answer` is what the child measured of the last step, `release` whose wheel it was."""

    name = "unicorn"

    def __init__(self) -> None:
        self.answer: dict[str, Any] | None = None
        self.release = ""

    def prepare(self, scenario: Scenario, steps: Sequence[Step]) -> None:
        """See whether it can take every step; raises RequestError."""
        for step in steps:
            if not isinstance(step, _STEPS):
                raise RequestError(f"-b unicorn only maps memory; {scenario.name} asks for {type(step).__name__}")

    def obey(self, step: Step) -> None:
        """Do what `step` says; raises MeasurementError where no engine comes of it."""
        match step:
            case MapPages(arch, maps, engines):
                self.answer = _measured({"arch": arch, "maps": maps, "engines": engines, "leak_engines": 40})
                self.release = self.answer["release"]
            case Destroy():
                self.answer = None


def _measured(task: dict[str, Any]) -> dict[str, Any]:
    command = [sys.executable, "-m", "footprint.engines.map_curve"]
    try:
        child = subprocess.run(
            command, input=json.dumps(task), capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise MeasurementError(f"{task['maps']} maps of {task['arch']} took more than {SECONDS} s") from None
    if child.returncode != 0:
        words = child.stderr.strip().splitlines()
        how = f"was killed by signal {-child.returncode}" if child.returncode < 0 else f"ended with {child.returncode}"
        raise MeasurementError(f"the engine's process {how}: {words[-1] if words else 'it said nothing'}")
    answer: dict[str, Any] = json.loads(child.stdout)
    if "error" in answer:
        raise MeasurementError(answer["error"])
    return answer
