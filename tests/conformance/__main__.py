"""The client, when it is its turn: the suite starts all of its scenarios at once, and many more of them than there are
cores only make each other late."""

from __future__ import annotations

import fcntl
import gc
import os
import sys

with open(f"{os.environ['FASTCHAT_TEST_TURNS']}.{os.getpid() % (2 * (os.cpu_count() or 1))}", "w") as turn:
    fcntl.flock(turn, fcntl.LOCK_EX)
    gc.disable()  # it does not live long
    from tests.conformance.client import main

    sys.exit(main(sys.argv[-1]))
