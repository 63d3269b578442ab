"""Measuring in pairs: what is compared runs in turn, and the medians are divided."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def cpu_of(command: Sequence[str]) -> float:
    """Return the CPU seconds of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def wall_of(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def ratio(
    name: str, ours: Callable[[], float], theirs: Callable[[], float], *, runs: int = 9, reach: str
) -> float:
    """Measure both in turn and print the ratio of the medians."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    first = statistics.median(pair[0] for pair in pairs)
    second = statistics.median(pair[1] for pair in pairs)
    found = first / second
    print(f"{name:<46} {found:6.2f} x   ({first * 1000:.1f} ms / {second * 1000:.1f} ms; {reach})")
    return found


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
