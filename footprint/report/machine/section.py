"""The section: what is alive in the machine, under each rule set whose run kept its views."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from footprint.memory.radix import NIL
from footprint.recording.model import Recording, Run, View
from footprint.report.formatting import WHAT_IF, count, listed, names_of, plural
from footprint.report.machine.addresses import address_map, kind_keys
from footprint.report.machine.nodes import NODE_KEY, radix_tree
from footprint.report.machine.sharing import named_in_words, sharing, sharing_data, titled, users
from footprint.report.machine.spans import Span, extent, spans
from footprint.report.machine.tables import nodes_table, ranges_table, spaces_table, views_table
from footprint.report.machine.tree import Tree, tree
from footprint.report.section import Exhibit, Picture, Section

_MOST_DRAWN = 8
_LARGEST = 10**9

RunsAlike = list[tuple[tuple[Run, ...], tuple[View, ...]]]
"""Runs with the same views, and these."""
Numbered = tuple[int, View, tuple[Span, ...]]


def machine(recording: Recording) -> Section | None:
    """The section; None if no run kept its views.

    It tells of the last run that has them; beside it stands who shares what under the others, and what only they show.
    """
    alike = _runs_alike(recording)
    if not alike:
        return None
    runs, views = alike[-1]
    every = [(n, view, spans(view)) for n, view in enumerate(views, 1)]
    full = [row for row in every if row[2]]
    drawn = full[:_MOST_DRAWN]
    others = _only_elsewhere(alike)
    each = len(drawn) + len(others)
    return Section(
        "Machine",
        "machine",
        _lead(_told_of(runs), every, full[_MOST_DRAWN:]),
        (
            *_beside(recording, alike),
            *_shared(views, alone=len(alike) == 1),
            *(_view(f"View {n}: {titled(view)}", n, view, shown, first=n == drawn[0][0], drawn=each, runs=())
              for n, view, shown in drawn),
            *(_view(f"Only under {_named(recording, rules)}: {titled(view)}", n, view, shown, first=not drawn,
                    drawn=each, runs=rules)
              for n, view, shown, rules in others),
        ),
    )  # fmt: skip


_MOST_BESIDE = 12
"""Groups of rule sets whose sharing is drawn."""


def _runs_alike(recording: Recording) -> RunsAlike:
    """The runs that kept their views, neighbours with the same ones together; the last run's views in the end."""
    alike: RunsAlike = []
    looks: list[object] = []
    for run in recording.runs:
        own = list(map(_look, run.views))
        if own and looks and looks[-1] == own:
            alike[-1] = ((*alike[-1][0], run), run.views)
        elif own:
            alike.append(((run,), run.views))
            looks.append(own)
    return [(runs, tuple(map(_believable, views))) for runs, views in alike]


def _told_of(runs: Sequence[Run]) -> str:
    """The rule set that stands for all of them: the newest that some QEMU had, if there is one."""
    return next((run.rules for run in reversed(runs) if WHAT_IF not in run.rules), runs[-1].rules)


def _named(recording: Recording, rules: Sequence[str]) -> str:
    return names_of(rules, [run.rules for run in recording.runs])


def _beside(recording: Recording, alike: RunsAlike) -> tuple[Exhibit, ...]:
    """Who shares which view under each group of rule sets, side by side; nothing where there is only one."""
    if len(alike) < 2:
        return ()
    exhibits = []
    for runs, views in alike[-_MOST_BESIDE:]:
        alive = sum(view.alike + 1 for view in views)
        rules = tuple(run.rules for run in runs)
        title = f"{plural(alive, 'view')} for {plural(sum(map(users, views)), 'address space')}"
        data = sharing_data(views, f"sharing-{rules[-1]}")
        exhibits.append(
            Exhibit((Picture(title, sharing(views)),), title=_named(recording, rules), data=data, runs=rules)
        )
    return tuple(exhibits)


def _only_elsewhere(alike: RunsAlike) -> list[tuple[int, View, tuple[Span, ...], tuple[str, ...]]]:
    """Views that the last runs do not have: number, view, what it shows, and under which rule sets."""
    known = {_shape(view) for view in alike[-1][1]}
    only: dict[object, tuple[int, View, list[str]]] = {}
    for runs, views in reversed(alike[:-1]):
        for n, view in enumerate(views, 1):
            if view.ranges and _shape(view) not in known:
                only.setdefault(_shape(view), (n, view, []))[2].extend(run.rules for run in runs)
    return [(n, view, spans(view), tuple(rules)) for n, view, rules in list(only.values())[:_MOST_ELSEWHERE]]


_MOST_ELSEWHERE = 6


def _shape(view: View) -> object:
    """What a view shows, whoever uses it and whatever its root is called: that is what its map and its tree draw.

    The numbers of sections are left out: they begin behind the dummies, of which there were four, and are one.
    """
    nodes = tuple(
        tuple((first, last, skip, ptr if skip else ptr == NIL) for first, last, skip, ptr in node)
        for node in view.nodes
    )
    return view.ranges, view.range_count, nodes, view.node_count, view.skip, view.ptr


def _look(view: View) -> object:
    """What the picture of who shares which view tells of one."""
    return (
        view.root, view.device, view.spaces, view.range_count, view.node_count, view.alike, view.spaces_alike,
    )  # fmt: skip


def _believable(view: View) -> View:
    """The view with counts that are none less than what they count, nor beyond all measure."""
    least = {
        "alike": 0,
        "spaces_alike": 0,
        "range_count": len(view.ranges),
        "node_count": len(view.nodes),
        "section_count": 0,
    }
    return msgspec.structs.replace(
        view, **{name: min(max(getattr(view, name), n), _LARGEST) for name, n in least.items()}
    )


def _lead(rules: str, every: list[Numbered], left_out: list[Numbered]) -> str:
    """How many views serve how many spaces, and what has no picture."""
    alive = sum(view.alike + 1 for _, view, _ in every)
    served = sum(users(view) for _, view, _ in every)
    said = [
        f"What is alive under {rules}: {plural(alive, 'view')} for {plural(served, 'address space')}."
        + (" Views that look alike are drawn once." if alive > len(every) else "")
    ]
    empty = [(n, view) for n, view, _ in every if not view.range_count]
    if empty:
        said.append(
            f"{_numbered(len(empty))} {named_in_words(empty)} {'shows' if len(empty) == 1 else 'show'} nothing."
        )
    for same in _equal(every):
        said.append(f"Views {listed(map(str, same))} show the same ranges and are no one view.")
    if left_out:
        names = named_in_words([(n, view) for n, view, _ in left_out])
        said.append(f"Without a map of their own: {_numbered(len(left_out)).lower()} {names}.")
    return " ".join(said)


def _equal(every: list[Numbered]) -> list[list[int]]:
    """The numbers of views that show the same, and are whole."""
    alike: dict[tuple[Span, ...], list[int]] = {}
    for n, view, shown in every:
        if shown and len(shown) == view.range_count:
            alike.setdefault(shown, []).append(n)
    return [numbers for numbers in alike.values() if len(numbers) > 1]


def _numbered(views: int) -> str:
    return "View" if views == 1 else "Views"


def _shared(views: tuple[View, ...], *, alone: bool) -> tuple[Exhibit, ...]:
    """Who uses which view: the picture, if it does not stand beside others, and the views in figures."""
    if not alone:
        return (Exhibit(tables=(views_table(views), spaces_table(views)), title="The views in figures"),)
    picture = Picture(
        "Who shares which view",
        sharing(views),
        "A ribbon grows with every doubling of the address spaces that it stands for.",
    )
    return (
        Exhibit((picture,), tables=(spaces_table(views),), title="Address spaces and views"),
        Exhibit(tables=(views_table(views),), title="The views in figures"),
    )


def _view(
    title: str, n: int, view: View, every: tuple[Span, ...], *, first: bool, drawn: int, runs: tuple[str, ...]
) -> Exhibit:
    """A view: its map and its tree, side by side, one of `drawn`. How to read them is told at the `first`."""
    radix = tree(view, every)
    maps = Picture(_map_title(view, every), address_map(view, every), _map_note(every, first=first))
    tables = [ranges_table(n, view, every, drawn)]
    pictures, keys = [maps], kind_keys(every)
    if radix is not None:
        pictures.append(Picture(_tree_title(view, radix), radix_tree(radix), _tree_note(view, radix, first=first)))
        tables.append(nodes_table(n, view, radix))
        keys = (*keys, NODE_KEY)
    return Exhibit(tuple(pictures), keys, tuple(tables), title=title, runs=runs)


def _map_title(view: View, every: tuple[Span, ...]) -> str:
    if len(every) < view.range_count:
        return f"Address map: {count(len(every))} of {plural(view.range_count, 'range')}"
    return f"Address map: {plural(view.range_count, 'range')}"


def _tree_title(view: View, radix: Tree) -> str:
    """The nodes in figures."""
    read, passed = len(radix.depth), len(radix.passed)
    if len(radix.nodes) < view.node_count:
        return f"Radix tree: the first {count(len(radix.nodes))} of {plural(view.node_count, 'node')}"
    return f"Radix tree: {plural(view.node_count, 'node')}, {count(read)} read, {count(passed)} passed over"


def _map_note(every: tuple[Span, ...], *, first: bool) -> str:
    """How much is shown, of how much; at the first, how to read the picture."""
    shown, reach = sum(span.size for span in every), every[-1].end
    said = "No gaps." if shown == reach else f"{extent(shown)} shown in the first {extent(reach)}."
    return f"{said} Heights grow with each doubling of the size; gaps are folded." if first else said


def _tree_note(view: View, radix: Tree, *, first: bool) -> str:
    """What a lookup costs; at the first, how to read the picture."""
    few, most = radix.reads
    cost = (
        "no node" if most == 0 else plural(most, "node") if few == most else f"{count(few)} to {plural(most, 'node')}"
    )
    said = f"A lookup reads {cost}."
    if len(radix.nodes) < view.node_count:
        said = f"As far as nodes were recorded, a lookup reads {cost}."
    if not first:
        return said
    return f"{said} At the left what an entry spans; broken frames are nodes allocated, then passed over by a skip."
