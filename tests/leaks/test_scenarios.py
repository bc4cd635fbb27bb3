"""``footprint leaks SCENARIO``: exact counts of the model, and a real QEMU's plugging."""

import json
import re
import shlex

import pytest

from tests.conftest import PROGRAMS, ROOT

FORGETS = PROGRAMS / "forgets.py"


def answer(done):
    return done.returncode, json.loads(done.stdout)


def test_a_scenario_whose_counts_come_back_is_clean(footprint):
    code, document = answer(footprint("leaks", "hotplug", "--json"))
    assert (code, document["verdict"], document["cycles"], document["findings"]) == (0, "clean", 5, [])
    assert footprint("leaks", "power8", "-s", "cpus=4", "-s", "nics=4", "-s", "bridges=1").returncode == 0


def test_devices_without_release_functions_leak_and_the_finding_names_them(footprint):
    done = footprint("leaks", "hotplug", "-r", "v7.2.0,release=off", "--cycles", "8", "--json")
    code, document = answer(done)
    assert (code, document["cycles"]) == (1, 8)
    first = document["findings"][0]
    assert (first["metric"], first["per_cycle"], first["under"]) == ("address_spaces", 1, "v7.2.0,release=off")
    assert (
        "device 'plugged': address space 'virtio-net-pci' on region 'bus master container'" in first["where"][0]["text"]
    )
    left = {one["metric"]: one["per_cycle"] for one in document["findings"] if one["where"][0]["kind"] == "remains"}
    assert left["address_spaces"] == 9 + 8  # of the machine's own devices, and one of every cycle


def test_a_script_that_never_unplugs_is_told_which_devices_stay(footprint):
    code, document = answer(footprint("leaks", FORGETS, "-r", "v2.10.0", "--json"))
    found = {one["metric"]: one["per_cycle"] for one in document["findings"]}
    assert (code, found["address_spaces"], found["flatviews.alive"]) == (1, 1, 1)
    texts = [place["text"] for place in document["findings"][0]["where"]]
    assert any("device 'card5': address space 'e1000'" in text for text in texts)


def test_a_scenario_that_repeats_nothing_and_destroys_nothing_cannot_be_judged(footprint):
    done = footprint("leaks", FORGETS, "-s", "cycles=1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no mark comes twice" in done.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["power8", "--cycles", "20"], "has no cycles"),
        (["hotplug", "-r", "v9.9"], "unknown rule set"),
        (["hotplug", "-b", "xen"], "unknown backend"),
        (["hotplug", "-s", "device=floppy"], "unknown device"),
        (["hotplug", "pc"], "one target at a time"),
        (["hotplug", "--count-views"], "--count-views goes with qemu, qemu:DEVICE or -b qemu"),
        (
            ["hotplug", "-b", "qemu", "-s", "machine=pc", "-s", "bus_master=0", "-s", "commit=0"],
            "cannot take a device out of a stopped pc (use -s machine=q35 or -s machine=pseries, or footprint leaks "
            "qemu:virtio-net-pci --machine pc)",
        ),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(footprint, options, words):
    done = footprint("leaks", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


@pytest.mark.slow
def test_the_scenario_that_help_shows_works_as_it_is_written(footprint, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    (line,) = re.findall(r"^ +footprint (leaks hotplug .*)$", footprint("leaks", "--help").stdout, flags=re.M)
    done = footprint(*line.split())
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("leak")


def test_a_real_qemu_keeps_what_an_unplugged_xhci_had(footprint, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    options = [
        "-b",
        "qemu",
        "-s",
        "device=nec-usb-xhci",
        "-s",
        "bus_master=0",
        "-s",
        "commit=0",
        "--cycles",
        "14",
        "--seconds",
        "110",
    ]
    code, document = answer(footprint("leaks", "hotplug", *options, "--json"))
    found = {one["metric"]: one for one in document["findings"]}
    assert (code, document["cycles"]) == (1, 14)
    assert found["heap.bytes"]["per_cycle"] == pytest.approx(2_946_886, rel=0.02)
    places = [place["text"] for place in found["heap.bytes"]["where"]]
    assert places[0] == "1 object a cycle  object nec-usb-xhci, refcount 1, no parent"
    assert any("← qdev_new" in text for text in places)
    assert document["channels"] == {
        "heap.bytes": "a preloaded library", "address_spaces": "info mtree", "flatviews.allocated": "trace events",
    }  # fmt: skip


def test_what_a_real_qemu_cannot_be_asked_in_the_time_is_told(footprint, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    options = ["-b", "qemu", "-s", "bus_master=0", "-s", "commit=0", "--cycles", "2000", "--seconds", "2"]
    code, document = answer(footprint("leaks", "hotplug", *options, "--json", timeout=40))
    assert (code, document["verdict"]) == (3, "inconclusive")
    assert re.fullmatch(r"the time was over after \d+ cycles? \(--seconds\)", document["reason"])


def test_growth_that_a_scenario_is_there_to_show_is_reported_and_no_leak(footprint):
    code, document = answer(footprint("leaks", "bus_masters", "--json"))
    assert (code, document["verdict"], document["findings"], document["per"]) == (0, "clean", [], "function")
    grows = {(one["under"], one["metric"]): one["per_cycle"] for one in document["grows"]}
    assert grows["v2.10.0", "modelled.bytes"] == 65_024
    assert not any(rules == "v7.2.0" for rules, _ in grows)


def test_growth_is_told_in_one_line_for_each_run(footprint):
    lines = footprint("leaks", "bus_masters", "-r", "v2.10.0", "-r", "67ace39b25", "-r", "v7.2.0").stdout.splitlines()
    assert lines[0].endswith("grows by 63.5 KiB a function on purpose")
    told = [line for line in lines[1:] if "grows by" in line]
    assert [line.split(": ")[0].strip() for line in told] == ["v2.10.0", "67ace39b25"]
    assert all("grows by 63.5 KiB a function (flat_ranges 8, sections 9, nodes 10" in line for line in told)


def test_what_an_accumulating_scenario_leaves_behind_still_leaks(footprint):
    done = footprint("leaks", "bus_masters", "-r", "v7.2.0,release=off", "--json")
    code, document = answer(done)
    assert (code, document["verdict"]) == (1, "leak")
    assert {place["kind"] for one in document["findings"] for place in one["where"]} == {"remains"}


def test_the_same_growth_without_that_word_is_a_leak(footprint, tmp_path):
    source = (ROOT / "scenarios" / "bus_masters.py").read_text()
    (tmp_path / "leaky.py").write_text(source.replace('    accumulates="function",\n', ""))
    assert footprint("leaks", "./leaky.py", "-r", "v2.10.0").returncode == 1


def test_a_leak_of_several_metrics_is_one_line_of_the_text(footprint):
    done = footprint("leaks", "hotplug", "-r", "v7.2.0,release=off")
    lines = [line for line in done.stdout.splitlines() if line.startswith("    v7.2.0,release=off: ")]
    assert lines[0].endswith("grows by 1 space a cycle")
    assert lines[1].startswith("    v7.2.0,release=off: 210 KiB (address_spaces 14, flatviews.alive 4,")
    assert len(lines) == 2


def test_show_and_the_page_tell_growth_on_purpose_as_that(footprint, tmp_path):
    footprint("run", "bus_masters", "-r", "v2.10.0")
    said = footprint("show", "reports/bus_masters").stdout
    assert "v2.10.0: each function adds on purpose: " in said
    assert "modelled.bytes +63.5 KiB" in said
    assert "leak" not in said
    page = (tmp_path / "reports" / "bus_masters" / "index.html").read_text()
    assert "Every function adds to what exists under v2.10.0, on purpose: it is no leak." in page


def test_the_examples_of_its_help_work_as_written(footprint, need, wheel, tmp_path):
    qemu = need("qemu-system-x86_64", "qemu-system-x86")
    (tmp_path / "check.py").write_text("def one_request(): pass\n")
    (tmp_path / "build").mkdir()
    (tmp_path / "build/qemu-system-x86_64").symlink_to(qemu)
    every = re.findall(r"^ +footprint (leaks .*)$", footprint("leaks", "--help").stdout, re.MULTILINE)
    # A sweep over all devices takes minutes; test_qemu_sweep.py has a short one. The scenario has its own test above;
    # PKG is no package, and test_against.py has one.
    others = ("--all-devices", "hotplug", "PKG==")
    examples = [line for line in every if not any(word in line for word in others)]
    codes = {
        line: footprint(*shlex.split(line), COLUMNS="200", PYTHONPATH=wheel("2.1.4")).returncode for line in examples
    }
    leaking = {line for line in codes if "sparc64" in line}
    assert (len(every), len(examples), len(leaking)) == (9, 6, 1)
    assert codes == {line: int(line in leaking) for line in examples}
