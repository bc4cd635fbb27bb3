import ctypes

import pytest

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]


@pytest.mark.no_leaks
def test_clean():
    libc.free(libc.malloc(64))


@pytest.mark.no_leaks(metrics=["heap.bytes"], seconds=30)
def test_leak():
    libc.malloc(64)
