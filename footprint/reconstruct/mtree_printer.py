"""A core's state as QEMU 7.2 would print it: ``info mtree -o -D`` and ``info mtree -f -d``.

See docs/qemu-memory.md, "Tree form", "Flat form", "Dispatch form".

What a core does not know is not printed: of owners the text that a capture brought, and no ``[MRU]``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from footprint.memory.flatview import AddressSpaceDispatch, FlatView, MemoryRegionSection
from footprint.memory.ledger import Ledger
from footprint.memory.radix import FAN_OUT, NIL, SKIP_BITS
from footprint.memory.region import MemoryRegion
from footprint.memory.render import FlatRange
from footprint.memory.space import AddressSpace
from footprint.qemu.dispatch import EntryRun

_MASK = (1 << 64) - 1
_LABELS = ("unassigned", "not dirty", "ROM", "watch")
_OVERFLOW = "[DETECTED OVERFLOW!] "


# Section: the tree form


def tree_text(spaces: Iterable[AddressSpace], *, owners: bool = True) -> str:
    """The tree form with disabled regions; blocks by first space, where QEMU has no order of its own."""
    by_root: dict[MemoryRegion, list[str]] = {}
    for space in spaces:
        by_root.setdefault(space.root, []).append(space.name)
    queue: dict[MemoryRegion, None] = {}
    lines: list[str] = []
    for root, names in by_root.items():
        lines += [f"address-space: {name}" for name in sorted(names)]
        lines += [*_tree_lines(root, queue, owners=owners), ""]
    printed: set[MemoryRegion] = set()
    while len(printed) < len(queue):
        for target in [region for region in queue if region not in printed]:
            printed.add(target)
            lines += [f"memory-region: {_name(target)}", *_tree_lines(target, queue, owners=owners), ""]
    return "\n".join(lines) + "\n"


def _tree_lines(root: MemoryRegion, queue: dict[MemoryRegion, None], *, owners: bool) -> Iterator[str]:
    stack = [(root, 1, 0, 0)]
    while stack:
        region, depth, base, least = stack.pop()
        start = (base + region.addr) & _MASK
        yield _region_line(region, depth, start, least, owners=owners)
        if region.alias is not None:
            queue.setdefault(region.alias)
        below = sorted(region.subregions, key=lambda child: (child.addr, -child.priority))
        stack += [(child, depth + 1, start, start) for child in reversed(below)]


def _region_line(region: MemoryRegion, depth: int, start: int, least: int, *, owners: bool) -> str:
    end = (start + max(0, region.size - 1)) & _MASK
    overflow = _OVERFLOW if start < least or end < start else ""
    mark = "nv-" if region.nonvolatile else ""
    name = _name(region)
    if region.alias is not None:
        last = (region.alias_offset + max(0, region.size - 1)) & _MASK
        name = f"alias {name} @{_name(region.alias)} {region.alias_offset:016x}-{last:016x}"
    disabled = "" if region.enabled else " [disabled]"
    owner = f" {region.owner}" if owners and region.owner else ""
    place = f"{start:016x}-{end:016x} (prio {region.priority}, {mark}{_shown_kind(region)})"
    return f"{overflow}{'  ' * depth}{place}: {name}{disabled}{owner}"


def _shown_kind(region: MemoryRegion) -> str:
    """The kind of a region; of an alias, that of its final target."""
    while region.alias is not None:
        region = region.alias
    return region.kind


def _name(region: MemoryRegion) -> str:
    return "(null)" if region.name is None else region.name


# Section: the flat form


def flat_text(ledger: Ledger, *, dispatch: bool = True) -> str:
    """The flat form of all living views, numbered by first use, since QEMU numbers them by chance."""
    users: dict[int, tuple[FlatView, list[AddressSpace]]] = {}
    for space in ledger.spaces:
        view = ledger.view(space)
        if view is not None:
            users.setdefault(id(view), (view, []))[1].append(space)
    parts = [view_text(view, spaces, number, dispatch=dispatch) for number, (view, spaces) in enumerate(users.values())]
    return "\n".join(parts) + "\n" if parts else ""


def view_text(view: FlatView, spaces: Iterable[AddressSpace], number: int = 0, *, dispatch: bool = True) -> str:
    """One view, as ``info mtree -f -d`` prints it."""
    lines = [f"FlatView #{number}"]
    for space in spaces:
        alias = f", alias {_name(space.root.alias)}" if space.root.alias is not None else ""
        lines.append(f' AS "{space.name}", root: {_name(space.root)}{alias}')
    lines.append(f" Root memory region: {'(none)' if view.root is None else _name(view.root)}")
    if not view.ranges:
        lines.append("  No rendered FlatView")
    lines += [f"  {range_line(item)}" for item in view.ranges]
    if dispatch and view.ranges and view.dispatch is not None:
        lines += _dispatch_lines(view.dispatch, view.root)
    return "\n".join(lines) + "\n"


def range_line(item: FlatRange) -> str:
    """``START-END (prio 0, ram): NAME @OFFSET`` of a range."""
    kind = "rom" if item.readonly else item.region.kind
    mark = "nv-" if item.nonvolatile else ""
    offset = f" @{item.offset:016x}" if item.offset else ""
    last = (item.end - 1) & _MASK
    return f"{item.start:016x}-{last:016x} (prio {item.region.priority}, {mark}{kind}): {_name(item.region)}{offset}"


def section_line(number: int, section: MemoryRegionSection, root: MemoryRegion | None) -> str:
    """``#1 @START..END NAME`` of a section, with its label and marks."""
    last = (section.start + section.size - 1) & _MASK
    region = section.region
    name = "(noname)" if region is None or region.name is None else region.name
    label = f" [{_LABELS[number]}]" if number < len(_LABELS) else ""
    is_root = " [ROOT]" if region is not None and region is root else ""
    iommu = " [iommu]" if region is not None and region.iommu else ""
    return f"#{number} @{section.start:016x}..{last:016x} {name}{label}{is_root}{iommu}"


def _dispatch_lines(dispatch: AddressSpaceDispatch, root: MemoryRegion | None) -> Iterator[str]:
    yield "  Dispatch"
    yield "    Physical sections"
    for number, section in enumerate(dispatch.sections):
        yield f"      {section_line(number, section, root)}"
    tree = dispatch.map
    if tree is None:
        return
    ptr = "NIL" if tree.ptr == NIL else tree.ptr
    yield f"    Nodes (9 bits per level, {dispatch.pages.levels} levels) ptr=[{ptr}] skip={tree.skip}"
    for number in range(tree.used):
        yield f"      [{number}]"
        yield from map(run_line, node_runs(tree.nodes[number].tolist()))


def node_runs(entries: list[int]) -> Iterator[EntryRun]:
    """The runs of equal entries in a node."""
    first = 0
    for i in range(1, FAN_OUT + 1):
        if i == FAN_OUT or entries[i] != entries[first]:
            entry = entries[first]
            yield first, i - 1, entry & (1 << SKIP_BITS) - 1, entry >> SKIP_BITS
            first = i


def run_line(run: EntryRun) -> str:
    r"""A run of entries as printed: ``\t  0..511  skip=1  ptr=NIL``."""
    first, last, skip, ptr = run
    indices = f"{first:3d}      " if first == last else f"{first:3d}..{last:<3d} "
    return f"\t{indices} skip={skip}  ptr={entry_text(skip, ptr)}"


def entry_text(skip: int, ptr: int) -> str:
    """Where an entry leads: ``NIL``, a section ``#1``, or a node ``[2]``."""
    if ptr == NIL:
        return "NIL"
    return f"[{ptr}]" if skip else f"#{ptr}"
