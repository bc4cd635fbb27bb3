"""The recording: its parts, as immutable and versioned data.

Format history, newest first:

- ``footprint.recording/1``: the first.
"""

from __future__ import annotations

from typing import Any

import msgspec

SCHEMA = "footprint.recording/1"

Number = int | float


class Sample(msgspec.Struct, frozen=True, omit_defaults=False):
    """One reading: every metric at one mark. `cycle` numbers marks that come again."""

    mark: str
    cycle: int
    metrics: dict[str, Number]


class Timeline(msgspec.Struct, frozen=True):
    """The start-up, commit by commit, at some of its commits (always the first and the last).

    Four columns of equal length: the number of the commit, views in use after it, views released that
    wait for the grace period, and modelled bytes allocated for all of them.
    """

    commits: tuple[int, ...]
    alive: tuple[int, ...]
    waiting: tuple[int, ...]
    bytes: tuple[int, ...]


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """All readings of one execution under one rule set, in the order of the marks.

    `rules` is the text given to ``-r``, `what` says in words what that rule set is.
    """

    rules: str
    features: dict[str, str]
    samples: tuple[Sample, ...]
    what: str = ""
    seconds: float | None = None
    timeline: Timeline | None = None

    def sample(self, mark: str | None = None) -> Sample | None:
        """The last sample at `mark`; without one the last at ``built``, or else the last of all."""
        wanted = [sample for sample in self.samples if sample.mark == (mark or "built")]
        if wanted:
            return wanted[-1]
        return self.samples[-1] if mark is None and self.samples else None


class Published(msgspec.Struct, frozen=True):
    """A figure that somebody printed about this very guest: `value` of `metric` under `rules`.

    `exact`: the guest is known well enough that ours must equal it; otherwise it stands beside.
    """

    metric: str
    rules: str
    value: Number
    source: str
    exact: bool = False


class Recording(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file: a scenario, its parameters, where it ran, and its runs."""

    schema: str
    scenario: str
    params: dict[str, Any]
    backend: str
    environment: dict[str, Any]
    runs: tuple[Run, ...]
    question: str = ""
    notes: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()

    def run(self, rules: str) -> Run | None:
        """The run under the rule set named `rules`."""
        return next((run for run in self.runs if run.rules == rules), None)
