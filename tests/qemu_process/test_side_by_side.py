"""Several real guests at once: what they share, what is refused, and that none of them stays."""

import json
import os
import resource
import signal
import subprocess
import sys
import time

import psutil
import pytest

from footprint.backends.qemu import QemuBackend, QemuOptions
from footprint.errors import MeasurementError
from footprint.machines.generic import guest
from footprint.machines.pseries import pseries
from footprint.probes.guest import GuestProbe
from footprint.recording.metrics import metric
from footprint.scenario import Build, Settle
from tests.fixtures.processes import gone, interruptible

MIB = 1 << 20
BARE = ("-s", "cpus=1", "-s", "nics=0", "-s", "bridges=0", "-s", "vga=none", "-s", "ohci=0", "-s", "scsi=0")
OURS = {"guests", "guests.shared", "guests.rss", "guests.pss"}


def recorded(done):
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    return run["samples"]


def children(process):
    """Every QEMU under `process`."""
    below = psutil.Process(process.pid).children(recursive=True)
    return [one for one in below if one.name().startswith("qemu-system")]


def test_three_guests_share_their_program_and_libraries(footprint, ppc64):
    (sample,) = recorded(footprint("run", "power8", *BARE, "-b", "qemu", "--guests", "3", "--json"))
    found = sample["metrics"]
    rss, uss, pss = (found[f"process.{kind}"] for kind in ("rss", "uss", "pss"))
    assert (sample["mark"], found["guests"]) == ("built", 3)
    assert 10 * MIB < uss < pss < rss
    assert found["guests.shared"] == rss - uss > 5 * MIB
    # The mean of three is rounded to a byte.
    assert found["guests.rss"] == pytest.approx(3 * rss, abs=2)
    assert found["guests.pss"] == pytest.approx(3 * pss, abs=2)
    assert all(metric(name).probe == "guests" and metric(name).what for name in OURS)


def test_what_is_counted_is_one_guests(footprint, ppc64):
    samples = [
        recorded(footprint("run", "power8", *BARE, "-b", "qemu", "--guests", number, "--json"))[0]["metrics"]
        for number in (1, 2)
    ]
    alone, beside = ({name: n for name, n in one.items() if metric(name).probe == "census"} for one in samples)
    assert alone == beside
    assert alone["flatviews.created"] > 0
    assert not OURS & samples[0].keys()


def test_the_table_shows_what_each_guest_has_for_itself(footprint, x86_64):
    done = footprint("run", "pc", "-b", "qemu", "--guests", "3", "--no-report")
    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in (".uss", ".pss", ".shared"))
    assert done.stdout.count("MiB") == 6
    assert footprint("gate", "reports/pc", "--mark", "built", "--budget", "guests==3").returncode == 0
    assert "guests.shared" in footprint("show", "reports/pc", "--mark", "built", "--all").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("power8", "--guests", "3"), "--guests goes with -b qemu"),
        (("power8", "--firmware-seconds", "3"), "--firmware-seconds goes with -b qemu"),
        (("power8", "-b", "qemu", "--guests", "0"), "--guests 0 is not valid; it is a whole number from 1 to 100"),
        (("power8", "-b", "qemu", "--guests", "-2"), "from 1 to 100"),
        (("power8", "-b", "qemu", "--guests", "101"), "from 1 to 100"),
        (("power8", "-b", "qemu", "--guests", "two"), "'two' is not a valid integer"),
        (("pc", "-s", "firmware=1", "-b", "qemu", "--guests", "2"), "play Boot in several guests (--guests takes a scenario that only builds a machine)"),
        (("hotplug", "-b", "qemu", "--guests", "2"), "play Plug, Unplug in several guests"),
        *((("pc", "-b", "qemu", "--firmware-seconds", text), "more than 0, up to 600")
          for text in ("0", "-1", "601", "nan", "inf")),
        (("pc", "-b", "qemu", "--firmware-seconds", "soon"), "'soon' is not a valid float"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_before_anything_runs(footprint, tmp_path, arguments, words):
    done = footprint("run", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_exception_ends_all_of_them(ppc64):
    with pytest.raises(ZeroDivisionError), QemuBackend(QemuOptions(guests=3)) as backend:
        backend.obey(Build(pseries(cpus=1)))
        found = children(psutil.Process())
        assert len(found) == 3
        raise ZeroDivisionError
    assert all(gone(one.pid) for one in found)


def test_one_that_dies_ends_all_of_them_with_its_own_words(x86_64):
    with pytest.raises(MeasurementError, match="was killed by signal 9"), QemuBackend(QemuOptions(guests=3)) as backend:
        backend.obey(Build(guest("pc")))
        found = children(psutil.Process())
        found[-1].kill()
        backend.obey(Settle())
        GuestProbe().read(backend.guests)
    assert all(gone(one.pid) for one in found)


def test_more_guests_than_there_may_be_open_files_are_refused():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (440, most[1]))
    try:
        with pytest.raises(MeasurementError, match=r"50 guests need up to 450 open files, and 440 are allowed"):
            QemuBackend(QemuOptions(guests=50)).obey(Build(pseries(cpus=1)))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
    assert children(psutil.Process()) == []


@pytest.mark.parametrize(("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130)])
def test_whatever_ends_us_ends_all_of_them(ppc64, tmp_path, how, code):
    command = [sys.executable, "-m", "footprint", "run", "power8", "-b", "qemu", "--guests", "3"]
    with interruptible(command, cwd=tmp_path, env=os.environ, stderr=subprocess.DEVNULL) as we:
        deadline = time.monotonic() + 10
        while len(found := children(we)) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        we.send_signal(how)
        assert we.wait(10) == code
    assert len(found) == 3
    assert all(gone(one.pid) for one in found)
    assert list(tmp_path.iterdir()) == []


def test_firmware_is_stopped_after_the_seconds_that_were_asked_for(footprint, x86_64):
    def seconds(*more):
        done = footprint("run", "pc", "-s", "firmware=1", "-b", "qemu", *more, "--json")
        assert [sample["mark"] for sample in recorded(done)] == ["built", "booted"]
        return json.loads(done.stdout)["runs"][0]["seconds"]

    # The quiet that ends it otherwise takes three seconds alone.
    assert seconds("--firmware-seconds", "0.2") < 3 < seconds()
