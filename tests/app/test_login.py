"""Which credentials `login` asks for, for every type of channel."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from mentionwatch.app.login import secret_keys
from mentionwatch.channels import BUILTIN, load

if TYPE_CHECKING:
    from mentionwatch.credentials import Secret


@pytest.mark.parametrize("kind", BUILTIN)
def test_every_type_can_be_asked(kind: str) -> None:
    cls = load(kind)
    assert set(secret_keys(cls)) <= {field.name for field in fields(cls)}


def test_secrets_are_known_by_what_is_written() -> None:
    class Parent:
        name: str
        token: Secret

    class Channel(Parent):
        password: Secret | None

    assert secret_keys(Channel) == ("token", "password")
