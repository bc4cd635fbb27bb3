"""MemoryListener: who is told when what a space shows changes (docs/qemu-memory.md, "Listeners").

A vCPU's TLB, KVM's memory slots, vhost's table: each follows one space, and sees the difference between
the view before a commit and the one after it, deletions first, in ascending order of addresses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from footprint.memory.render import FlatRange
from footprint.memory.space import AddressSpace


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


class Audience:
    """Who listens to which space, and what each space last showed them."""

    def __init__(self) -> None:
        self._listeners: dict[AddressSpace, list[MemoryListener]] = {}
        self._shown: dict[AddressSpace, Sequence[FlatRange]] = {}

    def __bool__(self) -> bool:
        return bool(self._listeners)

    def join(self, space: AddressSpace, listener: MemoryListener, ranges: Sequence[FlatRange]) -> None:
        """`listener` follows `space`, which shows `ranges` now."""
        following = self._listeners.setdefault(space, [])
        following.append(listener)
        following.sort(key=_priority)
        self._shown[space] = ranges
        listener.begin()
        _tell([listener], (), ranges)
        listener.commit()

    def forget(self, space: AddressSpace) -> None:
        """`space` is gone."""
        self._listeners.pop(space, None)
        self._shown.pop(space, None)

    def tell(self, spaces: Iterable[AddressSpace], ranges_of: Callable[[AddressSpace], Sequence[FlatRange]]) -> None:
        """Tell everybody what a commit changed, space by space in the order of `spaces`."""
        everyone = sorted(chain.from_iterable(self._listeners.values()), key=_priority)
        for listener in everyone:
            listener.begin()
        for space in spaces:
            if space in self._listeners:
                ranges = ranges_of(space)
                _tell(self._listeners[space], self._shown[space], ranges)
                self._shown[space] = ranges
        for listener in everyone:
            listener.commit()


def _priority(listener: MemoryListener) -> int:
    return listener.priority


def _tell(listeners: Sequence[MemoryListener], old: Sequence[FlatRange], new: Sequence[FlatRange]) -> None:
    """Tell the listeners of one space, ordered by priority, how it changed. Deletions go in reverse order."""
    for word, item in differences(old, new):
        for listener in reversed(listeners) if word == "del" else listeners:
            call: Callable[[FlatRange], None] = getattr(listener, f"region_{word}")
            call(item)
