"""The page of a leak verdict: the sentence, the readings with their slope, the stacks, how to repeat it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footprint.recording import Sample
from footprint.report.leak_page.page import render_leak
from footprint.report.leak_page.readings import MetricReadings, readings_picture, slope_words
from footprint.report.leak_page.sentences import answer
from footprint.report.leak_page.stacks import stacks
from footprint.report.leaks import leaks
from footprint.verdict.place import Place, PlaceKind
from footprint.verdict.trend import Series, Slope
from footprint.verdict.verdict import Answer, Finding, FindingKind, Verdict

from .made import metrics, recording, run

EXACT, BAND = Slope(4, 4, 4), Slope(8.6, 5.25, 11.7)
MADE = Place(
    PlaceKind.STACK, "sessions.append(x)", ("python.blocks",), "4 blocks, 289 B", 4, "blocks", 289,
    ("service.py:8 in request", "service.py:2 in main"),
)  # fmt: skip
HELD = Place(PlaceKind.HOLDER, "held by list sessions", ("python.blocks",), "1 dict", 1, "dicts")
WINDOWS = (Series((0, 10, 20), (100.0, 140.0, 180.0)), Series((0, 10, 20), (200.0, 240.0, 280.0)))


def leak(*findings, **more):
    findings = findings or (Finding(FindingKind.LEAK, "python.blocks", EXACT, (MADE, HELD)),)
    readings = {(each.under, each.metric): WINDOWS for each in findings}
    return Verdict("a:b", Answer.LEAK, 40, findings, **({"readings": readings, "warmup": 5} | more))


def page_of(verdict, **more):
    return render_leak(verdict, command="footprint leaks a:b", environment={"python": "3.11"}, **more)


def test_the_answer_says_what_a_cycle_leaves_where_it_is_made_and_who_holds_it():
    assert answer(leak()) == (
        "Every cycle leaves 4 blocks, 289 B, behind; made at service.py:8 in request and held by list sessions."
    )


def test_the_exact_figure_is_told_before_the_measured_and_pages_last():
    pages, heap = (Finding(FindingKind.LEAK, name, BAND) for name in ("rss.bytes", "heap.bytes"))
    exact = Finding(FindingKind.LEAK, "fds", Slope(1, 1, 1))
    assert answer(leak(pages, heap)).startswith("Every cycle leaves 8.6 B of C heap in use behind")
    assert answer(leak(pages, heap, exact)).startswith("Every cycle leaves 1 descriptor, 8.6 B of C heap, behind")


def test_what_is_left_at_the_end_is_no_rate():
    rest = Place(PlaceKind.REMAINS, "left at the mark destroyed")
    left = Finding(FindingKind.LEAK, "modelled.bytes", Slope(2048, 2048, 2048), (rest,), under="r")
    verdict = leak(left, readings={})
    assert (
        answer(verdict).replace("\u202f", " ")
        == "What is left when the machine is gone under r: 2.00 KiB of C bytes allocated for views and dispatches."
    )
    page = page_of(verdict)
    assert "a cycle" not in page[page.index("<article") : page.index("How to repeat it")]


@pytest.mark.parametrize(
    ("verdict", "words", "look"),
    [
        (Verdict("a:b", Answer.CLEAN, 1000), "Nothing grows: 1 000 cycles measured.", "good"),
        (Verdict("a:b", Answer.INCONCLUSIVE, 7, reason="it raises"), "It cannot be told: it raises; 7 cycles measured.", "unsure"),
        (
            Verdict("a:b", Answer.CLEAN, 5, grows=(Finding(FindingKind.GROWTH, "address_spaces", EXACT, under="r"),), per="function"),
            "It grows on purpose, by 4 spaces a function, and is no leak: 5 cycles measured.", "good",
        ),
    ],
)  # fmt: skip
def test_each_answer_has_its_sentence_and_its_colour(verdict, words, look):
    assert answer(verdict).replace("\u202f", " ") == words
    assert f'<li class="{look}">{verdict.verdict}</li>' in page_of(verdict)


def test_readings_of_several_windows_follow_each_other_from_the_first_reading_on():
    read = MetricReadings("python.blocks", WINDOWS, EXACT)
    assert read.places == [((0, 10, 20), (0, 40, 80)), ((20, 30, 40), (100, 140, 180))]
    assert read.fitted_from == 0
    assert MetricReadings("python.blocks", WINDOWS, EXACT, fitted=1).fitted_from == 20


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=30), min_size=1, max_size=4),
    st.tuples(*[st.floats(-1e9, 1e9)] * 3),
    st.sampled_from(["heap.bytes", "fds", "odd"]),
)
def test_whatever_was_read_is_drawn_within_the_sheet(values, slope, metric):
    low, middle, high = sorted(slope)
    windows = tuple(Series(tuple(range(len(each))), tuple(each)) for each in values)
    picture = readings_picture(MetricReadings(metric, windows, Slope(middle, low, high)))
    width, height = map(float, re.search(r'viewBox="0 0 (\S+) (\S+)"', picture).groups())
    for path in re.findall(r' d="M([^"hvz]*)z?"', picture):
        for x, y in (map(float, point.split(" ")) for point in path.split("L")):
            assert -0.2 <= x <= width + 0.2
            assert -0.2 <= y <= height + 0.2


def test_the_band_is_drawn_where_the_rate_is_not_exact():
    both = [readings_picture(MetricReadings("heap.bytes", WINDOWS, slope)) for slope in (EXACT, BAND)]
    assert ["veil" in picture for picture in both] == [False, True]


def test_a_long_window_is_thinned_and_keeps_its_peak():
    values = [float(n) for n in range(20_000)]
    values[7_777] = 90_000.0
    picture = readings_picture(MetricReadings("fds", (Series(tuple(range(20_000)), tuple(values)),), Slope(1, 1, 1)))
    assert len(picture) < 10_000
    assert " 24L" in picture, "the peak stands at the top of the plot"


def test_slopes_are_told_with_their_interval():
    assert slope_words("fds", EXACT) == "+4 a cycle (exact)"
    assert slope_words("heap.bytes", BAND).replace("\u202f", " ") == "+8.6 B a cycle (95 % from 5.25 B to 11.7 B)"
    assert slope_words("heap.bytes", Slope(-2048, -4096, 0)).startswith("−2.00")


FRAME = st.sampled_from(["a.py:1 in f", "b.c:2 in g", "c:3 in h"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.lists(FRAME, min_size=1, max_size=6), st.integers(1, 1000)), min_size=1, max_size=8))
def test_the_icicle_adds_up_at_every_level_to_what_the_places_leave(made):
    places = [Place(PlaceKind.NATIVE, "", size=size, frames=tuple(frames)) for frames, size in made]
    whole = stacks(places)
    assert whole.size == sum(size for _, size in made)

    def check(slice_, frames_above):
        ending = sum(size for frames, size in made if list(reversed(frames)) == frames_above)
        assert slice_.size == ending + sum(part.size for part in slice_.parts)
        for part in slice_.parts:
            check(part, [*frames_above, part.name])

    check(whole, [])


def test_a_holder_alone_has_no_stacks_but_a_row():
    assert stacks([HELD]) is None
    page = page_of(leak(Finding(FindingKind.LEAK, "fds", EXACT, (HELD,))))
    assert "held by list sessions" in page


def test_the_page_says_how_to_repeat_it_and_where_it_was_measured():
    page = page_of(leak())
    assert "<td>footprint leaks a:b --json</td>" in page.replace(' class="s"', "")
    assert "<dt>python</dt><dd>3.11</dd>" in page


def test_an_accepted_leak_is_told_as_accepted():
    accepted = Finding(FindingKind.LEAK, "fds", EXACT, suppressed="known since May")
    page = page_of(Verdict("a:b", Answer.CLEAN, 40, (accepted,)))
    assert "accepted: known since May" in page
    assert '<li class="unsure">1 finding accepted</li>' in page


def test_names_of_targets_places_and_files_are_text():
    hostile = "<script>alert(1)</script>\u202e\"'\0" + "x" * 10_000
    place = Place(PlaceKind.STACK, hostile, ("fds",), hostile, 1, hostile, 5, (hostile,))
    verdict = leak(Finding(FindingKind.LEAK, "fds", EXACT, (place,)), hints=(hostile,), what=hostile)
    page = render_leak(verdict, command=hostile, environment={hostile: hostile})
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert "\0" not in page
    assert len(page) < 200_000


def test_a_recording_whose_cycles_grow_shows_the_readings_and_the_slope():
    growing = [Sample("unplugged", n, metrics(1, address_spaces=n, flatviews__alive=3 * n)) for n in range(1, 9)]
    section = leaks(recording(run("v7.2.0", samples=tuple(growing)), scenario="hotplug"))
    pictures = section.exhibits[0].pictures
    assert [picture.title.split()[0] for picture in pictures] == ["address_spaces", "flatviews.alive"]
    assert [picture.note for picture in pictures] == ["+1 a cycle (exact)", "+3 a cycle (exact)"]


def test_an_object_of_qemus_is_named_first_and_the_heap_beside_the_blocks():
    stacks_of = [Place(PlaceKind.NATIVE, "", ("heap.blocks",), "1 block", 1, "blocks", 8, (name,)) for name in "fg"]
    kept = Place(PlaceKind.OBJECT, "object nvme-subsys, refcount 1", ("heap.blocks",), "1 object", 1, "objects")
    blocks = Finding(FindingKind.LEAK, "heap.blocks", Slope(27, 27, 27), (kept, *stacks_of))
    said = answer(leak(Finding(FindingKind.LEAK, "heap.bytes", BAND), blocks)).replace("\u202f", " ")
    assert said == (
        "Every cycle leaves 27 blocks, 8.6 B of C heap, behind; among them the object nvme-subsys (refcount 1)."
    )


def test_a_deep_stack_keeps_its_outermost_and_innermost_frames():
    deep = tuple(f"frame-{n}" for n in range(40))
    whole = stacks([Place(PlaceKind.NATIVE, "", size=8, frames=deep)])
    names = []
    while whole.parts:
        whole = whole.parts[0]
        names.append(whole.name)
    assert names == [f"frame-{n}" for n in (39, 38, 37, 36)] + ["…"] + [f"frame-{n}" for n in range(8, -1, -1)]


def test_a_crash_is_a_no_of_its_own():
    crashed = Verdict("qemu:x", Answer.CRASH, 3, reason="it died", stack=("abort", "object_unref"))
    assert '<li class="bad">crash</li>' in page_of(crashed)
    assert answer(crashed) == "It crashed: it died; 3 cycles measured."
    assert "object_unref" in page_of(crashed)
