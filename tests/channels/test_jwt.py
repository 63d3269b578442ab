from __future__ import annotations

import sys
from pathlib import Path

import pytest

from mentionwatch.channels._jwt import read_by_others, read_key_file, signed
from mentionwatch.errors import SecretUnavailable
from tests.channels import keys

CLAIMS = {"iss": "acme", "exp": 1_800_000_000}


def test_rs256_is_verified_by_its_public_key() -> None:
    token = signed("RS256", CLAIMS, keys.pem(keys.rsa_key()), key_id="k1")
    assert keys.claims_of(token, keys.rsa_key()) == (
        {"alg": "RS256", "kid": "k1", "typ": "JWT"},
        CLAIMS,
    )


@pytest.mark.slow
def test_es256_is_verified_by_its_public_key() -> None:
    for _ in range(20):  # the two numbers have leading zeros now and then
        header, claims = keys.claims_of(
            signed("ES256", CLAIMS, keys.pem(keys.ec_key())), keys.ec_key()
        )
        assert (header, claims) == ({"alg": "ES256", "typ": "JWT"}, CLAIMS)


@pytest.mark.parametrize(("algorithm", "key"), [("ES256", keys.rsa_key), ("RS256", keys.ec_key)])
def test_key_of_the_other_kind_is_refused(algorithm, key) -> None:
    with pytest.raises(SecretUnavailable, match="private_key_path holds no private key"):
        signed(algorithm, CLAIMS, keys.pem(key()), key="private_key_path")


def test_text_that_is_no_key_is_refused_without_showing_it() -> None:
    with pytest.raises(SecretUnavailable) as caught:
        signed("RS256", CLAIMS, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n")
    assert "c2VjcmV0" not in str(caught.value)


def test_missing_package_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(SecretUnavailable) as caught:
        signed("RS256", CLAIMS, keys.pem(keys.rsa_key()))
    assert caught.value.hint == 'run: pip install "mentionwatch[signing]"'


def test_signed_token_is_never_shown() -> None:
    from mentionwatch.credentials import redact

    token = signed("RS256", CLAIMS, keys.pem(keys.rsa_key()))
    assert token not in redact(f"sent {token} there")


def test_key_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SecretUnavailable, match="cannot be read"):
        read_key_file(tmp_path / "missing.p8", "private_key_path")
    large = tmp_path / "large"
    large.write_bytes(b"x" * 100_000)
    with pytest.raises(SecretUnavailable, match="too large"):
        read_key_file(large, "private_key_path")
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\x00\xfe")
    with pytest.raises(SecretUnavailable, match="no text"):
        read_key_file(binary, "private_key_path")


def test_open_key_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("k")
    path.chmod(0o644)
    assert read_by_others(path)
    path.chmod(0o600)
    assert not read_by_others(path)
