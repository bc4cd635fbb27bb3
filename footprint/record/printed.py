"""A capture as a recording: what its QEMU printed, without the model, to be compared with another's."""

from __future__ import annotations

from pathlib import Path

from footprint.probes.printed_views import PrintedViews
from footprint.qemu.capture import Capture, read_capture
from footprint.qemu.command_devices import device_types
from footprint.qemu.counts import counts_of_tree, counts_of_views
from footprint.recording.model import SCHEMA, Number, Recording, Run, Sample

CAPTURED = "captured"
"""The scenario of every capture: any two of them can be compared."""
_DUMMIES = 1
"""Dummy sections of a dispatch where no view tells."""


def printed_recording(path: Path) -> Recording | None:
    """What the capture in `path` has of its QEMU, at the mark ``built``; None where it has no views.

    Raises InputFileError.
    Its run is called ``qemu-VERSION``, or like the file where the capture does not tell the version.
    """
    capture = read_capture(path)
    if not capture.has_views:
        return None
    version = capture.other.get("version")
    name = f"qemu-{version}" if isinstance(version, str) else path.name
    views = capture.flat.views
    first = max((view.dispatch.dummies for view in views if view.dispatch is not None), default=_DUMMIES)
    metrics: dict[str, Number] = {**_spaces(capture), **counts_of_views(views, first), **_lives(capture)}
    printed = PrintedViews(capture.flat, capture.tree, device_types(capture.command), first)
    run = Run(
        name, {}, (Sample("built", 0, metrics),), views=printed.snapshots(), view_owners=printed.owners(),
        owner_shares=printed.shares(),
        what=f"as captured in {path.name}",
    )  # fmt: skip
    return Recording(SCHEMA, CAPTURED, {}, "qemu", {"capture": path.name}, (run,))


def _spaces(capture: Capture) -> dict[str, int]:
    if capture.has_tree:
        return counts_of_tree(capture.tree)
    return {"address_spaces": sum(len(view.spaces) for view in capture.flat.views)}


def _lives(capture: Capture) -> dict[str, Number]:
    """Views created and freed since the start, where the capture was asked for them."""
    trace = capture.other.get("trace")
    if not isinstance(trace, dict):
        return {}
    counted = {f"flatviews.{name}": trace.get(name) for name in ("created", "freed")}
    return {name: value for name, value in counted.items() if isinstance(value, int)}
