"""The recording: its parts, as immutable and versioned data.

Format history, newest first:

- ``footprint.recording/1``: the first. What was added since has a default, so that older files are read.

A change that older versions cannot ignore makes the number larger; such a file is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from footprint.errors import UnknownNameError

SCHEMA = "footprint.recording/1"

Number = int | float

LAST_BEFORE_DESTRUCTION = ("booted", "built")
"""Where a run is judged unless somebody names a mark: the first of these that it has."""
DESTROYED = "destroyed"
"""The mark after the machine was taken down; by default nothing is judged there."""
ALL_RULES = "all"
"""The word that means every rule set."""


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


class Stretch(msgspec.Struct, frozen=True, array_like=True):
    """A range of a view: [start, end) shows the region `name` of `kind` (QEMU's word) from `offset` on.

    The ends are hexadecimal text, because JSON's numbers do not hold 64 bits everywhere.
    """

    start: str
    end: str
    name: str
    kind: str
    offset: str = "0x0"


class View(msgspec.Struct, frozen=True, omit_defaults=True):
    """A living view, for a picture of it: who uses it and what it shows.

    `device` is the type of the device whose spaces alone use it (empty: the machine's, or several types').
    `spaces` are the names of its address spaces, `alike` how many more views look the same (their spaces
    are counted in `spaces_alike`). `ranges` and `nodes` may be cut; `range_count` and `node_count` are whole.
    A node is its runs of equal entries, (first, last, skip, ptr); `skip` and `ptr` are the root entry's, and
    a `ptr` of 2**26 - 1 leads nowhere.
    """

    root: str
    spaces: tuple[str, ...]
    ranges: tuple[Stretch, ...]
    range_count: int
    alike: int = 0
    spaces_alike: int = 0
    levels: int = 0
    skip: int = 0
    ptr: int = 0
    nodes: tuple[tuple[tuple[int, int, int, int], ...], ...] = ()
    node_count: int = 0
    section_count: int = 0
    device: str = ""


class ViewOwner(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many living views with that root belong to devices of one type; `device` as in :class:`View`."""

    root: str
    views: int
    device: str = ""

    @property
    def whose(self) -> str:
        """The root with its owner, for a sentence: ``virtio-net-pci's `virtio-pci```."""
        return f"{self.device}'s `{self.root}`" if self.device else f"`{self.root}`"


class OwnerShare(msgspec.Struct, frozen=True, omit_defaults=True):
    """What some owners have of what is alive, of the views on one root: all of them together.

    `device` is their type (``CPU`` for processors; empty: the machine's own, or shared by several types). `name` is the
    id of the owner, or the first and the last of `owners` that have as much each (``nic0 … nic254``). A space is its
    device's own, and so is a view that only this device uses; any other view is `SHARED`, and then `owners` is 0.
    `bytes` are those of the views alive, by the C structures; 0 where they are not modelled.
    """

    root: str
    device: str = ""
    name: str = ""
    owners: int = 0
    spaces: int = 0
    views: int = 0
    ranges: int = 0
    sections: int = 0
    nodes: int = 0
    nodes_allocated: int = 0
    subpages: int = 0
    bytes: int = 0


SHARED = "shared"
"""The name of nobody's own: of what several owners use."""


class Remaining(msgspec.Struct, frozen=True, array_like=True):
    """What is left of a destroyed machine: `count` objects of a `kind` alike in name, `owner`, and who holds them."""

    kind: str
    name: str
    owner: str
    holder: str
    count: int = 1


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """All readings of one execution under one rule set, in the order of the marks.

    `rules` is the text given to ``-r``, `what` says in words what that rule set is. `views` are those alive
    at the last mark that had any, `view_owners` say whose all of them were, `owner_shares` what each owner has of all
    that was alive there. `remaining` is what was left at ``destroyed``.
    """

    rules: str
    features: dict[str, str]
    samples: tuple[Sample, ...]
    what: str = ""
    seconds: float | None = None
    timeline: Timeline | None = None
    views: tuple[View, ...] = ()
    view_owners: tuple[ViewOwner, ...] = ()
    owner_shares: tuple[OwnerShare, ...] = ()
    remaining: tuple[Remaining, ...] = ()

    def sample(self, mark: str | None = None) -> Sample | None:
        """The last sample at `mark`, by default where the run is judged; None if there is none.

        A run is judged at its last mark before destruction: at ``booted`` where the guest boots, else at
        ``built``, and where it has neither at its last mark but ``destroyed``.
        """
        last = {sample.mark: sample for sample in self.samples}
        if mark is not None:
            return last.get(mark)
        for name in LAST_BEFORE_DESTRUCTION:
            if name in last:
                return last[name]
        living = [sample for sample in self.samples if sample.mark != DESTROYED]
        return (living or self.samples or (None,))[-1]


class Published(msgspec.Struct, frozen=True):
    """A figure that somebody published about this very guest: `value` of `metric` under `rules`.

    `exact`: the guest is known well enough that ours must equal it; otherwise it is shown for comparison.
    `mark` is where it was true; None means where a run is judged (:meth:`Run.sample`).
    """

    metric: str
    rules: str
    value: Number
    source: str
    exact: bool = False
    mark: str | None = None


class Recording(msgspec.Struct, frozen=True, omit_defaults=True):
    """The file: a scenario, its parameters, where it ran, and its runs.

    `answer` is the scenario's own sentence on its question (empty: it has none). `accumulates` is what each of its
    cycles adds on purpose (``function``), where growth is no leak. `telling` are the metrics that say most of it, for a
    short table (empty: those of a memory core).
    """

    schema: str
    scenario: str
    params: dict[str, Any]
    backend: str
    environment: dict[str, Any]
    runs: tuple[Run, ...]
    question: str = ""
    notes: tuple[str, ...] = ()
    published: tuple[Published, ...] = ()
    accumulates: str = ""
    answer: str = ""
    telling: tuple[str, ...] = ()

    def run(self, rules: str) -> Run | None:
        """The run under the rule set named `rules`."""
        return next((run for run in self.runs if run.rules == rules), None)

    @property
    def marks(self) -> tuple[str, ...]:
        """The marks of all runs, each once, in the order of their first appearance."""
        return tuple(dict.fromkeys(sample.mark for run in self.runs for sample in run.samples))

    def under(self, rules: Sequence[str]) -> tuple[Run, ...]:
        """The runs under these rule sets, in this order; every run for none or for ``all``.

        Raises UnknownNameError for a rule set under which nothing was recorded.
        """
        recorded = {run.rules: run for run in self.runs}
        for name in rules:
            if name != ALL_RULES and name not in recorded:
                raise UnknownNameError("rule set in this recording", name, recorded)
        if not rules or ALL_RULES in rules:
            return self.runs
        return tuple(recorded[name] for name in dict.fromkeys(rules))
