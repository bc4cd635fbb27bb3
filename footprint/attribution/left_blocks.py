"""From blocks that a QEMU did not give back to places: stacks that keep one in every cycle, and leaked objects."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from footprint.attribution.qom_objects import Memory, QomObject, memory_of
from footprint.process.code_names import CodeNames
from footprint.process.heap_watch import Crash, HeapBlock
from footprint.verdict.place import NEAR, Explanation, Place, PlaceKind, counted, largest

MOST_FRAMES = 20
SHARE = 0.9
"""Of the cycles, in which a stack must have left a block: the last cycle's may still be waiting."""
_ALLOCATING = ("libglib-", "libc.", "ld-linux", "libstdc++")
"""Files whose functions only pass on what was asked for."""
_ASKING = ("qemu_memalign", "qemu_try_memalign", "qemu_blockalign")
_WATCHER = "/heap-watch-"
NEAR_HINT = (
    f"{NEAR}name: the file does not name this function; name is the nearest one before it that it exports "
    "(debug symbols would tell: apt install the -dbgsym package)"
)
OBJECT_METRICS = ("heap.bytes", "heap.blocks")


def explained(blocks: Sequence[HeapBlock], cycles: int, pid: int, *, share: float = SHARE) -> Explanation:
    """Where `blocks`, left by so many cycles of the process `pid`, come from: stacks that left one in that `share`."""
    names = CodeNames(Path(f"/proc/{pid}/maps").read_text())
    groups: dict[tuple[int, ...], list[HeapBlock]] = defaultdict(list)
    for block in blocks:
        groups[block.stack].append(block)
    kept = {stack: group for stack, group in groups.items() if len(group) >= share * cycles}
    merged: dict[tuple[str, ...], list[HeapBlock]] = defaultdict(list)
    for stack, group in kept.items():
        merged[frames_of(stack, names)] += group
    places = [_stack_place(frames, group, cycles) for frames, group in merged.items()]
    hints = []
    try:
        with memory_of(pid) as memory:
            objects = [*_objects([block for group in kept.values() for block in group], memory, cycles)]
    except OSError as error:
        objects = []
        hints.append(f"leaked objects cannot be named: the memory of the process may not be read ({error.strerror})")
    if any(place.frames and place.frames[0].startswith(NEAR) for place in places):
        hints.append(NEAR_HINT)
    return Explanation((*objects, *largest(places)), hints=tuple(hints))


def crash_frames(crash: Crash) -> tuple[str, ...]:
    """The stack of a process that died, innermost first, from where it left the C library."""
    names = CodeNames(crash.maps)
    frames = list(_named(crash.stack, names))
    inside = [n for n, (_, file) in enumerate(frames) if not file.startswith("libc.") and "libpthread" not in file]
    begin = inside[0] if inside else 0
    return tuple(name for name, _ in frames[begin:])


def frames_of(stack: Iterable[int], names: CodeNames) -> tuple[str, ...]:
    """The functions of a stack, innermost first, from the one that asked an allocator."""
    frames = list(_named(stack, names))
    while len(frames) > 1 and (frames[0][1].startswith(_ALLOCATING) or frames[0][0] in _ASKING):
        del frames[0]
    return tuple(name for name, _ in frames[:MOST_FRAMES])


def _named(stack: Iterable[int], names: CodeNames) -> Iterable[tuple[str, str]]:
    """Each function with the name of its file, without our own."""
    for address in stack:
        # A return address may be that of the function after the one that called.
        file = names.file(address - 1)
        if _WATCHER not in file:
            name, exact = names.name(address - 1)
            yield name if exact else f"{NEAR}{name}", Path(file).name


def _stack_place(frames: tuple[str, ...], group: Sequence[HeapBlock], cycles: int) -> Place:
    rate, size = len(group) / cycles, sum(block.size for block in group) / cycles
    return Place(
        PlaceKind.NATIVE, metrics=OBJECT_METRICS, amount=f"{counted(rate, 'block')}, {counted(round(size), 'B', 'B')}",
        rate=rate, unit="blocks", size=size, frames=frames,
    )  # fmt: skip


def _objects(blocks: Iterable[HeapBlock], memory: Memory, cycles: int) -> Iterable[Place]:
    """The objects among `blocks` of which every cycle leaves one, those of the largest blocks first."""
    seen: Counter[QomObject] = Counter()
    sizes: Counter[QomObject] = Counter()
    for block in blocks:
        if (thing := memory.object_at(block.address)) is not None:
            seen[thing] += 1
            sizes[thing] += block.size
    for kind, size in sizes.most_common():
        rate = seen[kind] / cycles
        if rate < SHARE:
            continue
        above = f"child of {kind.parent}" if kind.parent else "no parent"
        where = f"object {kind.type}, refcount {kind.references}, {above}"
        yield Place(PlaceKind.OBJECT, where, OBJECT_METRICS, counted(rate, "object"), rate, "objects", size / cycles)
