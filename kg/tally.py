"""Counts that several processes keep together: each writes a row of its own, and each can read the sum."""

import mmap
from dataclasses import dataclass, field

MOST = 32  # rows
_SIZE = 8  # bytes of a double


@dataclass
class Tally:
    """Rows of numbers in memory that forked processes share.

    No lock is needed between processes, since none writes in the row of another; threads of one process must
    take turns. A process writes in row 0 until it takes another.
    """

    columns: int
    _start: int = 0
    _cells: "memoryview[float]" = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Begin with zeros."""
        self._cells = memoryview(mmap.mmap(-1, MOST * self.columns * _SIZE)).cast("d")

    def take(self, row: int) -> None:
        """Write in *row* from now on."""
        self._start = row * self.columns

    def add(self, column: int, number: float = 1) -> None:
        """Add to the number of this process."""
        self._cells[self._start + column] += number

    def put(self, column: int, number: float) -> None:
        """Replace the number of this process."""
        self._cells[self._start + column] = number

    def total(self, column: int) -> float:
        """Return the sum over all processes."""
        return sum(self._cells[column :: self.columns])

    def clear(self, row: int) -> None:
        """Forget what a process that is gone wrote in *row*."""
        start = row * self.columns
        self._cells[start : start + self.columns] = memoryview(bytes(self.columns * _SIZE)).cast("d")
