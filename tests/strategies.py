"""Hypothesis strategies: machines as operations on regions, by number."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

SIZES = (0, 1, 2, 0x10, 0x400, 0x800, 0x1000, 0x1800, 0x3400, 0x10000, 0x80000, 0x200000, 1 << 30, 1 << 40, 1 << 64)
ADDRESSES = (
    0, 1, 0x7F0, 0x800, 0x1000, 0x2000, 0x2400, 0x3400, 0x10000, 0x80000, 0x200000, 1 << 30, 1 << 39, 1 << 63,
    (1 << 64) - 0x1000, (1 << 64) - 0x800, (1 << 64) - 1,
)  # fmt: skip
KINDS = ("container", "container", "io", "io", "ram", "ram", "rom", "alias", "alias")
SETTERS = (
    "enabled",
    "enabled",
    "enabled",
    "size",
    "alias_offset",
    "readonly",
    "nonvolatile",
    "unmergeable",
    "romd_mode",
)
SPACE_KINDS = ("", "", "", "cpu", "cpu", "virtio-cfg")

Operation = tuple[Any, ...]

_regions = st.integers(0, 30)
_sizes = st.sampled_from(SIZES)
_addresses = st.sampled_from(ADDRESSES)
_priorities = st.sampled_from((0, 0, 0, 1, -1, 1000))


def operations(most: int = 40) -> st.SearchStrategy[list[Operation]]:
    """Sequences of calls on the memory API; regions and spaces are meant modulo how many there are."""
    create = st.tuples(st.just("create"), st.sampled_from(KINDS), _sizes, _regions, _addresses)
    add = st.tuples(st.just("add"), _regions, _addresses, _regions, _priorities)
    set_ = st.tuples(st.just("set"), _regions, st.sampled_from(SETTERS), st.booleans(), _sizes, _addresses)
    one = st.one_of(
        create, create, add, add, add,
        st.tuples(st.just("del"), _regions),
        st.tuples(st.just("move"), _regions, _addresses),
        set_, set_,
        st.tuples(st.just("log"), _regions, st.booleans()),
        st.tuples(st.just("space"), _regions, st.sampled_from(SPACE_KINDS)),
        st.tuples(st.just("space"), _regions, st.just("")),
        st.tuples(st.just("destroy"), _regions),
        st.tuples(st.just("finalize"), _regions),
        st.just(("begin",)), st.just(("commit",)), st.just(("settle",)),
    )  # fmt: skip
    return st.lists(one, min_size=5, max_size=most)
