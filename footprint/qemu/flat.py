"""The flat form, ``info mtree -f`` (with or without ``-d`` and ``-o``), of QEMU 2.9 and later.

See docs/qemu-memory.md, "Flat form", "Forms by version".

Up to 2.10 it is printed per address space, without saying which root; since 2.11 per view.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from footprint.qemu.dispatch import DispatchText, read_dispatch
from footprint.qemu.lines import PLACE_FORM, Source, lines_of, split_owner

MOST_RANGES = 400_000
"""Ranges in one text; more are refused."""

_KINDS = "ramd|romd|ram|rom|i/o|container"
_VIEW = re.compile(r"FlatView #(\d{1,9})")
_OLD_VIEW = re.compile(r"address-space \(flat view\): (.*)")
_ROOT = " Root memory region: "
_NOTHING = "  No rendered FlatView"
_RANGE = re.compile(rf"  ([0-9a-f]{{16}})-([0-9a-f]{{16}}) \(prio (-?\d{{1,10}}), (nv-)?({_KINDS})\): (.*)")
_OFFSET = re.compile(r" @([0-9a-f]{16})")
_OFFSET_LENGTH = 18
_ACCELERATORS = "kvm|tcg|xen|hax|hvf|whpx|nvmm|qtest|mshv"
_ACCELERATOR = re.compile(rf" ((?:{_ACCELERATORS})(?:-accel)?(?::(?:{_ACCELERATORS})(?:-accel)?)*)", re.IGNORECASE)
"""What stands behind a range that an accelerator has mapped: ``KVM``; in 4.1 and 4.2 the user's own word for it, such
as ``kvm:tcg``, or the name of its class."""


@dataclass(frozen=True, slots=True)
class RangeLine:
    """One range as printed: [start, end] inclusive shows region `name` from `offset` on."""

    line: int
    start: int
    end: int
    priority: int
    kind: str
    name: str
    offset: int = 0
    nonvolatile: bool = False
    owner: str | None = None
    accelerators: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpaceLine:
    """An address space of a view: its name, its root's (None in the form before 2.11), and its root's target's."""

    name: str
    root: str | None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class ViewText:
    """One view as printed. `root` is None for the empty view, and always in the form before 2.11."""

    line: int
    number: int
    spaces: tuple[SpaceLine, ...]
    root: str | None
    ranges: tuple[RangeLine, ...]
    dispatch: DispatchText | None = None


@dataclass(frozen=True, slots=True)
class FlatText:
    """All views. `per_space`: the form before 2.11, a view for each address space.

    `cut` are the views (by line) whose dispatches are left out, since parts of them are not printed.
    """

    views: tuple[ViewText, ...]
    per_space: bool
    source: Source
    cut: tuple[int, ...] = ()


def read_flat(text: str, source: Source, *, nameless: bool = False) -> FlatText:
    """The flat form in `text`. Raises InputFileError with the line that is wrong.

    `nameless`: a view whose address spaces somebody left out is read, too.
    """
    lines = lines_of(text, source)
    views: list[ViewText] = []
    cut: list[int] = []
    per_space = False
    at = ranges = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        if old := _OLD_VIEW.fullmatch(line):
            per_space = True
            view, at = _read_view(lines, at + 1, source, SpaceLine(old[1], None), len(views))
        elif new := _VIEW.fullmatch(line):
            view, at = _read_view(lines, at + 1, source, None, int(new[1]), nameless=nameless)
        else:
            raise source.unexpected(line, 'a heading such as "FlatView #0"', at + 1)
        if view.dispatch is not None and view.dispatch.is_cut:
            cut.append(view.line)
            view = replace(view, dispatch=None)
        views.append(view)
        ranges += len(view.ranges)
        if ranges > MOST_RANGES:
            raise source.error(f"has more than {MOST_RANGES} ranges", at)
    if not views:
        raise source.error('holds no view; expected a heading such as "FlatView #0"')
    return FlatText(tuple(views), per_space, source, tuple(cut))


def _read_view(
    lines: list[str], at: int, source: Source, only: SpaceLine | None, number: int, *, nameless: bool = False
) -> tuple[ViewText, int]:
    """The view whose heading stands before line index `at`, and the index after it."""
    first, count = at, len(lines)
    spaces: list[SpaceLine] = [only] if only else []
    root: str | None = None
    if only is None:
        while at < count and lines[at].startswith(' AS "'):
            spaces.append(_space(lines[at], at + 1, source))
            at += 1
        if not (spaces or nameless) or at == count or not lines[at].startswith(_ROOT):
            shown = lines[at] if at < count else "the end"
            expected = f"an address space or {_ROOT.strip()!r}" if spaces else "an address space of the view"
            raise source.unexpected(shown, expected, min(at + 1, count))
        root = lines[at][len(_ROOT) :]
        root = None if root == "(none)" else root
        at += 1
    ranges: list[RangeLine] = []
    dispatch: DispatchText | None = None
    while at < count and lines[at].strip():
        line = lines[at]
        if line == "  Dispatch":
            dispatch, at = read_dispatch(lines, at + 1, source)
        elif line.startswith(_NOTHING):
            at += 1
        elif line.startswith(("FlatView #", "address-space (flat view): ")):
            break
        else:
            ranges.append(_range(line, at + 1, source))
            at += 1
    return ViewText(first, number, tuple(spaces), root, tuple(ranges), dispatch), at


def _space(line: str, number: int, source: Source) -> SpaceLine:
    name, separator, rest = line[5:].partition('", root: ')
    if not separator:
        raise source.unexpected(line, "an address space such as ' AS \"memory\", root: system'", number)
    root, comma, alias = rest.partition(", alias ")
    return SpaceLine(name, root, alias if comma else None)


def _range(line: str, number: int, source: Source) -> RangeLine:
    matched = _RANGE.fullmatch(line)
    if not matched:
        form = (*PLACE_FORM, rf"(?:nv-)?(?:{_KINDS})", r"\): ")
        raise source.unexpected(line, 'a range such as "  START-END (prio 0, ram): NAME"', number, form)
    start, end, priority, volatility, kind, rest = matched.groups()
    accelerators: list[str] = []
    while (cut := rest.rfind(" ")) > 0 and (mapped := _ACCELERATOR.fullmatch(rest, cut)):
        rest = rest[:cut]
        accelerators.append(mapped[1])
    rest, owner = split_owner(rest)
    offset = 0
    if at := _OFFSET.fullmatch(rest[-_OFFSET_LENGTH:]):
        rest, offset = rest[:-_OFFSET_LENGTH], int(at[1], 16)
    return RangeLine(
        number, int(start, 16), int(end, 16), int(priority), kind, rest, offset,
        volatility is not None, owner, tuple(accelerators),
    )  # fmt: skip
