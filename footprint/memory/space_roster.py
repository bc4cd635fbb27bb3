"""Which address spaces there are: some that today's QEMU creates did not exist, or were shared, before."""

from __future__ import annotations

from typing import NamedTuple

from footprint.memory.policies import Policies
from footprint.memory.region import MemoryRegion
from footprint.memory.space import AddressSpace


class _Shared(NamedTuple):
    """The one `space` of CPUs with one root, and the spaces that the machine asked for and has not given back."""

    space: AddressSpace
    sharers: set[AddressSpace]


class SpaceRoster:
    """Says under one rule set's `policies` which of the spaces that a machine asks for come to be.

    Where CPUs with one root share a space, it is the first one's, until the last of them is gone.
    """

    def __init__(self, policies: Policies) -> None:
        self._optional = policies.optional_spaces
        self._cpu_spaces = policies.cpu_spaces
        self._shared: dict[MemoryRegion, _Shared] = {}

    def admits(self, space: AddressSpace) -> bool:
        """Whether a new space comes to be. Called once for each that is asked for."""
        if space.kind in self._optional:
            return self._optional[space.kind]
        if space.kind != "cpu" or self._cpu_spaces == "separate":
            return True
        if self._cpu_spaces == "global":
            return False
        shared = self._shared.setdefault(space.root, _Shared(space, set()))
        shared.sharers.add(space)
        return shared.space is space

    def leaver(self, space: AddressSpace) -> AddressSpace | None:
        """The space that is gone when `space` is given back: it, the one it shared, or None while others share it."""
        shared = self._shared.get(space.root)
        if shared is None or space not in shared.sharers:
            return space
        shared.sharers.remove(space)
        if shared.sharers:
            return None
        del self._shared[space.root]
        return shared.space
