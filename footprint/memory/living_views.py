"""The views that are alive, built when somebody looks at them, and told to whoever listens to a space."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from footprint.memory.flatview import FlatView, build_view
from footprint.memory.listener import Audience, MemoryListener
from footprint.memory.node_allocations import NodeAllocations
from footprint.memory.render import FlatRange
from footprint.memory.space import AddressSpace
from footprint.memory.table import Entry, Holder, ViewTable


class LivingViews:
    """The view of each of `spaces`, which the ledger keeps up to date: a space, and the entry that it uses."""

    def __init__(
        self, table: ViewTable, allocations: NodeAllocations, spaces: Mapping[AddressSpace, Entry | None]
    ) -> None:
        self._table = table
        self._allocations = allocations
        self._spaces = spaces
        self._built: dict[Holder, FlatView] = {}
        self._audience = Audience()

    def view(self, space: AddressSpace) -> FlatView | None:
        """The living view of `space`, built the first time it is looked at; None for a space without one.

        It shows the tree as it stands: inside a transaction it may be ahead of what QEMU's would show.
        """
        entry = self._spaces[space]
        if entry is None:
            return None
        policies = self._table.policies
        owner: Holder = space if policies.sharing.private else entry
        root = entry.key
        if policies.empty_given_up and not entry.figures.ranges:
            owner, root = self._table.entry(None), None
        view = self._built.get(owner)
        if view is None:
            capacity = self._allocations.of(self._table.holder(space, entry), entry)
            view = self._built[owner] = build_view(
                root, self._table.measurer.pages, merge=policies.merge, dummies=policies.dummies,
                capacity=capacity, level_skipping=policies.level_skipping,
            )  # fmt: skip
        return view

    def distinct(self) -> list[FlatView]:
        """The living views, each once, in the order of the spaces that use them."""
        views = {id(view): view for view in map(self.view, self._spaces) if view is not None}
        return list(views.values())

    def forget(self, holders: Iterable[Holder]) -> None:
        """The views of `holders` are gone, or show something else from now on."""
        if self._built:
            for holder in holders:
                self._built.pop(holder, None)

    # Section: listeners

    def listen(self, space: AddressSpace, listener: MemoryListener) -> None:
        """Tell `listener` of every change of `space`, beginning with all that it shows now."""
        self._audience.join(space, listener, self._ranges(space))

    def dismiss(self, space: AddressSpace) -> None:
        """`space` is gone: nobody listens to it any more."""
        self._audience.forget(space)

    def tell(self) -> None:
        """A commit is done: tell everybody who listens what it changed."""
        if self._audience:
            self._audience.tell(self._spaces, self._ranges)

    def _ranges(self, space: AddressSpace) -> tuple[FlatRange, ...]:
        view = self.view(space)
        return view.ranges if view is not None else ()
