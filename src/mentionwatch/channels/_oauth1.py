"""
Requests signed with OAuth 1.0a, HMAC-SHA1 (RFC 5849).

Each signature holds a number of its own: a request that is sent again is signed again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from mentionwatch.credentials import Secret


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """Those of the application and those of the account that it acts for."""

    api_key: Secret
    api_key_secret: Secret
    access_token: Secret
    access_token_secret: Secret

    async def header(self, method: str, url: str, params: Mapping[str, object]) -> str:
        """Return the Authorization header of one request. Raises SecretUnavailable."""
        import secrets
        import time

        from mentionwatch.channels._oauth import reveal

        return authorization(
            method,
            url,
            [(name, str(value)) for name, value in params.items()],
            key=(await reveal(self.api_key), await reveal(self.api_key_secret)),
            token=(await reveal(self.access_token), await reveal(self.access_token_secret)),
            nonce=secrets.token_hex(16),
            timestamp=int(time.time()),
        )


def authorization(
    method: str,
    url: str,
    params: Iterable[tuple[str, str]],
    *,
    key: tuple[str, str],
    token: tuple[str, str],
    nonce: str,
    timestamp: int,
) -> str:
    """
    Return the value of the Authorization header.

    Args:
        method: In capitals.
        url: Without its query.
        params: Of the query.
        key: Of the application: name and secret.
        token: Of the account: name and secret.
        nonce: Never used before.
        timestamp: Unix seconds.
    """
    import hmac
    from base64 import b64encode

    own = {
        "oauth_consumer_key": key[0],
        "oauth_nonce": nonce,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(timestamp),
        "oauth_token": token[0],
    }
    pairs = sorted((_coded(n), _coded(v)) for n, v in [*params, *own.items()])
    whole = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(map(_coded, (method, url, whole)))
    secret = f"{_coded(key[1])}&{_coded(token[1])}"
    signature = b64encode(hmac.digest(secret.encode(), base.encode(), "sha1")).decode("ascii")
    signed = {**own, "oauth_signature": signature}
    return "OAuth " + ", ".join(f'{name}="{_coded(value)}"' for name, value in signed.items())


def _coded(text: str) -> str:
    return quote(text, safe="")
