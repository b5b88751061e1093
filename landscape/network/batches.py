"""Which examples come next? Gathers minibatches from the data: several at once, and ahead of their use."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from itertools import cycle
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


_Chunk = list[tuple[IntArray, Batch]]
"""Rows, and their examples."""


class _Buffer(NamedTuple):
    """Room for several batches: `whole`, and views of it one by one."""

    whole: Batch
    batches: list[Batch]


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


def _chunks(batches: list[IntArray], most: int) -> Iterator[list[IntArray]]:
    """Yield up to `most` batches at a time, but few at first, as these are waited for."""
    start, count = 0, -(-most // 8)
    while start < len(batches):
        yield batches[start : start + count]
        start, count = start + count, min(2 * count, most)


class Batches:
    """Minibatches of `size` examples of `inputs` (n, d + 1) and `targets` (n, k).

    Told by `expect` which batches come, it gathers several of them in one go; with two `threads` it gathers
    the next ones while the present ones are in use. The examples are the same either way.
    """

    def __init__(self, inputs: Array, targets: Array, size: int, threads: int = 1) -> None:
        self._source, self._size, self._threads = Batch(inputs, targets), size, max(1, threads)
        self._many = max(1, (_AHEAD if threads > 1 else _ALONE) // size)
        self._spare: Batch | None = None
        self._buffers: Iterator[_Buffer] | None = None
        self._to_ask: Iterator[list[IntArray]] = iter(())
        self._asked: deque[_Chunk] = deque()
        self._ready: _Chunk = []  # what is gathered, the next one last
        self._jobs: SimpleQueue[_Job | None] | None = None
        self._done: SimpleQueue[Exception | None] = SimpleQueue()

    def _begin(self) -> Iterator[_Buffer]:
        """Make room for what is gathered at once, in turns, and for two threads start the second."""
        if self._threads > 1:
            self._jobs = SimpleQueue()
            Thread(target=_work, args=(self._jobs, self._done), name="batches", daemon=True).start()
            finalize(self, self._jobs.put, None)
        return cycle([self._buffer(self._many) for _ in range(min(self._threads, 2))])

    def _buffer(self, batches: int) -> _Buffer:
        size = self._size
        whole = Batch(*(np.empty((batches * size, part.shape[1]), part.dtype) for part in self._source))
        starts = range(0, batches * size, size)
        return _Buffer(whole, [Batch(*(part[k : k + size] for part in whole)) for k in starts])

    def expect(self, batches: Sequence[IntArray]) -> None:
        """Announce the rows of the next calls, in this order; forget what was announced before."""
        if self._buffers is None:
            self._buffers = self._begin()
        while self._asked:
            self._receive()
        self._to_ask = _chunks([rows for rows in batches if len(rows) == self._size], self._many)
        self._ready = []
        if self._jobs is not None:
            self._ask(self._buffers)

    def __call__(self, rows: IntArray) -> Batch:
        """Return the examples `rows` (size,); they stay as they are until the next call."""
        ready = self._ready or self._turn()
        if ready and ready[-1][0] is rows:
            return ready.pop()[1]
        if self._spare is None:
            self._spare = self._buffer(1).whole
        _gather(_Job(self._source, rows, self._spare))
        return self._spare

    def _turn(self) -> _Chunk:
        """Make the next chunk ready and return it, an empty one after the last."""
        if self._buffers is not None:
            if self._jobs is None:
                self._ask(self._buffers)
            if self._asked:
                self._ready = self._receive()[::-1]
                if self._jobs is not None:
                    self._ask(self._buffers)
        return self._ready

    def _ask(self, buffers: Iterator[_Buffer]) -> None:
        """Gather the next chunk, or have it gathered."""
        for coming in self._to_ask:
            buffer = next(buffers)
            self._asked.append(list(zip(coming, buffer.batches, strict=False)))
            job = _Job(self._source, np.concatenate(coming), buffer.whole)
            if self._jobs is None:
                _gather(job)
            else:
                self._jobs.put(job)
            return

    def _receive(self) -> _Chunk:
        """Return the chunk asked for first, once it is gathered."""
        error = None if self._jobs is None else self._done.get()
        chunk = self._asked.popleft()
        if error is not None:
            raise error
        return chunk
