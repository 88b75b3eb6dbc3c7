"""What each Python needs under faketime: `scripts/other-days` puts this folder on the path, and Python imports it."""

import json
import os
import select
import sys
import time

KEPT = "PYTHON_FAKETIME"  # kernels of the server inherit PYTHON... and not LD_PRELOAD: they have to start again with it

if "FAKETIME" in os.environ:
    names = [name for name in os.environ if name.startswith(("FAKETIME", "NO_FAKE", "LD_PRELOAD"))]
    os.environ[KEPT] = json.dumps({name: os.environ[name] for name in names})
elif KEPT in os.environ:
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], os.environ | json.loads(os.environ[KEPT]))


def _sleep(seconds: float, /) -> None:
    select.select([], [], [], seconds)


# Python sleeps until a moment of the monotonic clock. Debian's libfaketime (0.9.10) takes the fake date off that moment
# although it was told to leave the monotonic clock alone, and the sleep fails.
time.sleep = _sleep
