"""pflash on real processes: what a loaded image costs, each and all, and how it ends when something goes wrong."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from footprint.backends.processes import ProcessBackend
from footprint.errors import MeasurementError
from footprint.probes.flash import FlashProbe
from footprint.process.page_cache import cached_bytes
from footprint.scenario import LoadFlash

MIB = 1 << 20


def loaded(recording, way):
    run = next(run for run in recording["runs"] if run["rules"] == way)
    return {sample["cycle"]: sample["metrics"] for sample in run["samples"] if sample["mark"] == "loaded"}


def test_eight_private_images_cost_eight_times_their_size_and_shared_ones_once(footprint):
    done = footprint("run", "pflash", "--json", PYTHONPATH=os.environ.get("PYTHONPATH", ""))
    assert done.returncode == 0, done.stderr
    recording = json.loads(done.stdout)
    private, shared = loaded(recording, "private"), loaded(recording, "shared")
    assert list(private) == list(shared) == [1, 2, 4, 8]
    for count in private:
        assert private[count]["flash.uss"] >= count * 64 * MIB
        assert shared[count]["flash.pss"] <= 1.1 * 64 * MIB
        assert shared[count]["flash.all"] <= 1.1 * 64 * MIB
        assert private[count]["flash.cache"] <= 64 * MIB
    assert recording["answer"].startswith("8 processes with an image of 64.0 MiB each cost ")


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_child_that_dies_is_told_with_its_signal_and_all_others_end():
    with ProcessBackend("private") as backend:
        backend.obey(LoadFlash(3, "virt", MIB))
        pids, image = [process.child.pid for process in backend.running], backend.image
        os.kill(pids[1], signal.SIGKILL)
        deadline = time.monotonic() + 10
        while alive(pids[1]) and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(MeasurementError, match="process 2 was killed by signal 9"):
            backend.check_alive()
    assert not any(map(alive, pids))
    assert not image.exists()


def test_when_memory_runs_out_the_run_says_so_with_exit_3_and_leaves_nothing(footprint, tmp_path):
    def little():
        resource.setrlimit(resource.RLIMIT_AS, (400 * MIB, 400 * MIB))

    done = subprocess.run(
        [sys.executable, "-m", "footprint", "run", "pflash", "-s", f"image={420 * MIB}", "-s", "children=1", "-r",
         "private", "--json", "--no-history"],
        cwd=tmp_path, preexec_fn=little, capture_output=True, text=True, timeout=100, check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
    assert "memory ran out" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_more_than_the_machine_has_is_refused_before_anything_starts(footprint):
    done = footprint("run", "pflash", "-s", "image=4294967296", "-s", "children=100", "--json")
    assert done.returncode == 3
    assert "100 processes need 409600 MiB for their images" in done.stderr


def test_the_page_cache_of_a_file_is_counted_in_whole_pages(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 1000)
    path.read_bytes()
    assert cached_bytes(path) == -(-256_000 // 4096) * 4096
    (tmp_path / "empty").touch()
    assert cached_bytes(tmp_path / "empty") == 0


def test_processes_without_an_image_have_none_to_count():
    with ProcessBackend("shared") as backend:
        backend.obey(LoadFlash(2, "virt", 0))
        metrics = FlashProbe().read([(each.child.pid, each.start, each.end) for each in backend.running], backend.image)
    assert (metrics["guests"], metrics["flash.all"], metrics["flash.rss"]) == (2, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pflash", "-b", "model"], "pflash does not run on model; it runs on processes and qemu"),
        (["pflash", "-r", "halved"], "unknown way to load an image 'halved'"),
        (["power8", "-b", "processes"], "power8 does not run on processes"),
        (["pflash", "--probe", "sized"], "--probe goes with -b model"),
    ],
)
def test_what_does_not_go_together_is_refused_in_a_sentence(footprint, arguments, words):
    done = footprint("run", *arguments, "--json")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False)
    assert words in done.stderr


@pytest.mark.parametrize(
    ("machine", "program", "package", "least", "most"),
    [("virt", "qemu-system-aarch64", "qemu-system-arm", 64.1 * 0.9, 64.1 * 1.1),
     ("q35", "qemu-system-x86_64", "qemu-system-x86", 1.0, 5.0)],  # 2 MiB, and half a MiB of noise
)  # fmt: skip
def test_real_guests_pay_for_their_firmware_s_image_each(footprint, need, machine, program, package, least, most):
    need(program, package)
    if not Path({"virt": "/usr/share/AAVMF/AAVMF_CODE.fd", "q35": "/usr/share/OVMF/OVMF_CODE.fd"}[machine]).exists():
        missing = f"no firmware (apt install {'qemu-efi-aarch64' if machine == 'virt' else 'ovmf'})"
        pytest.fail(missing) if os.environ.get("CI") else pytest.skip(missing)
    done = footprint("run", "pflash", "-b", "qemu", "-s", f"machine={machine}", "-s", "children=2", "--json")
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(done.stdout)["runs"]
    metrics = {(sample["mark"], sample["cycle"]): sample["metrics"] for sample in run["samples"]}
    each = (metrics["loaded", 2]["process.uss"] - metrics["bare", 0]["process.uss"]) / MIB
    assert least <= each <= most
    assert "projection: no QEMU does" in json.loads(done.stdout)["answer"]
