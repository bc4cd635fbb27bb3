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
    if not (capture.has_tree and capture.has_views):
        there, missing = ("views", "info mtree") if capture.has_views else ("memory tree", "info mtree -f -d")
        raise InputFileError(
            capture.path,
            f"has only the {there}, so there is nothing to compare: verify needs the answer to {missing!r} as well",
        )
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
    result.repairs += capture.repairs
    reason = _missing(capture, matching) if result.mismatches else None
    if reason is not None:
        raise InputFileError(capture.path, f"cannot be compared: {reason[0]}", line=reason[1])
    return result


def _missing(capture: Capture, matching: Matching) -> tuple[str, int] | None:
    """What a text lacks that somebody cut, and a line: differences may come from that, and say nothing of QEMU."""
    if capture.holes:
        return "lines were left out here, and the views do not fit what is left", capture.holes[0]
    if matching.machine.forest.lost:
        alias = matching.machine.forest.lost[0].line
        where = capture.tree.source.place(alias.line)
        return f"alias {alias.name!r} shows {alias.target!r}, which is not printed; add its memory-region block", where
    if not capture.is_foreign:
        return None
    known = {name for name, _ in matching.machine.spaces}
    for view in capture.flat.views:
        for space in view.spaces:
            if space.name not in known:
                where = capture.flat.source.place(view.line)
                return f"the tree has no address space {space.name!r}, which the views show", where
    shown = {space.name for view in capture.flat.views for space in view.spaces}
    for block in capture.tree.blocks:
        for name in block.spaces:
            if name not in shown:
                where = capture.tree.source.place(block.line)
                return f"the views do not show address space {name!r}, which the tree has", where
    return None


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
