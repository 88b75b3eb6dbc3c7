"""How many kernels this machine can bear, by default."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

# A kernel takes 40 to 100 MB; half of the memory is left to everything else that runs here.
_KERNEL = 128 * 2**20
_PER_CORE = 32
_CONTAINER = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def cores() -> int:
    """Count the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory() -> int:
    """Give the memory of the machine, or of the container where that is less, in bytes."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _CONTAINER:
        with suppress(OSError, ValueError):  # elsewhere there is no such file, and "max" is no limit
            sizes.append(int(Path(path).read_text()))
    return min(sizes)


def default_kernels() -> int:
    """Give how many kernels half of the memory holds, at most 32 a core and at least 4."""
    return max(4, min(memory() // 2 // _KERNEL, _PER_CORE * cores()))
