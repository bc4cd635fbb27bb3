"""Recording views that QEMU printed, where the tree is not there to play anything: they are counted as they are."""

from __future__ import annotations

from collections.abc import Sequence

from footprint.probes.printed_views import PrintedViews
from footprint.qemu.capture import Capture
from footprint.qemu.counts import counts_of_views
from footprint.qemu.flat import ViewText
from footprint.record.request import Outcome, Request
from footprint.recording.model import Number, Run, Sample

AS_PRINTED = "as printed"
"""In place of a rule set's name: nothing was modelled."""


def record_print(request: Request, capture: Capture) -> Outcome:
    """One run with one mark: the counts of the views in `capture`, and the views."""
    flat = capture.flat
    dispatches = [view.dispatch for view in flat.views if view.dispatch is not None]
    first = max((dispatch.dummies for dispatch in dispatches), default=1)
    metrics: dict[str, Number] = {
        **_spaces(flat.views),
        **counts_of_views(flat.views, first),
    }
    views = PrintedViews(flat, capture.tree, {}, first)
    run = Run(
        rules=AS_PRINTED,
        features={},
        samples=(Sample("built", 0, metrics),),
        what="what QEMU printed of its views",
        views=views.snapshots(),
        view_owners=views.owners(),
        owner_shares=views.shares(),
    )
    return Outcome(backend="printed", runs=(run,), notes=(*request.scenario.notes(None), *_untold(capture, metrics)))


def _spaces(views: Sequence[ViewText]) -> dict[str, Number]:
    """How many address spaces there are; nothing where somebody left those of a view out."""
    if all(view.spaces for view in views):
        return {"address_spaces": sum(len(view.spaces) for view in views)}
    return {}


def _untold(capture: Capture, metrics: dict[str, Number]) -> list[str]:
    """What such a text cannot tell."""
    notes = [
        "Not told: whose an address space is, and what other rule sets would give. That needs the memory tree (info "
        "mtree)."
    ]
    if "nodes" not in metrics:
        notes.append("Not told: sections and radix nodes. Those need info mtree -f -d.")
    if "address_spaces" not in metrics:
        lines = [capture.flat.source.place(view.line) for view in capture.flat.views if not view.spaces]
        notes.append(f"Not told: address spaces. Those of the view at line {lines[0]} are not printed.")
    if capture.flat.per_space:
        notes.append("Printed before 2.11, which has a view for each address space.")
    return notes
