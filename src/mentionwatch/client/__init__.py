"""
The one HTTP client: time-outs, retries, ``Retry-After``, budgets, size limits, error types.

For channels::

    payload = await client.get_json(
        f"{self.base_url}/api/v1/notifications",
        params={"types[]": ["mention"], "limit": 80},
        headers={"Authorization": ("Bearer ", self.access_token)},  # parts are joined
    )

A header, parameter, form or JSON value may be a `Secret`; it is looked up when the request goes
out. Every failure is a ChannelError with a way out. Outside of coroutines: `request_once`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from mentionwatch import __version__
from mentionwatch.client import library, problems
from mentionwatch.client.asking import Asking, HeaderValue, build, secrets_in
from mentionwatch.client.reading import ACCEPTED, read, read_start, too_large
from mentionwatch.client.response import Response, host_of, next_link, onward, same_origin
from mentionwatch.client.retrying import Patience, Transient, attempts
from mentionwatch.client.waiting import in_words, wanted_wait
from mentionwatch.credentials import Secret, Tokens
from mentionwatch.errors import (
    BudgetSpent,
    RateLimited,
    RequestRefused,
    SecretUnavailable,
    TimedOut,
    Unreachable,
)

if TYPE_CHECKING:
    import asyncio

    import httpx as http_library

__all__ = ["Client", "Response", "host_of", "next_link", "onward", "request_once", "same_origin"]

OK = (200, 201, 202, 204)
REDIRECTS = (301, 302, 303, 307, 308)
MAX_REDIRECTS = 5
TRANSIENT = (429, 502, 503, 504)
CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
START_OF_BODY = 64 * 1024  # of an answer that is an error


class Client:
    """
    The HTTP client of one channel during one run; an asynchronous context manager.

    Args:
        channel: Its name in the configuration, for hints.
        deadline: Seconds that the whole run of the channel may take, from the first use.
        tokens: What platforms renew; in memory when None.
        tries: How often a request that may be repeated is sent at most.
        max_bytes: Limit of one body after decompression.
        max_requests: Budget of the run; None = no limit.
        user_agent: Instead of our own, where a platform prescribes its form.
        ca_file: A further certificate authority to trust: a server of the owner's own.
        clock: Seconds that only go forward; for tests.

    ``dated``: the ``Date`` of the newest answer that came from the service itself, and our own time
    then, in seconds since 1970; None before.
    """

    def __init__(
        self,
        *,
        channel: str = "",
        deadline: float = 60.0,
        tokens: Tokens | None = None,
        tries: int = 3,
        max_bytes: int = 20 * 2**20,
        max_requests: int | None = None,
        user_agent: str | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.channel = channel
        self.tokens = tokens if tokens is not None else Tokens(None)
        self.requests = 0
        self.dated: tuple[str, float] | None = None
        self._deadline = deadline
        self._tries = tries
        self._max_bytes = max_bytes
        self._max_requests = max_requests
        self._user_agent = user_agent or f"mentionwatch/{__version__}"
        self._ca_file = os.fspath(ca_file) if ca_file else ""
        self._clock = clock
        self._began: float | None = None
        self._http: http_library.AsyncClient | None = None
        self._renewing: asyncio.Lock | None = None
        self._pace = 0.0
        self._next_turn = 0.0

    async def __aenter__(self) -> Self:
        self.remaining()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    def remaining(self) -> float:
        """Return the seconds left; the first call starts the clock. Never below 0."""
        if self._began is None:
            self._began = self._clock()
        return max(0.0, self._began + self._deadline - self._clock())

    async def pause(self, seconds: float) -> None:
        """
        Wait, if the time allows.

        Raises:
            RateLimited: The wait would outlast the deadline; said at once.
        """
        if seconds >= self.remaining():
            raise RateLimited(
                f"a wait of {in_words(seconds)} is longer than this run may take",
                "the rest comes with the next run",
                retry_after=seconds,
            )
        import asyncio

        await asyncio.sleep(max(0.0, seconds))

    def pace(self, seconds: float) -> None:
        """Keep at least *seconds* between the starts of two requests from now on."""
        self._pace = seconds

    async def get(self, url: str, **options: Any) -> Response:
        """Ask with GET; the options are those of `request`."""
        return await self.request("GET", url, **options)

    async def get_json(self, url: str, **options: Any) -> Any:
        """Ask with GET and return the JSON of the answer; the options are those of `request`."""
        return (await self.request("GET", url, **_wants_json(options))).json()

    async def post_json(self, url: str, **options: Any) -> Any:
        """Ask with POST (``json=`` or ``data=``) and return the JSON of the answer."""
        return (await self.request("POST", url, **_wants_json(options))).json()

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, HeaderValue] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        content: bytes | str | None = None,
        auth: tuple[str | Secret, str | Secret] | None = None,
        ok: Collection[int] = OK,
        redirects: bool = False,
        retry: bool | None = None,
    ) -> Response:
        """
        Send a request and return the answer, complete and decompressed.

        Args:
            method: Its name.
            url: Absolute, http or https.
            params: Merged into the URL's query; a list repeats its name, None is left out.
            headers: A value is text, a Secret, or a sequence of both that is joined.
            json: Body as JSON.
            data: Body as a form.
            content: Body as it is.
            auth: User and password (Basic).
            ok: The statuses that are answers; all others are errors. Add 304 for If-None-Match.
            redirects: Follow them; to another origin without any credential.
            retry: Whether the request may be sent again; None = GET and HEAD only.

        Raises:
            ChannelError: One of its kinds; see `mentionwatch.errors`.
        """
        asking = await self._build(
            method,
            url,
            params=params,
            headers={"Accept": "*/*", "User-Agent": self._user_agent, **(headers or {})},
            json=json,
            data=data,
            content=content,
            auth=auth,
        )
        again = retry if retry is not None else asking.method in ("GET", "HEAD")
        patience = Patience(self.remaining, self._tries if again else 1)
        try:
            async for attempt in attempts(patience):
                with attempt:
                    return await self._follow(asking, ok=ok, redirects=redirects)
        except Transient as transient:
            raise transient.error from None
        raise AssertionError("an attempt returns or raises")

    @asynccontextmanager
    async def renewing(self) -> AsyncIterator[dict[str, Any]]:
        """
        Hold the lock under which this channel's tokens are renewed; yields what is kept now.

        When that differs from what was refused, another run was faster: use it. Otherwise renew
        and keep the result with ``client.tokens.put(client.channel, ...)`` inside the block.

        Raises:
            SecretUnavailable: Another run holds the lock for too long.
        """
        import asyncio

        self._renewing = self._renewing or asyncio.Lock()
        async with self._renewing:
            while (lock := self.tokens.try_renewing(self.channel)) is None:
                if self.remaining() < 0.1:
                    raise SecretUnavailable(
                        f"another run has been renewing the tokens of {self.channel} for too long",
                        hint="end the other mentionwatch, then try again",
                    )
                await asyncio.sleep(0.05)
            try:
                yield self.tokens.get(self.channel)
            finally:
                lock.close()

    async def _build(self, method: str, url: str, **parts: Any) -> Asking:
        """Put the request together; a look-up that may take long does not stop other channels."""
        if all(secret.ready for secret in secrets_in(parts)):
            return build(method, url, **parts)
        return await _in_thread(lambda: build(method, url, **parts))

    async def _follow(self, asking: Asking, *, ok: Collection[int], redirects: bool) -> Response:
        history: list[tuple[int, str]] = []
        while True:
            answer = await self._send(asking, ok, tuple(history))
            if answer.status in ok:
                return answer
            if not (redirects and answer.status in REDIRECTS and "location" in answer.headers):
                raise self._refusal(answer, asking)
            if len(history) >= MAX_REDIRECTS:
                raise RequestRefused(
                    f"{answer.host} sends us round in a circle of redirects",
                    "open the address in a browser, and set base_url to where it ends",
                    answer.status,
                )
            history.append((answer.status, answer.url))
            asking = asking.moved(answer)

    def _refusal(self, answer: Response, asking: Asking) -> Exception:
        wait = wanted_wait(answer.headers, time.time())
        doctor = f"mentionwatch doctor {self.channel}".strip()
        error = problems.refusal(answer, sources=asking.sources, doctor=doctor, wait=wait)
        return Transient(error, wait) if answer.status in TRANSIENT else error

    async def _send(
        self, asking: Asking, ok: Collection[int], history: tuple[tuple[int, str], ...]
    ) -> Response:
        await self._turn()
        import asyncio

        errors = library.load()
        http = self._open()
        try:
            async with asyncio.timeout(self.remaining()):
                return await self._exchange(http, asking, ok, history)
        except TimeoutError:
            raise problems.timed_out(host_of(asking.url)) from None
        except (errors.HTTPError, errors.InvalidURL, errors.StreamError, UnicodeError) as caught:
            # From None: the library's own errors carry the whole URL.
            error = problems.failure(caught, asking.url, errors)
            if problems.worth_another_try(caught, errors):
                raise Transient(error, None) from None
            raise error from None

    async def _exchange(
        self,
        http: http_library.AsyncClient,
        asking: Asking,
        ok: Collection[int],
        history: tuple[tuple[int, str], ...],
    ) -> Response:
        request = http.build_request(
            asking.method, asking.url, headers=dict(asking.headers), content=asking.body
        )
        if asking.foreign:  # the cookie jar does not tell ports apart
            request.headers.pop("cookie", None)
        got = await http.send(request, stream=True, auth=None)
        try:
            headers = _joined(got.headers.multi_items())
            if "date" in headers and "age" not in headers:  # Age: out of somebody's cache
                self.dated = (headers["date"], time.time())
            body = await self._body(got, headers, got.status_code in ok)
        finally:
            await got.aclose()
        return Response(
            status=got.status_code, headers=headers, body=body, url=asking.url, history=history
        )

    async def _body(
        self,
        got: http_library.Response,
        headers: Mapping[str, str],
        wanted: bool,
    ) -> bytes:
        host = host_of(str(got.url))
        coding = headers.get("content-encoding", "")
        if not wanted:
            return await read_start(got.aiter_raw(), coding, host, START_OF_BODY)
        said = headers.get("content-length", "")
        if said.isdecimal() and int(said) > self._max_bytes and got.request.method != "HEAD":
            raise too_large(host, self._max_bytes)
        return await read(got.aiter_raw(), coding, host, self._max_bytes)

    async def _turn(self) -> None:
        """Wait for the next request's turn, and see that time and budget allow it."""
        if self._max_requests is not None and self.requests >= self._max_requests:
            raise BudgetSpent(
                f"the budget of {self._max_requests} requests is used up",
                "the rest comes with the next run",
            )
        if self._pace:
            wait = self._next_turn - self._clock()
            self._next_turn = max(self._next_turn, self._clock()) + self._pace
            if wait > 0:
                await self.pause(wait)
        if self.remaining() <= 0:
            raise TimedOut(
                f"the {self._deadline:.0f} seconds of this channel are used up",
                "the rest comes with the next run",
            )
        self.requests += 1

    def _open(self) -> http_library.AsyncClient:
        """Open the connections of this run; proxies come from the environment."""
        if self._http is not None:
            return self._http
        loaded = library.load()
        try:
            self._http = loaded.AsyncClient(
                verify=library.trusted(self._ca_file, *library.certificates()),
                timeout=loaded.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                headers={"Accept-Encoding": ACCEPTED},
                follow_redirects=False,
                trust_env=True,
            )
        except (ImportError, ValueError, loaded.InvalidURL):
            # The message would show the proxy's password.
            raise Unreachable(
                "the proxy that the environment names cannot be used",
                'check HTTPS_PROXY and ALL_PROXY; for socks5:// run: pip install "httpx[socks]"',
            ) from None
        return self._http


def request_once(method: str, url: str, *, deadline: float = 20.0, **options: Any) -> Response:
    """
    Send one request outside of coroutines, a webhook for instance; options as in `Client.request`.

    Args:
        method: Its name.
        url: Absolute, http or https.
        deadline: Seconds for all of it, retries included.
        options: ``ca_file`` and those of `Client.request`.
    """
    import asyncio

    ca_file = options.pop("ca_file", None)

    async def once() -> Response:
        async with Client(deadline=deadline, ca_file=ca_file) as client:
            return await client.request(method, url, **options)

    return asyncio.run(once())


async def _in_thread(work: Callable[[], Asking]) -> Asking:
    """Run *work* in a daemon thread: unlike an executor's it does not hold up the end."""
    import asyncio

    loop = asyncio.get_running_loop()
    done: asyncio.Future[Asking] = loop.create_future()

    def settle(result: Asking | None, error: BaseException | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        elif result is not None:
            done.set_result(result)

    def run() -> None:
        from contextlib import suppress

        result, error = None, None
        try:
            result = work()
        except BaseException as caught:  # noqa: BLE001 - handed on to whoever waits
            error = caught
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await done


def _wants_json(options: dict[str, Any]) -> dict[str, Any]:
    return {**options, "headers": {"Accept": "application/json", **(options.get("headers") or {})}}


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        name = name.lower()
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined
