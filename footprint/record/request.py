"""What to record, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from footprint.errors import RequestError
from footprint.memory.rules import RuleSet
from footprint.recording.model import Published, Run
from footprint.scenario.scenario import Scenario

if TYPE_CHECKING:
    from footprint.backends.processes import ProcessOptions
    from footprint.backends.qemu import QemuOptions
    from footprint.backends.unicorn import UnicornOptions

INTRUSIVE = ("traced", "sized")
"""Probes that need a child process of their own."""
ON_REQUEST = ("lookups",)
"""Probes that read beside those always read, where a scenario or the user asks for them."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """How to play on the model: under these `rules`, with these `probes` besides the ones always read."""

    rules: tuple[RuleSet, ...]
    probes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Request:
    """What to record: a scenario with its parameter values, on the backend that `options` are for.

    `source` is the word that the scenario was found by; a child process finds it by the same.
    """

    scenario: Scenario
    source: str
    values: Mapping[str, Any]
    options: ModelOptions | QemuOptions | ProcessOptions | UnicornOptions


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a backend's part of a recording is: the `runs`, and what is true of them.

    `environment` is what a reader must know of this backend besides what is true of every recording.
    """

    backend: str
    runs: tuple[Run, ...]
    notes: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)


def check_samples(scenario: Scenario, runs: tuple[Run, ...]) -> None:
    """Raise RequestError if nothing was read at any mark."""
    if not any(run.samples for run in runs):
        raise RequestError(f"scenario {scenario.name!r} yields no Mark, so nothing would be recorded")
