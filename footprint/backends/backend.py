"""What a backend is, and the one loop that plays a scenario on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from footprint.scenario.scenario import Scenario
from footprint.scenario.steps import Boot, Commit, Destroy, EnableBusMaster, Mark, Plug, ShowSlots, Step, Unplug


class Backend(Protocol):
    """What acts on Steps. It reads nothing: at a Mark, probes read what it acts on."""

    name: str

    def prepare(self, scenario: Scenario, steps: Sequence[Step]) -> None:
        """See the `steps` of `scenario` before the first is obeyed.

        Raises RequestError where some of them are beyond this backend: all of them, in one sentence.
        """

    def obey(self, step: Step) -> None:
        """Do what `step` says; a Mark asks for nothing."""


@dataclass(frozen=True, slots=True)
class ReachedMark:
    """A Mark that a scenario has come to. `is_last`: from here on its machine is only destroyed, if even that."""

    mark: Mark
    is_last: bool


def play(scenario: Scenario, values: Mapping[str, Any], backend: Backend) -> Iterator[ReachedMark]:
    """Play `scenario` with these parameter values on `backend`, and stop at every Mark for whoever reads.

    Raises RequestError for steps that are none or that the backend cannot take, and whatever obeying raises.
    """
    steps = tuple(scenario.play(values))
    backend.prepare(scenario, steps)
    for step, is_last in zip(steps, _nothing_follows(steps), strict=True):
        backend.obey(step)
        if isinstance(step, Mark):
            yield ReachedMark(step, is_last)


def _nothing_follows(steps: Sequence[Step]) -> list[bool]:
    """After which of the steps nothing happens to the machine before it is destroyed."""
    answers, nothing = [], True
    for step in reversed(steps):
        answers.append(nothing)
        if isinstance(step, Destroy):
            nothing = True
        elif isinstance(step, Boot | Plug | Unplug | EnableBusMaster | Commit | ShowSlots):
            nothing = False
    return answers[::-1]
