"""A captured machine, built again: printed regions become regions of a memory core.

What the text loses (docs/qemu-memory.md, "What the text loses") is taken from the views beside it where they tell
(footprint.reconstruct.infer); every guess is reported as a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from footprint.memory import region as make
from footprint.memory.core import MemoryCore
from footprint.memory.region import MemoryRegion
from footprint.memory.space import AddressSpace, space_kind
from footprint.qemu.capture import Capture
from footprint.qemu.flat import FlatText
from footprint.qemu.forest import Forest, grow
from footprint.qemu.lines import Source
from footprint.qemu.region_node import Node
from footprint.reconstruct.infer import Traits, infer_traits

MOST_PIECES = 1_000_000
"""Pieces that all regions together may show; more are refused."""
_FIRST_SPACES = ("memory", "I/O")


@dataclass(slots=True)
class Machine:
    """A captured machine as read: regions, traits, and the order of its spaces. It can be built in any core."""

    forest: Forest
    traits: Traits
    spaces: list[tuple[str, Node]]
    source: Source
    guesses: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Rebuilt:
    """A captured machine in a core: the region of each printed one, and its spaces."""

    core: MemoryCore
    regions: dict[Node, MemoryRegion]
    spaces: list[AddressSpace]


def read_machine(capture: Capture) -> Machine:
    """What the text of `capture` says of its machine. Raises InputFileError for what no QEMU could print."""
    forest = grow(capture.tree, capture.flat)
    source = capture.tree.source
    _check_aliases(forest, source)
    traits = infer_traits(forest, capture.flat)
    _check_size(forest, source)
    spaces = _spaces_in_order(forest, capture.flat)
    return Machine(forest, traits, spaces, source, [*forest.guesses, *traits.guesses])


def rebuild(machine: Machine, core: MemoryCore) -> Rebuilt:
    """Build `machine` in `core`, in one transaction; "memory" and "I/O" first among its spaces."""
    regions: dict[Node, MemoryRegion] = {}
    for node in machine.forest.nodes:
        if node not in regions:
            _make(node, machine.traits, regions)
    with core.transaction():
        for node in machine.forest.nodes:
            place_children(core, regions[node], [regions[child] for child in paper_order(node.children)])
        made = [core.create_space(name, regions[root], kind=space_kind(name)) for name, root in machine.spaces]
    return Rebuilt(core, regions, made)


def paper_order(children: list[Node]) -> list[Node]:
    """Siblings as QEMU would list them if among equals the first printed is on top.

    On paper they stand by address; only those at one address are printed in their true order.
    """
    return sorted(children, key=lambda node: -node.line.priority)


def place_children(core: MemoryCore, container: MemoryRegion, children: list[MemoryRegion]) -> None:
    """Let `container` list `children` in this order (falling priority): the newest is the first."""
    for child in list(container.subregions):
        core.del_subregion(container, child)
    for child in reversed(children):
        core.add_subregion(container, child.addr, child, priority=child.priority)


def _spaces_in_order(forest: Forest, flat: FlatText) -> list[tuple[str, Node]]:
    """The spaces in the order of their creation, which each view's list keeps (across views it is not told)."""
    left: dict[tuple[str, str | None], list[tuple[str, Node]]] = {}
    for space in reversed(forest.spaces):
        left.setdefault((space[0], None if flat.per_space else space[1].line.name), []).append(space)
    order = []
    for line in (line for view in flat.views for line in view.spaces):
        same = left.get((line.name, line.root))
        if same:
            order.append(same.pop())
    order += [space for same in left.values() for space in same]
    return sorted(order, key=lambda space: _rank(space[0]))


def _rank(name: str) -> int:
    return _FIRST_SPACES.index(name) if name in _FIRST_SPACES else len(_FIRST_SPACES)


def _make(node: Node, traits: Traits, regions: dict[Node, MemoryRegion]) -> None:
    """Make the region of `node`, and before it, where it is an alias, those of its chain of targets."""
    chain = [node]
    while chain[-1].target is not None and chain[-1].target not in regions:
        chain.append(chain[-1].target)
    for target in reversed(chain):
        regions[target] = _region(target, traits, regions)


def _region(node: Node, traits: Traits, regions: dict[Node, MemoryRegion]) -> MemoryRegion:
    line = node.line
    size = 0 if node in traits.empty else line.size
    if node.target is not None:
        region = make.alias(line.name, regions[node.target], line.offset, size, owner=line.owner)
    elif node in traits.iommus:
        region = make.iommu(line.name, size, owner=line.owner)
    else:
        maker = make.io if node in traits.terminating else make.container
        makers = {"ram": make.ram, "rom": make.rom, "romd": make.rom_device, "ramd": make.ram_device}
        kind = traits.kinds.get(node, "rom" if line.kind == "R-" else line.kind)
        maker = maker if node.is_alias else makers.get(kind, maker)
        region = maker(line.name, size, owner=line.owner)
    region.addr = node.addr
    region.priority = line.priority
    region.enabled = not line.disabled
    region.nonvolatile = line.nonvolatile
    region.readonly = region.readonly or node in traits.readonly
    return region


def _check_aliases(forest: Forest, source: Source) -> None:
    """Refuse an alias that is its own target, over whatever chain."""
    checked: set[Node] = set()
    for node in forest.nodes:
        chain: dict[Node, None] = {}
        target: Node | None = node
        while target is not None and target not in checked:
            if target in chain:
                raise source.error(f"alias {target.line.name!r} leads back to itself", target.line.line)
            chain[target] = None
            target = target.target
        checked.update(chain)


def _check_size(forest: Forest, source: Source) -> None:
    """Refuse a machine that would show too many pieces: a small text can ask for endless doubling."""
    draws: dict[Node, int] = {}
    total = 0
    for root in forest.nodes:
        for node in _bottom_up(root, draws):
            draws[node] = count = 1 + sum(draws.get(shown, 0) for shown in _shown(node))
            if len(_shown(node)) > 1 or not _is_whole(node):
                total += min(count, node.line.size)
            if total > MOST_PIECES:
                raise source.error(f"the regions show more than {MOST_PIECES} pieces", node.line.line)


def _bottom_up(root: Node, done: dict[Node, int]) -> list[Node]:
    """What `root` shows, and `root`, each after what it shows, without those that are done."""
    order: list[Node] = []
    path = [root]
    under_way: set[Node] = set()
    while path:
        node = path[-1]
        missing = [shown for shown in _shown(node) if shown not in done and shown not in under_way]
        if missing and node not in under_way:
            under_way.add(node)
            path += missing
            continue
        path.pop()
        if node not in done:
            done[node] = 0
            order.append(node)
    return order


def _shown(node: Node) -> list[Node]:
    if node.is_alias:
        return [node.target] if node.target is not None and not node.target.line.disabled else []
    return [child for child in node.children if not child.line.disabled]


def _is_whole(node: Node) -> bool:
    """Whether an alias shows all of its target, unmoved: then it needs no pieces of its own."""
    return node.target is None or (node.line.offset == 0 and node.line.size >= node.target.line.size)
