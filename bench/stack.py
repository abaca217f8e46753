"""An emulator for the benchmarks alone: DynamoDB in a process of its own, so that its CPU is not counted."""

from collections.abc import Iterator
from contextlib import contextmanager

from local import process, stack


@contextmanager
def emulator() -> Iterator[str]:
    """Start one on free ports, without data, and yield its endpoint."""
    chosen = stack.choose("bench", keep_data=False)
    process.start(chosen)
    try:
        yield chosen.endpoint
    finally:
        process.stop(chosen.name)
