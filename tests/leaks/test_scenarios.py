"""``footprint leaks SCENARIO``: exact counts of the model, and a real QEMU's plugging."""

import json

import pytest

UNPLUGGED = """
from footprint.machines.generic import guest
from footprint.machines.topology import Device
from footprint.scenario import Param, scenario
from footprint.scenario import Build, Mark, Plug, Settle

@scenario("Is what is plugged in ever taken out?", params=(Param("cycles", 5, "how often", least=1, most=20),))
def forgets(p):
    yield Build(guest("pc"))
    for cycle in range(1, p.cycles + 1):
        yield Plug(Device("e1000", f"card{cycle}", "pci.0", 3 + cycle))
        yield Settle()
        yield Mark("after", cycle)
"""


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


def test_a_script_that_never_unplugs_is_told_which_devices_stay(footprint, tmp_path):
    (tmp_path / "forgets.py").write_text(UNPLUGGED)
    code, document = answer(footprint("leaks", "./forgets.py", "-r", "v2.10.0", "--json"))
    found = {one["metric"]: one["per_cycle"] for one in document["findings"]}
    assert (code, found["address_spaces"], found["flatviews.alive"]) == (1, 1, 1)
    texts = [place["text"] for place in document["findings"][0]["where"]]
    assert any("device 'card5': address space 'e1000'" in text for text in texts)


def test_a_scenario_that_repeats_nothing_and_destroys_nothing_cannot_be_judged(footprint, tmp_path):
    script = UNPLUGGED.replace("5, ", "1, ")
    (tmp_path / "once.py").write_text(script)
    done = footprint("leaks", "./once.py")
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
    ],
)
def test_a_request_that_makes_no_sense_is_refused(footprint, options, words):
    done = footprint("leaks", *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr


def test_a_real_qemu_keeps_what_an_unplugged_xhci_had(footprint, need):
    need("qemu-system-x86_64", "qemu-system-x86")
    options = ["-b", "qemu", "-s", "device=nec-usb-xhci", "-s", "bus_master=0", "-s", "commit=0", "--cycles", "14"]
    code, document = answer(footprint("leaks", "hotplug", *options, "--json"))
    found = {one["metric"]: one for one in document["findings"]}
    assert (code, document["cycles"]) == (1, 14)
    assert found["uss.bytes"]["per_cycle"] == pytest.approx(2.95e6, rel=0.05)
