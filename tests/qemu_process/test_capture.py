"""Captures of real guests: started by us, and attached to."""

import contextlib
import gzip
import json
import socket
import subprocess
import time

import pytest

from footprint.qemu_process.monitor import Monitor

PSERIES = ("-M", "pseries", "-cpu", "POWER8", "-smp", "2", "-nodefaults")
CARD = ("-device", "virtio-net-pci")


@contextlib.contextmanager
def running(qemu, socket_path, *more):
    """A guest that somebody else runs, with its monitor at `socket_path`."""
    command = [qemu, *PSERIES, "-display", "none", "-qmp", f"unix:{socket_path},server=on,wait=off", *more]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as guest:
        try:
            deadline = time.monotonic() + 10
            while not socket_path.exists() and time.monotonic() < deadline:
                time.sleep(0.01)
            yield guest
        finally:
            guest.kill()


def status(path):
    with contextlib.closing(Monitor(str(path), seconds=5, who="the guest")) as monitor:
        return monitor.execute("query-status")


def test_a_capture_is_exact_for_verify_and_leaves_nothing_else(footprint, ppc64, tmp_path):
    done = footprint("capture", "-o", "out.json.gz", "--json", "--", ppc64, *PSERIES, *CARD)
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert said["counts"]["flatviews.created"] == 25 + 3 * 7
    document = json.loads(gzip.decompress((tmp_path / "out.json.gz").read_bytes()))
    assert document["command"] == [ppc64, *PSERIES, *CARD]
    assert document["version"] == said["version"]
    assert document["status"] == "prelaunch"
    assert document["smaps_rollup"]["Rss"] > 20 << 20
    assert {"heap", "anonymous", "program", "libraries"} <= set(document["mappings"])
    resident = sum(group["Rss"] for group in document["mappings"].values())
    assert abs(resident - document["smaps_rollup"]["Rss"]) < 8 << 20
    life = document["trace"]
    assert (life["created"], life["freed"], life["waiting"]) == (46, 42, 0)
    assert len(life["microseconds"]) == 46
    assert [path.name for path in tmp_path.iterdir()] == ["out.json.gz"]
    assert footprint("verify", "out.json.gz").returncode == 0


def test_no_flat_never_reads_the_views(footprint, ppc64, tmp_path):
    assert footprint("capture", "-o", "out.json", "--no-flat", "--", ppc64, *PSERIES).returncode == 0
    document = json.loads((tmp_path / "out.json").read_text())
    assert [key for key in document if key.startswith("info")] == ["info mtree", "info mtree -D", "info mtree -o -D"]


def test_an_existing_file_is_kept_unless_forced(footprint, ppc64, tmp_path):
    (tmp_path / "out.json").write_text("mine")
    done = footprint("capture", "-o", "out.json", "--", ppc64, *PSERIES)
    assert done.returncode == 2
    assert (tmp_path / "out.json").read_text() == "mine"
    assert footprint("capture", "-o", "out.json", "--force", "--", ppc64, *PSERIES).returncode == 0


@pytest.mark.parametrize("how", [(), ("--qmp", "x", "--", "qemu-system-ppc64")])
def test_a_command_line_or_a_socket_is_wanted(footprint, how):
    done = footprint("capture", "-o", "out.json", *how)
    assert done.returncode == 2
    assert "--qmp SOCKET" in done.stderr


def test_a_qemu_that_refuses_leaves_no_file(footprint, ppc64, tmp_path):
    done = footprint("capture", "-o", "out.json", "--", ppc64, "-M", "nonesuch")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)
    assert "unsupported machine type" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("firmware", [["-S"], []])
def test_a_guest_that_is_attached_to_goes_on_as_it_was(footprint, ppc64, tmp_path, firmware):
    path = tmp_path / "qmp.sock"
    log = tmp_path / "trace.log"
    watch = ("-trace", "handle_hmp_command", "-D", str(log))
    with running(ppc64, path, *firmware, *CARD, *watch) as guest:
        before = status(path)
        done = footprint("capture", "-o", "out.json", "--qmp", path)
        assert done.returncode == 0, done.stderr
        assert status(path) == before
        assert guest.poll() is None
        document = json.loads((tmp_path / "out.json").read_text())
        assert document["status"] == before["status"]
        assert document["command"][0] == ppc64
        assert document["smaps_rollup"]["Rss"] > 20 << 20
        assert "FlatView #0" in document["info mtree -f -d"]
        assert log.read_text().count("mtree -f") == 1


def test_a_monitor_that_is_taken_ends_within_the_time_limit(footprint, ppc64, tmp_path):
    path = tmp_path / "qmp.sock"
    with running(ppc64, path, "-S"), socket.socket(socket.AF_UNIX) as other:
        other.connect(str(path))
        started = time.monotonic()
        done = footprint("capture", "-o", "out.json", "--qmp", path, "--time-limit", "1")
        assert time.monotonic() - started < 5
        assert (done.returncode, done.stderr.count("\n")) == (3, 1)
        assert "somebody else may have its monitor" in done.stderr
        assert not (tmp_path / "out.json").exists()


def test_a_socket_that_is_no_monitor_is_told(footprint, ppc64, tmp_path):
    done = footprint("capture", "-o", "out.json", "--qmp", "nowhere.sock")
    assert (done.returncode, done.stderr) == (
        3,
        "footprint: cannot connect to nowhere.sock: no such file or directory\n",
    )
    with running(ppc64, tmp_path / "qmp.sock", "-S", "-monitor", f"unix:{tmp_path}/hmp.sock,server=on,wait=off"):
        done = footprint("capture", "-o", "out.json", "--qmp", "hmp.sock")
        assert done.returncode == 3
        assert "does not speak QMP" in done.stderr


def test_help_says_what_reading_costs(footprint):
    text = " ".join(footprint("capture", "--help").stdout.split())
    assert "leaks every view that two address spaces share" in text
    assert "docs/reading.md" in text
