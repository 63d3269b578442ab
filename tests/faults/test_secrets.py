"""
No secret leaves the program but in the request for which it is meant.

A distinct secret is planted in every place where one can stand. Every service that is asked says
all that it was told back, in its refusal. Then every output, log, error, traceback, file and
command line is searched, for the secrets and for the codings in which they travel.
"""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from tests.channels.imap_script import Scripted
from tests.server import Reply, Request, Server
from tests.shop import Result, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PLACES = (
    *("literal", "env", "cmd", "file", "feed_password", "feed_secret", "feed_query", "header"),
    *("param", "template", "exec_env", "imap", "smtp", "ping", "slack", "hook_url", "hook_secret"),
    *("hook_header", "ntfy_token", "ntfy_password", "desk_token", "desk_url", "desk_basic"),
    *("desk_header", "watch_ping", "proxy", "access_jwt", "refresh_token", "cmd_fails"),
)
# With all that a coding may change: blanks and quotes are left to test_credentials.
SECRETS = {place: f"pl4nt+{place}/7Kp=ü&x" if place == "param" else f"pl4nt-{place}-7Kp9xWq3"
           for place in PLACES}  # fmt: skip
OWNERS = {"acme.toml", "credentials.json"}  # where they are meant to be


def codings(secret: str) -> set[str]:
    data = secret.encode()
    inside = base64.b64encode(b"\0" * 3 + data + b"\0" * 3).decode()[4:-8]
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), inside,
            json.dumps(secret)[1:-1], repr(secret)[1:-1]}  # fmt: skip


class Telltale(socketserver.StreamRequestHandler):
    """A mail server that repeats what it was told when it refuses it."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"EHLO"):
                self.wfile.write(b"250-hello\r\n250 AUTH PLAIN LOGIN\r\n")
            elif line.upper().startswith(b"AUTH"):
                word = line.split()[-1]
                plain = base64.b64decode(word + b"==").replace(b"\0", b" ")
                self.wfile.write(b"535 5.7.8 unknown: " + word + b" which is " + plain + b"\r\n")
            elif line.upper().startswith(b"QUIT"):
                return
            else:
                self.wfile.write(b"503 log in first: " + line)


def everything(request: Request) -> str:
    """Return all that a request says."""
    words = json.dumps([request.headers, request.query, request.path], ensure_ascii=False)
    basic = request.headers.get("authorization", "").removeprefix("Basic ")
    if basic != request.headers.get("authorization", ""):
        words += base64.b64decode(basic + "==").decode("utf-8", "replace")
    # What is short first: of a long answer only the beginning is told.
    first = [request.headers.get("authorization"), request.query]
    return f"you said {first} {words} {request.body.decode('utf-8', 'replace')}"


STATUS = {"refuses": 401, "forbids": 403, "fails": 500, "is odd": 200, "waits": 429, "moves": 302}


class Business:
    """Acme Coffee with secrets everywhere, and services that repeat them."""

    def __init__(self, folder: Path, server: Server, smtp_port: int, imap_port: int) -> None:
        self.folder = folder
        self.server = server
        self.manner = "refuses"
        self.outputs: dict[str, str] = {}
        (folder / "secrets").mkdir(mode=0o700)
        for place in ("file", "cmd", "cmd_fails"):
            path = folder / "secrets" / place
            path.write_text(SECRETS[place])
            path.chmod(0o600)
        program = folder / "forum.sh"
        program.write_text('#!/bin/sh\ncat /proc/[0-9]*/cmdline | tr "\\0" " " >> processes\n'
                           'echo "I know $OWN" >&2\nexit 3\n')  # fmt: skip
        program.chmod(0o700)
        fails = folder / "fails.sh"
        say = f"cat {folder}/secrets/cmd_fails"
        fails.write_text(f"#!/bin/sh\n{say}\n{say} >&2\nexit 1\n")
        fails.chmod(0o700)
        (folder / "page.ndjson").write_text(
            '{"id": "1", "author_id": "dana", "text": "Where is my order?! I am furious.", '
            '"created_at": "2026-11-20T08:00:00Z"}\n'
        )
        tokens = {name: {"access_jwt": SECRETS["access_jwt"], "accessJwt": SECRETS["access_jwt"],
                         "refresh_token": SECRETS["refresh_token"]}
                  for name in ("bluesky", "threads", "mastodon")}  # fmt: skip
        (folder / "credentials.json").write_text(json.dumps(tokens))
        (folder / "credentials.json").chmod(0o600)
        s, url, host = SECRETS, server.url, server.host
        self.config = folder / "acme.toml"
        self.config.write_text(
            f"""
[brand]
name = "Acme Coffee"
terms = ["Acme Coffee"]
[channels.page]
type = "file"
path = "page.ndjson"
[channels.mastodon]
base_url = "{url}"
access_token = "{s["literal"]}"
[channels.bluesky]
base_url = "{url}"
identifier = "acme.example"
app_password = "env:ACME_SECRET"
[channels.threads]
base_url = "{url}"
access_token = "cmd:cat {folder}/secrets/cmd"
[channels.telegram]
base_url = "{url}"
bot_token = "file:{folder}/secrets/file"
[channels.lemmy]
base_url = "{url}"
username = "acme"
password = "cmd:{fails}"
[channels.news]
type = "rss"
feeds = ["http://acme:{s["feed_password"]}@{host}/feed", "{url}/other?token={s["feed_query"]}",
         {{ secret_url = "{url}/{s["feed_secret"]}/feed" }}]
[channels.desk]
type = "http_json"
url = "{url}/items"
allow_http = true
items = "items"
map = {{ id = "id", text = "text" }}
headers = {{ X-Odd = "{{secret:header}}" }}
params = {{ q = "{{secret:param}}", z = "{{secret:template}}" }}
secrets = {{ header = "{s["header"]}", param = "{s["param"]}", template = "{s["template"]}" }}
[channels.forum]
type = "exec"
command = ["{program}"]
env = {{ OWN = "{s["exec_env"]}" }}
[channels.inbox]
type = "email"
host = "127.0.0.1"
port = {imap_port}
tls = "none"
username = "acme"
password = "{s["imap"]}"
[digest]
to = ["owner@acme.example"]
ping = "{url}/ping/{s["ping"]}"
[digest.smtp]
host = "127.0.0.1"
port = {smtp_port}
tls = "none"
username = "acme"
password = "{s["smtp"]}"
[[notify]]
to = "slack"
url = "{url}/services/{s["slack"]}"
when = ["new:low"]
[[notify]]
to = "webhook"
url = "http://acme:{s["hook_url"]}@{host}/hook"
secret = "{s["hook_secret"]}"
headers = {{ X-Own = "{s["hook_header"]}" }}
when = ["new:low"]
[[notify]]
to = "ntfy"
url = "{url}"
topic = "acme"
token = "{s["ntfy_token"]}"
when = ["new:low"]
[[notify]]
to = "ntfy"
name = "other"
url = "{url}"
topic = "acme"
username = "acme"
password = "{s["ntfy_password"]}"
when = ["new:low"]
[handoff.one]
url = "{url}/one?key={s["desk_url"]}"
auth = {{ type = "bearer", token = "{s["desk_token"]}" }}
headers = {{ X-More = "{s["desk_header"]}" }}
[handoff.two]
url = "{url}/two"
auth = {{ type = "basic", username = "acme", password = "{s["desk_basic"]}" }}
[watch]
ping = "{url}/watch/{s["watch_ping"]}"
"""
        )
        self.config.chmod(0o600)
        server.on("*", "/*", self._repeat)

    def _repeat(self, request: Request) -> Reply:
        status = STATUS[self.manner]
        said = everything(request)
        header = "".join(letter for letter in said if " " <= letter <= "~")[:2000]
        headers = {"X-Said": header, "WWW-Authenticate": header[:500]}
        if status == 302:
            headers["Location"] = f"/again?{request.path}&{header[:300].replace(' ', '')}"
        return Reply(status=status, body={"error": said, "message": said, "detail": [said]},
                     headers=headers)  # fmt: skip

    def run(self, *words: str, stdin: str = "") -> Result:
        result = run("-vv", "--config", str(self.config), *words, stdin=stdin)
        name = f"{self.manner}: {' '.join(words)} {len(self.outputs)}"
        self.outputs[f"{name} (out)"] = result.out
        self.outputs[f"{name} (err)"] = result.err
        return result

    def leaks(self) -> list[tuple[str, str]]:
        """Return (place, where it was found)."""
        texts = {name: text.encode("utf-8", "surrogatepass") for name, text in self.outputs.items()}
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name not in OWNERS and path.parent.name != "secrets":
                texts[f"file {path.name}"] = path.read_bytes()
        return [
            (place, name)
            for place, secret in SECRETS.items()
            for name, text in texts.items()
            if any(form.encode() in text for form in codings(secret))
        ]

    def received(self) -> str:
        """Return all that the services were told."""
        return "".join(map(everything, self.server.requests))


@pytest.fixture
def business(
    tmp_path: Path, http_server: Server, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Business]:
    folder = tmp_path / "shop"
    folder.mkdir()
    monkeypatch.setenv("ACME_SECRET", SECRETS["env"])
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("HTTPS_PROXY", f"http://acme:{SECRETS['proxy']}@127.0.0.1:1")
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    said = f'TAG NO [AUTHENTICATIONFAILED] "{SECRETS["imap"]}" is not the password\r\n'
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Telltale) as mail:
        mail.daemon_threads = True
        threading.Thread(target=mail.serve_forever, daemon=True).start()
        imap = Scripted({"LOGIN": said.encode()})
        yield Business(folder, http_server, mail.server_address[1], imap.port)
        mail.shutdown()
        imap.listener.close()


READING = (
    "config check", "config show", "config path", "doctor", "doctor --json", "status",
    "channels", "channels --json", "queue", "queue --json", "queue --format csv",
    "queue --format html", "queue --format markdown", "queue --all", "show 1", "show 1 --json",
    "explain 1", "search order", "hours", "report", "review", "db path", "db check", "db export",
)  # fmt: skip
SENDING = (
    "sync", "check", "digest --send", "digest --format eml", "notify", "notify test",
    "handoff 1 --to one", "handoff 1 --to two", "handoff 1 --to one --dry-run",
    "watch --rounds 1", "done 1", "undo",
)  # fmt: skip


@pytest.mark.parametrize("manner", STATUS)
def test_no_output_file_or_log_holds_a_secret(business: Business, manner: str) -> None:
    business.manner = manner
    for words in (*SENDING, *READING):
        assert "nobody foresaw" not in business.run(*words.split()).err, words
    for name in ("backup.db", "export.ndjson", "queue.html"):
        target = str(business.folder / name)
        what = {"backup.db": ["db", "backup", target],
                "export.ndjson": ["db", "export", "--output", target],
                "queue.html": ["queue", "--format", "html", "--output", target]}[name]  # fmt: skip
        assert business.run(*what).code == 0
    assert business.leaks() == []
    told = business.received()
    # They did travel: else nothing was tried.
    sent = ("literal", "env", "cmd", "file", "feed_secret", "header", "template", "slack",
            "hook_header", "ntfy_token", "ntfy_password", "desk_token", "desk_url", "desk_header",
            "desk_basic")  # fmt: skip
    kept_back = {"feed_secret"} if manner == "waits" else set()  # a server is left alone then
    assert {place for place in sent if SECRETS[place] not in told} == kept_back
    assert (business.folder / "processes").stat().st_size > 100


def test_a_traceback_holds_no_secret(business: Business, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug of ours whose message is full of them, in a channel and in a command."""
    from mentionwatch.app import read_queue
    from mentionwatch.channels.mastodon import Mastodon

    business.run("sync")  # what was looked up is known from here on
    known = [SECRETS[place] for place in ("literal", "env", "cmd", "file", "template", "header")]

    def bug(*_: object, **__: object) -> None:
        raise RuntimeError(f"what now, {known} and {json.dumps(known)}?")

    monkeypatch.setattr(Mastodon, "account", bug)
    found = business.run("sync")
    assert "RuntimeError" in found.err
    monkeypatch.setattr(read_queue, "read_queue", bug)
    found = business.run("queue")
    assert "Traceback" in found.err
    assert business.leaks() == []


def test_a_secret_is_taken_in_without_being_shown(business: Business) -> None:
    secret = SECRETS["access_jwt"]
    business.config.write_text(
        business.config.read_text().replace(SECRETS["literal"], "env:NOWHERE")
    )
    assert business.run("login", "mastodon", stdin=secret + "\n").code == 0
    written = [path for path in business.folder.rglob("*")
               if path.is_file() and secret in path.read_text("utf-8", "replace")]  # fmt: skip
    assert "mastodon-access_token" in {path.name for path in written}
    for path in written:
        assert path.stat().st_mode & 0o077 == 0, path
    for name, text in business.outputs.items():
        assert secret not in text, name


def test_a_wrong_configuration_is_told_without_its_secrets(business: Business) -> None:
    """Every line spoilt in turn: the problems name keys, never values of secrets."""
    lines = business.config.read_text().splitlines()
    for number, line in enumerate(lines):
        if not any(secret in line for secret in SECRETS.values()):
            continue
        for spoilt in (line + " oops", line.replace('"', "", 1), line.replace(" = ", "x = ", 1)):
            business.config.write_text("\n".join([*lines[:number], spoilt, *lines[number + 1 :]]))
            for words in ("config check", "config show", "queue"):
                business.run(*words.split())
    assert business.leaks() == []
