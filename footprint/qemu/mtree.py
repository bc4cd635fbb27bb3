"""The tree form of ``info mtree`` (with or without ``-o`` and ``-D``), of any QEMU since 2.4.

See docs/qemu-memory.md, "Tree form", "Forms by version".

::

    address-space: memory
      0000000000000000-ffffffffffffffff (prio 0, i/o): system parent:{obj path=/machine/unattached}
        0000000000000000-0000000007ffffff (prio 0, ram): alias ram-below-4g @pc.ram 0000…-0000…

Lines are taken apart from both ends, since names may hold blanks, ``@``, brackets and braces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from footprint.qemu.lines import MASK, PLACE_FORM, Source, lines_of, split_owner

MOST_REGIONS = 50_000
"""Region lines in one text; more are refused. 255 cards behind 40 bridges print about 8 000."""
DEEPEST = 64
"""Levels of containers; deeper text is refused."""

KINDS = "ramd|romd|ram|rom|i/o|container|RW|R-|-W|--"
OLD_KINDS = ("RW", "R-", "-W", "--")
"""Up to 2.8: whether a region can be read, and written. Of what kind it is, they do not say."""
OVERFLOW = "[DETECTED OVERFLOW!] "
REGION = re.compile(rf"([0-9a-f]{{16}})-([0-9a-f]{{16}}) \(prio (-?\d{{1,10}}), (nv-)?({KINDS})\): (.*)")
_WINDOW = re.compile(r" ([0-9a-f]{16})-([0-9a-f]{16})")
_WINDOW_LENGTH = 34
_DISABLED = " [disabled]"


@dataclass(frozen=True, slots=True)
class RegionLine:
    """One region as printed. `depth` is 1 for the root of a block; `start` and `end` (inclusive) are absolute.

    An alias has a `target` name and shows it from `offset` to `offset_end` (inclusive). `owner` is the
    text that ``-o`` adds. `nonvolatile` is the region's own mark.
    """

    line: int
    depth: int
    start: int
    end: int
    priority: int
    kind: str
    name: str
    nonvolatile: bool = False
    target: str | None = None
    offset: int = 0
    offset_end: int = 0
    disabled: bool = False
    owner: str | None = None

    @property
    def size(self) -> int:
        """The size that start and end tell; 1 stands for 0 too, which prints alike."""
        return ((self.end - self.start) & MASK) + 1


@dataclass(frozen=True, slots=True)
class MtreeBlock:
    """A tree with its headings: the `spaces` on it, or, where there are none, the alias target `region`."""

    line: int
    spaces: tuple[str, ...]
    region: str | None
    lines: tuple[RegionLine, ...]


@dataclass(frozen=True, slots=True)
class MtreeText:
    """All blocks in the order printed; `source` is where they were read."""

    blocks: tuple[MtreeBlock, ...]
    source: Source


def read_mtree(text: str, source: Source) -> MtreeText:
    """The tree form in `text`. Raises InputFileError with the line that is wrong."""
    blocks: list[MtreeBlock] = []
    spaces: list[str] = []
    region: str | None = None
    lines: list[RegionLine] = []
    start = count = 0
    for number, line in enumerate([*lines_of(text, source), ""], 1):
        heading = _heading(line)
        if (not line.strip() or (heading and lines)) and (spaces or region is not None):
            blocks.append(MtreeBlock(start, tuple(spaces), region, tuple(lines)))
            spaces, region, lines = [], None, []
        if heading:
            start = start if spaces else number
            word, name = heading
            if word == "address-space":
                spaces.append(name)
            else:
                region = name
        elif line.strip():
            if not spaces and region is None:
                raise source.unexpected(line, 'a heading such as "address-space: memory"', number)
            count += 1
            if count > MOST_REGIONS:
                raise source.error(f"has more than {MOST_REGIONS} regions", number)
            lines.append(_region(line, number, source))
    if not blocks:
        raise source.error('holds no address space; expected a heading such as "address-space: memory"')
    return MtreeText(tuple(blocks), source)


def _heading(line: str) -> tuple[str, str] | None:
    for word in ("address-space", "memory-region"):
        if line.startswith(word + ": "):
            return word, line[len(word) + 2 :]
    return None


def _region(line: str, number: int, source: Source) -> RegionLine:
    text = line.lstrip(" ")
    if text.startswith(OVERFLOW):
        text = text[len(OVERFLOW) :].lstrip(" ")
    indent = len(line) - len(text) - (len(OVERFLOW) if OVERFLOW in line[: len(line) - len(text)] else 0)
    matched = REGION.fullmatch(text)
    if not matched or indent < 2 or indent % 2:
        form = (rf" *(?:{re.escape(OVERFLOW)})?", *PLACE_FORM, rf"(?:nv-)?(?:{KINDS})", r"\): ")
        raise source.unexpected(line, 'a region such as "  START-END (prio 0, ram): NAME"', number, form)
    if indent // 2 > DEEPEST:
        raise source.error(f"the region is {indent // 2} levels deep; at most {DEEPEST}", number)
    start, end, priority, volatility, kind, rest = matched.groups()
    if not -(1 << 31) <= int(priority) < 1 << 31:
        raise source.error(f"priority {priority} does not fit in 32 bits", number)
    rest, owner = split_owner(rest)
    disabled = rest.endswith(_DISABLED)
    if disabled:
        rest = rest[: -len(_DISABLED)]
    name, target, offset, offset_end = _alias(rest)
    return RegionLine(
        number, indent // 2, int(start, 16), int(end, 16), int(priority), kind, name,
        volatility is not None, target, offset, offset_end, disabled, owner,
    )  # fmt: skip


def _alias(text: str) -> tuple[str, str | None, int, int]:
    """The name, and of an alias the target and the window on it: ``alias NAME @TARGET START-END``."""
    window = _WINDOW.fullmatch(text[-_WINDOW_LENGTH:])
    if window and text.startswith("alias "):
        name, at, target = text[6:-_WINDOW_LENGTH].rpartition(" @")
        if at:
            return name, target, int(window[1], 16), int(window[2], 16)
    return text, None, 0, 0
