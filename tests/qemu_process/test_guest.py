"""A QEMU process: stopped, asked, and gone at the end whatever happens."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from footprint.errors import MeasurementError, RequestError
from footprint.qemu_process.guest import Guest
from tests.conftest import ROOT
from tests.fixtures.processes import gone, interruptible

GREETING = '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 7}, "package": ""}, "capabilities": []}}'
PSERIES = ("-M", "pseries", "-cpu", "POWER8", "-smp", "2", "-nodefaults")


def failure(command, seconds=2):
    """The sentence of the error that starting this command ends with, and how long that took."""
    started = time.monotonic()
    with pytest.raises(MeasurementError) as caught, Guest(command, seconds=seconds):
        pass
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert caught.value.exit_code == 3
    return sentence, time.monotonic() - started


def test_a_guest_is_built_stopped_and_answers(ppc64):
    with Guest([ppc64, *PSERIES]) as guest:
        assert guest.version.count(".") == 2
        assert guest.monitor.execute("query-status")["status"] == "prelaunch"
        assert 'AS "cpu-memory-1"' in guest.ask("info mtree -f")
        assert "\r" not in guest.ask("info mtree")


def test_every_view_of_a_start_up_is_seen_to_be_created_released_and_freed(ppc64):
    with Guest([ppc64, *PSERIES]) as guest:
        life = guest.settle()
    assert (life.created, life.released, life.freed, life.waiting) == (25, 21, 21, 0)
    # Nothing is freed before the machine is built (docs/qemu-memory.md, "Grace period").
    assert life.peak == 25
    gone_by = [view for view in life.views if view.freed is not None]
    assert len(gone_by) == 21
    assert all(view.created <= view.released <= view.freed for view in gone_by)


def test_leaving_ends_it(ppc64):
    with Guest([ppc64, *PSERIES]) as guest:
        pid = guest.process.pid
    assert gone(pid)
    guest.close()
    guest.monitor.close()


def test_an_exception_ends_it(ppc64):
    with pytest.raises(ZeroDivisionError), Guest([ppc64, *PSERIES]) as guest:
        pid = guest.process.pid
        raise ZeroDivisionError
    assert gone(pid)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_whatever_ends_us_ends_it(ppc64, how):
    script = (
        "import sys, time\nfrom footprint.qemu_process.guest import Guest\n"
        "with Guest(sys.argv[1:]) as guest:\n    print(guest.process.pid, flush=True)\n    time.sleep(60)\n"
    )
    with interruptible(
        [sys.executable, "-c", script, ppc64, *PSERIES],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as we:  # fmt: skip
        pid = int(we.stdout.readline())
        we.send_signal(how)
    assert gone(pid)


def test_ctrl_c_ends_a_question_that_is_not_answered(ppc64):
    script = (
        "import os, signal, sys\nfrom footprint.qemu_process.guest import Guest\n"
        "with Guest(sys.argv[1:], seconds=60) as guest:\n    os.kill(guest.process.pid, signal.SIGSTOP)\n"
        "    print(guest.process.pid, flush=True)\n    guest.ask('info mtree')\n"
    )
    with interruptible(
        [sys.executable, "-c", script, ppc64, *PSERIES],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as we:  # fmt: skip
        pid = int(we.stdout.readline())
        time.sleep(0.5)
        we.send_signal(signal.SIGINT)
        said = we.communicate(timeout=10)[1]
    assert said.rstrip().endswith("KeyboardInterrupt")
    assert gone(pid)


def test_a_caller_inside_a_running_event_loop_is_served(ppc64):
    # As a notebook's cells, and tests beside Playwright's.
    async def cell():
        with Guest([ppc64, *PSERIES]) as guest:
            return guest.version

    assert asyncio.run(cell()).count(".") == 2


def test_no_descriptor_and_no_thread_is_left(ppc64):
    def count():
        with Guest([ppc64, *PSERIES]):
            pass
        return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()

    assert count() == count()


def test_arguments_that_qemu_refuses_are_told_in_its_own_words(ppc64):
    sentence, _ = failure([ppc64, "-M", "nonesuch"])
    assert "ended with 1 before its machine was built" in sentence
    assert "unsupported machine type" in sentence


def test_a_qemu_that_dies_during_start_up_is_told_with_its_signal(program):
    sentence, _ = failure([program("echo 'out of luck' >&2\nkill -SEGV $$")])
    assert "was killed by signal 11" in sentence
    assert "out of luck" in sentence


def test_a_qemu_that_dies_after_its_greeting_is_told(program):
    sentence, _ = failure([program(f"echo '{GREETING}' >&$fd\necho 'bad board' >&2\nsleep 0.1\nexit 7")])
    assert "ended with 7 before its machine was built: bad board" in sentence


def test_a_qemu_that_hangs_is_given_up_in_time(program, tmp_path):
    sentence, seconds = failure([program(f"echo $$ > {tmp_path}/pid\necho 'I am thinking' >&2\nsleep 100")], seconds=1)
    assert "did not answer to say who it is within 1 s" in sentence
    assert "I am thinking" in sentence
    assert seconds < 3
    assert gone(int((tmp_path / "pid").read_text()))


def test_a_qemu_that_hangs_after_its_greeting_is_given_up_in_time(program):
    sentence, seconds = failure([program(f"echo '{GREETING}' >&$fd\nsleep 100")], seconds=1)
    assert "did not answer" in sentence
    assert seconds < 4


@pytest.mark.parametrize("garbage", ["hello", '{"QMP": 1}', "[1, 2]", '{"QMP"'])
def test_a_qemu_that_speaks_garbage_is_told(program, garbage):
    sentence, _ = failure([program(f"echo '{garbage}' >&$fd\nsleep 100")])
    assert "does not speak QMP" in sentence


def test_of_much_that_is_said_the_end_is_kept(program):
    body = "for i in $(seq 20000); do echo 'chatter chatter'; done >&2\necho 'the end' >&2\nexit 1"
    sentence, _ = failure([program(body)], seconds=20)
    assert sentence.endswith("the end")
    assert len(sentence) < 600


def test_a_real_qemu_that_dies_while_it_is_asked_is_told(ppc64):
    with Guest([ppc64, *PSERIES]) as guest:
        os.kill(guest.process.pid, signal.SIGSEGV)
        with pytest.raises(MeasurementError, match="was killed by signal 11 when asked for 'info mtree'"):
            guest.ask("info mtree")


def test_a_qemu_that_stops_answering_is_given_up_in_time(ppc64):
    with Guest([ppc64, *PSERIES], seconds=1) as guest:
        pid = guest.process.pid
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(MeasurementError, match="did not answer to 'info mtree' within 1 s"):
            guest.ask("info mtree")
    assert gone(pid)


def test_a_program_that_is_missing_is_told_with_what_installs_it():
    assert failure(["qemu-system-riscv65"])[0].endswith("apt install qemu-system-misc")
    with pytest.raises(MeasurementError, match="is not there"):
        Guest(["./nowhere/qemu-system-ppc64"])


@pytest.mark.parametrize("command", [[], ["qemu-system-ppc64", "-daemonize"]])
def test_what_would_not_stay_ours_is_refused(command):
    with pytest.raises(RequestError):
        Guest(command)


def test_a_script_that_stands_for_a_qemu_takes_what_it_started_with_it(program, tmp_path):
    failure([program(f"sleep 100 &\necho $! > {tmp_path}/pid\nwait")], seconds=1)
    assert gone(int((tmp_path / "pid").read_text()))
    failure([program(f"sleep 100 &\necho $! > {tmp_path}/pid\nexit 1")], seconds=1)
    assert gone(int((tmp_path / "pid").read_text()))


def test_firmware_runs_until_it_settles_and_is_stopped(x86_64):
    with Guest([x86_64, "-M", "pc", "-nodefaults", "-device", "e1000"]) as guest:
        built = guest.settle().created
        booted = guest.boot(seconds=10, quiet=0.5)
        assert guest.monitor.execute("query-status")["status"] == "paused"
        assert booted.created > built
        assert booted.waiting == 0
        assert "e1000-mmio" in guest.ask("info mtree -f")


def test_firmware_that_never_settles_is_stopped_in_time(x86_64):
    with Guest([x86_64, "-M", "pc", "-nodefaults"]) as guest:
        started = time.monotonic()
        guest.boot(seconds=0.5, quiet=30)
        assert time.monotonic() - started < 3
