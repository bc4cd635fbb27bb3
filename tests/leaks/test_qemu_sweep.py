"""A sweep over devices: kept, resumed, and compared with another QEMU."""

import json
import signal
import subprocess
import sys
import time

from footprint.leaks.qemu_sweep import DeviceRow, DeviceSweep, changes
from footprint.leaks.qemu_sweep_text import change_lines, sweep_lines

DEVICES = "e1000,pcie-pci-bridge,rocker,VGA"
ANSWERS = {"e1000": "clean", "pcie-pci-bridge": "leak", "rocker": "crash", "VGA": "refused"}


def leaking(device, rate):
    """The row of a device that leaves `rate` bytes a cycle."""
    place = {"kind": "object", "text": f"1 object a cycle  object {device}, refcount 1, no parent"}
    finding = {"metric": "heap.bytes", "per_cycle": rate, "where": [place]}
    return DeviceRow(device, "leak", verdict={"findings": [finding]})


def sweep(version, *rows):
    return DeviceSweep("qemu", version, "q35", rows)


def test_each_device_has_its_answer_and_a_second_sweep_measures_nothing_again(footprint, x86_64, tmp_path):
    words = ["leaks", "qemu", "--all-devices", "--only", DEVICES, "--qemu", x86_64, "--keep", tmp_path]
    done = footprint(*words, "--json", timeout=120)
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert {row["device"]: row["answer"] for row in document["devices"]} == ANSWERS
    again = footprint(*words, "--json", timeout=20)
    assert json.loads(again.stdout) == document
    told = footprint(*words).stdout
    assert "4 devices: 1 crash, 1 leak, 1 clean, 1 refused" in told
    assert "shpc_init" in told
    assert "aborts at the 1st unplug" in told


def test_a_sweep_that_was_killed_goes_on_and_gives_the_same(footprint, x86_64, tmp_path):
    words = ["leaks", "qemu", "--all-devices", "--only", DEVICES, "--qemu", x86_64, "--json", "--keep"]
    whole = json.loads(footprint(*words, tmp_path / "whole", timeout=120).stdout)
    command = [sys.executable, "-m", "footprint", *words, tmp_path / "killed"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not any(len(file.read_text().splitlines()) > 2 for file in (tmp_path / "killed").glob("*.jsonl")):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    (file,) = (tmp_path / "killed").glob("*.jsonl")
    kept = file.read_text().splitlines()
    assert 2 < len(kept) < 1 + len(ANSWERS)
    file.write_text("\n".join(kept) + '\n{"device": "e10')  # cut off while it was written
    resumed = json.loads(footprint(*words, tmp_path / "killed", timeout=120).stdout)
    assert file.read_text().splitlines()[: len(kept)] == kept
    for one, other in zip(whole["devices"], resumed["devices"], strict=True):
        assert (one["device"], one["answer"]) == (other["device"], other["answer"])


def test_answers_of_another_binary_are_not_taken_for_its_own(footprint, x86_64, tmp_path):
    words = ["leaks", "qemu", "--all-devices", "--only", "VGA", "--qemu", x86_64, "--keep", tmp_path]
    footprint(*words)
    (file,) = tmp_path.glob("*.jsonl")
    file.write_text(file.read_text().replace('"size": ', '"size": 1'))
    done = footprint(*words)
    assert done.returncode == 2
    assert "is of another sweep" in done.stderr
    assert footprint(*words, "--restart").returncode == 0


def test_against_another_qemu_only_what_is_worse_fails():
    before = sweep(
        "10.0", leaking("nvme", 14_000), leaking("old", 100), DeviceRow("e1000", "clean"), leaking("more", 1000)
    )
    after = sweep(
        "11.1", leaking("nvme", 14_005), DeviceRow("old", "clean"), leaking("e1000", 50), leaking("more", 1100)
    )
    seen = {change.device: (change.what, change.is_worse) for change in changes(before, after)}
    assert seen == {"e1000": ("new leak", True), "more": ("leaks more", True), "old": ("mended leak", False)}


def test_a_new_crash_comes_first_and_refused_devices_are_no_change():
    before = sweep(
        "a", DeviceRow("x", "clean"), DeviceRow("y", "refused"), DeviceRow("z", "crash"), DeviceRow("w", "clean")
    )
    after = sweep(
        "b",
        DeviceRow("x", "crash", "aborts"),
        DeviceRow("y", "clean"),
        DeviceRow("z", "clean"),
        DeviceRow("w", "refused"),
    )
    assert [(change.device, change.what) for change in changes(before, after)] == [
        ("x", "new crash"),
        ("z", "mended crash"),
    ]


def test_the_table_has_the_worst_first():
    rows = (
        DeviceRow("calm", "clean"),
        leaking("small", 32),
        leaking("large", 9000),
        DeviceRow("dead", "crash", "aborts at once"),
    )
    lines = list(sweep_lines(sweep("11.1", *rows)))
    assert lines[0] == "QEMU 11.1, q35: 4 devices: 1 crash, 2 leak, 1 clean"
    assert [line.split()[0] for line in lines[3:6]] == ["dead", "large", "small"]
    assert "object large, refcount 1, no parent" in lines[4]
    told = list(change_lines(sweep("10.0"), sweep("11.1", *rows), changes(sweep("10.0"), sweep("11.1", *rows))))
    assert told[0] == "QEMU 11.1 against 10.0: 4 changes"
    assert next(change_lines(sweep("10.0"), sweep("11.1"), [])) == "QEMU 11.1 against 10.0: nothing is otherwise"
