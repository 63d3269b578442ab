"""Private keys made for one run of the tests; none of them opens anything."""

from __future__ import annotations

import atexit
import base64
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat


@cache
def folder() -> Path:
    made = Path(tempfile.mkdtemp(prefix="mentionwatch-keys-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@cache
def rsa_key() -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@cache
def ec_key() -> Any:
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: Any) -> str:
    written: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return written.decode()


@cache
def key_file(name: str, content: str) -> Path:
    path = folder() / name
    path.write_text(content, "utf-8")
    path.chmod(0o600)
    return path


def claims_of(token: str, key: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return header and claims of a token that the key signed; AssertionError for any other."""
    header, claims, signature = token.split(".")
    data = f"{header}.{claims}".encode()
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            key.public_key().verify(_bytes(signature), data, padding.PKCS1v15(), SHA256())
        else:
            raw = _bytes(signature)
            assert len(raw) == 64
            halves = (int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
            coded = utils.encode_dss_signature(*halves)
            key.public_key().verify(coded, data, ec.ECDSA(SHA256()))
    except InvalidSignature:
        raise AssertionError("the signature is false") from None
    return json.loads(_bytes(header)), json.loads(_bytes(claims))


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
