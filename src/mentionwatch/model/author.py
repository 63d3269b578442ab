"""Who wrote something."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Author:
    """
    Somebody who wrote an item.

    ``id`` is what the platform never changes (an account id, an e-mail address in lower case);
    empty where nobody can be told from anybody else, then each thread counts as its own author.
    """

    id: str = ""
    name: str = ""
    handle: str = ""
    url: str = ""
    followers: int | None = None
    is_bot: bool = False
