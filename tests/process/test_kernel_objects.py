"""What this process has from the kernel, by name."""

import mmap
import os
import socket
import subprocess
import threading
from collections import Counter

import pytest

from footprint.process import kernel_objects


def test_a_file_is_counted_by_what_it_leads_to(tmp_path):
    path = tmp_path / "kept"
    with path.open("w"), path.open():
        assert Counter(kernel_objects.files().values())[str(path)] == 2
    assert Counter(kernel_objects.files().values())[str(path)] == 0


def test_pipes_are_counted_without_their_numbers():
    before = Counter(kernel_objects.files().values())["pipe"]
    ends = os.pipe()
    assert Counter(kernel_objects.files().values())["pipe"] == before + 2
    for end in ends:
        os.close(end)


def test_only_new_sockets_are_named_and_a_port_that_nobody_chose_is_any():
    old = kernel_objects.descriptors()
    with socket.create_server(("127.0.0.1", 0)):
        assert kernel_objects.sockets(old) == {"stream socket 127.0.0.1:*": 1}
        assert kernel_objects.sockets(kernel_objects.descriptors()) == {}


def test_threads_are_counted_by_name_and_function():
    over = threading.Event()
    threads = [threading.Thread(target=over.wait, name=f"worker-{number}") for number in range(3)]
    for thread in threads:
        thread.start()
    assert Counter(kernel_objects.threads().values())["worker-N (Event.wait)"] == 3
    over.set()
    for thread in threads:
        thread.join()
    assert Counter(kernel_objects.threads().values())["worker-N (Event.wait)"] == 0


def test_a_child_is_counted_by_its_command_and_as_ended_until_it_is_waited_for():
    with subprocess.Popen(["sleep", "97"]) as child:
        assert Counter(kernel_objects.children().values())["sleep 97"] == 1
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert Counter(kernel_objects.children().values())["sleep, ended, and not waited for"] == 1


def test_a_mapping_is_counted_by_name_rights_and_size():
    size = 37 * mmap.PAGESIZE
    with mmap.mmap(-1, size):
        assert sum(number for (_, _, mapped), number in kernel_objects.mappings().items() if mapped == size) >= 1


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("/tmp/app/tmpk3x", "/tmp/app/…"),
        ("/tmp/app/tmpk3x (deleted)", "/tmp/app/… (deleted)"),
        ("socket", "socket"),
        ("sleep 97", "sleep …"),
        ("sleep, ended, and not waited for", "sleep, ended, and not waited for"),
        ("worker-N (Event.wait)", "worker-N (Event.wait)"),
    ],
)
def test_what_differs_in_its_name_alone_is_of_one_kind(name, alike):
    assert kernel_objects.kind_of_name(name) == alike
