"""Who owns what is alive: by rule set, type of device, device and view, as icicles and one table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

from footprint.recording.model import SHARED, OwnerShare, Recording, Run
from footprint.report.formatting import NOTHING, WHAT_IF, count, percent, plural, size
from footprint.report.icicle import Slice, icicle
from footprint.report.machine.spans import short
from footprint.report.section import Exhibit, Picture, PictureData, Section, Table, TableColumn

_MOST_PICTURES = 12
_MOST_ROWS = 300
_DEVICES = ("--s0", "--s1", "--s2", "--s3", "--s5", "--s4")
MACHINE, SEVERAL, OTHER = "the machine itself", "shared by several owners", "not told which device"
_NO_DEVICE = "of no device"

_NOBODYS = {MACHINE: "--s6", SEVERAL: "--s7"}
"""Colours of what no device owns; the types of devices have the others in turn."""

_COUNTS = ("views", "bytes", "spaces", "nodes", "nodes_allocated", "sections", "ranges", "subpages")
_HEADINGS = ("views", "bytes", "spaces", "nodes used", "nodes allocated", "sections", "ranges", "subpages")

OwnersAlike = list[tuple[tuple[Run, ...], tuple[OwnerShare, ...]]]
"""Runs in which everybody owns the same, with what that is."""


def owners(recording: Recording) -> Section | None:
    """The section; None if no run says whose anything is."""
    alike = runs_alike(recording, _look)
    if not alike:
        return None
    drawn, left_out = alike[-_MOST_PICTURES:], len(alike) - _MOST_PICTURES
    # One picture alone is the page's first.
    exhibits = tuple(_exhibit(*told) for told in drawn) if len(alike) > 1 else ()
    exact = runs_alike(recording)
    newest = _table([_newest(exact)], f"Who owns what is in use under {rules_text(_newest(exact)[0])}", folded=False)
    every = (_table(exact, "The same under every rule set", folded=True),) if len(exact) > 1 else ()
    tables = Exhibit(tables=(newest, *every), data=_data(recording))
    lead = _lead(*_newest(alike), drawn=bool(exhibits))
    if left_out > 0:
        lead += f" The first {plural(left_out, 'rule set')} that differ stand in the table only."
    return Section("Who owns it", "owners", lead, (*exhibits, tables))


def runs_alike(recording: Recording, look: Callable[[OwnerShare], object] = lambda share: share) -> OwnersAlike:
    """The runs that tell owners, neighbours whose shares have the same `look` as one; a what-if stands alone."""
    alike: OwnersAlike = []
    looks: list[object] = []
    for run in recording.runs:
        if run.owner_shares:
            own = (WHAT_IF in run.rules and run.rules, tuple(map(look, run.owner_shares)))
            if looks and looks[-1] == own:
                alike[-1] = ((*alike[-1][0], run), alike[-1][1])
            else:
                alike.append(((run,), run.owner_shares))
                looks.append(own)
    return alike


def _look(share: OwnerShare) -> object:
    """What a picture shows of a share: not the few bytes by which structures grew from one release to the next."""
    return share.root, share.device, share.name, share.spaces, share.views, share.nodes, size(share.bytes)


def _newest(alike: OwnersAlike) -> tuple[tuple[Run, ...], tuple[OwnerShare, ...]]:
    """The last that is no what-if, if there is one."""
    return next((told for told in reversed(alike) if WHAT_IF not in told[0][0].rules), alike[-1])


def weight_of(shares: Sequence[OwnerShare]) -> tuple[str, Callable[[float], str]]:
    """What the widths of a picture count, and how that is said: bytes where they are modelled, else nodes or views."""
    for name, words in (("bytes", size), ("nodes", lambda n: plural(int(n), "node"))):
        if any(getattr(share, name) for share in shares):
            return name, words
    return "views", lambda n: plural(int(n), "view")


def whose(share: OwnerShare) -> str:
    """The type of the owner, in words."""
    return short(share.device) or (SEVERAL if share.name == SHARED else MACHINE)


def owner_name(share: OwnerShare) -> str:
    """Which of that type."""
    if share.name == SHARED:
        return "shared"
    if not share.name:
        return NOTHING if not share.device else OTHER
    return f"{count(share.owners)} × {short(share.name)}" if share.owners > 1 else short(share.name)


def whole(runs: Sequence[Run], shares: Sequence[OwnerShare]) -> Slice:
    """What is alive, its owners' types, their devices and the views of these."""
    name, words = weight_of(shares)

    def part(label: str, own: Sequence[OwnerShare], parts: tuple[Slice, ...] = (), colour: str = "") -> Slice:
        weight = sum(getattr(share, name) for share in own)
        views = sum(share.views for share in own)
        figures = words(weight) if name == "views" else f"{words(weight)}, {plural(views, 'view')}"
        return Slice(label, weight, figures, parts, colour)

    types, colours = [], cycle(_DEVICES)
    for kind, of_type in _grouped(shares, whose).items():
        devices = [
            part(
                _NO_DEVICE if device == NOTHING else device,
                own,
                tuple(part(short(share.root), [share]) for share in own),
            )
            for device, own in _grouped(of_type, owner_name).items()
        ]
        types.append(part(kind, of_type, tuple(devices), _NOBODYS.get(kind) or next(colours)))
    return part(f"alive under {rules_text(runs)}", shares, tuple(types))


def rules_text(runs: Sequence[Run]) -> str:
    """The rule sets of `runs`, which are neighbours."""
    return runs[0].rules if len(runs) == 1 else f"{runs[0].rules} to {runs[-1].rules}"


def _grouped(shares: Sequence[OwnerShare], key: Callable[[OwnerShare], str]) -> dict[str, list[OwnerShare]]:
    groups: dict[str, list[OwnerShare]] = {}
    for share in shares:
        groups.setdefault(key(share), []).append(share)
    return groups


def owners_picture(runs: Sequence[Run], shares: Sequence[OwnerShare], **looks: float) -> str:
    """The icicle of one group of runs."""
    tree = whole(runs, shares)
    said = "; ".join(f"{part.name}: {part.words}" for part in sorted(tree.parts, key=lambda part: -part.size)[:8])
    return icicle(
        tree, f"Who owns what is {tree.name}: {tree.words}. {said}.", runs=[run.rules for run in runs], **looks
    )


def _exhibit(runs: tuple[Run, ...], shares: tuple[OwnerShare, ...]) -> Exhibit:
    spaces = sum(share.spaces for share in shares)
    title = f"{plural(sum(share.views for share in shares), 'view')} for {plural(spaces, 'address space')}"
    return Exhibit(
        (Picture(title, owners_picture(runs, shares)),),
        title=rules_text(runs),
        runs=tuple(run.rules for run in runs),
    )


def _lead(runs: tuple[Run, ...], shares: tuple[OwnerShare, ...], *, drawn: bool) -> str:
    """Who has most, in a sentence, and how to read the pictures."""
    name, words = weight_of(shares)
    total = sum(getattr(share, name) for share in shares)
    if not total:
        return f"Under {rules_text(runs)} no view is in use."
    by_type = _grouped(shares, whose)
    most = max(by_type, key=lambda kind: sum(getattr(share, name) for share in by_type[kind]))
    own = by_type[most]
    part, views = sum(getattr(share, name) for share in own), sum(share.views for share in own)
    owners_of = sum({share.name: share.owners for share in own}.values())
    whom = {SEVERAL: "are shared by several owners", MACHINE: "belong to the machine itself"}.get(
        most, f"belong to {count(owners_of)} {most}" if owners_of > 1 else f"belong to one {most}"
    )
    said = (
        f"Under {rules_text(runs)}, {percent(part, total)} of the {words(total)} in use "
        f"({plural(views, 'view')}) {whom}."
    )
    reading = (
        " From top to bottom: all that is in use, the types of its owners, their devices, the roots of their views; "
        f"each as wide as its {name}."
    )
    return said + (reading if drawn else "")


def _table(alike: OwnersAlike, caption: str, *, folded: bool) -> Table:
    """Every share of every group of runs, the largest first within each; what there is no room for is summed."""
    # Of a real QEMU nobody knows the bytes of each view; and one rule set is in the caption.
    every = [share for _, shares in alike for share in shares]
    counts = [name for name in _COUNTS if name in ("views", "spaces") or any(getattr(share, name) for share in every)]
    heads = ("owner", "rule set", "device", "views of") if len(alike) > 1 else ("owner", "device", "views of")
    headings = dict(zip(_COUNTS, _HEADINGS, strict=True))
    columns = (*map(TableColumn, heads), *(TableColumn(headings[name], number=True) for name in counts))
    rows: list[tuple[str, ...]] = []
    own: dict[int, tuple[str, ...]] = {}
    room = max(_MOST_ROWS // len(alike), 4)
    for runs, shares in alike:
        name, _ = weight_of(shares)
        order = sorted(shares, key=lambda share: (-getattr(share, name), -share.views, -share.spaces))
        kept, rest = (order, []) if len(order) <= room else (order[: room - 1], order[room - 1 :])
        under = (rules_text(runs),) if len(alike) > 1 else ()
        told = [((whose(share), *under, owner_name(share), short(share.root)), [share]) for share in kept]
        if rest:
            told.append(((f"{count(len(rest))} more", *under, NOTHING, NOTHING), rest))
        for head, summed in told:
            own[len(rows)] = tuple(run.rules for run in runs)
            rows.append((*head, *(_count(summed, name) for name in counts)))
    return Table(caption, columns, tuple(rows), folded=folded, runs=own)


def _count(shares: Sequence[OwnerShare], name: str) -> str:
    n = sum(getattr(share, name) for share in shares)
    return size(n) if name == "bytes" else count(n)


def _data(recording: Recording) -> PictureData:
    return PictureData(
        f"{recording.scenario}-owners",
        ("rule set", "device type", "device", "owners", "root", *_COUNTS),
        tuple(
            (run.rules, whose(share), share.name, share.owners, share.root, *(getattr(share, name) for name in _COUNTS))
            for run in recording.runs
            for share in run.owner_shares
        ),
    )
