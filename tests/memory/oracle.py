"""A brute-force memory core, written from docs/qemu-memory.md: everything is drawn anew at each commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from footprint.memory.features import Features
from footprint.memory.rules import RuleSet, StructSizes

WHOLE = 1 << 64
NIL = (1 << 26) - 1


@dataclass(eq=False)
class Region:
    """A region, as little of it as rendering needs."""

    name: str
    size: int
    terminates: bool = False
    ram: bool = False
    readonly: bool = False
    nonvolatile: bool = False
    unmergeable: bool = False
    alias: Region | None = None
    alias_offset: int = 0
    enabled: bool = True
    romd_mode: bool = True
    logging: int = 0
    addr: int = 0
    priority: int = 0
    container: Region | None = None
    children: list[Region] = field(default_factory=list)


@dataclass(eq=False)
class Space:
    """An address space."""

    name: str
    root: Region
    kind: str


@dataclass
class Drawn:
    """A range as drawn: [start, start + size) shows `region` from `offset` on."""

    region: Region
    offset: int
    start: int
    size: int
    readonly: bool
    nonvolatile: bool
    unmergeable: bool

    @property
    def end(self) -> int:
        return self.start + self.size


# Section: drawing (docs/qemu-memory.md, "Rendering")


def draw(view: list[Drawn], mr: Region, base: int, clip: tuple[int, int], flags: tuple[bool, bool, bool]) -> None:
    if not mr.enabled:
        return
    base += mr.addr
    flags = (flags[0] or mr.readonly, flags[1] or mr.nonvolatile, flags[2] or mr.unmergeable)
    low, high = max(clip[0], base), min(clip[1], base + mr.size)
    if low >= high:
        return
    if mr.alias is not None:
        draw(view, mr.alias, base - mr.alias.addr - mr.alias_offset, (low, high), flags)
        return
    for child in mr.children:
        draw(view, child, base, (low, high), flags)
    if not mr.terminates:
        return
    offset, position, remain = low - base, low, high - low
    i = 0
    while i < len(view) and remain:
        item = view[i]
        if position >= item.end:
            i += 1
            continue
        if position < item.start:
            now = min(remain, item.start - position)
            view.insert(i, Drawn(mr, offset, position, now, *flags))
            i += 1
            position, offset, remain = position + now, offset + now, remain - now
        now = min(remain, item.end - position)
        position, offset, remain = position + now, offset + now, remain - now
        i += 1
    if remain:
        at = next((k for k, item in enumerate(view) if item.start > position), len(view))
        view.insert(at, Drawn(mr, offset, position, remain, *flags))


def merged(view: list[Drawn], features: Features) -> list[Drawn]:
    result: list[Drawn] = []
    for item in view:
        if result and _merges(result[-1], item, features):
            last = result.pop()
            item = Drawn(last.region, last.offset, last.start, last.size + item.size, *_flags(last))
        result.append(item)
    return result


def _flags(item: Drawn) -> tuple[bool, bool, bool]:
    return item.readonly, item.nonvolatile, item.unmergeable


def _merges(one: Drawn, two: Drawn, features: Features) -> bool:
    return (
        one.end == two.start
        and one.region is two.region
        and one.offset + one.size == two.offset
        and one.readonly == two.readonly
        and (not features.nonvolatile or one.nonvolatile == two.nonvolatile)
        and not (features.unmergeable and (one.unmergeable or two.unmergeable))
    )


# Section: roots (docs/qemu-memory.md, "Resolving a root")


def root_key(root: Region, features: Features) -> tuple[str, Region | None]:
    """The key of a root, and for spaces that show nothing, ("none", None) where there is an empty view."""
    if features.empty_view == "on":
        _, vacant = _descend(root)
        if vacant:
            return "none", None
    if features.sharing == "none":
        return "root", root
    if features.sharing == "root":
        while root.alias is not None and root.alias_offset == 0 and root.size >= root.alias.size:
            root = root.alias
        return "root", root
    return "root", _descend(root)[0]


def _descend(m: Region) -> tuple[Region, bool]:
    while m.enabled:
        if m.alias is not None:
            if m.alias_offset != 0 or m.size < m.alias.size:
                return m, False
            m = m.alias
        elif m.terminates:
            return m, False
        else:
            enabled = [child for child in m.children if child.enabled]
            if not enabled:
                return m, True
            if len(enabled) > 1 or enabled[0].addr != 0 or m.size < enabled[0].size:
                return m, False
            m = enabled[0]
    return m, True


# Section: dispatch (docs/qemu-memory.md, "Sections", "Radix tree")


class Tree:
    """Nodes as dictionaries from index to (skip, ptr); what is not in one is its level's default."""

    def __init__(self, page_bits: int) -> None:
        self.bits = page_bits
        self.levels = (64 - page_bits - 1) // 9 + 1
        self.root = (1, NIL)
        self.nodes: list[dict[int, tuple[int, int]]] = []
        self.default: list[tuple[int, int]] = []
        self.reservations: list[int] = []

    def set(self, index: int, n: int, leaf: int) -> None:
        self.reservations.append(len(self.nodes))
        self.root, _, _ = self._fill(self.root, self.levels - 1, index, n, leaf)

    def _fill(
        self, entry: tuple[int, int], level: int, index: int, n: int, leaf: int
    ) -> tuple[tuple[int, int], int, int]:
        skip, ptr = entry
        if skip and ptr == NIL:
            ptr = len(self.nodes)
            self.nodes.append({})
            self.default.append((0, 0) if level == 0 else (1, NIL))
        node, step = self.nodes[ptr], 1 << (9 * level)
        i = (index >> (9 * level)) & 511
        while n and i < 512:
            if index % step == 0 and n >= step:
                node[i] = (0, leaf)
                index, n = index + step, n - step
            else:
                node[i], index, n = self._fill(node.get(i, self.default[ptr]), level - 1, index, n, leaf)
            i += 1
        return (skip, ptr), index, n

    def compact(self) -> None:
        if self.root[0]:
            self.root = self._compact(self.root)

    def _compact(self, entry: tuple[int, int]) -> tuple[int, int]:
        skip, ptr = entry
        if ptr == NIL:
            return entry
        node = self.nodes[ptr]
        if self.default[ptr] == (0, 0):
            return entry
        valid = []
        for i in sorted(node):
            if node[i][1] == NIL:
                continue
            valid.append(i)
            if node[i][0]:
                node[i] = self._compact(node[i])
        if len(valid) != 1:
            return entry
        child = node[valid[0]]
        return (0, child[1]) if child[0] == 0 else (skip + child[0], child[1])

    def entry(self, number: int, index: int) -> tuple[int, int]:
        return self.nodes[number].get(index, self.default[number])


@dataclass
class Dispatch:
    """Sections as (start, size, region or None), and the tree."""

    sections: list[tuple[int, int, Region | None]]
    tree: Tree
    subpages: int
    used: int = 0


def dispatch(ranges: Sequence[Drawn], features: Features, page_bits: int) -> Dispatch:
    sections: list[tuple[int, int, Region | None]] = [(0, WHOLE, None)] * features.dummy_sections
    tree, page = Tree(page_bits), 1 << page_bits
    made = Dispatch(sections, tree, 0)
    pages: set[int] = set()

    def subpage(start: int, size: int, region: Region) -> None:
        base = start & -page
        if base not in pages:
            pages.add(base)
            tree.set(base >> page_bits, 1, len(sections))
            sections.append((base, page, None))
            made.subpages += 1
        sections.append((start, size, region))

    for item in ranges:
        start, size = item.start, item.size
        if start % page:
            head = min(size, page - start % page)
            subpage(start, head, item.region)
            start, size = start + head, size - head
        if size >= page:
            body = size & -page
            tree.set(start >> page_bits, body >> page_bits, len(sections))
            sections.append((start, body, item.region))
            start, size = start + body, size - body
        if size:
            subpage(start, size, item.region)
    made.used = len(tree.nodes)
    if features.level_skipping:
        tree.compact()
    return made


# Section: the books of one rule set


def grown(used: int, least: int) -> int:
    capacity = 0
    while capacity < used:
        capacity = max(2 * capacity, least)
    return capacity


@dataclass(eq=False)
class Dispatched:
    """A dispatch that exists."""

    sections: int
    subpages: int
    nodes: int
    allocated: int
    bytes: int
    resident: int


@dataclass(eq=False)
class View:
    """A view that exists, with its own dispatch, or (per space) with one for each space that uses it."""

    key: Region | None
    ranges: list[Drawn]
    bytes: int
    own: Dispatched | None = None
    per_space: dict[Space, Dispatched] = field(default_factory=dict)

    @property
    def dispatches(self) -> list[Dispatched]:
        return [*([self.own] if self.own else []), *self.per_space.values()]


class Books:
    """What QEMU would have allocated, under one rule set."""

    def __init__(self, rules: RuleSet, page_bits: int, host_page: int) -> None:
        self.features: Features = rules.features
        self.layout: StructSizes = rules.layout
        self.page_bits, self.host_page = page_bits, host_page
        self.spaces: dict[Space, View | None] = {}
        self.table: dict[Region, View] = {}
        self.empty: View | None = None
        self.waiting: list[View | Dispatched] = []
        self.hint = 16
        self.pending = False
        self.sharers: dict[Region, tuple[Space, set[Space]]] = {}
        self.count: dict[str, int] = dict.fromkeys(
            ("created", "freed", "dispatches", "ranges", "sections", "nodes", "subpages", "commits"), 0
        )
        self.peak = (0, 0, 0)

    # What is made

    def _dispatched(self, ranges: Sequence[Drawn]) -> Dispatched:
        made = dispatch(ranges, self.features, self.page_bits)
        allocated = self._reserve(made.tree)
        layout, sections = self.layout, len(made.sections)
        weight = layout.dispatch + grown(sections, 16) * layout.section + allocated * 2048
        weight += made.subpages * (layout.subpage_head + 2 * (1 << self.page_bits))
        untouched = max(0, 2048 * (allocated - made.used) - self.host_page)
        self.count["dispatches"] += 1
        self.count["sections"] += sections
        self.count["nodes"] += made.used
        self.count["subpages"] += made.subpages
        return Dispatched(sections, made.subpages, made.used, allocated, weight, weight - untouched)

    def _reserve(self, tree: Tree) -> int:
        allocated, wanted = 0, 3 * tree.levels
        for used in tree.reservations:
            if used + wanted > allocated:
                if self.features.node_reserve == "hint":
                    allocated = self.hint = max(self.hint, used + wanted)
                else:
                    allocated = max(2 * allocated, 16, used + wanted)
        return allocated

    def _view(self, key: Region | None, inserted: int, ranges: list[Drawn]) -> View:
        self.count["created"] += 1
        self.count["ranges"] += inserted
        return View(key, ranges, self.layout.flatview + grown(inserted, 10) * self.layout.flat_range)

    def _render(self, key: Region) -> View:
        drawn: list[Drawn] = []
        draw(drawn, key, 0, (0, WHOLE), (False, False, False))
        ranges = merged(drawn, self.features)
        view = self._view(key, len(drawn), ranges)
        if not ranges and self.features.empty_view == "posted":
            if self.empty is None:
                view.key = None
                self.empty = view
                view.own = None if self._per_space else self._dispatched([])
            else:
                self.waiting.append(view)
            return self.empty
        if not self._per_space:
            view.own = self._dispatched(ranges)
        return view

    @property
    def _per_space(self) -> bool:
        return self.features.dispatch == "per-space"

    def _ensure_empty(self) -> None:
        if self.features.empty_view == "on" and self.empty is None:
            self.empty = self._view(None, 0, [])
            if not self._per_space:
                self.empty.own = self._dispatched([])

    def _attach(self, space: Space) -> None:
        sort, key = root_key(space.root, self.features)
        if sort == "none":
            view = self.empty
        elif self.features.sharing == "none":
            assert key is not None
            view = self._render(key)
        else:
            assert key is not None
            view = self.table.get(key)
            if view is None:
                view = self.table[key] = self._render(key)
        assert view is not None
        self.spaces[space] = view
        if self._per_space:
            given_up = view is self.empty and self.features.empty_view == "posted"
            if not given_up:
                view.per_space[space] = self._dispatched(view.ranges)

    # What happens

    def exists(self, space: Space) -> bool:
        if space.kind == "virtio-cfg":
            return self.features.virtio_cfg_space
        if space.kind == "bridge":
            return self.features.bridge_spaces
        if space.kind != "cpu" or self.features.cpu_spaces == "separate":
            return True
        if self.features.cpu_spaces == "global":
            return False
        shared, sharers = self.sharers.setdefault(space.root, (space, set()))
        sharers.add(space)
        return shared is space

    def admit(self, space: Space) -> None:
        if not self.exists(space):
            return
        if self.features.view_at_init == "direct":
            self._ensure_empty()
            self._attach(space)
        else:
            self.spaces[space] = None
            if self.features.view_at_init == "empty+commit":
                first = self.spaces[space] = self._view(None, 0, [])
                if self._per_space:
                    first.own = self._dispatched([])
            self.pending = self.pending or space.root.enabled
        self.note()

    def dismiss(self, space: Space) -> None:
        shared, sharers = self.sharers.get(space.root, (space, set()))
        if space in sharers:
            sharers.remove(space)
            if sharers:
                return
            space = shared
            del self.sharers[space.root]
        if space not in self.spaces:
            return
        view = self.spaces.pop(space)
        if view is None:
            return
        if space in view.per_space:
            self.waiting.append(view.per_space.pop(space))
        if view is not self.empty and view not in self.table.values() and view not in self.spaces.values():
            self.waiting.append(view)

    def commit(self) -> None:
        self._ensure_empty()
        old = {id(view): view for view in [*self.table.values(), *self.spaces.values()] if view is not None}
        for view in old.values():
            if view is not self.empty:
                self.waiting.append(view)
            else:
                self.waiting += view.per_space.values()
                view.per_space = {}
        self.table = {}
        for space in list(self.spaces):
            self._attach(space)
        self.count["commits"] += 1
        self.note()

    def settle(self) -> None:
        self.count["freed"] += sum(isinstance(one, View) for one in self.waiting)
        self.waiting.clear()

    # What is read

    def _living(self) -> list[View]:
        views = {id(view): view for view in self.spaces.values() if view is not None}
        return list(views.values())

    def load(self) -> tuple[int, int, int]:
        held = {id(one): one for one in [*self.table.values(), *self._living(), self.empty] if one is not None}
        views = weight = resident = 0
        for one in [*held.values(), *self.waiting]:
            parts = [one] if isinstance(one, Dispatched) else one.dispatches
            if isinstance(one, View):
                views, weight, resident = views + 1, weight + one.bytes, resident + one.bytes
            weight += sum(part.bytes for part in parts)
            resident += sum(part.resident for part in parts)
        return views, weight, resident

    def note(self) -> None:
        self.peak = tuple(map(max, self.peak, self.load()))  # type: ignore[assignment]

    def metrics(self) -> dict[str, int]:
        living, count = self._living(), self.count
        dispatches = [one for view in living for one in view.dispatches]
        views, weight, resident = self.load()
        return {
            "address_spaces": len(self.spaces),
            "flatviews.alive": len(living),
            "flatviews.empty": sum(not view.ranges for view in living),
            "flatviews.created": count["created"],
            "flatviews.freed": count["freed"],
            "flatviews.allocated": views,
            "flatviews.peak": self.peak[0],
            "dispatches.alive": len(dispatches),
            "dispatches.created": count["dispatches"],
            "flat_ranges": sum(len(view.ranges) for view in living),
            "sections": sum(one.sections for one in dispatches),
            "nodes": sum(one.nodes for one in dispatches),
            "nodes.allocated": sum(one.allocated for one in dispatches),
            "subpages": sum(one.subpages for one in dispatches),
            "flat_ranges.ever": count["ranges"],
            "sections.ever": count["sections"],
            "nodes.ever": count["nodes"],
            "subpages.ever": count["subpages"],
            "commits": count["commits"],
            "modelled.bytes": weight,
            "modelled.bytes.peak": self.peak[1],
            "modelled.resident": resident,
            "modelled.resident.peak": self.peak[2],
        }


# Section: the tree and its transactions (docs/qemu-memory.md, "Order among siblings", "Transactions and commits")


class Oracle:
    """The memory API, for several rule sets."""

    def __init__(self, rules: Sequence[RuleSet], page_bits: int = 12, host_page: int = 4096) -> None:
        self.books = [Books(one, page_bits, host_page) for one in rules]
        self.depth = 0
        self.pending = False

    def begin(self) -> None:
        self.depth += 1

    def commit(self) -> None:
        self.depth -= 1
        if self.depth:
            return
        for books in self.books:
            if self.pending or books.pending:
                books.pending = False
                books.commit()
        self.pending = False

    def create_space(self, name: str, root: Region, kind: str) -> Space:
        space = Space(name, root, kind)
        self.begin()
        for books in self.books:
            books.admit(space)
        self.commit()
        return space

    def destroy_space(self, space: Space) -> None:
        for books in self.books:
            books.dismiss(space)

    def settle(self) -> None:
        for books in self.books:
            books.settle()

    def _insert(self, container: Region, child: Region) -> None:
        siblings = container.children
        at = next((i for i, one in enumerate(siblings) if one.priority <= child.priority), len(siblings))
        siblings.insert(at, child)
        child.container = container

    def add(self, container: Region, addr: int, child: Region, priority: int) -> None:
        self.begin()
        child.addr, child.priority = addr, priority
        self._insert(container, child)
        self.pending |= container.enabled and child.enabled
        self.commit()

    def delete(self, container: Region, child: Region) -> None:
        self.begin()
        container.children.remove(child)
        child.container = None
        self.pending |= container.enabled and child.enabled
        self.commit()

    def set_address(self, region: Region, addr: int) -> None:
        container = region.container
        if addr == region.addr or container is None:
            region.addr = addr
            return
        self.begin()
        self.delete(container, region)
        self.add(container, addr, region, region.priority)
        self.commit()

    def set_attribute(self, region: Region, name: str, value: Any, *, always: bool = False) -> None:
        if getattr(region, name) == value:
            return
        self.begin()
        setattr(region, name, value)
        self.pending |= always or region.enabled
        self.commit()

    def set_log(self, region: Region, log: bool) -> None:
        before = region.logging > 0
        region.logging = max(0, region.logging + (1 if log else -1))
        if before != (region.logging > 0):
            self.begin()
            self.pending |= region.enabled
            self.commit()
