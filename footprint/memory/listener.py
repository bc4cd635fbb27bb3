"""MemoryListener: who is told when what a space shows changes (FACTS §5.3).

A vCPU's TLB, KVM's memory slots, vhost's table: each follows one space, and sees the difference between
the view before a commit and the one after it, deletions first, in ascending order of addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from footprint.memory.render import FlatRange


class MemoryListener:
    """Follows a space. Override what matters; `priority` orders listeners, the lowest hears of additions first."""

    def __init__(self, priority: int = 0) -> None:
        self.priority = priority

    def begin(self) -> None:
        """A commit rebuilds the views; its differences follow."""

    def commit(self) -> None:
        """The commit is done."""

    def region_add(self, item: FlatRange) -> None:
        """The space shows `item` from now on."""

    def region_del(self, item: FlatRange) -> None:
        """The space no longer shows `item`."""

    def region_nop(self, item: FlatRange) -> None:
        """The space shows `item` as before."""


class Counting(MemoryListener):
    """Counts what it hears, by kind: what a change costs whoever follows the space."""

    def __init__(self, priority: int = 0) -> None:
        super().__init__(priority)
        self.heard = {"add": 0, "del": 0, "nop": 0}

    def region_add(self, item: FlatRange) -> None:  # noqa: ARG002 (the listener's interface)
        """Count an addition."""
        self.heard["add"] += 1

    def region_del(self, item: FlatRange) -> None:  # noqa: ARG002
        """Count a deletion."""
        self.heard["del"] += 1

    def region_nop(self, item: FlatRange) -> None:  # noqa: ARG002
        """Count what stays."""
        self.heard["nop"] += 1


def differences(old: Sequence[FlatRange], new: Sequence[FlatRange]) -> Iterator[tuple[str, FlatRange]]:
    """What a listener hears between two views, in QEMU's order: ``del`` first, then ``nop`` and ``add``."""
    yield from (("del", item) for word, item in _walk(old, new) if word == "del")
    yield from ((word, item) for word, item in _walk(old, new) if word != "del")


def _walk(old: Sequence[FlatRange], new: Sequence[FlatRange]) -> Iterator[tuple[str, FlatRange]]:
    """Both sequences side by side, ascending; equal ranges meet, others come or go."""
    i = j = 0
    while i < len(old) or j < len(new):
        before = old[i] if i < len(old) else None
        after = new[j] if j < len(new) else None
        if before is not None and (
            after is None or before.start < after.start or (before.start == after.start and before != after)
        ):
            i += 1
            yield "del", before
        elif before is not None and before == after:
            i, j = i + 1, j + 1
            yield "nop", before
        elif after is not None:
            j += 1
            yield "add", after


def tell(listeners: Sequence[MemoryListener], old: Sequence[FlatRange], new: Sequence[FlatRange]) -> None:
    """Tell the listeners of one space, ordered by priority, how it changed. Deletions go in reverse order."""
    for word, item in differences(old, new):
        for listener in reversed(listeners) if word == "del" else listeners:
            call: Callable[[FlatRange], None] = getattr(listener, f"region_{word}")
            call(item)
