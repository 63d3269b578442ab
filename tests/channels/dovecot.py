"""
A real IMAP server for tests: Debian's ``dovecot-imapd`` on loopback ports, mails in a folder.

The server's master needs root, the mail user must not be root: each user's maildir belongs to
"nobody". Two ports: one without TLS (with STARTTLS), one with TLS, certificate from ``trustme``.
"""

from __future__ import annotations

import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import trustme

PASSWORD = 'a pass with "quotes"'

_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/dovecot.log
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.key
disable_plaintext_auth = no
auth_failure_delay = 0
mail_location = maildir:{base}/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 20
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {plain_port}
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {tls_port}
    ssl = yes
  }}
  chroot =
}}
# Without the delays for an address that has had a wrong password.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=any {base}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = create
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = create
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = create
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = create
  }}
}}
"""


def _program() -> str | None:
    return shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def why_not() -> str:
    """Return why the server cannot be run here; "" when it can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "dovecot's master process needs root"
    if _program() is None:
        return "dovecot-imapd is not installed (apt-get install dovecot-imapd)"
    return ""


@dataclass(frozen=True)
class Dovecot:
    base: Path
    plain_port: int
    tls_port: int
    ca_file: Path

    def client(self, user: str) -> imaplib.IMAP4:
        """A mail program of the owner's, free to write."""
        client = imaplib.IMAP4("127.0.0.1", self.plain_port, timeout=10)
        client.login(user, PASSWORD)
        return client

    def deliver(
        self,
        user: str,
        raw: bytes,
        folder: str = "INBOX",
        at: datetime | None = None,
        flags: str = "",
    ) -> None:
        """Put a mail into a folder, arrived *at* a time (aware)."""
        client = self.client(user)
        stamp = imaplib.Time2Internaldate(at) if at else ""
        answer, data = client.append(f'"{folder}"', flags, stamp, raw)  # type: ignore[arg-type]
        assert answer == "OK", data
        client.logout()

    def flags(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Every mail's flags as the server keeps them, read without touching them."""
        client = self.client(user)
        client.select(f'"{folder}"', readonly=True)
        found = client.fetch("1:*", "(UID FLAGS)")[1]
        client.logout()
        return [one for one in found if isinstance(one, bytes)]

    def log(self) -> str:
        return (self.base / "dovecot.log").read_text(errors="replace")


@contextmanager
def running() -> Iterator[Dovecot]:
    """Run a server until the block ends."""
    base = Path(tempfile.mkdtemp(prefix="mw-dovecot-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        server = _prepare(base)
        process = subprocess.Popen(
            [_program() or "dovecot", "-F", "-c", str(base / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait(server, process)
        yield server
    finally:
        if process is not None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(base, ignore_errors=True)


def _prepare(base: Path) -> Dovecot:
    nobody = pwd.getpwnam("nobody")
    base.chmod(0o755)
    (base / "mail").mkdir()
    os.chown(base / "mail", nobody.pw_uid, nobody.pw_gid)
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(base / "ca.pem")
    certificate.private_key_pem.write_to_path(base / "server.key")
    for number, pem in enumerate(certificate.cert_chain_pems):
        pem.write_to_path(base / "server.pem", append=number > 0)
    plain_port, tls_port = _free_ports(2)
    (base / "users").write_text(f"any:{{PLAIN}}{PASSWORD}\n")
    (base / "dovecot.conf").write_text(
        _CONFIG.format(base=base, plain_port=plain_port, tls_port=tls_port)
    )
    return Dovecot(base=base, plain_port=plain_port, tls_port=tls_port, ca_file=base / "ca.pem")


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def _wait(server: Dovecot, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            with socket.create_connection(("127.0.0.1", server.plain_port), 1) as connection:
                if connection.recv(100).startswith(b"* OK"):
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"dovecot did not start: {server.log()[-2000:]}")
