"""
Fail where an installed package has a known vulnerability.

    python .ci/audit.py [SITE_PACKAGES]...

pip-audit says "no known vulnerabilities" also of packages that its service has never heard of, and
a mirror without advisories has heard of none. So each service is first asked about a version that
is known to be bad. Only one that knows it is believed; where none does, that is said, and it is not
a failure: nothing has been found out about our packages then, good or bad.
"""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = [sys.executable, "-m", "pip_audit"]
SERVICES = ("pypi", "osv")
KNOWN_BAD = "jinja2==2.4.1"  # CVE-2014-1402, and more
OURS = "mentionwatch"
# Vulnerabilities that do not concern us: id -> why not, and until when that was looked at.
ACCEPTED: dict[str, str] = {}
TRIES = 2
SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What pip-audit printed. ``packages`` is None where it came to no end; then ``problem``."""

    packages: list[dict[str, Any]] | None = None
    problem: str = ""

    @property
    def vulnerable(self) -> list[str]:
        """A line for each vulnerability that is not accepted."""
        return [
            f"{package['name']} {package['version']}: {one['id']}"
            f" ({', '.join(one.get('aliases') or ()) or 'no other name'}),"
            f" mended in {', '.join(one.get('fix_versions') or ()) or 'no version yet'}"
            for package in self.packages or ()
            for one in package.get("vulns") or ()
            if not {one["id"], *(one.get("aliases") or ())} & set(ACCEPTED)
        ]

    @property
    def unknown(self) -> list[str]:
        """The packages that the service has not heard of."""
        return [
            package["name"]
            for package in self.packages or ()
            if "skip_reason" in package and package["name"] != OURS
        ]

    @property
    def known(self) -> int:
        return sum("skip_reason" not in package for package in self.packages or ())


def ask(service: str, *arguments: str) -> Answer:
    """Run pip-audit; its exit code is 1 for a vulnerability and for any trouble of its own."""
    command = [*COMMAND, "-s", service, "-f", "json", "--progress-spinner", "off", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return Answer(problem=f"no answer within {SECONDS} s")
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}, no word"]
        return Answer(problem=lines[-1][:200])
    return Answer(packages=packages)


def distrust(service: str) -> str:
    """Return why a service is not to be believed; "" where it knows what is known to be bad."""
    with tempfile.TemporaryDirectory() as folder:
        bad = Path(folder) / "bad.txt"
        bad.write_text(f"{KNOWN_BAD}\n")
        answer = ask(service, "--disable-pip", "--no-deps", "-r", str(bad))
    if answer.packages is None:
        return answer.problem
    found = any(package.get("vulns") for package in answer.packages)
    return "" if found else f"it knows nothing against {KNOWN_BAD}"


def audit(folders: list[str]) -> int:
    """Print what was found; return the exit code."""
    where = [part for folder in folders for part in ("--path", folder)]
    reasons = []
    for service in SERVICES:
        for _ in range(TRIES):
            if reason := distrust(service):
                break
            answer = ask(service, *where)
            if answer.packages is not None:
                return verdict(service, answer)
        else:
            # The service answers, so that it cannot be reached is no excuse.
            print(f"audit: pip-audit fails, though {service} answers: {answer.problem}")
            return 1
        reasons.append(f"{service}: {reason}")
    print(f"audit: NOT DONE, no advisory service could be asked ({'; '.join(reasons)})")
    return 0


def verdict(service: str, answer: Answer) -> int:
    for line in answer.vulnerable:
        print(f"audit: {line}")
    if answer.vulnerable:
        return 1
    if not answer.known:
        print(f"audit: NOT DONE, {service} knows none of the installed packages")
        return 0
    left_out = f"; it does not know {', '.join(answer.unknown)}" if answer.unknown else ""
    print(f"audit: {service} knows nothing against {answer.known} packages{left_out}")
    return 0


if __name__ == "__main__":
    sys.exit(audit(sys.argv[1:] or [sysconfig.get_path("purelib")]))
