"""Loading the HTTP library, late and lightly."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from mentionwatch.errors import SourceUnreadable

if TYPE_CHECKING:
    import ssl
    from types import ModuleType

# httpx2 is the maintained continuation with the same interface; the tests pass with both.
LIBRARY = "httpx"


@cache
def quiet() -> None:
    """Keep whole URLs out of the log, and retries out of the terminal."""
    import logging

    from stamina.instrumentation import set_on_retry_hooks

    set_on_retry_hooks(())
    for name in (library_name(), library_name().replace("httpx", "httpcore")):
        logging.getLogger(name).setLevel(logging.WARNING)


def library_name() -> str:
    named = os.environ.get("MENTIONWATCH_HTTP_LIBRARY", LIBRARY)
    return named if named in ("httpx", "httpx2") else LIBRARY


@cache
def load() -> ModuleType:
    """Return the HTTP library, loaded with the first request."""
    from importlib import import_module

    name = library_name()
    # Its command line would load click, rich and pygments; it does without when it is not there.
    sys.modules.setdefault(f"{name}._main", None)  # type: ignore[arg-type]
    loaded = import_module(name)
    quiet()
    return loaded


def certificates() -> tuple[str, str]:
    return os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", "")


@cache
def trusted(ca_file: str, *environment: str) -> ssl.SSLContext:
    """Return a TLS context that verifies; made once, because it takes as long as a start."""
    import ssl

    try:
        context: ssl.SSLContext = load().create_ssl_context(trust_env=True)
        if ca_file:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError):
        named = ca_file or next(filter(None, environment), "")
        raise SourceUnreadable(
            f"the certificates in {named} cannot be read",
            "ca_file and SSL_CERT_FILE must name a file in PEM form",
        ) from None
    return context
