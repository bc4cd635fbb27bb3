"""Counts of what a running QEMU answers to ``info mtree`` and ``info mtree -f -d``, under the names of metrics.

The texts are read by footprint.qemu.mtree and footprint.qemu.flat, like those of a capture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from footprint.errors import InputFileError, MeasurementError
from footprint.qemu.flat import ViewText, read_flat
from footprint.qemu.lines import Source
from footprint.qemu.mtree import MtreeText, read_mtree

ONE_DUMMY_SINCE = (4, 2)
"""QEMU commit b9b1baa7bb; before, every dispatch began with four dummy sections."""

_Text = TypeVar("_Text")


def dummies(version: str) -> int:
    """How many dummy sections every dispatch of that release begins with."""
    major, minor = (int(part) for part in version.split(".")[:2])
    return 1 if (major, minor) >= ONE_DUMMY_SINCE else 4


def count_spaces(answer: str) -> dict[str, int]:
    """``address_spaces`` in the answer to ``info mtree``. Raises MeasurementError where it cannot be read."""
    return counts_of_tree(_parsed(answer, read_mtree, "info mtree"))


def counts_of_tree(tree: MtreeText) -> dict[str, int]:
    """``address_spaces`` of the tree that a QEMU printed."""
    return {"address_spaces": sum(len(block.spaces) for block in tree.blocks)}


def count_views(answer: str, version: str) -> dict[str, int]:
    """The counts of views, ranges, sections, nodes and subpages in the answer to ``info mtree -f -d``.

    The empty view's dispatch is not printed: it has the dummy sections of QEMU `version`, and no node.
    Raises MeasurementError where the answer cannot be read.
    """
    return counts_of_views(_parsed(answer, read_flat, "info mtree -f -d").views, dummies(version))


def counts_of_views(views: Sequence[ViewText], first: int) -> dict[str, int]:
    """The same of the views that a QEMU printed, each of whose dispatches begins with `first` dummy sections.

    Where dispatches are not printed (without ``-d``, or cut away) there are no counts of sections and nodes.
    """
    dispatches = [view.dispatch for view in views if view.dispatch is not None]
    empty = sum(not view.ranges for view in views)
    if len(dispatches) < len(views) - empty:
        return {
            "flatviews.alive": len(views),
            "flatviews.empty": empty,
            "dispatches.alive": len(views),
            "flat_ranges": sum(len(view.ranges) for view in views),
        }
    nameless = sum(section.name is None for dispatch in dispatches for section in dispatch.sections)
    return {
        "flatviews.alive": len(views),
        "flatviews.empty": empty,
        "dispatches.alive": len(views),
        "flat_ranges": sum(len(view.ranges) for view in views),
        "sections": sum(len(dispatch.sections) for dispatch in dispatches) + first * empty,
        "nodes": sum(len(dispatch.nodes) for dispatch in dispatches),
        "subpages": nameless - first * (len(views) - empty),
    }


def _parsed(answer: str, read: Callable[[str, Source], _Text], command: str) -> _Text:
    try:
        return read(answer, Source("QEMU", command))
    except InputFileError as error:
        raise MeasurementError(f"what QEMU answered cannot be read: {error}") from None
