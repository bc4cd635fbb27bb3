"""Operation logs of real start-ups, taken with a real gdb, and judged by the model."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from footprint.machines.pseries import pseries
from footprint.qemu.oplog import read_log
from footprint.qemu_process.command_line import arguments as words_of
from tests.fixtures.processes import gone, interruptible, qemu_of

CARDS = ("-device", "virtio-net-pci", "-device", "virtio-net-pci")
PSERIES = ("-M", "pseries", "-cpu", "POWER8", "-smp", "2", "-nodefaults", *CARDS)


@pytest.fixture(autouse=True)
def gdb(need):
    return need("gdb", "gdb")


def default_guest(qemu):
    return [qemu, *words_of(pseries(cpus=255, nics=255, bridges=40, vga=True, ohci=1, scsi=1))]


def exact(footprint, path, *, views):
    done = footprint("verify", path, "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["mismatches"]) == (0, [])
    assert document["steps"] == document["steps_exact"] == views


@pytest.mark.parametrize(
    ("program", "package", "arguments", "views"),
    [
        ("qemu-system-ppc64", "qemu-system-ppc", PSERIES, 25 + 3 * 2 * 7),
        ("qemu-system-x86_64", "qemu-system-x86", ("-M", "pc", "-nodefaults"), 187),
        ("qemu-system-aarch64", "qemu-system-arm", ("-M", "virt"), 126),
    ],
)
@pytest.mark.parametrize("dispatch", [(), ("--dispatch",)])
def test_the_log_of_a_start_up_is_exact(need, footprint, tmp_path, program, package, arguments, views, dispatch):
    qemu = need(program, package)
    done = footprint("trace", "-o", "log.txt.gz", *dispatch, "--json", "--", qemu, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["views"] == views
    exact(footprint, "log.txt.gz", views=views)
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt.gz"]
    if dispatch:
        assert all(one.dispatch for one in read_log(tmp_path / "log.txt.gz").operations if hasattr(one, "dispatch"))


def test_machines_with_their_default_devices_are_exact_too(footprint, x86_64):
    footprint("trace", "-o", "log.txt", "--dispatch", "--", x86_64, "-M", "pc")
    exact(footprint, "log.txt", views=219)


@pytest.mark.slow
def test_the_log_of_the_published_guest_is_exact(footprint, ppc64):
    done = footprint("trace", "-o", "log.txt.gz", "--", *default_guest(ppc64))
    assert done.returncode == 0, done.stderr
    exact(footprint, "log.txt.gz", views=6043)


def failed(done, tmp_path, *words):
    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (3, 1, "")
    assert all(word in done.stderr for word in words), done.stderr
    assert list(tmp_path.iterdir()) == []


def test_arguments_that_qemu_refuses_are_told_in_its_own_words(footprint, ppc64, tmp_path):
    done = footprint("trace", "-o", "log.txt", "--", ppc64, "-M", "nonesuch")
    failed(done, tmp_path, "ended with 1 before its main loop", "unsupported machine type")


def test_a_program_that_is_no_system_emulator_is_told(footprint, tmp_path):
    failed(footprint("trace", "-o", "log.txt", "--", "/bin/true"), tmp_path, "does not export its memory functions")


def test_a_start_up_that_takes_too_long_is_given_up(footprint, ppc64, tmp_path):
    done = footprint("trace", "-o", "log.txt", "--time-limit", "0.5", "--", *default_guest(ppc64))
    failed(done, tmp_path, "did not reach its main loop under gdb within 0.5 s")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_whatever_ends_us_ends_gdb_and_qemu(ppc64, tmp_path, how, code):
    command = [sys.executable, "-m", "footprint", "trace", "-o", "log.txt", "--", *default_guest(ppc64)]
    with interruptible(command, cwd=tmp_path, env=os.environ, stderr=subprocess.DEVNULL) as we:
        deadline = time.monotonic() + 10
        while (qemu := qemu_of(we)) is None and time.monotonic() < deadline:
            time.sleep(0.02)
        found = [one.pid for one in psutil.Process(we.pid).children(recursive=True)]
        time.sleep(0.3)
        we.send_signal(how)
        assert we.wait(10) == code
    assert len(found) >= 2
    assert qemu.pid in found
    assert all(gone(pid) for pid in found)
    assert list(tmp_path.iterdir()) == []
