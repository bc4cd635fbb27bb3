"""Where jobs run: an executor of ``concurrent.futures``, and how many jobs it takes at a time.

On this machine a thread starts each job's process. On a cluster Dask brings the job to a worker, which does the same.
"""

from __future__ import annotations

import importlib
import logging
import os
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from footprint.errors import MeasurementError, RequestError
from footprint.process.available_memory import available_memory
from footprint.sweep.job import stop_all
from footprint.units import bytes_text

BUDGET_PART = 0.8
"""Of the memory that is available, what the jobs may take together."""
DASK_MISSING = "Dask is not installed; install it with: pip install 'qemu-footprint[dask]'"
SECONDS_TO_CONNECT = 30


@dataclass(frozen=True, slots=True)
class Pool:
    """An executor, how many jobs are given to it at a time, and in words where they run."""

    executor: Executor
    slots: int
    where: str


def slots_for(workers: int | None, memory: int | None, budget: int | None) -> int:
    """How many jobs run side by side on this machine: `workers`, and no more than the memory `budget` has room for.

    `memory` is what a job may take. Raises RequestError where not even one has room.
    """
    wanted = workers or os.cpu_count() or 1
    if memory is None:
        return wanted
    room = budget if budget is not None else int(available_memory() * BUDGET_PART)
    if budget is not None and room < memory:
        raise RequestError(
            f"the memory budget of {bytes_text(budget)} has no room for one point, which may take {bytes_text(memory)}"
        )
    return max(1, min(wanted, room // memory))


@contextmanager
def local_pool(slots: int) -> Iterator[Pool]:
    """Processes of this machine, at most `slots` at a time; leaving it ends those that run."""
    executor = ThreadPoolExecutor(slots, thread_name_prefix="point")
    try:
        yield Pool(executor, slots, f"{slots} process{'es' if slots > 1 else ''} on this machine")
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        stop_all()
        executor.shutdown(wait=True)


@contextmanager
def dask_pool(address: str, workers: int | None) -> Iterator[Pool]:
    """The workers of the Dask scheduler at `address`, or of a cluster on this machine for an empty one.

    Raises MeasurementError where Dask is missing, or the scheduler does not answer.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError:
        raise MeasurementError(DASK_MISSING) from None
    # A worker that dies is told about in our own words.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    cluster: Any = None
    if not address:
        count = workers or os.cpu_count() or 1
        cluster = distributed.LocalCluster(
            n_workers=count, threads_per_worker=1, dashboard_address=None, silence_logs=logging.CRITICAL
        )
    try:
        client = distributed.Client(cluster or address, timeout=SECONDS_TO_CONNECT)
    except (OSError, ValueError) as error:
        raise MeasurementError(f"no Dask scheduler answers at {address}: {error}") from None
    try:
        threads = max(1, sum(client.nthreads().values()))
        where = f"Dask, {threads} worker thread{'s' if threads > 1 else ''} at {client.scheduler.address}"
        # Twice as many, so that no worker waits for us.
        yield Pool(client.get_executor(pure=False), 2 * threads, where)
    finally:
        client.close()
        if cluster is not None:
            cluster.close()
