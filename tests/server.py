"""
A small real HTTP server on 127.0.0.1, for tests: redirects, slow answers, broken bodies are real.

    with Server() as server:
        server.reply("GET", "/api/items", body={"items": []})
        server.reply("GET", "/api/items", 503, times=1)      # once, before those without `times`
        server.reply("GET", "/search", query={"page": "2"}, body={...})
        server.on("POST", "/token", lambda request: Reply(body={"access_token": "t2"}))
        ...
        assert server.requests[0].query == [("page", "1")]

Replies to one method and path: the newest rule that fits wins, rules with `times` before those
without, in the order in which they were given. `path` may end with ``*``. What has no rule gets
404 and stands in ``server.unexpected``.
"""

from __future__ import annotations

import gzip as gzip_module
import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    """What came in. ``headers`` have lower-case names; ``query`` keeps order and repeats."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)

    @property
    def params(self) -> dict[str, str]:
        return dict(self.query)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """
    An answer. ``body``: bytes, text, or anything else, which becomes JSON.

    ``delay``: seconds of silence before it. ``drip``: seconds between its bytes. ``close``: the
    connection ends without an answer. ``cut``: it ends after so many bytes of the body.
    ``raw``: sent as it is, instead of all others.
    """

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    gzip: bool = False
    close: bool = False
    cut: int | None = None
    raw: bytes | None = None

    def encoded(self) -> tuple[bytes, dict[str, str]]:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        body = self.body
        if isinstance(body, str):
            body = body.encode("utf-8", "surrogatepass")
        elif not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        if self.gzip:
            body = gzip_module.compress(body)
            headers["Content-Encoding"] = "gzip"
        return body, {**headers, **self.headers}


Handler = Callable[[Request], Reply]


@dataclass(kw_only=True)
class _Rule:
    method: str
    path: str
    query: Mapping[str, str]
    answer: Handler
    left: int | None

    def fits(self, request: Request) -> bool:
        if self.left == 0 or self.method not in ("*", request.method):
            return False
        if self.path.endswith("*"):
            if not request.path.startswith(self.path[:-1]):
                return False
        elif self.path != request.path:
            return False
        return all(pair in request.query for pair in self.query.items())


class Server:
    """
    A context manager; see the module.

    Args:
        tls: Serve https with a certificate of a test authority; its file is ``ca_file``.
        host: The name on the certificate and in ``url``.
    """

    def __init__(self, *, tls: bool = False, host: str = "127.0.0.1") -> None:
        self.requests: list[Request] = []
        self.unexpected: list[Request] = []
        self.change: Callable[[Request, Reply], Reply] | None = None  # on the way out
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._http = _HTTPServer(("127.0.0.1", 0), _Handler)
        self._http.owner = self
        if tls:
            self._http.socket = _tls_context(host).wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self.port: int = self._http.server_address[1]
        self.host = f"{host}:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    @property
    def ca_file(self) -> Path:
        return certificate_file()

    def __enter__(self) -> Server:
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def reply(
        self,
        method: str,
        path: str,
        status: int = 200,
        body: Any = b"",
        headers: Mapping[str, str] | None = None,
        *,
        times: int | None = None,
        query: Mapping[str, str] | None = None,
        **how: Any,
    ) -> None:
        """Answer so; ``how``: further fields of Reply, ``query``: pairs that must be there."""
        answer = Reply(status=status, body=body, headers=headers or {}, **how)
        self.on(method, path, lambda request: answer, times=times, query=query)

    def on(
        self,
        method: str,
        path: str,
        handler: Handler,
        *,
        times: int | None = None,
        query: Mapping[str, str] | None = None,
    ) -> None:
        """Answer with what *handler* returns."""
        rule = _Rule(method=method, path=path, query=query or {}, answer=handler, left=times)
        with self._lock:
            self._rules.append(rule)

    def clear(self) -> None:
        """Forget all rules and requests."""
        with self._lock:
            self._rules.clear()
            self.requests.clear()
            self.unexpected.clear()

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def answer(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            fitting = [rule for rule in self._rules if rule.fits(request)]
            limited = [rule for rule in fitting if rule.left is not None]
            rule = limited[0] if limited else fitting[-1] if fitting else None
            if rule is None:
                self.unexpected.append(request)
                return Reply(status=404, body={"error": f"no rule for {request.path}"})
            if rule.left is not None:
                rule.left -= 1
        reply = rule.answer(request)
        return self.change(request, reply) if self.change else reply

    def wait(self, seconds: float) -> None:
        """Be silent, but not longer than the server lives."""
        self._stopped.wait(seconds)

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: Server

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are a part of the tests, not of their output."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _HTTPServer

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (OSError, ssl.SSLError):
            self.close_connection = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, *_: Any) -> None:
        pass

    def _serve(self) -> None:
        reply = self.server.owner.answer(self._request())
        if reply.delay:
            self.server.owner.wait(reply.delay)
        if reply.close or self.server.owner.stopped:
            self.close_connection = True
            return
        if reply.raw is not None:
            self.wfile.write(reply.raw)
            self.close_connection = True
            return
        body, headers = reply.encoded()
        self.send_response(reply.status)
        bodyless = reply.status in (204, 304)
        if not bodyless and not any(name.lower() == "content-length" for name in headers):
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            for one in value.split("\n"):
                self.send_header(name, one)
        self.end_headers()
        if self.command != "HEAD" and not bodyless:
            self._send(body, reply)

    def _send(self, body: bytes, reply: Reply) -> None:
        if reply.cut is not None:
            self.wfile.write(body[: reply.cut])
            self.close_connection = True
        elif reply.drip:
            for place in range(len(body)):
                self.wfile.write(body[place : place + 1])
                self.server.owner.wait(reply.drip)
                if self.server.owner.stopped:
                    return
        else:
            self.wfile.write(body)

    def _request(self) -> Request:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        return Request(
            method=self.command,
            path=unquote(parts.path),
            query=parse_qsl(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length) if length else b"",
        )


@cache
def _authority() -> Any:
    import trustme

    return trustme.CA()


@cache
def _tls_context(host: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _authority().issue_cert(host).configure_cert(context)
    return context


@cache
def certificate_file() -> Path:
    """Return the file of the test authority, made once per process."""
    import atexit
    import shutil
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="mentionwatch-ca-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "ca.pem"
    _authority().cert_pem.write_to_path(path)
    return path
