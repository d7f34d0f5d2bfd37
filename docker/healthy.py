"""Whether the flow in this container is alive: asks its metrics port, and never the engine's.

`LIVELOOM_METRICS` names that port (9464). A container that runs no flow has nothing to ask.
"""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

WAIT_S = 4.0


def main() -> int:
    """0 where it is alive, else 1 and why."""
    if b"run" not in Path("/proc/1/cmdline").read_bytes().split(b"\0"):
        return 0
    port = os.environ.get("LIVELOOM_METRICS", "9464").rpartition(":")[2]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/live", timeout=WAIT_S):
            return 0
    except urllib.error.HTTPError as refused:
        print(refused.read().decode("utf-8", "replace").strip())
    except OSError as problem:
        print(f"port {port}: {problem}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
