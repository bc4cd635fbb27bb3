"""The qemu backend: the same scenario, marks and names as the model, read from a real process."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from footprint.backends.qemu import QemuBackend
from footprint.errors import RequestError
from footprint.machines.pseries import pseries
from footprint.qemu.counts import dummies
from footprint.qemu_process.command_line import arguments
from footprint.scenario import Replay
from tests.fixtures.processes import gone, interruptible, qemu_of
from tests.fixtures.real_qemu import VERSIONS, program_of_version

on_every_version = pytest.mark.parametrize("version", VERSIONS)

SAME = (
    "flatviews.created", "flatviews.freed", "flatviews.allocated", "flatviews.alive", "flatviews.empty",
    "dispatches.alive", "address_spaces", "flat_ranges", "sections", "nodes", "subpages",
)  # fmt: skip
BARE = ("-s", "vga=none", "-s", "ohci=0", "-s", "scsi=0")
PSERIES = pseries(cpus=1)
SMALL = ("-s", "cpus=2", "-s", "nics=3", "-s", "bridges=1")


def guest(cpus, nics, bridges):
    return ("-s", f"cpus={cpus}", "-s", f"nics={nics}", "-s", f"bridges={bridges}", *BARE)


@pytest.mark.parametrize(
    "guest",
    [guest(1, 0, 0), guest(16, 16, 4), guest(64, 64, 10), guest(255, 255, 31), ()],
    ids=["1-0-0", "16-16-4", "64-64-10", "255-255-31", "default"],
)
def test_the_model_and_a_real_qemu_count_the_same(footprint, ppc64, guest):
    real = footprint("run", "power8", *guest, "-b", "qemu", "-o", "real", "--json", "--no-report")
    model = footprint("run", "power8", *guest, "-b", "model", "-r", "v7.2.0", "-o", "model", "--json", "--no-report")
    theirs, ours = (json.loads(done.stdout)["runs"][0]["samples"][0] for done in (real, model))
    assert theirs["mark"] == ours["mark"] == "built"
    assert {name: theirs["metrics"][name] for name in SAME} == {name: ours["metrics"][name] for name in SAME}
    done = footprint("compare", "model", "real")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("program", "package", "words"),
    [
        ("x86_64", "x86", "pc -s devices=2xe1000+1xnvme+1xpc-dimm -s bridges=2 -s vga=std"),
        ("x86_64", "x86", "q35 -s devices=2xvirtio-blk-pci -s cpus=3"),
        ("aarch64", "arm", "virt -s devices=3xvirtio-net-pci -s vga=std"),
        ("x86_64", "x86", "pc -s devices=2xe1000 -s firmware=1"),
        ("ppc64", "ppc", "hotplug -s machine=pseries -s bus_master=0 -s commit=0 -s cycles=3"),
    ],
)
def test_every_machine_and_step_counts_the_same(need, footprint, program, package, words):
    need(f"qemu-system-{program}", f"qemu-system-{package}")
    for name, how in (("real", ("-b", "qemu")), ("model", ("-r", "v7.2.0"))):
        done = footprint("run", *words.split(), *how, "-o", name, "--no-report")
        assert done.returncode == 0, done.stderr
    done = footprint("compare", "model", "real")
    assert done.returncode == 0, done.stdout + done.stderr


def test_where_devices_come_and_go_views_are_read_only_at_the_last_mark(footprint, x86_64):
    words = ("-s", "bus_master=0", "-s", "commit=0", "-s", "cycles=3", "-s", "device=nvme")
    done = footprint("run", "hotplug", *words, "-b", "qemu", "--json")
    samples = json.loads(done.stdout)["runs"][0]["samples"]
    assert [(one["mark"], one["cycle"]) for one in samples][-2:] == [("plugged", 3), ("unplugged", 3)]
    assert [one["metrics"].get("flatviews.alive") for one in samples] == [None] * 6 + [4]
    # Nothing stays: as many views and spaces after each cycle as before the first.
    kept = [(one["metrics"]["flatviews.allocated"], one["metrics"]["address_spaces"]) for one in samples[::2]]
    assert set(kept) == {kept[0]}


def test_a_recording_of_a_real_qemu_says_so_and_holds_its_memory(footprint, ppc64, tmp_path):
    done = footprint("run", "power8", *SMALL, "-b", "qemu", "-o", "real")
    assert done.returncode == 0, done.stderr
    document = json.loads((tmp_path / "real" / "recording.json").read_text())
    assert document["backend"] == "qemu"
    run = document["runs"][0]
    assert run["rules"].startswith("qemu-")
    assert [sample["mark"] for sample in run["samples"]] == ["built"]
    metrics = run["samples"][0]["metrics"]
    assert metrics["process.rss"] >= metrics["process.pss"] >= metrics["process.uss"] > 10 << 20
    assert "modelled.bytes" not in metrics
    assert "qemu-" in (tmp_path / "real" / "index.html").read_text()
    assert footprint("show", "real", "--all").returncode == 0


def test_any_binary_can_be_the_qemu(footprint, ppc64, tmp_path):
    mine = tmp_path / "build" / "my-qemu"
    mine.parent.mkdir()
    mine.symlink_to(shutil.which(ppc64))
    done = footprint("run", "power8", *SMALL, "-b", "qemu", "--qemu", "./build/my-qemu", "-o", "out", "--no-report")
    assert done.returncode == 0, done.stderr
    assert footprint("gate", "out", "--budget", "flatviews.alive<=4").returncode == 0
    assert footprint("gate", "out", "--budget", "flatviews.created<=4").returncode == 1


def test_a_guest_that_qemu_refuses_is_told_in_its_own_words(footprint, ppc64, tmp_path):
    done = footprint("run", "power8", *SMALL[2:], "-s", "cpus=65536", "-b", "qemu")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "before its machine was built" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_qemu_that_hangs_is_given_up_within_the_time_limit(footprint, program, tmp_path):
    hanging = program("sleep 100")
    done = footprint("run", "power8", *SMALL, "-b", "qemu", "--qemu", hanging, "--time-limit", "1", "--json")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (3, "", 1)
    assert "within 1 s" in done.stderr


def test_ctrl_c_ends_qemu_and_writes_nothing(ppc64, tmp_path):
    command = [sys.executable, "-m", "footprint", "run", "power8", "-b", "qemu"]
    with interruptible(command, cwd=tmp_path, env=os.environ, stderr=subprocess.PIPE, text=True) as we:
        deadline = time.monotonic() + 10
        while (qemu := qemu_of(we)) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.3)
        we.send_signal(signal.SIGINT)
        assert (we.wait(10), we.stderr.read().strip()) == (130, "footprint: interrupted")
    assert gone(qemu.pid)
    assert list(tmp_path.iterdir()) == []


def recorded(footprint, name, *words):
    done = footprint("run", *words, "-o", name, "--no-report", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


SIXTEEN = guest(16, 16, 4)


@on_every_version
def test_a_real_qemu_made_to_hold_its_transactions_is_what_the_model_predicts(need, footprint, version):
    qemu = program_of_version(version, PSERIES, need)
    words = ("-b", "qemu", "--qemu", qemu)
    recorded(footprint, "plain", "power8", *SIXTEEN, *words, "--count-views")
    held = recorded(footprint, "held", "power8", *SIXTEEN, *words, "--count-views", "--apply", "transactions=machine")
    run = held["runs"][0]
    assert run["rules"].endswith(",transactions=machine")
    assert run["features"] == {"transactions": "machine"}
    assert any("what-if" in note for note in held["notes"])
    rules = VERSIONS[version].rules
    recorded(footprint, "model", "power8", *SIXTEEN, "-r", f"{rules},transactions=machine")
    views = {"7.2": 4}.get(version, 20)
    same = f"views: {views} views alive in both, the same to the last range and node"
    for first, second in (("model", "held"), ("plain", "held")):
        done = footprint("compare", first, second)
        assert done.returncode == 0, done.stdout
        assert same in done.stdout.splitlines()
    document = json.loads(footprint("compare", "plain", "held", "--json").stdout)
    lines = {line["metric"]: line for line in document["comparisons"][0]["lines"]}
    assert lines["flatviews.created"]["second"] < lines["flatviews.created"]["first"] / 10
    assert lines["process.rss.peak"]["second"] < lines["process.rss.peak"]["first"]
    assert "process.cpu_seconds" in lines


@on_every_version
def test_views_gained_since_7_2_are_named_by_device_type(need, footprint, ppc64, version):
    qemu = program_of_version(version, PSERIES, need)
    two_types = ("-s", "cpus=2", "-s", "nics=16", "-s", "bridges=4", "-s", "scsi=1")
    recorded(footprint, "old", "power8", *two_types, "-b", "qemu")
    recorded(footprint, "new", "power8", *two_types, "-b", "qemu", "--qemu", qemu)
    gate = footprint("gate", "new", "--budget", "flatviews.alive<=4")
    said = footprint("compare", "old", "new").stdout
    if version == "7.2":
        assert (gate.returncode, "the same to the last range and node" in said) == (0, True)
        return
    assert (
        "views: +16 views of virtio-net-pci's `virtio-pci`, +1 view of virtio-scsi-pci's `virtio-pci`"
        in said.splitlines()
    )
    assert gate.returncode == 1
    assert "17 views private to a device: 16 of virtio-net-pci's `virtio-pci`, 1 of virtio-scsi-pci's" in gate.stdout


def test_the_256_private_views_of_the_published_guest_are_named(need, footprint):
    qemu = program_of_version("11.1", PSERIES, need)
    # In one transaction the guest has the same views, and takes a tenth of the memory and half the time.
    words = ("-b", "qemu", "--qemu", qemu, "--apply", "transactions=machine", "--time-limit", "110")
    recorded(footprint, "held", "power8", *words)
    done = footprint("gate", "held", "--budget", "flatviews.alive<=4")
    assert done.returncode == 1
    assert (
        "256 views private to a device: 255 of virtio-net-pci's `virtio-pci`, 1 of virtio-scsi-pci's `virtio-pci`"
        in done.stdout
    )


@on_every_version
def test_views_created_that_nothing_counts_are_left_out_with_a_note(need, footprint, version):
    qemu = program_of_version(version, PSERIES, need)
    plain = recorded(footprint, "plain", "power8", *SMALL, "-b", "qemu", "--qemu", qemu)
    counted = recorded(footprint, "counted", "power8", *SMALL, "-b", "qemu", "--qemu", qemu, "--count-views")
    metrics, more = (document["runs"][0]["samples"][0]["metrics"] for document in (plain, counted))
    assert ("flatviews.created" in metrics) != any("--count-views" in note for note in plain["notes"])
    assert metrics.get("flatviews.created", more["flatviews.created"]) == more["flatviews.created"]
    assert any("under gdb" in note for note in counted["notes"])


def test_a_recording_says_what_ran_and_what_its_start_took(footprint, ppc64):
    document = recorded(footprint, "real", "power8", *SMALL, "-b", "qemu")
    environment, metrics = document["environment"], document["runs"][0]["samples"][0]["metrics"]
    assert environment["QEMU"] == str(Path(shutil.which(ppc64)).resolve())
    assert environment["QEMU version"].startswith(document["runs"][0]["rules"].removeprefix("qemu-"))
    assert f"{ppc64} -M pseries -cpu POWER8 -smp 2" in environment["QEMU command line"]
    assert environment["QEMU command line"].count("virtio-net-pci") == 3
    assert metrics["process.rss.peak"] >= metrics["process.rss"]
    assert metrics["process.wall_seconds"] > 0
    assert metrics["process.cpu_seconds"] > 0
    assert metrics["process.steady_seconds"] >= 0


def test_the_page_of_a_real_qemu_says_whose_its_views_are(need, footprint, tmp_path):
    qemu = program_of_version("11.1", PSERIES, need)
    done = footprint("run", "power8", *SMALL, "-b", "qemu", "--qemu", qemu, "-o", "real")
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "real" / "index.html").read_text()
    assert "private to" in page
    assert "virtio-pci, private to virtio-net-pci, 3 alike" in page


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("-b", "qemuu"), 2, "valid: model, qemu"),
        (("-b", "qemu", "-r", "v7.2.0"), 2, "obeys its own rules"),
        (("-b", "qemu", "--probe", "sized"), 2, "sized"),
        (("--qemu", "qemu-system-ppc64"), 2, "-b qemu"),
        (("--apply", "transactions=machine"), 2, "--apply goes with -b qemu"),
        (("--count-views",), 2, "--count-views goes with -b qemu"),
        (("-b", "qemu", "--apply", "transactions=device"), 2, "no exported function"),
        (("-b", "qemu", "--apply", "sharing=none"), 2, "compiled into the binary"),
        (("-b", "qemu", "--apply", "transactions=machine", "--qemu", "/bin/true"), 3, "does not export"),
        (("-b", "qemu", "--qemu", "qemu-system-pdp11"), 3, "apt install qemu-system-misc"),
        (
            ("-b", "qemu", "--qemu", "/opt/qemu-system-x86_64"),
            2,
            "machine=pseries is one of qemu-system-ppc64; /opt/qemu-system-x86_64 has pc, q35",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(footprint, tmp_path, arguments, code, word):
    done = footprint("run", "power8", *SMALL, *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (code, 1)
    assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_a_real_qemu_cannot_take_is_refused():
    with QemuBackend() as backend, pytest.raises(RequestError, match="cannot replay"):
        backend.obey(Replay(None))


def test_devices_stand_on_the_command_line_as_in_the_topology():
    words = arguments(pseries(cpus=3, nics=2, bridges=1, vga=True))
    assert words[:7] == ["-M", "pseries", "-cpu", "POWER8", "-smp", "3", "-m"]
    devices = [words[i + 1] for i, word in enumerate(words) if word == "-device"]
    assert [device.split(",")[0] for device in devices] == ["VGA", "pci-bridge", "virtio-net-pci", "virtio-net-pci"]
    assert devices[1] == "pci-bridge,id=bridge0,bus=pci.0,addr=0x2.0,chassis_nr=2,multifunction=on"
    assert devices[3] == "virtio-net-pci,id=nic1,bus=bridge0,addr=0x2.0"


def test_releases_before_4_2_begin_each_dispatch_with_four_dummies():
    assert [dummies(version) for version in ("2.11.1", "4.1.0", "4.2.0", "7.2.22", "10.0.1")] == [4, 4, 1, 1, 1]
