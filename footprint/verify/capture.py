"""Captures: what a real QEMU printed of its views, against those of the machine built again from its tree."""

from __future__ import annotations

from collections.abc import Iterable

from footprint.errors import FootprintError, InputFileError
from footprint.memory.rules import RuleSet
from footprint.qemu.capture import Capture
from footprint.qemu.flat import SpaceLine, ViewText
from footprint.reconstruct.match_views import Matching, Names, arrange, rules_of
from footprint.verify.difference import Style, difference
from footprint.verify.result import Mismatch, Verification


def verify_capture(capture: Capture, rules: RuleSet | None = None) -> Verification:
    """Build the machine of `capture` again under `rules` (those of its form), and compare every view.

    Compared: which spaces share a view, every flat range, physical section and radix node. Of each view
    the first difference is named. Raises InputFileError for a capture that no QEMU could have printed.
    """
    try:
        return _verify(capture, arrange(capture, rules or rules_of(capture)))
    except InputFileError:
        raise
    except FootprintError as error:
        raise InputFileError(capture.path, str(error)) from None


def _verify(capture: Capture, matching: Matching) -> Verification:
    result, style = Verification(capture.path), Style.of(capture.flat)
    strays: list[ViewText] = []
    for view, space in matching.pairs:
        result.views += 1
        if space is None:
            strays.append(view)
            continue
        different = difference(view, matching.ledger.view(space), style)
        if different is None:
            result.views_exact += 1
        else:
            result.mismatches.append(_mismatch(capture, view, *different))
    for view in strays:
        ours, theirs = _nearest(view, matching.left), _space_names(view.spaces)
        result.mismatches.append(_mismatch(capture, view, "address spaces that share the view", theirs, ours))
    if matching.left and not strays:
        users = _users(matching.left[0])
        result.mismatches.append(Mismatch(capture.path, f"view of {users}", "views", "no such view", users))
    result.guesses += matching.guesses
    return result


def _mismatch(capture: Capture, view: ViewText, what: str, expected: str, got: str) -> Mismatch:
    return Mismatch(capture.path, f"FlatView #{view.number} ({_space_names(view.spaces)})", what, expected, got)


def _space_names(spaces: Iterable[SpaceLine], most: int = 4) -> str:
    return _listed([space.name for space in spaces], most)


def _users(names: Names) -> str:
    return _listed([name for name, _ in names], 4)


def _listed(names: list[str], most: int) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _nearest(view: ViewText, left: list[Names]) -> str:
    """Who shares a view, in the model, with the first space of `view`."""
    first = view.spaces[0]
    for names in left:
        if any(name == first.name and root == (first.root or "") for name, root in names):
            return _users(names)
    return "no such address space" if not left else "other address spaces"
