"""Each kind of place by its name: of a real target, in a real process."""

import re
import time

import pytest

from footprint.attribution.python_stacks import LEAST, TRIED, paced
from footprint.verdict.place import PlaceKind
from tests.conftest import PROGRAMS
from tests.fixtures.leaks import explain_word

BLOCKS = {"python.blocks": 1.0}
BOTH = {"python.blocks": 4.0, "gc.objects": 2.0}


def last_entry(text, *, after):
    """The text with LAST for the number of the last entry, of which it is checked that it can be that.

    So many cycles came before those that are looked at: n whose blocks are counted, twice, n and 2n that are
    traced, and n where lines have more blocks than stay.
    On a slow machine n is less than 40.
    """
    number = re.search(r"\[(\d+)\]\)$", text)
    if number is None:
        return text
    assert after + TRIED + 5 <= int(number[1]) + 1 <= after + TRIED + 6 * 40
    return text.replace(number[0], "[LAST])")


def texts(explanation, kind):
    return [place.text for place in explanation.places if place.kind == kind]


def test_a_block_is_told_by_its_line_and_by_who_called_it(explained):
    explanation = explained(
        """
        keep = []
        def handle():
            keep.append(object())
        def cycle():
            handle()
        """,
        BLOCKS,
    )
    assert texts(explanation, "stack") == [
        "1 block, 16 B a cycle  keep.append(object())  app.py:4 in handle ← app.py:6 in cycle"
    ]


@pytest.mark.parametrize("deep", [7, 40])
def test_a_place_ends_in_the_line_of_the_target_however_deep_it_is(explained, deep):
    explanation = explained(
        f"""
        keep = []
        def handle(deeper):
            if deeper:
                handle(deeper - 1)
            else:
                keep.append(object())
        def cycle():
            handle({deep})
        """,
        BLOCKS,
    )
    (stack,) = texts(explanation, "stack")
    assert "app.py:7 in handle ← app.py:5 in handle" in stack
    assert stack.endswith(" ← … app.py:9 in cycle")


def test_a_place_in_a_thread_ends_in_the_function_that_the_thread_runs(explained):
    explanation = explained(
        """
        import threading
        keep = []
        def work():
            keep.append(object())
        def cycle():
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        """,
        BLOCKS,
    )
    (stack,) = texts(explanation, "stack")
    assert stack.endswith("keep.append(object())  app.py:5 in work")


def test_what_is_made_in_the_standard_library_is_told_by_the_line_that_called_it(explained):
    explanation = explained(
        """
        import json
        keep = []
        def cycle():
            keep.append(json.loads('{"a": ["b", 1.5]}'))
        """,
        BOTH,
    )
    (stack,) = texts(explanation, "stack")
    assert stack.endswith("app.py:5 in cycle")


def test_a_large_block_explains_the_heap_and_no_native_stack_is_looked_for(explained):
    explanation = explained(
        "keep = []\ndef cycle():\n    keep.append(bytes(5000))\n", {"python.blocks": 1.0, "heap.bytes": 5056.0}
    )
    stack = next(place for place in explanation.places if place.kind == PlaceKind.STACK)
    assert stack.text.startswith("1 block, 5 033 B a cycle")
    assert "heap.bytes" in stack.metrics
    assert not texts(explanation, "native") and not explanation.hints


def test_the_data_of_an_array_is_the_heaps_and_told_with_the_functions_of_numpy(explained):
    explanation = explained(
        "import numpy\nkeep = []\ndef cycle():\n    keep.append(numpy.zeros(16, 'u1'))\n",
        {"python.blocks": 1.0, "heap.bytes": 72.0},
    )
    stack = next(place for place in explanation.places if place.kind == PlaceKind.STACK)
    assert {"python.blocks", "heap.bytes"} <= set(stack.metrics)
    assert any("array_zeros" in text for text in texts(explanation, "native"))
    assert explanation.rates["heap.blocks"] == 2


def test_cycles_that_are_slow_are_traced_fewer_times():
    assert paced(lambda _: None, 100) == 100
    assert paced(lambda cycles: time.sleep(0.03 * cycles), 100) <= LEAST
    assert 1 <= paced(lambda cycles: time.sleep(0.2 * cycles), 100) <= 3


def test_a_rare_leak_in_slow_cycles_is_traced_until_it_is_seen(explained):
    explanation = explained(
        """
        import time
        keep, number = [], 0
        def cycle():
            global number
            time.sleep(.002)
            number += 1
            if number % 50 == 0:
                keep.append([object()])
        """,
        {"python.blocks": 0.06, "gc.objects": 0.02},
        cycles=150,
        before=0,
    )
    assert [place.kind for place in explanation.places] == ["stack", "holder"]
    assert "keep.append([object()])  app.py:9 in cycle" in explanation.places[0].text


def test_the_holder_is_told_among_ten_lines_and_hundreds_of_blocks(explained):
    parts = "".join(f"        bytearray({size}),\n" for size in range(600, 1600, 100))
    explanation = explained(
        "class Owner:\n    parts = []\n"
        f"def cycle():\n    Owner.parts.append([\n{parts}        tuple(range(1000, 1200)),\n    ])\n",
        {"python.blocks": 222.0, "gc.objects": 4.0, "heap.bytes": 11_000.0},
    )
    assert [place.where_text for place in explanation.places if place.kind == "holder"] == [
        "held by list app.Owner.parts"
    ]
    assert len([place for place in explanation.places if place.kind == "stack"]) >= 10


def test_the_holder_is_found_among_a_hundred_thousand_of_its_kind(explained):
    explanation = explained("keep = []\ndef cycle():\n    keep.append({'a': []})\n", BOTH, before=100_000)
    (text,) = texts(explanation, "holder")
    assert last_entry(text, after=100_000) == "1 dict a cycle  held by list keep in module app (app.keep[LAST])"


HELD = {
    "in_list": "list KEEP in module held (held.KEEP[LAST])",
    "in_dict": "dict CACHE in module held (held.CACHE)",
    "in_set": "set SEEN in module held (held.SEEN)",
    "in_deque": "deque LAST in module held (held.LAST)",
    "in_defaultdict": "defaultdict BY in module held (held.BY)",
    "in_a_field": "dict held.APP.sessions",
    "in_a_class": "list held.App.every",
    "in_a_tuple_of_a_dict": "list held.NESTED['a'][1]",
}


@pytest.mark.parametrize(("function", "holder"), HELD.items())
def test_objects_are_told_with_the_container_that_holds_them_and_its_name(function, holder):
    (text,) = texts(explain_word(f"{PROGRAMS}/held.py:{function}", BOTH), "holder")
    assert last_entry(text, after=60) == f"1 Session a cycle  held by {holder}"


def test_containers_of_plain_values_are_named_too(explained):
    explanation = explained("NAMES = {}\ndef cycle():\n    NAMES[str(len(NAMES))] = None\n", BLOCKS)
    assert texts(explanation, "holder") == ["1 None a cycle  held by dict NAMES in module app (app.NAMES)"]


def test_a_buffer_that_grows_has_its_name_and_needs_no_other_tracer(explained):
    explanation = explained("buffer = bytearray()\ndef cycle():\n    buffer.extend(bytes(10))\n", {"heap.bytes": 10.7})
    assert texts(explanation, "holder") == ["10 bytes a cycle  held by bytearray buffer in module app (app.buffer)"]
    assert (explanation.hints, explanation.untraced) == ((), 0)


def test_a_list_in_a_closure_is_told_by_the_function(explained):
    explanation = explained(
        """
        def made():
            data = []
            def cycle():
                data.append(object())
            return cycle
        cycle = made()
        """,
        BLOCKS,
    )
    (holder,) = texts(explanation, "holder")
    assert holder.startswith("1 object a cycle  held by list the function app.made.<locals>.cycle")


def test_what_no_container_holds_is_told_by_its_type(explained):
    explanation = explained(
        """
        class Node:
            def __init__(self, last):
                self.last = last
        HEAD = None
        def cycle():
            global HEAD
            HEAD = Node(HEAD)
        """,
        {"python.blocks": 2.0, "gc.objects": 1.0},
    )
    assert texts(explanation, "type") == ["1 Node a cycle  held by app.HEAD"]


HELD_BY_C = """
    import ctypes
    hold = ctypes.pythonapi.Py_IncRef
    hold.argtypes = [ctypes.py_object]
    class Broken(Exception):
        pass
    def {0}():
        try:
            try:
                1 / 0
            except ZeroDivisionError as cause:
                raise Broken from cause
        except Broken as error:
            hold({1})
    def cycle():
        def fails():
            {0}()
        fails()
"""


@pytest.mark.parametrize(
    ("held", "whole"),
    [("error", "Broken"), ("error.__cause__", "ZeroDivisionError"), ("error.__traceback__", "traceback")],
)
def test_what_c_code_holds_is_told_as_a_whole_and_not_by_the_calls_that_are_over(explained, held, whole):
    explanation = explained(HELD_BY_C.format("leave", held), BOTH)
    assert texts(explanation, "type") == [f"1 {whole} a cycle  held by C code: no object of Python leads to it"]


def test_a_cycle_without_a_leak_has_no_places(explained):
    explanation = explained("def cycle():\n    [object() for _ in range(100)]\n", BOTH)
    assert explanation.places == ()


def test_descriptors_are_told_by_what_they_lead_to_and_who_opened_them(explained):
    explanation = explained("import os\ndef cycle():\n    os.open('/dev/null', os.O_RDONLY)\n", {"fds": 1.0})
    assert texts(explanation, "file") == ["1 descriptor a cycle  /dev/null  app.py:3 in cycle"]


def test_sockets_are_told_with_their_addresses(explained):
    explanation = explained(
        """
        import socket
        server = socket.create_server(("127.0.0.1", 0))
        port = server.getsockname()[1]
        keep = []
        def cycle():
            keep.append(socket.create_connection(("127.0.0.1", port)))
            server.accept()[0].close()
        """,
        {"fds": 1.0},
        cycles=5,
        before=10,
    )
    (place,) = texts(explanation, "file")
    assert place.startswith("1 descriptor a cycle  stream socket 127.0.0.1:* → 127.0.0.1:")


def test_what_is_kept_has_the_line_that_keeps_it_not_those_that_give_theirs_back(explained, tmp_path):
    explanation = explained(
        f"""
        import ctypes, os, tempfile
        libc = ctypes.CDLL(None)
        def cycle():
            open('/dev/null').close()
            with open('/dev/null'):
                os.open('/dev/null', os.O_RDONLY)
            libc.open(b'/dev/null', 0)
            libc.open(b'/dev/null', 0)
            tempfile.mkstemp(dir={str(tmp_path)!r})
        """,
        {"fds": 4.0},
    )
    *first, last = texts(explanation, "file")
    assert first == [f"1 descriptor a cycle  /dev/null  app.py:{line} in cycle" for line in (7, 8, 9)]
    led = r"tempfile\.py:\d+ in _mkstemp_inner ← tempfile\.py:\d+ in mkstemp ← app\.py:10 in cycle"
    assert re.fullmatch(rf"1 descriptor a cycle  {re.escape(str(tmp_path))}/…  {led}", last)


def test_one_of_many_files_that_is_kept_now_and_then_has_its_line(explained):
    explanation = explained(
        """
        import os
        numbers = iter(range(10**9))
        def cycle():
            for _ in range(5):
                open('/dev/null').close()
            if next(numbers) % 20 == 0:
                os.open('/dev/null', os.O_RDONLY)
        """,
        {"fds": 0.05},
        cycles=200,
    )
    assert texts(explanation, "file") == ["0.05 descriptors a cycle  /dev/null  app.py:8 in cycle"]


def test_threads_and_processes_that_end_are_not_those_that_stay(explained):
    explanation = explained(
        """
        import os, subprocess, threading, time
        def cycle():
            short = threading.Thread(target=time.sleep, args=(0.001,))
            short.start()
            threading.Thread(target=time.sleep, args=(97,), daemon=True).start()
            short.join()
            subprocess.run(["true"])
            left = os.posix_spawnp("true", ["true"], os.environ)
            os.waitid(os.P_PID, left, os.WEXITED | os.WNOWAIT)
        """,
        {"threads": 1.0, "children": 1.0},
        cycles=10,
        before=5,
    )
    (thread,), (child,) = texts(explanation, "thread"), texts(explanation, "child")
    assert "app.py:6 in cycle" in thread
    assert child.startswith("1 process a cycle  true, ended, and not waited for")
    assert "app.py:9 in cycle" in child


def test_a_mapping_has_the_line_that_keeps_it(explained):
    explanation = explained(
        """
        import ctypes, mmap
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        def cycle():
            with mmap.mmap(-1, 8192, mmap.MAP_PRIVATE) as short:
                libc.mmap(None, 8192, 3, 0x22, -1, 0)
                short[0] = 1
        """,
        {"vm.bytes": 8192.0},
    )
    assert all("app.py:7 in cycle" in text for text in texts(explanation, "mapping"))
    assert texts(explanation, "mapping")


def test_threads_are_told_by_name_and_target(explained):
    explanation = explained(
        """
        import threading
        never = threading.Event()
        def cycle():
            threading.Thread(target=never.wait, name="worker-1", daemon=True).start()
        """,
        {"threads": 1.0},
        cycles=4,
        before=10,
    )
    (place,) = texts(explanation, "thread")
    assert place.startswith("1 thread a cycle  worker-N (Event.wait)")


def test_children_are_told_by_their_command_line(explained):
    explanation = explained(
        """
        import subprocess
        keep = []
        def cycle():
            keep.append(subprocess.Popen(["sleep", "97"]))
        def teardown():
            for one in keep:
                one.kill()
        """,
        {"children": 1.0},
        cycles=3,
        before=5,
    )
    (place,) = texts(explanation, "child")
    assert place.startswith("1 process a cycle  sleep 97") and "app.py:5 in cycle" in place


def test_children_that_nobody_waits_for_are_told_as_that(explained):
    explanation = explained(
        """
        import os
        def cycle():
            child = os.fork() or os._exit(0)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        """,
        {"children": 1.0},
        cycles=3,
        before=5,
    )
    (place,) = texts(explanation, "child")
    assert "ended, and not waited for" in place


def test_mappings_are_told_by_what_they_map_and_their_size(explained):
    explanation = explained(
        """
        import mmap
        keep = []
        def cycle():
            keep.append(mmap.mmap(-1, 1 << 20))
        """,
        {"maps": 1.0, "vm.bytes": float(1 << 20)},
    )
    (place,) = texts(explanation, "mapping")
    assert place.startswith("1 mapping, 1.00 MiB a cycle  /dev/zero (deleted) rw-s of 1.00 MiB")


def test_mappings_that_the_kernel_joins_are_told_by_their_bytes(explained):
    explanation = explained(
        """
        import ctypes
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        def cycle():
            libc.mmap(None, 1 << 16, 3, 0x22, -1, 0)
        """,
        {"vm.bytes": float(1 << 16)},
    )
    (place,) = texts(explanation, "mapping")
    assert place.startswith("64.0 KiB a cycle  anonymous rw-p")
