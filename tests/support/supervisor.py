"""Waits until a run of pytest has ended, however that comes about; then ends its processes and deletes its folders.

Arguments: the process id of pytest, its home, and further folders. A process belongs to the run if its HOME is the
run's home or a folder in it.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress

import psutil


def main() -> None:
    pytest_pid, home, *folders = sys.argv[1:]
    while os.getppid() == int(pytest_pid):
        time.sleep(0.2)
    end_processes(home)
    for folder in (home, *folders):
        shutil.rmtree(folder, ignore_errors=True)


def end_processes(home: str) -> None:
    """Send SIGTERM, on which PostgreSQL frees its shared memory, and SIGKILL to whatever runs 2 seconds later."""
    for number, seconds in ((signal.SIGTERM, 2), (signal.SIGKILL, 5)):
        end, asked = time.monotonic() + seconds, set()
        while (left := processes_of(home)) and time.monotonic() < end:
            for process in left - asked:
                with suppress(psutil.Error):
                    process.send_signal(number)
            asked |= left
            time.sleep(0.1)


def processes_of(home: str) -> set[psutil.Process]:
    """Give the processes of a run that are alive, other than supervisors, which end by themselves."""
    return {process for process in psutil.process_iter() if belongs(process, home)}


def belongs(process: psutil.Process, home: str) -> bool:
    with suppress(psutil.Error):
        its_home = process.environ().get("HOME", "")
        return (
            (its_home == home or its_home.startswith(f"{home}/"))
            and process.status() != psutil.STATUS_ZOMBIE
            and __file__ not in process.cmdline()
        )
    return False


if __name__ == "__main__":
    main()
