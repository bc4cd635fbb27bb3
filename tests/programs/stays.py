"""Answers lines and leaks; ignores whoever asks it to end, and leaves a process behind that is in a session of its own."""

import ctypes
import os
import signal
import sys
import time

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)
os.wait()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
for count, line in enumerate(sys.stdin, 1):
    libc.malloc(100_000)
    if len(sys.argv) > 2 and count == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGSTOP)
    print(line, end="", flush=True)
while True:
    time.sleep(1)
