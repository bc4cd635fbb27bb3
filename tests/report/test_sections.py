import pytest

from footprint.recording import Published, Sample
from footprint.report.features import features
from footprint.report.figures import figures
from footprint.report.history import history
from footprint.report.kinds import kinds
from footprint.report.leaks import leaks
from footprint.report.startup import startup
from footprint.report.summary import answer, head
from footprint.verdict.leftovers import remains

from . import made
from .made import metrics, recording, run


def plain(text):
    """Narrow spaces as plain ones, so that a test can be read."""
    return text.replace("\N{NARROW NO-BREAK SPACE}", " ")


def ended(**left):
    """A run whose counts at ``destroyed`` are 0 but for `left`, with the empty view on."""
    return run(
        features={"empty_view": "on"},
        samples=(Sample("built", 0, metrics(1)), Sample("destroyed", 0, metrics(0, **left))),
    )


def few(created, alive, peak):
    names = ("flatviews.created", "flatviews.alive", "modelled.bytes.peak")
    return (Sample("built", 0, dict(zip(names, (created, alive, peak), strict=True))),)


def test_the_answer_compares_the_first_run_with_the_last():
    both = recording(run("old", samples=few(793726, 558, 1 << 34)), run("new", samples=few(6043, 4, 1 << 28)))
    assert plain(answer(both)) == (
        "At “built”, 793 726 views created under old become 6 043 under new; 558 in use become 4; "
        "the peak falls from 16.0 GiB to 256 MiB."
    )


def test_the_answer_of_one_run_compares_nothing():
    assert plain(answer(recording(run("new", samples=few(6043, 1, 1024))))) == (
        "At “built”, under new, 6 043 views are created; 1 is in use; the modelled peak is 1.00 KiB."
    )


def test_the_answer_says_when_nothing_changed_and_when_the_peak_rises():
    same = recording(run("a", samples=few(5, 4, 10)), run("b", samples=few(5, 4, 10)))
    more = recording(run("a", samples=few(5, 4, 10)), run("b", samples=few(6, 4, 20)))
    assert plain(answer(same)).endswith("4 are in use under both; the peak stays at 10 B.")
    assert "the peak rises from" in answer(more)


def test_without_our_metrics_the_answer_invents_none():
    other = recording(run(samples=(Sample("end", 0, {"x": 1}),)))
    assert plain(answer(other)) == "1 run, without the figures of a memory core."
    assert answer(recording()) == "The recording has no run."
    assert head(recording()).shown is None
    assert head(recording()).verdicts == ()


def test_published_figures_stand_beside_ours_with_their_difference():
    table = history(made.history()).exhibits[0].tables[1]
    rows = [tuple(map(plain, row[2:6])) for row in table.rows]
    assert rows == [
        ("2 000", "2 000", "none", "exact"),
        ("4 000", "5 000", "−1 000 (−20.0 %)", "stands beside"),
        ("–", "7", "–", "not run here"),
    ]
    assert table.marks == {(0, 5): "good"}


def test_a_published_figure_stands_at_its_bar_if_it_was_true_where_the_run_is_judged():
    def drawn(mark):
        samples = tuple(Sample(name, 0, metrics(n)) for name, n in (("built", 1), ("booted", 2), ("destroyed", 0)))
        published = (Published("flatviews.alive", "new", 765_432, "somebody", mark=mark),)
        section = history(recording(run("new", samples=samples), published=published))
        assert "read at “booted”." in section.lead
        return sum("765 432" in plain(picture.svg) for picture in section.exhibits[0].pictures)

    assert drawn("booted") == drawn(None) == 1
    assert drawn("built") == 0


def test_the_answer_and_the_first_picture_name_the_mark_or_both_marks():
    built = recording(run("old"), run("new"))
    assert answer(built).startswith("At “built”, ")
    shown = head(recording(run("old", samples=few(5, 4, 10)), run("new", samples=few(5, 4, 9)))).shown
    assert shown.pictures[0].title.endswith("under each rule set, at “built”")
    booted = run("new", samples=(*run().samples, Sample("booted", 0, metrics(7))))
    assert answer(recording(booted)).startswith("At “booted”, under new, ")
    assert answer(recording(run("old"), booted)).startswith("At “built” and “booted”, ")


def test_a_published_figure_that_must_be_exact_and_is_not_is_named_so():
    changed = made.history()
    odd = recording(run("v2.10.0", 1001), published=changed.published)
    table = history(odd).exhibits[0].tables[1]
    assert table.rows[0][5] == "should be exact"
    assert table.marks == {(0, 5): "bad"}
    assert "0 of 1 published figure" in plain(history(odd).lead)


def test_the_start_up_names_the_commit_at_which_most_views_wait():
    section = startup(recording(run("new", 1000)))
    assert "1 000 views of new wait at commit 10, with 3 views in use" in plain(section.lead)
    assert startup(recording(run(timeline=None))) is None


def test_modelled_and_measured_bytes_stand_in_pictures_of_their_own():
    titles = [exhibit.title for exhibit in kinds(made.history()).exhibits]
    assert [title.split(":")[0] for title in titles] == ["Modelled", "Measured by tracemalloc", "Measured by pympler"]
    assert len(kinds(recording(run())).exhibits) == 1


def test_the_cross_check_says_whether_three_counts_of_node_bytes_agree():
    assert "and are, in 1 run of 1" in plain(kinds(made.history()).lead)
    odd = run(samples=(Sample("built", 0, metrics(1, modelled__nodes=5, traced__numpy=6)),))
    assert "They differ under v7.2.0 (5 and 6 bytes)" in kinds(recording(odd)).lead


def test_nothing_left_is_said_to_be_nothing():
    section = leaks(recording(run()))
    assert "nothing is left, in 1 run of 1." in plain(section.lead)
    assert section.exhibits[0].tables[0].rows[0][1] == "nothing"


def test_the_one_empty_view_is_named_and_is_no_leak():
    one = ended(flatviews__allocated=1, modelled__bytes=1144, modelled__resident=1144)
    section = leaks(recording(one))
    assert "it is no leak" in section.lead
    assert "1.12 KiB" in plain(section.lead)
    assert section.exhibits[0].tables[0].marks == {(0, 1): "good"}


@pytest.mark.parametrize(
    "left",
    [
        {"flatviews__allocated": 2, "modelled__bytes": 2288},
        {"flatviews__allocated": 1, "address_spaces": 1},
        {"modelled__bytes": 8},
        {"nodes": 1},
    ],
)
def test_anything_but_the_one_empty_view_is_left_behind(left):
    section = leaks(recording(ended(**left)))
    assert "left something behind" in section.lead
    assert section.exhibits[0].tables[0].marks == {(0, 1): "bad"}


def test_without_the_empty_view_feature_one_view_left_is_a_leak():
    one = run(samples=(Sample("destroyed", 0, metrics(0, flatviews__allocated=1)),))
    assert remains(one).leaked


def test_array_data_that_tracemalloc_finds_after_the_end_is_told():
    def left(n):
        return recording(run(samples=(Sample("destroyed", 0, metrics(0, traced__numpy=n)),)))

    assert "no byte of array data is left, in 1 run of 1." in plain(leaks(left(0)).lead)
    assert "up to 2.00 KiB of array data left" in plain(leaks(left(2048)).lead)


def test_growth_from_cycle_to_cycle_is_given_per_cycle():
    samples = tuple(Sample("unplugged", n, metrics(0, flatviews__allocated=10 + 3 * n)) for n in range(1, 6))
    section = leaks(recording(run(samples=samples)))
    assert "what exists grows under v7.2.0: a leak" in section.lead
    figures = ("flatviews.allocated", "unplugged", "5", "+3", "+3", "+3", "leak")
    assert section.exhibits[0].tables[0].rows == (("v7.2.0", *figures),)


def test_cycles_without_growth_are_said_to_be_level():
    samples = tuple(Sample("unplugged", n, metrics(4)) for n in range(3))
    assert "From cycle to cycle nothing grows" in leaks(recording(run(samples=samples))).lead


def test_a_recording_without_destruction_or_cycles_has_no_leaks_section():
    assert leaks(recording(run(samples=(Sample("built", 0, metrics(4)),)))) is None


def test_a_feature_that_differs_from_the_row_above_is_marked_and_one_alike_in_all_is_told():
    first = run("a", features={"sharing": "none", "release": "on"})
    second = run("b", features={"sharing": "root", "release": "on"})
    section = features(recording(first, second))
    table = section.exhibits[0].tables[0]
    assert [column.label for column in table.columns] == ["rule set", "sharing"]
    assert table.marks == {(1, 1): "changed"}
    assert "release on" in section.lead


def test_all_figures_have_a_table_for_each_mark_with_every_metric():
    odd = run(samples=(Sample("built", 0, {**metrics(2), "my.own": 2.5}), Sample("end", 3, metrics(1))))
    tables = figures(recording(odd)).exhibits[0].tables
    assert [table.caption for table in tables] == ["At the mark built", "At the mark end, cycle 3"]
    assert tables[0].rows[-1] == ("my.own", "–", "–", "–", "2.50")
    assert len(tables[0].rows) == len(metrics(2)) + 1


def test_all_figures_give_bytes_to_the_last_one():
    table = figures(recording(run(samples=(Sample("built", 0, {"modelled.bytes": 13605632}),)))).exhibits[0].tables[0]
    assert tuple(map(plain, table.rows[0][2:])) == ("bytes", "exact", "13 605 632")


def test_of_many_cycles_the_first_and_the_last_are_shown():
    samples = tuple(Sample("plugged", n, metrics(n)) for n in range(50))
    assert len(figures(recording(run(samples=samples))).exhibits[0].tables) == 2


def test_an_answer_that_begins_with_the_views_in_use_names_them():
    real = run("qemu-11.1.2", samples=(Sample("built", 0, {"flatviews.alive": 260}),))
    assert plain(answer(recording(real))) == "At “built”, 260 views are in use."


def test_one_rule_set_has_a_table_of_its_figures_and_no_bar_that_stands_alone():
    exhibit = history(recording(run("a"))).exhibits[0]
    assert (exhibit.pictures, exhibit.keys) == ((), ())
    assert exhibit.tables[0].rows[0][0] == "a"
    assert history(recording(run("a"), run("b"))).exhibits[0].pictures
