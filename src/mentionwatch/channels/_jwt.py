"""
Signed claims (JSON Web Tokens) with which a program proves who it is.

Source: https://www.rfc-editor.org/rfc/rfc7515 (JWS), section 3.4 of RFC 7518 (the form of ES256).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from mentionwatch.credentials import remember
from mentionwatch.errors import SecretUnavailable

Algorithm = Literal["ES256", "RS256"]

LARGEST_KEY_FILE = 64 * 1024
_HALF = 32  # bytes of each of the two numbers of an ES256 signature


def signed(
    algorithm: Algorithm, claims: Mapping[str, Any], pem: str, *, key_id: str = "", key: str = ""
) -> str:
    """
    Return claims, signed.

    Args:
        algorithm: ES256 (a P-256 key) or RS256 (an RSA key).
        claims: JSON values; times in seconds since 1970.
        pem: The private key, unencrypted.
        key_id: The ``kid`` of the header; "" leaves it out.
        key: What the owner calls the private key, for messages: "service_account_file".

    Raises:
        SecretUnavailable: The package that signs is missing, or the key is none of that kind.
    """
    header = {"alg": algorithm, **({"kid": key_id} if key_id else {}), "typ": "JWT"}
    body = f"{_part(header)}.{_part(claims)}"
    signature = _sign(algorithm, body.encode("ascii"), pem, key or "the private key")
    token = f"{body}.{_coded(signature)}"
    remember(token)
    return token


def read_key_file(path: Path, key: str) -> str:
    """
    Return the text of a file that holds a private key.

    Raises:
        SecretUnavailable: It cannot be read, or is none.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(LARGEST_KEY_FILE + 1)
    except OSError as error:
        raise SecretUnavailable(
            f"{key}: {path} cannot be read ({error.strerror})",
            "download the key once more, and put its path there",
        ) from None
    if len(data) > LARGEST_KEY_FILE:
        raise SecretUnavailable(f"{key}: {path} is too large for a key", "check the path")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SecretUnavailable(f"{key}: {path} holds no text", "check the path") from None


def read_by_others(path: Path) -> bool:
    """Whether other users of this machine may read a file."""
    import os

    try:
        return os.name == "posix" and bool(path.stat().st_mode & 0o077)
    except OSError:
        return False


def _part(value: Mapping[str, Any]) -> str:
    return _coded(json.dumps(value, separators=(",", ":")).encode())


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _sign(algorithm: Algorithm, data: bytes, pem: str, key: str) -> bytes:
    try:
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise SecretUnavailable(
            "signing in needs the package cryptography, which is not installed",
            'run: pip install "mentionwatch[signing]"',
        ) from None
    try:
        private = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _no_key(key, algorithm) from None
    return _ecdsa(private, data, key) if algorithm == "ES256" else _rsa(private, data, key)


def _ecdsa(private: Any, data: bytes, key: str) -> bytes:
    """Sign as RFC 7518 wants it: both numbers side by side, not in ASN.1."""
    from cryptography.hazmat.primitives.asymmetric import ec, utils
    from cryptography.hazmat.primitives.hashes import SHA256

    if not isinstance(private, ec.EllipticCurvePrivateKey) or private.curve.name != "secp256r1":
        raise _no_key(key, "ES256")
    r, s = utils.decode_dss_signature(private.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")


def _rsa(private: Any, data: bytes, key: str) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256

    if not isinstance(private, rsa.RSAPrivateKey):
        raise _no_key(key, "RS256")
    return private.sign(data, padding.PKCS1v15(), SHA256())


def _no_key(key: str, algorithm: str) -> SecretUnavailable:
    kind = "a P-256" if algorithm == "ES256" else "an RSA"
    return SecretUnavailable(
        f"{key} holds no private key that can be used: it must be {kind} key without a password",
        "use the file exactly as it was downloaded",
    )
