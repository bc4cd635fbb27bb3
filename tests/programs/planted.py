"""Targets that leak, that only look like it, and that end badly. Run by the tests in processes of their own."""

import asyncio
import ctypes
import functools
import json
import mmap
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

LIBC = ctypes.CDLL(None)
LIBC.malloc.restype, LIBC.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
KEPT = []
COUNT = {"cycles": 0}
CACHE = {}


def nothing():
    pass


def native():
    LIBC.malloc(16)


def rare_native():
    if random.random() < 0.01:
        LIBC.malloc(64)


def one_object():
    KEPT.append(object())


def rare_object():
    if random.random() < 0.01:
        KEPT.append(object())


def list_in_itself():
    one = []
    one.append(one)
    KEPT.append(one)


def mapping():
    LIBC.mmap(None, ctypes.c_size_t(4096), mmap.PROT_READ, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)


def descriptor():
    os.open(os.devnull, os.O_RDONLY)


def thread():
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def zombie():
    if (pid := os.fork()) == 0:
        os._exit(0)
    KEPT.append(pid)


def huge():
    KEPT.append(bytearray(b"x") * (64 << 20))


async def task_result():
    await asyncio.sleep(0)
    KEPT.append(object())


def garbage_cycle():
    one = []
    one.append(one)


def cache_of_2000():
    COUNT["cycles"] += 1
    CACHE[COUNT["cycles"] % 2000] = object()


@functools.lru_cache(maxsize=50_000)
def remembered(number):
    return str(number) * 3


def large_lru_cache():
    COUNT["cycles"] += 1
    remembered(COUNT["cycles"])


def documents():
    json.loads(json.dumps({str(random.random()): [random.random()] * random.randrange(20) for _ in range(9)}))


def joined_thread():
    one = threading.Thread(target=nothing)
    one.start()
    one.join()


def waited_process():
    subprocess.run(["true"], check=True)


def late_failure():
    COUNT["cycles"] += 1
    if COUNT["cycles"] == 777:
        raise ValueError("no more of this")


def exits():
    sys.exit(3)


def vanishes():
    os._exit(4)


def crashes():
    ctypes.string_at(0)


def hangs():
    time.sleep(3600)


def forks_and_returns():
    if os.fork() != 0:
        os.wait()


def wants(argument):
    return argument


def generates():
    yield 1


NUMBER = 3
SETUPS = Path("setups.txt")
"""What is done around the cycles, where a test has made the file because it wants to know."""


def setup():
    _tell("setup ")


def teardown():
    _tell("teardown ")


def _tell(word):
    if SETUPS.exists():
        with SETUPS.open("a") as file:
            file.write(word)
