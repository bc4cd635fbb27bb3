import subprocess
import sys
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footprint.recording import Published, Sample, Timeline
from footprint.report.page import SECTIONS, render
from footprint.report.words import COMMIT

from .made import history, metrics, recording, run, timeline

HOSTILE = "<script>alert(1)</script>\"'&$\\frac{x$"
VOID = {"meta", "link", "br", "wbr", "path", "input"}


class Outline(HTMLParser):
    """The page as a browser would nest it: what stands open, all tags, all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def everything_named(name):
    return recording(
        run(name, features={name: name}, what=name, samples=(Sample(name, 1, {**metrics(3), name: 4}),)),
        run(name + "2"),
        scenario=name,
        question=name,
        notes=(name,),
        params={name: name},
        environment={name: name},
        published=(Published(name, name, 1, name), Published("flatviews.alive", name, 2, name)),
    )


def test_names_from_a_recording_are_shown_and_never_become_markup():
    page = render([everything_named(HOSTILE)], title=HOSTILE)
    outline = Outline(page)
    assert [tag for tag, _ in outline.tags].count("script") == 1, "the page's own"
    assert outline.open == []
    assert "".join(outline.text).count(HOSTILE) > 10


@settings(max_examples=12, deadline=None)
@given(st.text(max_size=60))
def test_any_text_in_any_name_gives_a_page_that_nests(name):
    assert Outline(render([everything_named(name)])).open == []


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*metrics(1), "traced.bytes", "traced.numpy", "sized.bytes", "sized.nodes", "odd"]),
            st.integers(0, 1 << 62) | st.floats(0, 1e18),
        ),
        max_size=3,
    )
)
def test_any_figures_give_a_page(read):
    runs = [run(f"r{n}", samples=(Sample("built", 0, one), Sample("destroyed", 0, one))) for n, one in enumerate(read)]
    assert Outline(render([recording(*runs)])).open == []


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 1 << 50)] * 4), max_size=9))
def test_any_timeline_gives_a_page(points):
    columns = [tuple(column) for column in zip(*points, strict=True)] or [(), (), (), ()]
    assert Outline(render([recording(run(timeline=Timeline(*columns)))])).open == []


SHAPES = {
    "no run": recording(),
    "one run": recording(run()),
    "17 runs": recording(*(run(f"rule set number {n}", n * n) for n in range(17))),
    "no timeline": recording(run(timeline=None), run("other", timeline=None)),
    "a timeline with columns of unequal length": recording(run(timeline=Timeline((1, 2), (1,), (1,), (1,)))),
    "a timeline of one point": recording(run(timeline=Timeline((1,), (0,), (0,), (0,)))),
    "no samples": recording(run(samples=())),
    "no features": recording(run(features={})),
    "unknown metrics only": recording(run(samples=(Sample("end", 0, {"my.metric": 1.5, "other": -3}),), timeline=None)),
    "another mark": recording(run(samples=(Sample("booted", 0, metrics(7)),))),
    "zeros everywhere": recording(run(n=0, timeline=timeline(0)), run("other", n=0)),
    "very long names": recording(run("x" * 300, features={"y" * 300: "z" * 300}), scenario="s" * 300),
    "runs with different metrics": recording(run(), run("other", samples=(Sample("built", 0, {"nodes": 1}),))),
    "one rule set twice": recording(run(), run()),
    "published, measured and modelled": history(),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_recording_of_this_shape_is_shown(shape):
    outline = Outline(render([SHAPES[shape]]))
    assert outline.open == []
    assert [tag for tag, _ in outline.tags].count("h1") == 1


def test_no_recording_at_all_is_a_page_that_says_so():
    assert "There is no recording to show" in render([])


def test_several_recordings_stand_on_one_page_under_one_table_of_contents():
    outline = Outline(render([history(), recording(run(), scenario="other")], title="Both"))
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    inside = [attrs["href"] for tag, attrs in outline.tags if tag == "a" and attrs["href"].startswith("#")]
    contents = [address for address in inside if address.startswith("#r") and address != "#r1"]
    assert len(ids) == len(set(ids))
    assert set(inside) <= {f"#{anchor}" for anchor in ids}
    assert contents == [f"#{n}" for n in ids if n.startswith("r") and not n.endswith(("-name", "-about")) and n != "r1"]
    assert "Both" in outline.text


def test_two_recordings_of_one_scenario_are_told_apart_by_what_differs():
    small, large = recording(params={"cpus": 2, "vga": "std"}), recording(params={"cpus": 9, "vga": "std"})
    assert {"small, cpus 2", "small, cpus 9"} <= set(Outline(render([small, large])).text)
    assert {"small, recording 1", "small, recording 2"} <= set(Outline(render([small, small])).text)


def test_the_page_asks_for_nothing_but_itself():
    outline = Outline(render([history()]))
    addresses = [
        (tag, value)
        for tag, attrs in outline.tags
        for name, value in attrs.items()
        if name in {"src", "href", "xlink:href", "srcset", "data", "action"}
    ]
    commits = [value for tag, value in addresses if tag == "a" and value.startswith(COMMIT)]
    others = [value for _, value in addresses if value not in commits]
    assert all(address.startswith(("#", "data:")) for address in others)
    assert set(commits) == {f"{COMMIT}092aa2fc65"}, "a hash leads to its commit, when somebody follows it"
    assert "url(" not in render([history()])
    assert "@import" not in render([history()])


def test_the_same_recording_gives_the_same_page_to_the_byte():
    assert render([history()]) == render([history()])


def test_every_picture_says_in_words_what_it_shows_and_has_a_table_under_it():
    found = [section(history()) for section in SECTIONS]
    drawn = [exhibit for section in found if section for exhibit in section.exhibits if exhibit.pictures]
    assert len(drawn) == 6
    assert all(exhibit.tables for exhibit in drawn)
    svgs = [attrs for tag, attrs in Outline(render([history()])).tags if tag == "svg"]
    assert svgs and all(attrs["role"] == "img" and attrs["aria-label"] for attrs in svgs)


def test_every_table_has_a_caption_and_scoped_headings():
    tags = Outline(render([history()])).tags
    names = [tag for tag, _ in tags]
    assert names.count("caption") == names.count("table") > 5
    assert all(attrs.get("scope") in {"row", "col"} for tag, attrs in tags if tag == "th")


def test_importing_the_page_loads_no_heavy_module():
    heavy = "{'matplotlib', 'jinja2', 'numpy'} & sys.modules.keys()"
    script = f"import sys, footprint.report.page; print({heavy})"
    assert (
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "set()\n"
    )


def test_pictures_take_their_colours_from_the_style_sheet():
    page = render([history()])
    body = page[page.index("<body>") :]
    assert "var(--accent)" in body
    assert "#0000" not in body


def test_a_long_command_line_is_folded_away_and_a_short_fact_is_not():
    words = "qemu-system-ppc64 " + "-device virtio-net-pci " * 300
    page = render([recording(run("new"), environment={"QEMU command line": words, "python": "3.11"})])
    assert f"<summary>QEMU command line</summary><code>{words}</code>" in page
    assert "<dt>python</dt><dd>3.11</dd>" in page


@pytest.mark.parametrize("unseen", ["\0", "\u202e", "\u2067", "\x1b[31m", "\ud800"])
def test_letters_that_nobody_sees_or_that_turn_the_writing_around_are_shown_by_their_numbers(unseen):
    page = render([everything_named(f"a{unseen}b")], title=f"t{unseen}")
    assert unseen[0] not in page
    assert page.count(f"a[U+{ord(unseen[0]):04X}]") > 10
    page.encode("utf-8")


def test_a_name_of_ten_thousand_letters_is_cut_where_it_stands_and_said_to_be():
    page = render([everything_named("x" * 10_000)])
    assert "x… (10000 letters)" in page
    assert len(page) < 2 << 20
