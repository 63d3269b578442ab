"""A shop with a customer who waits, and where its mails and alerts go."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.mailbox import Mailbox
from tests.shop import Shop


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as box:
        yield box


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """One complaint of 08:00 on the page (due at 09:00), fetched when it is asked for."""
    shop = Shop(tmp_path)
    shop.records(
        "facebook",
        {"id": "p1", "author_id": "dana", "author": "Dana Reyes", "text": "Where is my order?",
         "url": "https://social.example/p1", "at": "08:00"},
    )  # fmt: skip
    return shop


def digest_to(port: int, *to: str, more: str = "", smtp: str = "") -> str:
    """Return a [digest] for a server on this computer."""
    names = ", ".join(f'"{one}"' for one in to or ("owner@acme.example",))
    return (
        f'[digest]\nto = [{names}]\nfrom = "Acme <care@acme.example>"\n{more}\n'
        f'[digest.smtp]\nhost = "127.0.0.1"\nport = {port}\ntls = "none"\ntimeout = 5\n{smtp}\n'
    )
