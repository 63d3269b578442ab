"""From a status or an exception of the HTTP library to an error that says what to do."""

from __future__ import annotations

from types import ModuleType

from mentionwatch.client.response import Response, excerpt, host_of, looks_like_html
from mentionwatch.client.waiting import in_words
from mentionwatch.errors import (
    AnswerRefused,
    ChannelError,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    ServerFailed,
    TimedOut,
    Unreachable,
)


def refusal(answer: Response, *, sources: str, doctor: str, wait: float | None) -> AnswerRefused:
    """
    Return the error for an answer that was not wanted.

    Args:
        answer: Its body may be cut off.
        sources: Where the credentials of the request come from, in words; "" without any.
        doctor: The command that tests this channel.
        wait: Seconds that the service asks us to wait.
    """
    status, host = answer.status, answer.host
    body = answer.text()
    if status == 429:
        return _rate_limited(host, wait, status, body)
    if 300 <= status < 400:
        return _redirected(answer, body)
    said = _said(body)
    if status == 401:
        origin = f"; they come from {sources}" if sources else ""
        return CredentialsRefused(
            f"{host} does not accept the credentials (HTTP 401){origin}{said}",
            f"make new ones and put them there, then run: {doctor}"
            if sources
            else f"run: {doctor}",
            status,
            body,
        )
    if status == 403:
        return PermissionMissing(
            f"{host} does not permit this (HTTP 403){said}",
            f"check which rights the credentials have, then run: {doctor}",
            status,
            body,
        )
    if status in (404, 410):
        return NotFound(
            f"{host} does not have what was asked for (HTTP {status}){said}",
            "check the address and the names in the configuration",
            status,
            body,
        )
    if status >= 500:
        return ServerFailed(
            f"{host} has a problem of its own (HTTP {status}){said}",
            "try again later" if wait is None else f"it asks to try again in {in_words(wait)}",
            status,
            body,
        )
    return RequestRefused(
        f"{host} refused the request (HTTP {status}){said}", f"run: {doctor}", status, body
    )


def _rate_limited(host: str, wait: float | None, status: int, body: str) -> RateLimited:
    asks = "" if wait is None else f"; it asks to wait for {in_words(wait)}"
    return RateLimited(
        f"{host} says that there were too many requests (HTTP {status}){asks}",
        "run less often, or try again later",
        wait,
        status,
        body,
    )


def _redirected(answer: Response, body: str) -> RequestRefused:
    from urllib.parse import urljoin

    try:
        target = host_of(urljoin(answer.url, answer.headers.get("location", "")))
    except ValueError:
        target = "?"
    return RequestRefused(
        f"{answer.host} sends us on to {target} (HTTP {answer.status}), which is not followed here",
        "set base_url to the address at which the service really is",
        answer.status,
        body,
    )


def _said(body: str) -> str:
    if not body.strip():
        return ""
    return " with a web page" if looks_like_html(body) else f": {excerpt(body, 200)}"


def failure(error: BaseException, url: str, library: ModuleType) -> ChannelError:
    """Return our error for one of the HTTP library; never its text, which may hold the URL."""
    host = host_of(url)
    if isinstance(error, library.TimeoutException):
        return timed_out(host)
    if isinstance(error, library.ProxyError):
        return Unreachable(
            f"the proxy on the way to {host} refused the connection",
            "check HTTPS_PROXY and NO_PROXY in the environment",
        )
    if isinstance(error, library.ConnectError):
        return _not_connected(error, host)
    if isinstance(error, library.TransportError) and not isinstance(
        error, (library.UnsupportedProtocol, library.LocalProtocolError)
    ):
        return Unreachable(f"{host} broke the connection off", "try again later")
    return not_an_address(url)


def not_an_address(url: str) -> Unreachable:
    shown = excerpt(url.partition("?")[0], 80)
    return Unreachable(
        f"{shown!r} is not the address of a web service",
        "it must begin with https:// or http:// and name a server",
    )


def timed_out(host: str) -> TimedOut:
    return TimedOut(f"{host} did not answer in time", "try again later")


def _not_connected(error: BaseException, host: str) -> Unreachable:
    import socket
    import ssl

    causes = _causes(error)
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"the certificate of {host} cannot be trusted ({cause.verify_message})",
                "do not go on if you do not know why; for a server of your own set ca_file",
            )
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return Unreachable(
            f"no secure connection to {host} (TLS failed)",
            "check the address; the server may speak plain http there",
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Unreachable(
            f"there is no server {host}, or the name cannot be looked up now",
            "check the address and your connection to the internet",
        )
    refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
    return Unreachable(
        f"cannot connect to {host}" + (": connection refused" if refused else ""),
        "check the address, your connection to the internet, and HTTPS_PROXY",
    )


def worth_another_try(error: BaseException, library: ModuleType) -> bool:
    """Whether a connection that failed may work in a moment; a false certificate will not."""
    import socket
    import ssl

    if isinstance(
        error, library.ProxyError | library.LocalProtocolError | library.UnsupportedProtocol
    ):
        return False
    lasting = [
        cause
        for cause in _causes(error)
        if isinstance(cause, ssl.SSLError)
        or (isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_NONAME)
    ]
    return (
        not lasting
        and isinstance(error, library.TransportError)
        and not isinstance(error, library.ReadTimeout)
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found and len(found) < 20:
        found.append(error)
        if isinstance(error, BaseExceptionGroup):
            found.extend(error.exceptions)
        error = error.__cause__ or error.__context__
    return found
