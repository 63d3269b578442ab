"""Memory of an import of 1,000,000 mentions against one of 1,000: it must stay flat."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from _shop import WORDS

LARGE = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
CHILD = """
import resource, sys
from mentionwatch.cli.start import main
code = main(sys.argv[1:])
print(code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


def peak(folder: Path, count: int) -> float:
    """Return the largest resident set of an import, in MiB."""
    folder.mkdir()
    source = folder / "mentions.ndjson"
    with source.open("w") as stream:
        for n in range(count):
            record = {
                "id": f"m{n}",
                "text": f"{WORDS[n % len(WORDS)]}, number {n}?",
                "author_id": f"a{n}",
                "author": f"Author {n}",
                "created_at": f"2026-11-{1 + n % 16:02d}T{n % 24:02d}:00:00Z",
            }
            stream.write(json.dumps(record) + "\n")
    config = folder / "shop.toml"
    config.write_text('[brand]\nname = "Acme Coffee"\n')
    done = subprocess.run(
        [sys.executable, "-c", CHILD, "import", str(source), "--config", str(config)],
        capture_output=True,
        text=True,
        check=True,
    )
    code, kibibytes = done.stderr.split()[-2:]
    assert code == "0", done.stderr
    return int(kibibytes) / 1024


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        small = peak(Path(folder) / "small", 1_000)
        large = peak(Path(folder) / "large", LARGE)
    print(
        f"{f'memory of an import of {LARGE:,} mentions':<46} {large - small:+6.1f} MiB above that "
        f"of 1,000 ({large:.0f} / {small:.0f} MiB; reach +60 MiB)"
    )


if __name__ == "__main__":
    main()
