"""QEMU started by gdb: one transaction over the machine's init, views counted, and nothing left at the end.

On the QEMU 7.2 of the distribution, and on 10.0 and 11.1 where they are (tests/real-qemu).
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from footprint.errors import MeasurementError, RequestError
from footprint.machines.generic import guest as guest_of
from footprint.machines.pseries import pseries
from footprint.process.smaps import process_metrics
from footprint.qemu_process.command_line import arguments
from footprint.qemu_process.gdb_guest import NO_PLAN, GdbPlan, plan_of
from footprint.qemu_process.guest import Guest
from tests.conftest import ROOT
from tests.fixtures.processes import gone, interruptible
from tests.fixtures.real_qemu import VERSIONS, counts, modelled, program_of_version

HELD, COUNTED = GdbPlan(hold_transaction=True), GdbPlan(count_views=True)
BOTH = GdbPlan(hold_transaction=True, count_views=True)
TEN = (
    *("virtio-net-pci", "virtio-net-pci", "virtio-blk-pci", "virtio-blk-pci", "virtio-scsi-pci", "virtio-balloon-pci"),
    *("e1000", "rtl8139", "nvme", "nec-usb-xhci"),
)
on_every_version = pytest.mark.parametrize("version", VERSIONS)
MACHINES = {
    **{machine: guest_of(machine, cpus=2, devices=TEN) for machine in ("pc", "q35", "virt")},
    "pseries": pseries(cpus=4, nics=10, bridges=2),
}


@pytest.fixture(autouse=True)
def gdb(need):
    return need("gdb", "gdb")


def started(program, topology, plan=NO_PLAN):
    return Guest([program, *arguments(topology)], plan=plan)


def views_of(flat):
    """The printed views without their numbers, in an order of their own: QEMU's is that of a hash table."""
    blocks = [block.strip("\n").split("\n", 1)[1] for block in re.split(r"(?=^FlatView #)", flat, flags=re.M) if block]
    return sorted(
        "\n".join(sorted(block.split("\n"), key=lambda line: not line.startswith(" AS "))) for block in blocks
    )


@on_every_version
@pytest.mark.parametrize("machine", MACHINES)
def test_a_machine_built_in_one_transaction_has_the_same_views_takes_less_and_runs(need, machine, version):
    program = program_of_version(version, MACHINES[machine], need)
    with started(program, MACHINES[machine]) as plain:
        flat, peak = plain.ask("info mtree -f -d"), process_metrics(plain.pid)["process.rss.peak"]
    with started(program, MACHINES[machine], BOTH) as held:
        held_peak = process_metrics(held.pid)["process.rss.peak"]
        assert views_of(held.ask("info mtree -f -d")) == views_of(flat)
        rules = f"{VERSIONS[version].rules},transactions=machine"
        assert held.created == counts(modelled(MACHINES[machine], rules=rules))["flatviews.created"]
        held.monitor.execute("cont")
        assert held.monitor.execute("query-status")["status"] == "running"
    assert held_peak < peak


@on_every_version
@pytest.mark.parametrize("machine", MACHINES)
def test_every_view_is_counted(need, machine, version):
    program = program_of_version(version, MACHINES[machine], need)
    expected = counts(modelled(MACHINES[machine], rules=VERSIONS[version].rules))["flatviews.created"]
    with started(program, MACHINES[machine], COUNTED) as real:
        assert real.created == expected
        # Where trace events tell it too, they tell the same; a QEMU without a log for them tells nothing.
        assert real.settle().created in (expected, 0)


@on_every_version
def test_views_are_counted_on_when_the_firmware_runs(need, version):
    topology = guest_of("pc", devices=["e1000"])
    with started(program_of_version(version, topology, need), topology, COUNTED) as real:
        built = real.created
        real.boot(seconds=10, quiet=1)
        assert real.created > built
        assert real.trace.read().created in (real.created, 0)


def test_a_guest_let_go_by_gdb_is_as_any_other(x86_64):
    with started(x86_64, MACHINES["pc"], HELD) as real:
        assert "TracerPid:\t0" in Path(f"/proc/{real.pid}/status").read_text()
        assert psutil.Process(real.pid).parent().pid == real.process.pid
        assert real.program == shutil.which(x86_64) or Path(x86_64).resolve() == Path(real.program)
        assert real.process.name == "qemu-system-x86_64"
        assert real.cpu_seconds > 0
        assert real.wall_seconds > 0
        assert real.await_steady_memory().reached


@pytest.mark.parametrize("plan", [HELD, COUNTED], ids=["held", "counted"])
def test_leaving_ends_gdb_and_qemu(x86_64, plan):
    with started(x86_64, MACHINES["pc"], plan) as real:
        pids = real.pid, real.process.pid
    assert len(set(pids)) == 2
    assert all(gone(pid) for pid in pids)


@pytest.mark.parametrize("plan", ["hold_transaction", "count_views"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whatever_ends_us_ends_gdb_and_qemu(x86_64, how, plan):
    script = (
        "import sys, time\nfrom footprint.qemu_process.gdb_guest import GdbPlan\n"
        "from footprint.qemu_process.guest import Guest\n"
        f"with Guest(sys.argv[1:], plan=GdbPlan({plan}=True)) as guest:\n"
        "    print(guest.pid, guest.process.pid, flush=True)\n    time.sleep(60)\n"
    )
    with interruptible(
        [sys.executable, "-c", script, x86_64, "-M", "pc", "-nodefaults"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as we:  # fmt: skip
        pids = [int(word) for word in we.stdout.readline().split()]
        we.send_signal(how)
    assert len(pids) == 2
    assert all(gone(pid) for pid in pids)


def test_killed_while_gdb_brings_qemu_up_we_leave_nothing(ppc64):
    script = "import sys\nfrom footprint.qemu_process.gdb_guest import GdbPlan\n" + (
        "from footprint.qemu_process.guest import Guest\nGuest(sys.argv[1:], plan=GdbPlan(count_views=True))\n"
    )
    command = [sys.executable, "-c", script, ppc64, *arguments(pseries(cpus=64, nics=128, bridges=20))]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as we:
        deadline, children = time.monotonic() + 20, []
        while len(children) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
            children = psutil.Process(we.pid).children(recursive=True)
        pids = [child.pid for child in children]
        we.kill()
    assert len(pids) >= 2
    assert all(gone(pid) for pid in pids)


@pytest.mark.parametrize("plan", [HELD, COUNTED], ids=["held", "counted"])
def test_a_qemu_that_dies_is_told_with_its_signal(x86_64, plan):
    with started(x86_64, MACHINES["pc"], plan) as real:
        os.kill(real.pid, signal.SIGSEGV)
        with pytest.raises(MeasurementError, match="qemu-system-x86_64 was killed by signal 11 when asked"):
            real.ask("info mtree")


@pytest.mark.parametrize("plan", [HELD, COUNTED], ids=["held", "counted"])
def test_arguments_that_qemu_refuses_are_told_in_its_own_words(x86_64, plan):
    with pytest.raises(
        MeasurementError, match=r"ended with 1 before its machine was built: .*unsupported machine type"
    ):
        Guest([x86_64, "-M", "nonesuch"], plan=plan)


@pytest.mark.parametrize("plan", [HELD, COUNTED], ids=["held", "counted"])
def test_no_descriptor_is_left(x86_64, plan):
    def count():
        with started(x86_64, MACHINES["pc"], plan):
            pass
        return len(list(Path("/proc/self/fd").iterdir()))

    assert count() == count()


def test_arguments_with_blanks_and_quotes_reach_qemu_whole(x86_64):
    name = """a 'guest' with "quotes" $HOME"""
    with Guest([x86_64, "-M", "pc", "-nodefaults", "-name", name], plan=HELD) as real:
        assert real.monitor.execute("query-name") == {"name": name}
        assert name in real.command_line


def test_a_program_that_exports_no_memory_functions_is_told():
    with pytest.raises(MeasurementError, match="true cannot be given transactions=machine: it does not export"):
        Guest(["/bin/true"], plan=HELD)
    with pytest.raises(MeasurementError, match="true cannot be counted in views: it does not export"):
        Guest(["/bin/true"], plan=COUNTED)


def test_a_program_that_gdb_cannot_start_is_told(program):
    with pytest.raises(MeasurementError, match="qemu-system-broken cannot be given transactions=machine: "):
        Guest([program("sleep 100")], plan=HELD)


def test_a_start_that_takes_too_long_is_given_up(ppc64):
    topology = pseries(cpus=255, nics=255, bridges=40)
    with pytest.raises(MeasurementError, match=r"did not reach its main loop under gdb within 0.05 s; its own words"):
        Guest([ppc64, *arguments(topology)], plan=HELD, seconds=0.05)


def test_without_gdb_it_is_told_what_installs_it(x86_64, tmp_path, monkeypatch):
    for name in ("setpriv", "sh"):
        (tmp_path / name).symlink_to(shutil.which(name))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MeasurementError, match="gdb is not installed; install it with: apt install gdb"):
        Guest([x86_64], plan=HELD)


@pytest.mark.parametrize(
    ("applied", "reason"),
    [
        (["transactions"], "'transactions' is not FEATURE=VALUE"),
        (["transactions=device"], "no exported function is called where each device begins"),
        (["transactions=call"], "that is what every QEMU does by itself"),
        (["sharing=none"], "compiled into the binary"),
        (["transactions=machine", "dispatch=per-space"], "dispatch=per-space cannot be applied to a real QEMU"),
    ],
)
def test_what_no_binary_can_be_made_to_do_is_refused_with_the_reason(applied, reason):
    with pytest.raises(RequestError, match=reason) as caught:
        plan_of(applied)
    assert str(caught.value).endswith("valid: transactions=machine")


def test_a_plan_says_what_differs_from_the_binary_as_it_is():
    assert plan_of(["transactions=machine"]) == HELD
    assert (HELD.features, COUNTED.features) == ({"transactions": "machine"}, {})
    assert not plan_of([])
