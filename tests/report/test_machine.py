import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footprint.recording import Recording
from footprint.recording.model import Stretch, View
from footprint.report.machine.addresses import address_map
from footprint.report.machine.section import machine
from footprint.report.machine.sharing import Family, families, sharing
from footprint.report.machine.spans import Span, address, bands, extent, spans
from footprint.report.page import render

from . import made
from .made import recording, run, view
from .test_page import HOSTILE, Outline
from .test_sections import plain


def texts(svg):
    return [plain(text).strip() for text in Outline(svg).text if text.strip()]


def drawn(one):
    return texts(address_map(one, spans(one)))


def span(start, end, kind="ram", name="a", offset=0):
    return Span(start, end, name, kind, offset)


def test_a_recording_without_views_has_no_machine_section():
    assert machine(recording()) is None
    assert machine(recording(run())) is None


def test_the_machine_is_that_of_the_last_run_that_has_views():
    section = machine(recording(run("old", views=(view("before"),)), run("new", views=(view("after"),)), run("none")))
    assert "alive under new: 1 view for 1 address space." in plain(section.lead)
    assert section.exhibits[-1].title == "View 1: after"


def test_the_lead_counts_views_alike_and_names_those_that_show_nothing():
    alike = view("bus", ranges=0, spaces=("VGA",), alike=297, spaces_alike=297)
    assert plain(machine(made.machine(view(ranges=1), alike, view("(none)", ranges=0))).lead) == (
        "What is alive under new: 300 views for 300 address spaces. Views that look alike are drawn once. "
        "Views 2 (bus) and 3 (none) show nothing."
    )


def test_views_that_show_the_same_without_being_one_are_named():
    lead = machine(made.machine(view("system"), view("other", ranges=3), view("memory"))).lead
    assert "Views 1 and 3 show the same ranges" in lead


def test_at_most_eight_views_are_drawn_and_the_rest_is_named():
    section = machine(made.machine(*(view("root", ranges=n + 1) for n in range(9)), view("last", ranges=20)))
    assert [one.title for one in section.exhibits[2:]] == [f"View {n}: root" for n in range(1, 9)]
    assert "Without a map of their own: views 9 (root) and 10 (last)." in section.lead
    assert len(section.exhibits[1].tables[0].rows) == 10


def test_names_alike_but_for_a_number_are_one_family_with_a_count():
    names = ["memory", *(f"cpu-memory-{n}" for n in range(255)), "pci-bridge", "pci-bridge", "a1b", "a2b"]
    assert families(names) == (
        Family("memory", 1),
        Family("cpu-memory-0 … 254", 255),
        Family("pci-bridge", 2),
        Family("a1b … a2b", 2),
    )


def test_spaces_beyond_those_that_a_picture_has_room_for_are_counted():
    crowd = view(spaces=tuple(letter * 3 for letter in "abcdefgh"), spaces_alike=90, alike=9)
    shown = texts(sharing((crowd,)))
    assert "and 93 others" in shown
    assert "×10" in shown


def test_a_table_says_what_the_picture_of_the_spaces_says():
    table = machine(made.machine(view(spaces=("memory", "cpu-0", "cpu-1")))).exhibits[0].tables[0]
    assert [row[:3] for row in table.rows] == [("memory", "1", "1 system"), ("cpu-0 … 1", "2", "1 system")]


def test_a_map_gives_the_addresses_at_the_edges_and_the_size_of_each_gap():
    assert drawn(view(ranges=2)) == [
        "0x0", "4 KiB", "part-0", "0x1000", "⋮ 4 KiB", "0x2000", "4 KiB", "part-1", "0x3000",
    ]  # fmt: skip


def test_a_map_of_the_whole_space_and_an_offset():
    one = View("x", (), (Stretch("0x8000000000000000", hex(1 << 64), "high", "i/o", "0x20000"),), 1)
    assert drawn(one) == [
        "0x0", "⋮ 8 EiB", "0x8000 0000 0000 0000", "8 EiB", "high", "@0x20000", "0x1 0000 0000 0000 0000",
    ]  # fmt: skip


def test_a_cut_view_says_so_above_the_map_and_above_the_table():
    ranges = view(ranges=400).ranges
    exhibit = machine(made.machine(View("r", ("m",), ranges, 1203))).exhibits[2]
    assert plain(exhibit.pictures[0].title) == "Address map: 400 of 1 203 ranges"
    assert "400 of 1 203 ranges" in plain(exhibit.tables[0].caption)
    assert len(exhibit.tables[0].rows) == 400


def test_many_tiny_neighbours_of_one_kind_are_one_band():
    tiny = [span(n * 8, n * 8 + 8, "i/o", f"r{n}") for n in range(100)]
    around = [*tiny, span(0x1000, 1 << 30), span(1 << 40, 1 << 41)]
    assert [len(band.spans) for band in bands(around, 20)] == [100, 1, 1]
    assert [len(band.spans) for band in bands(around, 200)] == [1] * 102


def test_what_cannot_be_folded_is_left_out_with_a_count():
    ranges = tuple(Stretch(hex(n << 20), hex(n + 1 << 20), "x", ("ram", "i/o")[n % 2]) for n in range(100))
    assert "⋮ 71 more ranges" in drawn(View("r", (), ranges, 100))


@settings(max_examples=50, deadline=None)
@given(st.sets(st.integers(0, 1 << 64), max_size=60), st.integers(1, 40))
def test_bands_are_the_spans_in_their_order(cuts, most):
    cuts = sorted(cuts)
    every = [span(start, end, "ram" if start % 3 else "i/o") for start, end in zip(cuts[::2], cuts[1::2], strict=False)]
    found = bands(every, most)
    assert [one for band in found for one in band.spans] == every
    assert all(len({one.kind for one in band.spans}) == 1 for band in found)


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (1, "1 B"),
        (4096, "4 KiB"),
        (5000, "4.88 KiB"),
        (1 << 64, "16 EiB"),
        (1004 << 10, "1 004 KiB"),
        (1023, "1 023 B"),
    ],
)
def test_an_extent_has_decimals_only_where_it_needs_them(n, text):
    assert plain(extent(n)) == text


def test_an_address_has_groups_of_four_digits():
    assert [plain(address(n)) for n in (0, 0xFFFF, 0x12345, 1 << 64)] == [
        "0x0", "0xffff", "0x1 2345", "0x1 0000 0000 0000 0000",
    ]  # fmt: skip


def test_the_tree_says_what_a_lookup_reads_and_has_a_table_of_all_nodes():
    leaf = ((0, 0, 0, 1), (1, 511, 1, (1 << 26) - 1))
    ram = (Stretch("0x0", "0x40000000", "ram", "ram"),)
    one = View("ram", ("m",), ram, 1, levels=6, skip=0, ptr=1, nodes=(leaf,) * 4, node_count=4, section_count=2)
    exhibit = machine(made.machine(one)).exhibits[2]
    assert plain(exhibit.pictures[1].title) == "Radix tree: 4 nodes, 0 read, 4 passed over"
    assert exhibit.pictures[1].note.startswith("A lookup reads no node.")
    assert "skip 0, straight to ram" in texts(exhibit.pictures[1].svg)
    assert [tuple(map(plain, row)) for row in exhibit.tables[1].rows] == [
        (f"[{n}]", str(5 - n), span, "passes over it", "0: skip 0 → #1")
        for n, span in enumerate(("128 PiB", "256 TiB", "512 GiB", "1 GiB"))
    ]


def test_names_of_spaces_roots_and_regions_never_become_markup():
    hostile = View(HOSTILE, (HOSTILE,), (Stretch("0x0", "0x1000", HOSTILE, HOSTILE), Stretch("?", HOSTILE, "", "")), 2)
    page = render([made.machine(hostile)])
    outline = Outline(page)
    assert [tag for tag, _ in outline.tags].count("script") == 1, "the page's own"
    assert outline.open == []
    assert "".join(outline.text).count(HOSTILE) >= 4


number = st.integers(-3, 1 << 66) | st.integers(-1, 9)
stretches = st.builds(
    Stretch,
    st.one_of(number.map(hex), st.text(max_size=5)),
    number.map(hex),
    st.text(max_size=40),
    st.sampled_from(["ram", "i/o", "", "nv-ram", "<b>"]),
    st.one_of(number.map(hex), st.just("zz")),
)
views = st.builds(
    View,
    st.text(max_size=30),
    st.lists(st.text(max_size=30), max_size=9).map(tuple),
    st.lists(stretches, max_size=9).map(tuple),
    *[number] * 6,
    st.lists(st.lists(st.tuples(*[number] * 4), max_size=4).map(tuple), max_size=5).map(tuple),
    number,
    number,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(views, min_size=1, max_size=3))
def test_any_views_at_all_give_a_page_that_nests(found):
    assert Outline(render([Recording("s", "x", {}, "model", {}, (run(views=tuple(found)),))])).open == []


@pytest.mark.parametrize("name", ["virtio-net-pci", '"' * 3000, "<" * 3000, "名" * 3000])
def test_the_largest_machine_is_a_page_of_less_than_two_megabytes_made_in_a_moment(name):
    began = time.process_time()
    section = machine(made.largest(name))
    assert time.process_time() - began < 5
    assert len(section.exhibits) == 10
    without = len(render([recording(run("old"), run("new"))]).encode())
    assert len(render([made.largest(name)]).encode()) - without < 1_800_000
