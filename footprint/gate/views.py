"""Whose living views are, in sentences: which of them two runs do not share, and which are one device type's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from footprint.recording.model import Run, Sample, View, ViewOwner
from footprint.units import count_text

OF_VIEWS = ("flatviews.alive", "flatviews.allocated", "dispatches.alive", "flat_ranges", "sections", "nodes")
"""Metrics that grow with the living views, so that whose these are explains a broken rule."""
OF_SPACES = "address_spaces"
MOST_NAMED = 8
"""Owners named in one sentence; of more the rest is a number."""

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class OwnedViews:
    """How many living views of one owner two runs have; `owner` is a device type with a root, or the machine's root."""

    owner: ViewOwner
    first: int
    second: int

    @property
    def change(self) -> int:
        """The second run's views less the first's."""
        return self.second - self.first


def views_by_owner(first: Sequence[ViewOwner], second: Sequence[ViewOwner]) -> tuple[OwnedViews, ...]:
    """Every owner of living views in two runs: those whose views changed come first, the most changed of them."""
    before, after = _counts(first), _counts(second)
    owned = [OwnedViews(ViewOwner(key[1], after[key], key[0]), before[key], after[key]) for key in after | before]
    return tuple(sorted(owned, key=lambda each: (-abs(each.change), each.owner.device, each.owner.root)))


def compare_views(first: Run, second: Run) -> tuple[str, ...]:
    """What the second run's living views are against the first's; empty where one of the two did not keep them."""
    if not first.view_owners or not second.view_owners:
        return ()
    changes = changed_views(first.view_owners, second.view_owners)
    views = f"views: {changes}" if changes else _contents(first, second)
    spaces = _changed_spaces(first, second)
    return (views, f"address spaces: {spaces}") if spaces else (views,)


def _changed_spaces(first: Run, second: Run) -> str:
    """Which address spaces were gained and lost, by name; empty where one of the runs does not have all of them."""
    before, after = _space_names(first), _space_names(second)
    if before is None or after is None:
        return ""
    changes = {name: after[name] - before[name] for name in (after | before) if after[name] != before[name]}
    order = sorted(changes.items(), key=lambda item: (-abs(item[1]), item[0]))
    return _listed([f"{'+' if change > 0 else '−'}{count_text(abs(change))} `{name}`" for name, change in order])


def _space_names(run: Run) -> Counter[str] | None:
    """The address spaces by name; None where the views do not tell them all."""
    names: Counter[str] = Counter()
    for view in run.views:
        if view.spaces_alike != view.alike * len(view.spaces):
            return None
        for name in view.spaces:
            names[name] += view.alike + 1
    counts = [sample.metrics.get("address_spaces") for sample in run.samples]
    return names if names and names.total() in counts else None


def changed_views(first: Sequence[ViewOwner], second: Sequence[ViewOwner]) -> str:
    """Which views were gained and lost, by device type, the most first; empty where they have the same owners."""
    owned = views_by_owner(first, second)
    return _listed([f"{_signed(each.change)} of {each.owner.whose}" for each in owned if each.change])


def private_views(run: Run, sample: Sample) -> str:
    """Which of the views alive at `sample` are devices' own; empty where none is, or they are not known of it."""
    alive = sample.metrics.get("flatviews.alive")
    private = [owner for owner in run.view_owners if owner.device]
    if not private or alive != sum(owner.views for owner in run.view_owners):
        return ""
    total = sum(owner.views for owner in private)
    order = sorted(private, key=lambda owner: (-owner.views, owner.whose))
    each = _listed([f"{count_text(owner.views)} of {owner.whose}" for owner in order])
    return f"{_plural(total)} private to a device: {each}"


def named_spaces(run: Run, sample: Sample) -> str:
    """How the address spaces alive at `sample` are called; empty where not all of them are known by name."""
    names = _space_names(run)
    if names is None or names.total() != sample.metrics.get(OF_SPACES):
        return ""
    order = sorted(names.items(), key=lambda item: (-item[1], item[0]))
    return "spaces: " + _listed([f"{count_text(count)} `{name}`" for name, count in order])


def _counts(owners: Sequence[ViewOwner]) -> Counter[Key]:
    counts: Counter[Key] = Counter()
    for owner in owners:
        counts[owner.device, owner.root] += owner.views
    return counts


def _contents(first: Run, second: Run) -> str:
    """Whether as many views of the same owners also show the same, as far as the recordings have them."""
    alive = sum(owner.views for owner in first.view_owners)
    if not first.views or not second.views:
        return f"views: {_plural(alive)} alive in both, of the same devices"
    before, after = _shown(first.views), _shown(second.views)
    unmatched = [view for look in before.keys() ^ after.keys() for view in before.get(look, after.get(look, []))]
    differing = sorted({(view.device, view.root) for view in unmatched})
    if differing:
        names = _listed([_whose(key) for key in differing])
        return f"views: {_plural(alive)} alive in both, but not all have the same content: {names}"
    whole = sum(view.alike + 1 for view in first.views) == alive and all(map(_is_whole, (*first.views, *second.views)))
    reach = "to the last range and node" if whole else "in every range and node recorded"
    return f"views: {_plural(alive)} alive in both, the same {reach}"


def _shown(views: Sequence[View]) -> dict[object, list[View]]:
    """The views by what they show."""
    shown: dict[object, list[View]] = {}
    for view in views:
        look = (
            view.device, view.root, tuple(sorted(view.spaces)), view.ranges, view.range_count, view.alike,
            view.spaces_alike, view.levels, view.skip, view.ptr, view.nodes, view.node_count, view.section_count,
        )  # fmt: skip
        shown.setdefault(look, []).append(view)
    return shown


def _is_whole(view: View) -> bool:
    return len(view.ranges) == view.range_count and len(view.nodes) == view.node_count


def _whose(key: Key) -> str:
    device, root = key
    return ViewOwner(root, 1, device).whose


def _plural(views: int) -> str:
    return f"{count_text(views)} view{'' if views == 1 else 's'}"


def _signed(change: int) -> str:
    return f"{'+' if change > 0 else '−'}{_plural(abs(change))}"


def _listed(texts: Sequence[str]) -> str:
    shown = list(texts[:MOST_NAMED])
    if len(texts) > MOST_NAMED:
        shown.append(f"and {count_text(len(texts) - MOST_NAMED)} more")
    return ", ".join(shown)
