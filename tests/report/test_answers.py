"""The first sentence of every built-in scenario answers its question; each is written out here, for a small guest."""

import pytest
from msgspec.structs import replace

from footprint.record.recorder import record
from footprint.record.request import ModelOptions, Request
from footprint.recording.model import SCHEMA, Recording, Run, Sample
from footprint.report.summary import head
from footprint.scenario.custom_rules import find_rule_sets
from footprint.scenario.find import built_in, find

from .test_sections import plain

SMALL = {
    "power8": {"cpus": "4", "nics": "4", "bridges": "1"},
    "pc112": {"nics": "14", "bridges": "2"},
    "bus_masters": {"functions": "6"},
    "hotplug": {"cycles": "5"},
    "radix": {"devices": "2xvirtio-net-pci", "firmware": "0"},
}

STORIES = {
    "radix": (
        "Level skipping frees no node (there are 28), and a lookup over this machine's ranges reads 1.47 of them on average",
        "Every range as likely as every other",
    ),
    "teardown": (
        "Nothing is left under v2.0.0, v2.10.0, 447b0d0b9e, v2.11.0, v7.2.0, v11.1.0",
        "Objects left after destruction",
    ),
    "cpu_memory": (
        "8 CPUs see each its own memory: under v2.0.0 3 address spaces show 3 views, 161 KiB; under v11.1.0 11 address "
        "spaces show 11 views, 1.05 MiB.",
        "Views, and the address spaces that show them",
    ),
    "virtio_mem": (
        "4 slots of 1.00 GiB that come and go one by one make KVM hear 7 region_add and 7 region_del under v7.2.0, where "
        "they merge, and 4 and 4 under v8.2.0, where they do not. Merged, 12.0 GiB that nobody touched go out and come "
        "back, in 6 commits; unmerged, 0 B. The price is 9 slots at the most instead of 6.",
        "Calls that KVM gets",
    ),
}
"""How the answers of the scenarios that tell a story of their own begin, and the picture that shows it."""

MEMORY_OF_A_PROCESS = ("process.rss", "process.uss", "process.pss")

ANSWERS = {
    "power8": (
        "The series took the peak from 23.4 MiB to 8.56 MiB, 2.7 times less, but the views are back since v9.2.0, by "
        "QEMU commit 55fa4be6f7: this guest has 9 of them under v11.1.0 where v7.2.0 has 4, creates 331 instead of 187, "
        "and allocates 16.0 MiB at its peak instead of 8.56 MiB, 1.9 times as much. One transaction around machine init "
        "(a what-if) would create 26 and allocate 1.22 MiB."
    ),
    "pc": (
        "Under v7.2.0 this PC creates 187 views while it starts, has 4 in use and allocates 11.4 MiB for them at the "
        "peak; under v2.10.0 it creates 578, has 8 and allocates 22.7 MiB, 2 times as much."
    ),
    "q35": (
        "Under v7.2.0 this PCI Express PC creates 181 views while it starts, has 4 in use and allocates 10.6 MiB for "
        "them at the peak; under v2.10.0 it creates 532, has 8 and allocates 21.0 MiB, 2 times as much."
    ),
    "virt": (
        "Under v7.2.0 this Arm guest creates 112 views while it starts, has 3 in use and allocates 7.37 MiB for them at "
        "the peak; under v2.10.0 it creates 222, has 4 and allocates 11.9 MiB, 1.6 times as much."
    ),
    "pc112": (
        "4 views in use since 092aa2fc65, where v2.10.0 has 24; 565 are created while the guest starts instead of "
        "4 086, 7.2 times fewer."
    ),
    "bus_masters": (
        "With 6 e1000 that may read and write memory, v7.2.0 has 4 views in use in 231 KiB, nothing more for another "
        "function; v2.10.0 has 15 views in use in 687 KiB, 63.5 KiB more for each function, 3 times as much."
    ),
    "hotplug": (
        "Yes under v2.10.0, 202fc01b05, 092aa2fc65, v2.11.0 and v7.2.0: after each of 5 unplugs every count is what it "
        "was; no under v7.2.0,release=off: every cycle adds 1 address space."
    ),
}


def recorded(name, *rules, **values):
    scenario = find(name)
    options = ModelOptions(find_rule_sets(rules or scenario.rules), scenario.probes)
    return record(Request(scenario, name, scenario.values({**SMALL.get(name, {}), **values}), options))


@pytest.mark.parametrize("name", ANSWERS)
def test_the_first_sentence_answers_the_question_and_one_large_picture_shows_it(name):
    recording = recorded(name)
    first = head(recording)
    assert plain(first.answer) == ANSWERS[name]
    picture = first.shown.pictures[0]
    assert picture.spans and picture.wide.startswith("<svg") and picture.svg.startswith("<svg")


@pytest.mark.parametrize("name", STORIES)
def test_a_scenario_with_a_story_of_its_own_begins_with_its_answer_and_its_own_picture(name):
    first = head(recorded(name))
    begin, picture = STORIES[name]
    assert plain(first.answer).startswith(begin)
    assert first.shown.pictures[0].title == picture


MEASURED = {
    "pflash": (
        "8 processes with an image of 64.0 MiB each cost 513 MiB where each reads it for itself, and 64.5 MiB where all "
        "map the file: 512 MiB of private memory become 64.0 MiB that all share.",
        "What the image costs in all",
    ),
    "unicorn_maps": (
        "In an engine for x86_64 the second map takes 24 µs, the 1 000th 310 µs; all of them 0.15 s and 3.00 MiB. The time "
        "of the n-th map grows as n to the 0.91 (0.88 to 0.94). Every engine leaves 1.50 KiB of C heap behind.",
        "Time of the n-th map",
    ),
}
"""Those of real processes, of figures given by hand: the real ones differ from run to run."""


def measured(name):
    """A recording of what is measured, with figures of the size that they have."""
    scenario, mib = find(name), 1 << 20
    values = scenario.values({})
    if name == "pflash":
        backend, runs = "processes", []
        for way, each, cached in (("private", 64 * mib, mib), ("shared", 0, 64 * mib)):
            samples = [Sample("bare", 0, {"process.uss": 3 * mib, "process.pss": 4 * mib})]
            for n in (1, 2, 4, 8):
                of_images = {"flash.image": 64 * mib, "flash.all": n * each + cached + mib // 2 * (each == 0)}
                of_images |= {"flash.uss": n * each, "flash.pss": n * each or 64 * mib, "flash.cache": cached}
                processes = {
                    "guests": n,
                    "process.uss": 3 * mib + each,
                    "process.pss": 4 * mib + (each or 64 * mib // n),
                }
                samples.append(Sample("loaded", n, of_images | processes))
            runs.append(Run(way, {}, tuple(samples)))
    else:
        backend, seconds = "unicorn", {1: 20e-6, 2: 24e-6, 50: 31e-6, 1000: 310e-6}
        curve = [
            Sample(
                "mapped",
                n,
                {"unicorn.map.seconds": t, "unicorn.maps.seconds": n * t / 2, "unicorn.maps.bytes": 3146 * n},
            )
            for n, t in seconds.items()
        ]
        last = {"unicorn.map.seconds": 310e-6, "unicorn.maps.seconds": 0.15, "unicorn.maps.bytes": 3 * mib}
        law = {"unicorn.exponent": 0.91, "unicorn.exponent.low": 0.88, "unicorn.exponent.high": 0.94}
        runs = [Run("unicorn-2.1.4", {}, (*curve, Sample("built", 0, last | law | {"unicorn.leak.bytes": 1536})))]
    told = Recording(SCHEMA, name, scenario.told(values), backend, {}, tuple(runs), question=scenario.question)
    return replace(told, answer=scenario.answer(told), telling=scenario.telling)


@pytest.mark.parametrize("name", MEASURED)
def test_a_scenario_of_real_processes_answers_with_what_was_measured_and_shows_it(name):
    first = head(measured(name))
    assert (plain(first.answer), first.shown.pictures[0].title) == MEASURED[name]


def test_every_built_in_scenario_has_its_answer_written_out_in_a_test():
    assert set(built_in()) == {*ANSWERS, *STORIES, *MEASURED}


def test_no_built_in_scenario_of_a_model_is_without_an_answer():
    others = [name for name in built_in() if name not in {*ANSWERS, *STORIES} and "model" in find(name).backends]
    assert [name for name in others if find(name).answer(recorded(name)) == ""] == []


def test_one_rule_set_alone_is_answered_and_shown_by_who_owns_what_not_by_a_bar_of_its_own():
    first = head(recorded("pc", "v7.2.0"))
    assert plain(first.answer) == (
        "Under v7.2.0 this PC creates 187 views while it starts, has 4 in use and allocates 11.4 MiB for them at the peak."
    )
    assert first.shown.pictures[0].title == "Who owns what is alive under v7.2.0"


def test_rule_sets_between_which_nothing_changed_are_told_so():
    assert head(recorded("pc", "v7.2.0", "v11.1.0")).answer.endswith("about as much.")


def test_only_a_verdict_is_coloured_the_leak_and_what_is_clean_beside_it():
    badges = [(badge.look, badge.words) for badge in head(recorded("hotplug")).verdicts]
    assert badges == [("bad", "leak under v7.2.0,release=off"), ("good", "no leak under 5 of 6 rule sets")]
    assert head(recorded("pc")).verdicts == ()
    assert head(recorded("bus_masters")).verdicts == ()


def test_a_hot_plug_that_leaks_shows_what_grows():
    shown = head(recorded("hotplug")).shown
    assert shown.pictures[0].title == "Address spaces, cycle by cycle"
    growing = [row[3] for row in shown.data.rows if row[:2] == ("v7.2.0,release=off", "unplugged")]
    assert growing == [10, 11, 12, 13, 14]


def test_a_hot_plug_without_a_leak_says_yes_and_nothing_else():
    assert plain(head(recorded("hotplug", "v7.2.0", cycles="2")).answer) == (
        "Yes under v7.2.0: after each of 2 unplugs every count is what it was."
    )


@pytest.mark.parametrize("metrics", [("process.uss",), ("process.rss",), ("process.uss", "process.rss")])
def test_a_hot_plug_that_keeps_memory_of_a_real_qemu_says_no_and_how_much(metrics):
    clean = recorded("hotplug", "v7.2.0", cycles="12")
    run = clean.runs[0]
    grown = [
        sample.metrics | dict.fromkeys(MEMORY_OF_A_PROCESS, 30 << 20)
        | dict.fromkeys(metrics, (30 << 20) + sample.cycle * (3 << 20))
        for sample in run.samples
    ]  # fmt: skip
    samples = tuple(replace(sample, metrics=read) for sample, read in zip(run.samples, grown, strict=True))
    real = replace(clean, backend="qemu", runs=(replace(run, samples=samples),))
    assert plain(find("hotplug").answer(real)) == (
        "No under v7.2.0: every count is what it was, but each cycle keeps 3.00 MiB of memory."
    )
    assert [badge.look for badge in head(real).verdicts] == ["bad"]


def test_a_hot_plug_that_leaves_something_once_does_not_say_that_every_cycle_does():
    told = plain(head(recorded("hotplug", "202fc01b05", commit="0", bus_master="0", cycles="12")).answer)
    assert told == "No under 202fc01b05: 2 views left, however many cycles."
