"""What continuous integration leans on: the locked versions, the audit, what is in the archives."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
LOCKS = {name: ROOT / "requirements" / f"{name}.txt" for name in ("test", "ci")}
PYTHONS = ("3.11", "3.12", "3.13")
PLATFORMS = ("linux", "darwin", "win32")


def script(name: str) -> ModuleType:
    """Load a script of .ci, which is no package."""
    spec = importlib.util.spec_from_file_location(f"ci_{name}", ROOT / ".ci" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# --- exact versions -------------------------------------------------------------------------------


def locked(path: Path) -> dict[str, tuple[Version, Marker | None]]:
    """Return what a lock file names; each line is a requirement, its hashes go on below it."""
    text = re.sub(r"^\s*#.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            one = Requirement(line.partition("--hash")[0])
            (exact,) = one.specifier
            assert exact.operator == "=="
            found[canonicalize_name(one.name)] = (Version(exact.version), one.marker)
    return found


def wanted() -> list[Requirement]:
    return [
        Requirement(line)
        for line in [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["test"]]
    ]


def machine(python: str, platform: str) -> dict[str, str]:
    systems = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}
    return {
        "python_version": python,
        "python_full_version": f"{python}.1",
        "sys_platform": platform,
        "platform_system": systems[platform],
        "os_name": "nt" if platform == "win32" else "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_locked_versions_are_what_the_project_asks_for(python: str, platform: str) -> None:
    known, here = locked(LOCKS["test"]), machine(python, platform)
    for one in wanted():
        if one.marker is None or one.marker.evaluate(here):
            version, marker = known[canonicalize_name(one.name)]
            assert one.specifier.contains(version), f"{one} is locked at {version}"
            assert marker is None or marker.evaluate(here), f"{one} is locked only for {marker}"


def test_both_locks_agree() -> None:
    test, ci = locked(LOCKS["test"]), locked(LOCKS["ci"])
    assert {name: ci[name][0] for name in ci if name in test} == {
        name: test[name][0] for name in ci if name in test
    }


def test_the_tools_of_ci_are_locked() -> None:
    known = locked(LOCKS["ci"])
    asked = (ROOT / "requirements" / "ci.in").read_text("utf-8").splitlines()
    for one in (Requirement(line) for line in asked if not line.startswith("#")):
        assert one.specifier.contains(known[canonicalize_name(one.name)][0])


@pytest.mark.parametrize("path", LOCKS.values(), ids=LOCKS.keys())
def test_locks_have_hashes_and_no_addresses(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"://|@ |-index|--find-links|--trusted-host|^-", text, re.MULTILINE)
    for block in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", block), block


# --- audit ----------------------------------------------------------------------------------------

BAD = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-2014-8"}]}
NOT_FOUND = {"skip_reason": "Dependency not found on PyPI and could not be audited"}
GOOD = {"name": "rich", "version": "15.0.0", "vulns": []}
HURT = {
    "name": "rich",
    "version": "15.0.0",
    "vulns": [{"id": "PYSEC-2026-1", "aliases": ["CVE-2026-1"], "fix_versions": ["15.0.1"]}],
}
UNREACHABLE = "requests.exceptions.ConnectionError: no such host"

# What the tool prints: packages, or where it is text, an error and nothing else.
Said = list[dict[str, Any]] | str


@pytest.fixture
def audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """Return ``audit(pypi=(canary, packages), osv=…)``: the audit of a tool that says this."""
    module = script("audit")
    tool = tmp_path / "tool.py"
    tool.write_text(
        "import json, sys\n"
        f"said = json.load(open({str(tmp_path / 'said.json')!r}))\n"
        "one = said[sys.argv[sys.argv.index('-s') + 1]]['-r' not in sys.argv]\n"
        "if isinstance(one, str):\n"
        "    sys.exit('Traceback (most recent call last):\\n' + one)\n"
        "print(json.dumps({'dependencies': one, 'fixes': []}))\n"
        "sys.exit(any(package.get('vulns') for package in one))\n"
    )
    monkeypatch.setattr(module, "COMMAND", [sys.executable, str(tool)])

    def run(**said: tuple[Said, Said]) -> int:
        whole = dict.fromkeys(module.SERVICES, (UNREACHABLE, UNREACHABLE)) | said
        (tmp_path / "said.json").write_text(json.dumps(whole))
        return module.audit([str(tmp_path)])

    return run


@pytest.mark.slow
def test_a_known_vulnerability_fails(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(pypi=([BAD], [GOOD, HURT])) == 1
    said = capsys.readouterr().out
    assert said == "audit: rich 15.0.0: PYSEC-2026-1 (CVE-2026-1), mended in 15.0.1\n"


@pytest.mark.slow
def test_an_accepted_one_does_not(audit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules["ci_audit"].ACCEPTED, "CVE-2026-1", "not used by us")
    assert audit(pypi=([BAD], [HURT])) == 0


@pytest.mark.slow
def test_packages_that_are_well_pass(audit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    unheard = {"name": "wheelbarrow", **NOT_FOUND}
    assert audit(pypi=([BAD], [GOOD, unheard, {"name": "mentionwatch", **NOT_FOUND}])) == 0
    said = capsys.readouterr().out
    assert said == "audit: pypi knows nothing against 1 packages; it does not know wheelbarrow\n"


@pytest.mark.slow
def test_a_mirror_that_knows_nothing_is_not_believed(
    audit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    ignorant = ([{"name": "jinja2", **NOT_FOUND}], [{"name": "rich", **NOT_FOUND}])
    assert audit(pypi=ignorant) == 0
    said = capsys.readouterr().out
    assert said.startswith("audit: NOT DONE, no advisory service could be asked")
    assert said.count("\n") == 1
    assert audit(pypi=ignorant, osv=([BAD], [HURT])) == 1


@pytest.mark.slow
def test_services_out_of_reach_are_no_failure_and_are_said(
    audit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit() == 0
    said = capsys.readouterr().out
    assert said.startswith("audit: NOT DONE")
    assert "no such host" in said


@pytest.mark.slow
def test_a_tool_that_breaks_while_the_service_answers_fails(
    audit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(pypi=([BAD], "KeyError: 'name'")) == 1
    assert "pip-audit fails, though pypi answers: KeyError: 'name'" in capsys.readouterr().out


# --- archives -------------------------------------------------------------------------------------

TREE = {
    "LICENSE": "MIT",
    "pyproject.toml": "",
    "src/shop/__init__.py": "",
    "src/shop/words/en.txt": "slow",
    "src/shop/words/LICENSE-words.txt": "MIT",
}


@pytest.fixture
def built(tmp_path: Path) -> Callable[..., list[str]]:
    """Return ``built(without, with_)``: what is said of archives of a small project."""
    root, dist = tmp_path / "checkout", tmp_path / "dist"
    dist.mkdir()
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=root, check=True)
    (root / "src/shop/shop.db").write_text("lies about")
    info = "shop-1.0.dist-info"

    def check(without: str = "", with_: str = "") -> list[str]:
        names = ({*TREE} - {without}) | ({with_} if with_ else set())
        inside = {name.removeprefix("src/") for name in names if name.startswith("src/")}
        meta = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
        meta.add("licenses/src/shop/words/LICENSE-words.txt")
        with zipfile.ZipFile(dist / "shop-1.0-py3-none-any.whl", "w") as wheel:
            for name in inside | {f"{info}/{name}" for name in meta}:
                wheel.writestr(name, "")
        with tarfile.open(dist / "shop-1.0.tar.gz", "w:gz") as sdist:
            for name in names | {"PKG-INFO"}:
                sdist.addfile(tarfile.TarInfo(f"shop-1.0/{name}"))
        return script("built").check(dist, root)

    return check


def test_archives_of_all_that_is_ours_pass(built: Any) -> None:
    assert built() == []


def test_what_archives_lack_is_named(built: Any) -> None:
    assert built(without="src/shop/words/en.txt") == [
        "shop-1.0.tar.gz lacks src/shop/words/en.txt",
        "shop-1.0-py3-none-any.whl lacks shop/words/en.txt",
    ]


def test_what_slipped_into_archives_is_named(built: Any) -> None:
    assert built(with_="src/shop/shop.db") == [
        "shop-1.0.tar.gz holds src/shop/shop.db, which is not ours",
        "shop-1.0-py3-none-any.whl holds shop/shop.db, which is not ours",
    ]
