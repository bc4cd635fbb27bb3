"""The kinds of bytes that the model counts: what QEMU allocates for a view, by C structure."""

BYTE_KINDS = {
    "nodes": "radix nodes",
    "sections": "section arrays",
    "flat_ranges": "range arrays",
    "flatviews": "view structures",
    "dispatches": "dispatch structures",
    "subpages": "subpages",
}
"""What each kind is called, in the order in which they are shown; its metrics are ``modelled.KIND`` and
``modelled.KIND.ever``, its bytes come from footprint.memory.tallies.bytes_by_kind."""
