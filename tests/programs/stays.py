"""Answers lines and leaks; ignores whoever asks it to end.

Unless it is to stay ``alone``, it leaves a process behind that is in a session of its own. A number is the line at which
it stops.
"""

import ctypes
import os
import signal
import sys
import time

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
more = sys.argv[2:]
if "alone" not in more and os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True:
            time.sleep(1)
    os._exit(0)
if "alone" not in more:
    os.wait()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
for count, line in enumerate(sys.stdin, 1):
    libc.malloc(100_000)
    if str(count) in more:
        os.kill(os.getpid(), signal.SIGSTOP)
    print(line, end="", flush=True)
while True:
    time.sleep(1)
