"""A captured machine in a core of any rule sets, for what it would cost under other rules."""

from __future__ import annotations

from dataclasses import dataclass

from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion
from footprint.qemu.capture import Capture
from footprint.reconstruct.build import rebuild
from footprint.reconstruct.match_views import arrange, rules_of


@dataclass(frozen=True, slots=True)
class Restored:
    """The regions of a restored machine, and sentences about what the capture did not say."""

    regions: tuple[MemoryRegion, ...]
    guesses: tuple[str, ...]


def restore(capture: Capture, core: MemoryCore) -> Restored:
    """Build the machine of `capture` in `core`.

    It is first built under the rules of the QEMU that printed it, to find the orders of siblings that give
    what was printed; then in `core`, in those orders. Raises InputFileError for what no QEMU could print.
    """
    matching = arrange(capture, rules_of(capture))
    restored = rebuild(matching.machine, core)
    node_of = {region: node for node, region in matching.rebuilt.regions.items()}
    region_of = {before: restored.regions[node_of[before]] for before in node_of}
    with core.transaction():
        matching.siblings.repeat(region_of, core)
    # The machine has been running: what its largest tree needs, every view has got by now.
    core.rebuild()
    guesses = tuple(matching.guesses)
    if matching.differing:
        count, of = matching.differing, len(matching.pairs)
        guesses = (*guesses, f"{count} of {of} printed views are not what the printed tree gives (footprint verify)")
    return Restored(tuple(restored.regions.values()), guesses)
