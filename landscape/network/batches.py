"""Which examples come next? Gathers minibatches from the data: several at once, and ahead of their use."""

from __future__ import annotations

from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple
from weakref import finalize

import numpy as np

from landscape.layout import Array, IntArray

# How many examples to gather at once: such that they stay in the cache of one core, or that handing them from
# one thread to another costs little.
_ALONE, _AHEAD = 250, 1000


class Batch(NamedTuple):
    """The examples of one minibatch: inputs (size, d + 1) and targets (size, k), overwritten by later ones."""

    inputs: Array
    targets: Array


class _Job(NamedTuple):
    """Gather the examples `rows` of `source` into the first rows of `into`."""

    source: Batch
    rows: IntArray
    into: Batch


def _gather(job: _Job) -> None:
    for whole, part in zip(job.source, job.into, strict=True):
        # "clip" spares the bounds check that would make a copy of the buffer
        whole.take(job.rows, 0, part[: len(job.rows)], "clip")


def _work(jobs: SimpleQueue[_Job | None], done: SimpleQueue[Exception | None]) -> None:
    """Gather, in a thread of its own, until told None; an error goes to the one who waits."""
    while (job := jobs.get()) is not None:
        try:
            _gather(job)
        except Exception as error:  # re-raised by the one who waits
            done.put(error)
        else:
            done.put(None)


class Batches:
    """Minibatches of `size` examples of `inputs` (n, d + 1) and `targets` (n, k).

    Told by `expect` which batches come, it gathers several of them in one go; with two `threads` it gathers
    the next ones while the present ones are in use. The examples are the same either way.
    """

    def __init__(self, inputs: Array, targets: Array, size: int, threads: int = 1) -> None:
        self._source, self._size, self._threads = Batch(inputs, targets), size, max(1, threads)
        self._many = max(1, (_AHEAD if threads > 1 else _ALONE) // size)
        self._spare: Batch | None = None
        self._buffers: list[Batch] = []
        self._views: list[list[Batch]] = []
        self._expected: list[IntArray] = []
        self._used = self._asked = self._waiting = 0
        self._jobs: SimpleQueue[_Job | None] | None = None
        self._done: SimpleQueue[Exception | None] = SimpleQueue()

    def _begin(self) -> None:
        """Make room for what is gathered at once and, for two threads, start the second."""
        self._buffers = [self._buffer(self._size * self._many) for _ in range(min(self._threads, 2))]
        self._views = [self._cut(buffer) for buffer in self._buffers]
        if self._threads > 1:
            self._jobs = SimpleQueue()
            Thread(target=_work, args=(self._jobs, self._done), name="batches", daemon=True).start()
            finalize(self, self._jobs.put, None)

    def _buffer(self, count: int) -> Batch:
        inputs, targets = (np.empty((count, whole.shape[1]), whole.dtype) for whole in self._source)
        return Batch(inputs, targets)

    def _cut(self, buffer: Batch) -> list[Batch]:
        starts = range(0, len(buffer.inputs), self._size)
        return [Batch(*(part[k : k + self._size] for part in buffer)) for k in starts]

    def expect(self, batches: Sequence[IntArray]) -> None:
        """Announce the rows of the next calls, in this order; forget what was announced before."""
        if not self._buffers:
            self._begin()
        while self._waiting:
            self._wait()
        self._expected = [rows for rows in batches if len(rows) == self._size]
        self._used = self._asked = 0
        if self._jobs is not None:
            self._ask()

    def __call__(self, rows: IntArray) -> Batch:
        """Return the examples `rows` (size,); they stay as they are until the next call."""
        used = self._used
        if used == len(self._expected) or rows is not self._expected[used]:
            return self._unexpected(rows)
        chunk, within = divmod(used, self._many)
        if within == 0:
            self._turn()
        self._used = used + 1
        return self._views[chunk % len(self._views)][within]

    def _unexpected(self, rows: IntArray) -> Batch:
        if self._spare is None:
            self._spare = self._buffer(self._size)
        _gather(_Job(self._source, rows, self._spare))
        return self._spare

    def _turn(self) -> None:
        """Make the next chunk available."""
        if self._jobs is None:
            self._ask()
        else:
            self._wait()
            self._ask()

    def _ask(self) -> None:
        """Gather the chunk after the last one asked for, or have it gathered."""
        coming = self._expected[self._asked : self._asked + self._many]
        if not coming:
            return
        into = self._buffers[self._asked // self._many % len(self._buffers)]
        job = _Job(self._source, np.concatenate(coming), into)
        self._asked += self._many
        if self._jobs is None:
            _gather(job)
        else:
            self._jobs.put(job)
            self._waiting += 1

    def _wait(self) -> None:
        self._waiting -= 1
        error = self._done.get()
        if error is not None:
            raise error
