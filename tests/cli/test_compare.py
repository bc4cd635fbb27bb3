"""Two recordings compared, as a user types it."""

import json
import re

import pytest

SMALL = ("-s", "cpus=2", "-s", "bridges=1")


@pytest.fixture
def recorded(footprint):
    def record(name, *more, nics=3):
        done = footprint("run", "power8", *SMALL, "-s", f"nics={nics}", *more, "-o", name, "--no-report")
        assert done.returncode == 0, done.stderr
        return name

    return record


def test_two_runs_of_the_model_are_equal(footprint, recorded):
    one, other = recorded("a", "-r", "v7.2.0", "-r", "v2.10.0"), recorded("b", "-r", "v2.10.0", "-r", "v7.2.0")
    done = footprint("compare", one, other)
    assert done.returncode == 0
    assert done.stdout.count("counts are equal") == 2
    document = json.loads(footprint("compare", one, other, "--json").stdout)
    assert document["equal"]
    assert [pair["first"] for pair in document["comparisons"]] == ["v7.2.0", "v2.10.0"]


def test_one_run_each_belongs_together_and_what_differs_exits_one(footprint, recorded):
    one, other = recorded("a", "-r", "v7.2.0"), recorded("b", "-r", "v7.2.0,empty_view=off")
    done = footprint("compare", one, other, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["equal"]) == (1, False)
    lines = {(line["mark"], line["metric"]): line for line in document["comparisons"][0]["lines"]}
    alive = lines["built", "flatviews.empty"]
    assert (alive["first"], alive["second"], alive["change"], alive["judged"]) == (1, 7, 6, True)
    assert not lines["built", "process.rss"]["judged"]


def test_other_parameters_are_noted(footprint, recorded):
    one, other = recorded("a", "-r", "v7.2.0"), recorded("b", "-r", "v7.2.0", nics=4)
    done = footprint("compare", one, other, "--all")
    assert done.returncode == 1
    assert "nics is 3 in A, 4 in B" in done.stderr
    line = next(line for line in done.stdout.splitlines() if "address_spaces" in line)
    assert line.split()[-1] == "DIFFERS"
    assert line.split()[-3:-1] == ["+1", "+8.3"]


def test_what_cannot_be_compared_exits_two_with_the_reason(footprint, recorded, tmp_path):
    one, other = recorded("a", "-r", "v7.2.0", "-r", "v2.11.0"), recorded("b", "-r", "v2.10.0")
    done = footprint("compare", one, other)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "no rules are in both" in done.stderr
    assert "--rules-a" in done.stderr
    assert footprint("compare", one, other, "--rules-a", "v2.11.0").returncode == 1
    done = footprint("compare", one, other, "--rules-a", "v2.12.0")
    assert (done.returncode, "v7.2.0, v2.11.0" in done.stderr) == (2, True)
    document = json.loads((tmp_path / "b" / "recording.json").read_text())
    for change, word in (({"scenario": "pc"}, "B of pc"), ({"runs": []}, "0 runs")):
        (tmp_path / "c.json").write_text(json.dumps(document | change))
        done = footprint("compare", other, "c.json")
        assert (done.returncode, word in done.stderr) == (2, True), done.stderr
    document["runs"][0]["samples"][0]["mark"] = "elsewhere"
    del document["runs"][0]["samples"][1]
    (tmp_path / "c.json").write_text(json.dumps(document))
    done = footprint("compare", other, "c.json")
    assert (done.returncode, "elsewhere" in done.stderr) == (2, True)
    assert footprint("compare", other, "nowhere").returncode == 2


def test_by_default_a_comparison_is_a_screenful_that_begins_with_a_sentence(footprint, recorded):
    one = recorded("a", *(word for name in ("v2.10.0", "v2.11.0", "v7.2.0") for word in ("-r", name)))
    other = recorded("b", "-r", "v2.10.0", "-r", "v7.2.0", "-r", "v2.6.0", nics=4)
    lines = footprint("compare", one, other).stdout.splitlines()
    assert len(lines) <= 20
    assert lines[0].startswith("v2.10.0: ")
    assert lines[0].endswith("15 views alive before, 17 after, at built")
    assert lines[2:4] == [
        "only in the first, without a partner: v2.11.0",
        "only in the second, without a partner: v2.6.0",
    ]
    assert (
        "views: +1 view of virtio-net-pci's `bus master container`, +1 view of virtio-net-pci's `virtio-pci-cfg`"
        in (lines)
    )
    assert sum(line.endswith("DIFFERS") for line in lines) == 5
    assert re.fullmatch(r"\(\d+ more metrics differ.*; --all shows them\)", lines[-1])
    document = json.loads(footprint("compare", one, other, "--json").stdout)
    assert document["without_partner"] == {"first": ["v2.11.0"], "second": ["v2.6.0"]}


def test_rule_sets_of_one_recording_are_compared(footprint, recorded):
    one = recorded("a", "-r", "v2.10.0", "-r", "v2.11.0", "-r", "v7.2.0")
    done = footprint("compare", one, "-r", "v2.10.0", "-r", "v7.2.0")
    assert done.returncode == 1
    assert done.stdout.startswith("v2.10.0 → v7.2.0: ")
    done = footprint("compare", one)
    assert (done.returncode, "name two of its rule sets" in done.stderr) == (2, True)
    assert "v2.10.0, v2.11.0, v7.2.0" in done.stderr


def test_two_scenarios_are_compared_only_anyway(footprint, recorded, tmp_path):
    one = recorded("a", "-r", "v7.2.0")
    assert footprint("run", "pc", "-r", "v7.2.0", "-o", "pc", "--no-report").returncode == 0
    done = footprint("compare", one, "pc")
    assert (done.returncode, "--anyway" in done.stderr) == (2, True)
    done = footprint("compare", one, "pc", "--anyway")
    assert (done.returncode, done.stdout.startswith("v7.2.0: ")) == (1, True)
    assert "A is a recording of power8, B of pc" in done.stderr


def test_what_is_only_measured_is_compared_only_anyway(footprint, recorded, tmp_path):
    document = json.loads((tmp_path / recorded("a", "-r", "v7.2.0") / "recording.json").read_text())
    for sample in document["runs"][0]["samples"]:
        sample["metrics"] = {"process.rss": 1000 + len(sample["mark"])}
    (tmp_path / "measured.json").write_text(json.dumps(document))
    done = footprint("compare", "measured.json", "measured.json")
    assert (done.returncode, "no count in common" in done.stderr) == (2, True)
    assert footprint("compare", "measured.json", "measured.json", "--anyway").returncode == 0


def capture(version, *, devices, spaces):
    """A capture as a QEMU prints it: memory, and `spaces` with a BAR's view each, of `devices` cards."""
    tree = "address-space: memory\n  0000000000000000-ffffffffffffffff (prio 0, i/o): system\n\n"
    flat = 'FlatView #0\n AS "memory", root: system\n Root memory region: system\n  No rendered FlatView\n\n'
    for card in range(devices):
        owner = f" owner:{{dev id=net{card}}}"
        for number in range(spaces):
            tree += f"address-space: cfg\n  0000000000000000-0000000000000fff (prio 0, i/o): bar{owner}\n\n"
            flat += (
                f'FlatView #{1 + card * spaces + number}\n AS "cfg", root: bar\n Root memory region: bar\n'
                f"  0000000000000000-0000000000000fff (prio 0, i/o): bar{owner}\n"
                "  Dispatch\n    Physical sections\n      #0 @0000000000000000..ffffffffffffffff (noname) [unassigned]\n"
                f"    Nodes (9 bits per level, 6 levels) ptr=[{2**26 - 1}] skip=0\n\n"
            )
    command = [
        "qemu-system-x86_64",
        *(word for card in range(devices) for word in ("-device", f"virtio-net-pci,id=net{card}")),
    ]
    return {"command": command, "version": version, "info mtree -o -D": tree, "info mtree -f -d -o": flat}


def test_of_two_captures_what_their_qemus_printed_is_compared(footprint, tmp_path):
    for name, version, spaces in (("before", "7.2.0", 0), ("after", "10.0.0", 1)):
        (tmp_path / f"{name}.json").write_text(json.dumps(capture(version, devices=3, spaces=spaces)))
    done = footprint("compare", "before.json", "after.json")
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines()[:3] == [
        "qemu-7.2.0 → qemu-10.0.0: 5 of 8 counts differ (at built); 1 view alive before, 4 after, at built",
        "views: +3 views of virtio-net-pci's `bar`",
        "address spaces: +3 `cfg`",
    ]
