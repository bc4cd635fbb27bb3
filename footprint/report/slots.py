"""Slots: what KVM and vhost went through while memory came and went."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.recording.model import Recording, Run
from footprint.report import references as refer
from footprint.report.bars import StackedBar, bar_picture, folded
from footprint.report.canvas import ACCENT, SERIES
from footprint.report.formatting import count, listed, plural, size
from footprint.report.section import Exhibit, LegendKey, Picture, Section, Table, TableColumn

_LISTENERS = {"kvm": "KVM", "vhost": "vhost"}
_MOST_STEPS = 16


def slots(recording: Recording, held: Sequence[refer.Reference] = ()) -> Section | None:
    """The section; None where no listener of these followed a space. `held` is what figures are held against."""
    heard = [(run, name) for run in recording.runs for name in _LISTENERS if _last(run, name)]
    if not heard:
        return None
    runs = list(dict.fromkeys(run.rules for run, _ in heard))
    worst = max((run for run, _ in heard), key=lambda run: _last(run, "kvm").get("moved.bytes", 0))
    pictures = [*(_calls(heard, name) for name in _LISTENERS if any(name == other for _, other in heard))]
    pictures += [_most(heard, held), *_steps(worst)]
    keys = (LegendKey("--s0", "region_add"), LegendKey("--s1", "region_del"), *refer.keys(_limits(heard, held)))
    lead = (
        "Whoever follows the memory map is told which ranges went and which came. Where neighbouring slots are merged "
        "into one range, one slot more means: the whole range goes, a longer one comes. " + _said(worst, len(runs))
    )
    return Section("Memory in slots", "slots", lead, (Exhibit(tuple(pictures), keys, (_table(heard),)),))


def _last(run: Run, name: str) -> dict[str, int]:
    """What the listener `name` had counted in the end."""
    for sample in reversed(run.samples):
        counted = {
            key.split(".", 2)[2]: int(n) for key, n in sample.metrics.items() if key.startswith(f"listener.{name}.")
        }
        if counted:
            return counted
    return {}


def _said(worst: Run, runs: int) -> str:
    counted = _last(worst, "kvm")
    if not counted.get("moved.bytes"):
        return f"Nothing that stayed was moved, in {plural(runs, 'run')}."
    return (
        f"Under {worst.rules} KVM takes out and puts back {size(counted['moved.bytes'])} that nobody touched, in "
        f"{plural(counted['gaps'], 'commit')}; in between, that memory is not there."
    )


def _calls(heard: list[tuple[Run, str]], name: str) -> Picture:
    rows = []
    for run, listener in heard:
        if listener == name:
            counted = _last(run, name)
            parts = ((counted["add"], SERIES[0]), (counted["del"], SERIES[1]))
            rows.append(
                StackedBar(run.rules, parts, f"{count(counted['add'])} + {count(counted['del'])}", runs=(run.rules,))
            )
    title = f"Calls that {_LISTENERS[name]} gets"
    rows = folded(rows)
    said = f"{title}: region_add and region_del. {listed(f'{row.label}: {row.text}' for row in rows)}."
    return bar_picture(title, rows, said, "From the first slot to the last one gone.")


_SLOTS = "listener.kvm.slots.most"


def _limits(heard: list[tuple[Run, str]], held: Sequence[refer.Reference]) -> list[refer.Reference]:
    return [row for run, name in heard if name == "kvm" for row in refer.about(held, _SLOTS, run)]


def _most(heard: list[tuple[Run, str]], held: Sequence[refer.Reference]) -> Picture:
    rows = []
    for run, name in heard:
        if name == "kvm":
            most = _last(run, name)["slots.most"]
            against = refer.signs(refer.about(held, _SLOTS, run))
            rows.append(StackedBar(run.rules, ((most, ACCENT),), count(most), runs=(run.rules,), against=against))
    note = f"The price of not merging, of some hundreds that KVM has. {refer.note(_limits(heard, held))}".strip()
    return bar_picture("Most memory slots in use at one time", folded(rows), note=note)


def _steps(run: Run) -> tuple[Picture, ...]:
    """What each change of the worst run moved, if it moved anything."""
    rows, before = [], 0
    for sample in run.samples:
        moved = sample.metrics.get("listener.kvm.moved.bytes")
        if moved is None or not sample.cycle:
            continue
        rows.append(StackedBar(f"{sample.mark} {sample.cycle}", ((moved - before, SERIES[1]),), size(moved - before)))
        before = int(moved)
    if not before:
        return ()
    shown = rows[:_MOST_STEPS]
    note = f"Under {run.rules}" + (
        "" if len(shown) == len(rows) else f"; the first {len(shown)} of {len(rows)} changes"
    )
    title = "Untouched memory that each change takes out and puts back"
    return (bar_picture(title, shown, note=f"{note}."),)


def _table(heard: list[tuple[Run, str]]) -> Table:
    names = ("add", "del", "nop", "moved.bytes", "gaps", "slots.most")
    rows = tuple(
        (
            run.rules,
            _LISTENERS[name],
            *(size(n) if what == "moved.bytes" else count(n) for what in names for n in [_last(run, name)[what]]),
        )
        for run, name in heard
    )
    heads = ("region_add", "region_del", "region_nop", "moved for nothing", "commits with a gap", "most slots")
    columns = (TableColumn("rule set"), TableColumn("listener"), *(TableColumn(head, number=True) for head in heads))
    return Table("What each listener heard, from the first slot to the last one gone", columns, rows, folded=False)
