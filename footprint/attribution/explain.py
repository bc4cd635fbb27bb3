"""Where cycles leave what they leave: the places, the largest first.

Asked in the measured process after the verdict: nothing is measured any more, so what looks may leave traces.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from typing import Any

from footprint.attribution import bounded_caches, native_stacks
from footprint.attribution.kernel_resources import Belongings
from footprint.attribution.place import Place, Run
from footprint.attribution.python_stacks import Stacks, paced
from footprint.attribution.python_stacks import places as stack_places
from footprint.attribution.reference_path import WaysUp
from footprint.attribution.referrers import EXPLAINS, SECONDS, Holders, per_entry
from footprint.process.resources import collect

KERNELS = ("fds", "threads", "children", "maps", "vm.bytes")
WORTH_BYTES, WORTH_SHARE = 16.0, 0.3
"""Heap per cycle that Python's own blocks leave open, before native stacks are looked for."""
SEEN_SHARE = 0.5
"""Of it, what a tracer must see to be believed."""
LEAST_SHARE = 0.02
"""Of the blocks or objects that a cycle leaves, what a place must explain to be told."""
A_THREAD = 8192
"""Bytes of heap that a thread takes for itself, at most."""


def explain(run: Callable[[int], object], cycles: int, rates: Mapping[str, float]) -> dict[str, Any]:
    """What the cycles of `run` leave, for the metrics that leak, with their `rates` per cycle.

    ``places``; ``rates`` of what only a tracer knows; ``filling``, a sentence about a cache that still fills;
    ``hints``; and ``untraced``, the bytes of heap per cycle that nothing here could place.
    """
    answer: dict[str, Any] = {"places": [], "rates": {}, "filling": "", "hints": [], "untraced": 0.0}
    places: list[Place] = answer["places"]

    def collected(number: int) -> None:
        run(number)
        collect()

    untraced = rates.get("heap.bytes", 0.0)
    growing: list[tuple[Any, float]] = []
    holders: Holders | None = None
    if any(name in rates for name in KERNELS):
        places += _kernels(collected, cycles, rates)
        untraced -= A_THREAD * rates.get("threads", 0.0)
    if any(name in rates for name in EXPLAINS):
        stacks, holders = _pythons(collected, cycles)
        left = stacks.left()
        growing = holders.growing()
        places += stack_places(left, rates)
        places += holders.places(growing, rates)
        untraced -= sum(one.large_size for one in left.values())
        untraced -= sum(per_entry(one) * rate for one, rate in growing)
    # The table of a container grows in pieces, so that beside one only more than a little is worth a look.
    if untraced > max(WORTH_BYTES if growing else 0.0, WORTH_SHARE * rates.get("heap.bytes", 0.0)):
        _native(collected, cycles, rates, untraced, answer)
    if "vm.bytes" in rates and not any("vm.bytes" in one["metrics"] for one in places):
        for one in places:  # then these are what the address space is taken for
            if one["kind"] == "stack":
                one["metrics"].append("vm.bytes")
    places.sort(key=lambda one: -one["bytes"])
    answer["places"] = [one for one in places if one["per_cycle"] >= LEAST_SHARE * _most(one, rates)]
    if holders is not None:
        up = WaysUp(time.monotonic() + SECONDS, (vars(holders), holders.containers, holders.caches, growing, *growing))
        caches = bounded_caches.bounded(holders, growing, up)
        holders.release()  # else emptying them would free nothing
        answer["filling"] = bounded_caches.sentence(caches, rates)
    return answer


def _most(one: Place, rates: Mapping[str, float]) -> float:
    """What there is to explain, where a place counts the same things."""
    counts = one["unit"] in ("blocks", "entries", "objects")
    return max((rates[name] for name in EXPLAINS[:2] if name in rates), default=0.0) if counts else 0.0


def _kernels(run: Run, cycles: int, rates: Mapping[str, float]) -> list[Place]:
    belongings = Belongings(cycles, rates)
    belongings.read()
    for number in (cycles, 2 * cycles):
        run(number)
        belongings.read()
    return belongings.places()


def _pythons(run: Run, cycles: int) -> tuple[Stacks, Holders]:
    """Both read at the start, after n cycles, and after 2n more; n is `cycles`, or what there is time for."""
    gc.freeze()  # what leaked before is not looked through at each collection, nor timed with the cycles
    cycles = paced(run, cycles)
    stacks, holders = Stacks(cycles), Holders(cycles)
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


def _native(run: Run, cycles: int, rates: Mapping[str, float], untraced: float, answer: dict[str, Any]) -> None:
    """Add the native stacks, where memray is installed; what it does not see stays untraced."""
    answer["untraced"] = untraced
    if not native_stacks.memray_is_there():
        return
    try:
        grown = native_stacks.per_cycle(*native_stacks.traced(run, cycles), cycles)
    except Exception as error:  # whatever the tracer does not like about this process
        answer["hints"].append(f"memray could not trace it: {' '.join(str(error).split())}")
        return
    seen = native_stacks.taken(grown)
    if seen < SEEN_SHARE * untraced:
        answer["hints"].append(
            "memray sees only a part of what the heap grows by: it is blind to functions found by dlsym"
        )
        return
    found, blocks = native_stacks.places(grown, rates)
    answer["places"] += found
    if blocks == int(blocks):
        answer["rates"]["heap.blocks"] = blocks
    answer["untraced"] = 0.0
