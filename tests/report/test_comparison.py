"""Two recordings on one page: the answer, whose the difference is, and both machines."""

import re

import pytest

from footprint.gate.compare import compare
from footprint.recording import Recording, Run, Sample, Stretch, View, ViewOwner
from footprint.report.comparison.pairing import compared, names_of, telling
from footprint.report.comparison.part import comparison_part
from footprint.report.page import render

from .made import recording, run

SHARED, NET, SCSI = ViewOwner("system", 4), ViewOwner("virtio-pci", 8, "net"), ViewOwner("virtio-pci", 1, "scsi")


def view(*ranges, root="system", device=""):
    return View(
        root, ("memory",), tuple(Stretch(a, b, name, "ram") for a, b, name in ranges), len(ranges), device=device
    )


def made(owners=(), *, backend="qemu", rules="qemu-7.2.22", views=(), marks=("built",), environment=None, **metrics):
    named = {name.replace("__", "."): value for name, value in metrics.items()}
    if owners:
        named["flatviews.alive"] = sum(owner.views for owner in owners)
    samples = tuple(Sample(mark, n, named) for n, mark in enumerate(marks))
    of_run = Run(rules, {}, samples, views=tuple(views), view_owners=tuple(owners))
    return Recording("footprint.recording/1", "power8", {"cpus": 8}, backend, environment or {}, (of_run,))


def head_of(*recordings, words=("before", "after")):
    return comparison_part(recordings, words).head


def test_the_answer_says_how_many_views_more_whose_they_are_and_how_many_counts_differ():
    head = head_of(made((SHARED,), nodes=20), made((SHARED, NET, SCSI), rules="qemu-11.1.2", nodes=20))
    assert head.answer == (
        "after has 13 views in use where before has 4, 3.2 times as many; 8 of the 9 more are net's, 1 scsi's. "
        "1 of 2 counts differs."
    )
    assert [(verdict.look, verdict.words) for verdict in head.verdicts] == [("bad", "counts differ")]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((ViewOwner("virtio-pci", 1, "net"),), "where before has 4; the 1 more is net's."),
        ((ViewOwner("virtio-pci", 8, "net"),), "where before has 4, 3 times as many; all 8 more are net's."),
        (tuple(ViewOwner("r", 9 - n, f"d{n}") for n in range(4)), "; 9 of the 30 more are d0's, 8 d1's, 13 of others."),
    ],
)
def test_owners_are_named_however_many_there_are(more, words):
    assert words in head_of(made((SHARED,)), made((SHARED, *more))).answer


def test_views_that_went_are_told_as_fewer():
    assert (
        "before has 12, 3 times fewer; all 8 fewer are net's." in head_of(made((SHARED, NET)), made((SHARED,))).answer
    )


def test_where_the_views_are_equal_the_count_that_differs_most_is_told():
    first, second = made(flatviews__alive=4, nodes=20, sections=10), made(flatviews__alive=4, nodes=22, sections=30)
    answer = head_of(first, second).answer
    assert answer == "sections is 10 in before and 30 in after, 3 times as many. 2 of 3 counts differ."


def test_a_model_beside_a_real_qemu_leads_with_how_many_counts_are_exact():
    model = made(backend="model", rules="v7.2.0", flatviews__alive=4, nodes=20)
    exact, off = made(flatviews__alive=4, nodes=20), made(flatviews__alive=4, nodes=22)
    assert head_of(model, exact).answer == "2 of 2 counts exact."
    assert head_of(model, exact).verdicts[0].words == "the model is exact"
    assert head_of(model, off).answer.endswith("1 of 2 counts exact.")
    assert head_of(model, off).verdicts[0].look == "bad"
    assert head_of(off, model, words=("real", "model")) == head_of(model, off, words=("model", "real"))


@pytest.mark.parametrize(
    ("real", "chosen"),
    [("qemu-7.2.22", "v7.2.0"), ("qemu-11.1.2", "v11.1.0"), ("qemu-12.0.0", "v11.1.0"), ("qemu-2.5.0", "v11.1.0,x=y"),
     ("qemu-11.1.2,x=y", "v11.1.0,x=y"), ("qemu-8.0.50-rc1", "v7.2.0")],
)  # fmt: skip
def test_of_a_history_the_run_that_is_the_real_qemus_release_is_compared(real, chosen):
    names = ("092aa2fc65", "v7.2.0", "v10.0.0", "v11.1.0", "v11.1.0,x=y")
    runs = tuple(Run(name, {}, (Sample("built", 0, {"nodes": 1}),)) for name in names)
    model = Recording("footprint.recording/1", "power8", {}, "model", {}, runs)
    assert compared([model, made(rules=real, nodes=1)]).most.first == chosen


def test_of_many_rule_sets_the_pair_that_differs_most_is_drawn_and_every_pair_listed():
    first = recording(run("old", 100), run("new", 100))
    second = recording(run("old", 100), run("new", 120))
    part = comparison_part([first, second], ("a", "b"))
    assert part.head.answer.startswith("1 of 2 pairs of runs differ, most of all new:")
    table = next(section for section in part.sections if section.anchor == "rule-sets").exhibits[0].tables[0]
    assert [row[0] for row in table.rows] == ["old", "new"]
    assert table.marks == {(0, 1): "good", (1, 1): "bad"}


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("reports/before", "reports/after/"), ("before", "after")),
        (("a/recording.json", "b/recording.json"), ("a", "b")),
        (("x/same", "y/same"), ("x/same", "y/same")),
        (("same", "same"), ("QEMU 7.2.22", "QEMU 11.1.2")),
        ((), ("QEMU 7.2.22", "QEMU 11.1.2")),
    ],
)
def test_recordings_are_called_by_their_folder_or_by_what_ran_them(words, names):
    assert names_of([made(), made(rules="qemu-11.1.2")], words) == names


def test_two_builds_of_one_version_are_called_by_their_binaries():
    both = [made(environment={"QEMU": place}) for place in ("/a/qemu", "/b/qemu")]
    assert names_of(both) == ("/a/qemu", "/b/qemu")


def test_a_difference_at_any_mark_is_told_though_the_last_mark_is_equal():
    first, second = made(nodes=1, marks=("plugged", "unplugged")), made(nodes=1, marks=("plugged", "unplugged"))
    second.runs[0].samples[0].metrics["nodes"] = 5
    lines = telling(compare(first, second)[0])
    assert [(line.mark, line.second) for line in lines] == [("plugged", 5)]


def test_ranges_that_only_one_of_the_two_shows_are_listed_with_their_side():
    ram = ("0x0", "0x1000", "ram")
    first, second = view(ram, ("0x2000", "0x3000", "<b>uart")), view(ram, ("0x2000", "0x4000", "<b>uart"))
    pair = made((SHARED,), views=(first,)), made((SHARED,), views=(second,))
    section = next(s for s in comparison_part(pair, ("a", "b")).sections if s.anchor == "machines")
    assert section.lead == "1 range is only in a and 1 range is only in b."
    assert [row[1:4] for row in section.exhibits[-1].tables[0].rows] == [
        ("a", "0x2000", "0x3000"), ("b", "0x2000", "0x4000"),
    ]  # fmt: skip
    assert "<b>uart" not in render(pair)


def test_more_owners_than_are_drawn_are_summed_and_nothing_is_lost():
    owners = tuple(ViewOwner("root", n + 1, f"device-{n}") for n in range(300))
    head = head_of(made((SHARED,)), made((SHARED, *owners)))
    picture = head.shown.pictures[1].svg
    figures = [int(text.replace("\u202f", "")) for text in re.findall(r">([\d\u202f]+)</text>", picture)]
    assert sum(figures) == 4 + 4 + sum(range(1, 301))


def test_what_cannot_be_compared_stands_on_one_page_all_the_same():
    other = recording(run(), scenario="other")
    assert comparison_part([made(nodes=1), other]) is None
    assert comparison_part([made(nodes=1)]) is None
    assert "other" in render([made(nodes=1), other])


def test_what_is_measured_is_shown_and_never_judged():
    pair = made(nodes=1, process__rss=10 << 20), made(nodes=1, process__rss=20 << 20)
    part = comparison_part(pair, ("a", "b"))
    assert part.head.verdicts[0].look == "good"
    table = next(section for section in part.sections if section.anchor == "measured").exhibits[0].tables[0]
    assert (table.rows[0][0], table.rows[0][5], table.marks) == ("process.rss", "not judged", {})


def test_both_recordings_follow_the_comparison_on_the_page():
    page = render([made((SHARED,)), made((SHARED, NET))], names=("before", "after"))
    assert page.index("power8: before against after") < page.index("power8, before") < page.rindex("power8, after")
