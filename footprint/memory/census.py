"""The census: every count of a ledger, by metric name (footprint.recording.metrics says what each is)."""

from __future__ import annotations

from footprint.memory.ledger import Ledger


def census(ledger: Ledger) -> dict[str, int]:
    """What exists under the ledger's rule set, and what has happened, now."""
    alive, nodes_allocated = ledger.alive()
    account = ledger.account
    now, peak, ever, freed = account.allocated, account.peak, account.ever, account.reclaimer.freed
    created = ever.views + ever.given_up
    counts = {
        "address_spaces": len(ledger.spaces),
        "flatviews.alive": alive.views,
        "flatviews.empty": alive.empty,
        "flatviews.created": created,
        "flatviews.freed": freed,
        "flatviews.allocated": created - freed,
        "flatviews.peak": peak.views,
        "flatviews.held": int(ledger.reader.is_last),
        "flatviews.freed_in_use": ledger.reader.freed_in_use,
        "flatviews.freed_twice": ledger.reader.freed_twice,
        "dispatches.alive": alive.dispatches,
        "dispatches.created": ever.dispatches,
        "flat_ranges": alive.ranges,
        "sections": alive.sections,
        "nodes": alive.nodes,
        "nodes.allocated": nodes_allocated,
        "subpages": alive.subpages,
        "flat_ranges.ever": ever.inserted,
        "sections.ever": ever.sections,
        "nodes.ever": ever.nodes,
        "subpages.ever": ever.subpages,
        "commits": ledger.commits,
        "modelled.bytes": now.bytes,
        "modelled.bytes.peak": peak.bytes,
        "modelled.resident": now.resident,
        "modelled.resident.peak": peak.resident,
    }
    for kind, weight in account.bytes_of(alive, nodes_allocated).items():
        counts[f"modelled.{kind}"] = weight
    ever_views = ever._replace(views=created)
    for kind, weight in account.bytes_of(ever_views, account.nodes_ever).items():
        counts[f"modelled.{kind}.ever"] = weight
    for name, value in ledger.policies.sharing.counts().items():
        if not isinstance(value, int):
            raise TypeError(f"counts() gives {value!r} for {name!r}, which is not a whole number")
        counts[f"rule.{name}"] = value
    return counts
