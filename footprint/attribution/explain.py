"""Where cycles leave what they leave: the places, the largest first.

Asked in the measured process after the verdict: nothing is measured any more, so what looks may leave traces.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from footprint.attribution import bounded_caches, native_stacks, python_stacks, renewed
from footprint.attribution.growth import RARE_EVENTS, STEADY, WORTH_BYTES, WORTH_SHARE, RunCycles, rarest, staying
from footprint.attribution.heap_lines import HEAP_SHARE, MOST_SECONDS, heap_lines
from footprint.attribution.kernel_resources import KernelResources
from footprint.attribution.own_frames import PythonStack
from footprint.attribution.python_stacks import Stacks, heap_place, paced
from footprint.attribution.reference_path import WaysUp
from footprint.attribution.referrers import EXPLAINS, SECONDS, Holders, per_entry
from footprint.attribution.source_lines import in_words
from footprint.attribution.undisturbed import STOP, STOPPED, undisturbed
from footprint.process import clock
from footprint.process.resources import collect
from footprint.verdict.place import Explanation, Place, PlaceKind

KERNELS = ("fds", "threads", "children", "maps", "vm.bytes")
SEEN_SHARE = 0.5
"""Of it, what a tracer must see to be believed."""
LEAST_SHARE = 0.02
"""Of the blocks or objects that a cycle leaves, what a place must explain to be told; one of many may hold them all."""
A_THREAD = 8192
"""Bytes of heap that a thread takes for itself, at most."""


def explain(run: RunCycles, cycles: int, rates: Mapping[str, float], seconds: float = 2 * MOST_SECONDS) -> Explanation:
    """What the cycles of `run` leave, for the metrics that leak, with their `rates` per cycle.

    There are about `seconds` for it.
    """
    end = clock.seconds() + HEAP_SHARE * seconds

    def collected(number: int) -> None:
        run(number)
        collect()

    places: list[Place] = []
    untraced = rates.get("heap.bytes", 0.0)
    growing: list[tuple[Any, float]] = []
    holders: Holders | None = None
    traced: dict[PythonStack, float] = {}
    if any(name in rates for name in KERNELS):
        places += _kernels(collected, cycles, rates)
        untraced -= A_THREAD * rates.get("threads", 0.0)
    if any(name in rates for name in EXPLAINS):
        with undisturbed():
            stacks, holders = _pythons(collected, cycles, rates)
            settled = renewed.settled(collected, stacks, holders, rates)
            STOP()
        left, growing = settled.left, holders.growing()
        places += python_stacks.places(left, rates)
        places += settled.places(rates)
        places += holders.places(growing, rates)
        traced = {stack: blocks.large_size for stack, blocks in left.items() if blocks.large_size}
        untraced -= sum(traced.values())
        untraced -= sum(per_entry(container) * rate for container, rate in growing)
    explanation = Explanation(tuple(places))
    # The table of a container grows in pieces, so that beside one only more than a little is worth a look.
    if untraced > max(WORTH_BYTES if growing else 0.0, WORTH_SHARE * rates.get("heap.bytes", 0.0)):
        explanation = _native(collected, cycles, rates, replace(explanation, untraced=untraced), traced)
        if explanation.untraced:
            lines, hint = heap_lines(run, cycles, explanation.untraced, max(0.0, end - clock.seconds()), traced)
            explanation = replace(explanation, lines=tuple(heap_place(line, rates) for line in lines))
            explanation = explanation.with_hints(*([hint] if hint else []))
    explanation = replace(explanation, places=_told(explanation.places, rates))
    if holders is None:
        return explanation
    explanation = explanation.with_hints(*([STOPPED] if stacks.is_stopped else settled.hints))
    up = WaysUp(clock.seconds() + SECONDS, (vars(holders), holders.containers, holders.caches, growing, *growing))
    caches = bounded_caches.bounded(holders, growing, up)
    holders.release()  # else emptying them would free nothing
    return replace(explanation, filling=bounded_caches.sentence(caches, rates))


def _told(places: tuple[Place, ...], rates: Mapping[str, float]) -> tuple[Place, ...]:
    """Those that are worth a word, the largest first."""
    if "vm.bytes" in rates and not any("vm.bytes" in place.metrics for place in places):
        # Then the blocks of Python are what the address space is taken for.
        places = tuple(
            place.also_explaining("vm.bytes") if place.kind == PlaceKind.STACK else place for place in places
        )
    ranked = sorted(places, key=lambda place: -place.size)
    return tuple(place for place in ranked if place.rate >= min(STEADY, LEAST_SHARE * _most(place, rates)))


def _most(place: Place, rates: Mapping[str, float]) -> float:
    """What there is to explain, where a place counts the same things."""
    counts = place.unit in ("blocks", "entries", "objects")
    return max((rates[name] for name in EXPLAINS[:2] if name in rates), default=0.0) if counts else 0.0


def _kernels(run: RunCycles, cycles: int, rates: Mapping[str, float]) -> list[Place]:
    resources = KernelResources(cycles, rates)
    resources.read()
    for number in (cycles, 2 * cycles):
        run(number)
        resources.read()
    resources.watch(run)
    return resources.places()


def _pythons(run: RunCycles, cycles: int, rates: Mapping[str, float]) -> tuple[Stacks, Holders]:
    """Both read at the start, after n cycles, and after 2n more; n is `cycles`, or what there is time for."""
    gc.freeze()  # what leaked before is not looked through at each collection, nor timed with the cycles
    cycles = paced(run, cycles, RARE_EVENTS / rarest(rates))
    # Where cycles are slow and few, what was measured tells as much as a few more would.
    stayed = staying(run, cycles) if cycles >= renewed.LEAST_LOOKED else rates.get("python.blocks", math.inf)
    stacks, holders = Stacks(cycles, stayed), Holders(cycles)
    holders.start()
    stacks.start()
    holders.freeze()
    collect()  # what we have freed waits in free lists, and would be taken for the target's
    for number in (cycles, 2 * cycles):
        run(number)
        holders.read()
        stacks.read()
        holders.freeze()
        collect()
    return stacks, holders


def _native(
    run: RunCycles,
    cycles: int,
    rates: Mapping[str, float],
    explanation: Explanation,
    traced: Mapping[PythonStack, float],
) -> Explanation:
    """The same with the native stacks, where memray is installed; what it does not see stays untraced.

    It also sees what is `traced` already: bytes of the heap that Python's own blocks take, by their stack.
    """
    if not native_stacks.memray_is_there():
        return explanation
    try:
        grown = native_stacks.per_cycle(*native_stacks.traced(run, cycles), cycles)
    except Exception as error:  # whatever the tracer does not like about this process
        return explanation.with_hints(f"memray could not trace it: {' '.join(str(error).split())}")
    if native_stacks.taken(grown) - sum(traced.values()) < SEEN_SHARE * explanation.untraced:
        return explanation.with_hints(
            "memray sees only a part of what the heap grows by: it is blind to functions found by dlsym"
        )
    return explanation.with_native(*native_stacks.places(grown, rates, told={in_words(stack[0]) for stack in traced}))
