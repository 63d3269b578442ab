"""
Fail where a built wheel or sdist lacks a file, or holds one that is not ours.

    python .ci/built.py DIST

What belongs in them is what git knows: all of it in the sdist, all of the package in the wheel.
Caches, databases and whatever else lies about in a working tree do not.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/"
# What the build adds, beside the licences.
IN_SDIST = {"PKG-INFO"}
IN_WHEEL = {"METADATA", "RECORD", "WHEEL", "entry_points.txt"}


def tracked(root: Path) -> set[str]:
    """Return what git knows; quoted names would not match anything, so -z."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True)
    return {name for name in listed.stdout.decode().split("\0") if name}


def in_sdist(path: Path) -> set[str]:
    with tarfile.open(path) as archive:
        return {one.name.partition("/")[2] for one in archive.getmembers() if not one.isdir()}


def in_wheel(path: Path) -> set[str]:
    with zipfile.ZipFile(path) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


def of_the_wheel(known: set[str], wheel: Path) -> set[str]:
    """Return what a wheel of these files holds."""
    info = f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"
    licences = {name for name in known if Path(name).name.startswith("LICENSE")}
    return {
        *(name.removeprefix(PACKAGE) for name in known if name.startswith(PACKAGE)),
        *(f"{info}/{name}" for name in IN_WHEEL),
        *(f"{info}/licenses/{name}" for name in licences),
    }


def differences(path: Path, found: set[str], wanted: set[str]) -> list[str]:
    return [
        *(f"{path.name} lacks {name}" for name in sorted(wanted - found)),
        *(f"{path.name} holds {name}, which is not ours" for name in sorted(found - wanted)),
    ]


def check(folder: Path, root: Path = ROOT) -> list[str]:
    """Return what is wrong with the one sdist and the one wheel of a folder."""
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    known = tracked(root)
    return [
        *differences(sdist, in_sdist(sdist), known | IN_SDIST),
        *differences(wheel, in_wheel(wheel), of_the_wheel(known, wheel)),
    ]


if __name__ == "__main__":
    problems = check(Path(sys.argv[1]))
    for problem in problems:
        print(f"built: {problem}")
    if not problems:
        print("built: wheel and sdist hold all that is ours and nothing else")
    sys.exit(bool(problems))
