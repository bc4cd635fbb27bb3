"""The registry of metrics: name, unit, direction and kind, one row each.

Exact figures are integers, the same on every machine, whether the model or a real QEMU gave them: gate
them with ``==`` or ``<=``. Measured ones are what a process really took: noisy, gate them with a
tolerance. No name has figures of both kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from footprint.byte_kinds import BYTE_KINDS
from footprint.errors import UnknownNameError


class MetricKind(StrEnum):
    """Whether a figure is a count, the same on every machine, or what a process took this time."""

    EXACT = "exact"
    MEASURED = "measured"


@dataclass(frozen=True, slots=True)
class Metric:
    """A row: `unit` is ``bytes``, ``seconds`` or what is counted; `what` says it in words.

    `better` is the direction of improvement, ``lower`` or ``neither``.
    `gauge`: it counts what exists at the mark; otherwise what has happened since the start.
    """

    name: str
    unit: str
    kind: MetricKind
    gauge: bool
    what: str
    probe: str = "census"
    better: str = "lower"


def _of_the_memory_core() -> tuple[Metric, ...]:
    """What the model counts, and of it what a real QEMU tells."""

    def count(name: str, unit: str, what: str, *, gauge: bool = True) -> Metric:
        return Metric(name, unit, MetricKind.EXACT, gauge, what)

    return (
        count("address_spaces", "spaces", "address spaces alive"),
        count("flatviews.alive", "views", "distinct views that some address space uses"),
        count("flatviews.empty", "views", "of those, views without ranges"),
        count("flatviews.created", "views", "views created since start", gauge=False),
        Metric("flatviews.freed", "views", MetricKind.EXACT, False, "views freed since start", better="neither"),
        count("flatviews.allocated", "views", "views created and not freed: alive, waiting or held"),
        count("flatviews.peak", "views", "most views allocated at one time", gauge=False),
        count("flatviews.held", "views", "views that only a reader still holds"),
        count("flatviews.freed_in_use", "views", "views freed while a reader used them", gauge=False),
        count("flatviews.freed_twice", "views", "views queued twice to be freed", gauge=False),
        count("dispatches.alive", "dispatches", "dispatch trees of the views alive"),
        count("dispatches.created", "dispatches", "dispatch trees built since start", gauge=False),
        count("flat_ranges", "ranges", "ranges of the views alive"),
        count("sections", "sections", "sections of the views alive, dummies included"),
        count("nodes", "nodes", "radix nodes used by the views alive"),
        count("nodes.allocated", "nodes", "radix nodes allocated for the views alive"),
        count("subpages", "subpages", "subpages of the views alive"),
        count("flat_ranges.ever", "ranges", "ranges inserted, before merging, over all views", gauge=False),
        count("sections.ever", "sections", "sections added over all views", gauge=False),
        count("nodes.ever", "nodes", "radix nodes used over all views", gauge=False),
        count("subpages.ever", "subpages", "subpages made over all views", gauge=False),
        Metric(
            "discard_managers.refused",
            "managers",
            MetricKind.EXACT,
            False,
            "RamDiscardManagers that this QEMU would not let be set",
            "listener",
        ),
        count("commits", "commits", "outermost commits that rebuilt the views", gauge=False),
        count("modelled.bytes", "bytes", "C bytes allocated for views and dispatches"),
        count("modelled.bytes.peak", "bytes", "the same at its most, before any was freed", gauge=False),
        *(
            row
            for kind, words in BYTE_KINDS.items()
            for row in (
                count(f"modelled.{kind}", "bytes", f"of the views alive, C bytes of their {words}"),
                count(f"modelled.{kind}.ever", "bytes", f"C bytes of the {words} of all views ever", gauge=False),
            )
        ),
        count("modelled.resident", "bytes", "of those bytes, what is touched"),
        count("modelled.resident.peak", "bytes", "touched bytes at their most", gauge=False),
    )


def _of_lookups() -> tuple[Metric, ...]:
    """What the lookups probe reads."""
    streams = {
        "ranges": "every range as likely as every other",
        "uniform": "every shown page as likely as every other",
        "hot": "nine of ten to one page",
    }

    def row(name: str, unit: str, what: str, better: str = "lower") -> Metric:
        return Metric(name, unit, MetricKind.EXACT, True, what, "lookups", better)

    return (
        row("lookups", "lookups", "lookups of each stream of addresses, in all views with a tree", "neither"),
        *(
            line
            for name, words in streams.items()
            for line in (
                row(f"lookups.{name}.reads", "nodes", f"radix nodes that all lookups read, {words}"),
                row(f"lookups.{name}.p99", "nodes", "nodes that 99 of 100 lookups do not read more than"),
            )
        ),
        Metric(
            "lookups.seconds",
            "seconds",
            MetricKind.MEASURED,
            True,
            "time of one lookup by the model (Python)",
            "lookups",
        ),
    )


def _of_a_process() -> tuple[Metric, ...]:
    """What a process took, and our own objects in it."""

    def measured(name: str, what: str, probe: str) -> Metric:
        return Metric(name, "bytes", MetricKind.MEASURED, True, what, probe)

    def seconds(name: str, what: str) -> Metric:
        return Metric(name, "seconds", MetricKind.MEASURED, False, what, "process")

    return (
        measured(
            "process.rss", "resident memory of the process: ours, or QEMU's (of several guests the mean)", "process"
        ),
        Metric(
            "process.rss.peak",
            "bytes",
            MetricKind.MEASURED,
            False,
            "the most of it that was ever resident (VmHWM)",
            "process",
        ),
        measured("process.uss", "of it, memory that no other process has", "process"),
        measured("process.pss", "its share of resident memory", "process"),
        seconds("process.cpu_seconds", "processor time of a real QEMU from its start until QMP answers"),
        seconds("process.wall_seconds", "time from a real QEMU's start until QMP answers"),
        seconds("process.steady_seconds", "how long its memory still fell before it was read"),
        Metric("guests", "guests", MetricKind.EXACT, True, "guests that run side by side", "guests", better="neither"),
        measured(
            "guests.shared", "of one guest's resident memory, what other processes have too (RSS - USS)", "guests"
        ),
        measured("guests.rss", "RSS of all guests, shared memory counted once for each", "guests"),
        measured("guests.pss", "PSS of all guests: what they cost together", "guests"),
        measured("traced.bytes", "allocated through Python, as tracemalloc saw it", "traced"),
        measured("traced.peak", "the most of it at one time", "traced"),
        measured("traced.numpy", "of traced.bytes, array data in numpy's own domain", "traced"),
        measured("sized.bytes", "size of the living views as pympler walks them", "sized"),
        measured("sized.flat_ranges", "of sized.bytes, lists of ranges", "sized"),
        measured("sized.sections", "of sized.bytes, lists of sections", "sized"),
        measured("sized.nodes", "of sized.bytes, radix tables", "sized"),
    )


def _of_flash() -> tuple[Metric, ...]:
    """What the images take that processes have loaded."""

    def measured(name: str, what: str) -> Metric:
        return Metric(name, "bytes", MetricKind.MEASURED, True, what, "flash")

    return (
        Metric("flash.image", "bytes", MetricKind.EXACT, True, "size of the image", "flash", better="neither"),
        measured("flash.rss", "the image in all processes, shared pages counted for each"),
        measured("flash.pss", "the image in all processes, by their shares of its pages"),
        measured("flash.uss", "of it, what no other process has"),
        measured("flash.cache", "the image's pages in the page cache"),
        measured("flash.all", "what the image costs: anonymous memory of all processes, and the page cache once"),
    )


def _of_engines() -> tuple[Metric, ...]:
    """What maps of a Unicorn engine cost."""

    def measured(name: str, unit: str, what: str, better: str = "lower") -> Metric:
        return Metric(name, unit, MetricKind.MEASURED, True, what, "map_curve", better)

    return (
        measured("unicorn.map.seconds", "seconds", "time of the n-th map (the cycle), median around it"),
        measured("unicorn.maps.seconds", "seconds", "time of all maps up to it, of one engine"),
        measured("unicorn.maps.bytes", "bytes", "resident memory that they took, of one engine"),
        measured("unicorn.exponent", "power", "the time of the n-th map grows as n to this power"),
        measured("unicorn.exponent.low", "power", "its 95 % interval, from", "neither"),
        measured("unicorn.exponent.high", "power", "its 95 % interval, to", "neither"),
        measured("unicorn.leak.bytes", "bytes", "C heap that each engine leaves behind"),
    )


def _of_a_target() -> tuple[Metric, ...]:
    """What a process is watched for that may leak."""

    def watched(name: str, unit: str, what: str) -> Metric:
        return Metric(name, unit, MetricKind.MEASURED, True, what, "leaks")

    return (
        watched("heap.bytes", "bytes", "C heap in use, mmapped chunks included"),
        watched("heap.blocks", "blocks", "blocks of the C heap, by an allocation tracer or a preloaded library"),
        watched("regions", "regions", "regions that a real QEMU's `info mtree` shows"),
        watched("python.blocks", "blocks", "blocks of Python's own allocator"),
        watched("gc.objects", "objects", "objects that Python's collector knows"),
        watched("vm.bytes", "bytes", "address space"),
        watched("maps", "mappings", "mappings of the address space"),
        watched("uss.bytes", "bytes", "memory that no other process has"),
        watched("rss.bytes", "bytes", "resident memory"),
        watched("fds", "descriptors", "open file descriptors"),
        watched("threads", "threads", "threads"),
        watched("children", "processes", "child processes, zombies among them"),
    )


METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        *_of_the_memory_core(),
        *_of_lookups(),
        *_of_a_process(),
        *_of_flash(),
        *_of_engines(),
        *_of_a_target(),
    )
}
"""Every metric by name, in the order in which it is shown."""


EXPONENT = "exponent."
"""Begins the name of a metric's exponent, where a gate judges how it grows."""


_HEARD = {
    "add": ("calls", "region_add calls that a listener heard"),
    "del": ("calls", "region_del calls that a listener heard"),
    "nop": ("calls", "region_nop calls that a listener heard"),
    "moved.bytes": ("bytes", "bytes deleted and added again though nothing had changed there"),
    "gaps": ("commits", "commits in which untouched guest memory was not mapped for a moment"),
    "slots": ("slots", "memory slots in use"),
    "slots.most": ("slots", "most memory slots at one time"),
}
"""What listeners count (footprint.memory.followers): unit and words."""


def metric(name: str) -> Metric:
    """The row of `name`; raises UnknownNameError.

    Whatever a user's rule counts is called ``rule.…``, and what a listener NAME heard ``listener.NAME.…``.
    """
    if name.startswith("listener."):
        what = name.split(".", 2)[-1]
        unit, words = _HEARD.get(what, ("counts", "counted by a listener"))
        return Metric(name, unit, MetricKind.EXACT, what == "slots", words, "listener")
    if name.startswith(EXPONENT) and name.removeprefix(EXPONENT) in METRICS:
        return Metric(name, "powers", MetricKind.MEASURED, False, "the leading exponent of its growth", "sweep")
    if name.startswith("rule."):
        return Metric(name, "counts", MetricKind.EXACT, False, "counted by a custom rule")
    if name not in METRICS:
        raise UnknownNameError("metric", name, METRICS)
    return METRICS[name]


def unit_of(name: str) -> str:
    """The unit of the metric `name`; empty for a name that nobody knows."""
    try:
        return metric(name).unit
    except UnknownNameError:
        return ""
