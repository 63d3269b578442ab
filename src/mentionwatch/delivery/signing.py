"""
Signs what is posted to a webhook, so that the receiver knows that it came from here, and when.

``X-Timestamp``: Unix seconds. ``X-Signature``: "sha256=" and the HMAC-SHA256, in hex, of the
time stamp, a full stop and the body as it was sent.
"""

from __future__ import annotations

from datetime import datetime


def signature(secret: str, stamp: str, body: bytes) -> str:
    import hashlib
    import hmac

    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def signed_headers(secret: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the two headers that sign a body."""
    stamp = str(int(at.timestamp()))
    return {"X-Timestamp": stamp, "X-Signature": signature(secret, stamp, body)}
