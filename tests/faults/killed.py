"""
Runs a command line and kills its own process, with SIGKILL, at a given write to the database.

    python -m tests.faults.killed COUNT ARGUMENTS…      # 0 counts only, and prints the number

Every statement that writes counts, and so do BEGIN and COMMIT: between two of them lies every
moment at which a crash could tear something.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys

from mentionwatch.cli.start import main
from mentionwatch.store import database

WRITES = ("INSERT", "UPDATE", "DELETE", "BEGIN", "COMMIT", "CREATE", "PRAGMA USER_VERSION")


def run(kill_at: int, arguments: list[str]) -> int:
    count = 0

    def traced(statement: str) -> None:
        nonlocal count
        if statement.lstrip().upper().startswith(WRITES):
            count += 1
            if count == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    connect = database._connect

    def watched(path: os.PathLike[str]) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(traced)
        return connection

    database._connect = watched
    code = main(arguments)
    print(f"writes: {count}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(run(int(sys.argv[1]), sys.argv[2:]))
