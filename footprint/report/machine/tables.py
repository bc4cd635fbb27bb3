"""The tables under the pictures of a machine."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.memory.radix import NIL
from footprint.qemu.dispatch import NodeRuns
from footprint.recording.model import View
from footprint.report.formatting import NOTHING, count, plural
from footprint.report.machine.nodes import entry_size
from footprint.report.machine.sharing import families, shows, users
from footprint.report.machine.spans import Span, extent, short
from footprint.report.machine.tree import Tree
from footprint.report.section import Table, TableColumn

_MOST_ROWS = 1280
"""Rows of ranges on a page, shared among the views that are drawn."""
_MOST_FAMILIES = 200
_MOST_RUNS = 8
"""Runs of entries that a node's row tells."""


def views_table(views: Sequence[View]) -> Table:
    """The views by number."""
    private = any(view.device for view in views)
    columns = ("view", *(["private to"] if private else []), "alike", "spaces", "ranges", "sections", "nodes")
    rows = tuple(
        (
            f"{n} {short(view.root)}",
            *([short(view.device) if view.device else NOTHING] if private else []),
            *map(count, (view.alike + 1, users(view), view.range_count, view.section_count, view.node_count)),
        )
        for n, view in enumerate(views, 1)
    )
    head = tuple(TableColumn(label, number=n > private) for n, label in enumerate(columns))
    return Table("The views, and how many address spaces use each", head, rows, folded=False)


def spaces_table(views: Sequence[View]) -> Table:
    """Which address spaces use which view."""
    rows = []
    for n, view in enumerate(views, 1):
        of = f"{n} {short(view.root)}"
        rows += [(family.label, count(family.count), of, shows(view)) for family in families(view.spaces)]
        if view.spaces_alike > 0:
            each = " with views alike" if view.alike > 0 else ""
            rows.append((f"others{each}", count(view.spaces_alike), of, shows(view)))
    left = len(rows) - _MOST_FAMILIES
    columns = (
        TableColumn("address spaces"),
        TableColumn("how many", number=True),
        TableColumn("view"),
        TableColumn("it shows"),
    )
    more = f", {count(_MOST_FAMILIES)} of {plural(len(rows), 'row')}" if left > 0 else ""
    return Table(f"Address spaces by the view that they use{more}", columns, tuple(rows[:_MOST_FAMILIES]))


def ranges_table(n: int, view: View, every: Sequence[Span], drawn: int) -> Table:
    """The ranges of the view number `n`, one of `drawn`."""
    most = _MOST_ROWS // max(drawn, 1)
    columns = (
        TableColumn("start", number=True),
        TableColumn("end", number=True),
        TableColumn("size", number=True),
        TableColumn("region"),
        TableColumn("kind"),
        TableColumn("from offset", number=True),
    )
    rows = tuple(
        (
            f"{span.start:#x}",
            f"{span.end:#x}",
            extent(span.size),
            span.name,
            span.kind,
            f"{span.offset:#x}"[:24] if span.offset else NOTHING,
        )
        for span in every[:most]
    )
    said = f"the {plural(view.range_count, 'range')}"
    if len(rows) < view.range_count:
        said = f"{count(len(rows))} of {plural(view.range_count, 'range')}"
    return Table(f"View {n}: {said}, ends not included", columns, rows)


def nodes_table(n: int, view: View, tree: Tree) -> Table:
    """The nodes of the view number `n`."""
    columns = (
        TableColumn("node"),
        TableColumn("level", number=True),
        TableColumn("an entry spans", number=True),
        TableColumn("a lookup"),
        TableColumn("entries: skip and where they lead"),
    )
    rows = tuple(
        (
            f"[{node}]",
            count(tree.level[node]) if node in tree.level else NOTHING,
            entry_size(tree, tree.level[node]) if node in tree.level else NOTHING,
            "reads it" if node in tree.depth else "passes over it",
            _entries(runs),
        )
        for node, runs in enumerate(tree.nodes)
    )
    said = f"the {plural(view.node_count, 'node')}"
    if len(rows) < view.node_count:
        said = f"{count(len(rows))} of {plural(view.node_count, 'node')}"
    return Table(f"View {n}: {said} of the radix tree, in the order they were made", columns, rows)


def _entries(runs: NodeRuns) -> str:
    """The entries of a node that lead somewhere, as QEMU prints them."""
    said = [
        f"{first if first == last else f'{first}..{last}'}: skip {skip} → {f'[{ptr}]' if skip else f'#{ptr}'}"
        for first, last, skip, ptr in runs
        if ptr != NIL
    ]
    more = len(said) - _MOST_RUNS
    return "; ".join(said[:_MOST_RUNS]) + (f"; and {plural(more, 'more run')}" if more > 0 else "") or "all NIL"
