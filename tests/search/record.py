"""Record the exchanges of all tests that are replayed, with a real server (see live.py).

python -m tests.search.record
"""

import os
import subprocess
import sys

from tests.search.exchanges import RECORD_KEY, RECORD_URL
from tests.search.live import missing_server, running_server

_REPLAYED = ("tests/search", "tests/market/matching")


def main() -> int:
    if reason := missing_server():
        sys.stderr.write(f"Recording {reason}.\n")
        return 1
    with running_server() as (url, master_key):
        command = [sys.executable, "-m", "pytest", "-k", "replayed or Replayed", *_REPLAYED]
        told = {RECORD_URL: url, RECORD_KEY: master_key}
        return subprocess.run(command, env=os.environ | told, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
