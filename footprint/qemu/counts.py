"""Counts of what ``info mtree`` and ``info mtree -f -d`` print, under the names of the model's metrics.

Only counting: the readers of these texts are in the room ``qemu``. The formats are in
docs/qemu-memory.md, "Flat form", "Dispatch form"; the dummy sections of a dispatch in QEMU commit
b9b1baa7bb (one since v4.2.0, four before).
"""

from __future__ import annotations

import re

_RANGE = re.compile(r"^  [0-9a-f]{16}-[0-9a-f]{16} \(prio ", re.MULTILINE)
_SECTION = re.compile(r"^      #\d+ @[0-9a-f]{16}\.\.", re.MULTILINE)
_NAMELESS = re.compile(r"^      #\d+ @[0-9a-f]{16}\.\.[0-9a-f]{16} \(noname\)", re.MULTILINE)
_NODE = re.compile(r"^      \[\d+\]$", re.MULTILINE)
_VIEW = re.compile(r"^FlatView #\d+$", re.MULTILINE)
_EMPTY = re.compile(r"^  No rendered FlatView$", re.MULTILINE)
_SPACE = re.compile(r"^address-space: ", re.MULTILINE)
ONE_DUMMY_SINCE = (4, 2)


def dummies(version: str) -> int:
    """How many dummy sections every dispatch of that release begins with."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return 1 if (major, minor) >= ONE_DUMMY_SINCE else 4


def count_spaces(tree: str) -> dict[str, int]:
    """``address_spaces`` of the text of ``info mtree``."""
    return {"address_spaces": len(_SPACE.findall(tree))}


def count_views(flat: str, version: str) -> dict[str, int]:
    """The counts of views, ranges, sections, nodes and subpages in the text of ``info mtree -f -d``.

    The empty view's dispatch is not printed: it has the dummy sections, and no node.
    """
    views, empty = len(_VIEW.findall(flat)), len(_EMPTY.findall(flat))
    first = dummies(version)
    return {
        "flatviews.alive": views,
        "flatviews.empty": empty,
        "dispatches.alive": views,
        "flat_ranges": len(_RANGE.findall(flat)),
        "sections": len(_SECTION.findall(flat)) + first * empty,
        "nodes": len(_NODE.findall(flat)),
        "subpages": len(_NAMELESS.findall(flat)) - first * (views - empty),
    }
