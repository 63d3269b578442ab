"""A database of any size: mentions of many authors, five hundred of them still waiting."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mentionwatch import config as configuration
from mentionwatch.app.setting import Setting
from mentionwatch.config.settings import Found
from mentionwatch.model.items import Author, Engagement, Mention, Page, Reply
from mentionwatch.store.database import Store

NOW = datetime(2026, 11, 17, 12, 0, tzinfo=UTC)
WORDS = ("Where is my order", "the bread was very good", "do you open on Sunday", "it broke again")


def setting(folder: Path) -> Setting:
    path = folder / "shop.toml"
    path.write_text(
        '[brand]\nname = "Acme Coffee"\n[hours]\ntimezone = "Europe/London"\n'
        'mon-fri = ["09:00-17:00"]\n[channels.facebook]\ntype = "file"\npath = "none.ndjson"\n'
    )
    path.chmod(0o600)
    return Setting(config=configuration.load(Found(path=path), {}), store=Store(folder / "shop.db"))


def mentions(count: int, *, first: int = 0) -> Iterator[Mention]:
    for number in range(first, first + count):
        yield Mention(
            external_id=f"m{number}",
            text=f"{WORDS[number % len(WORDS)]}, number {number}?",
            author=Author(id=f"a{number}", name=f"Author {number}", followers=number % 500),
            published=NOW - timedelta(hours=4, seconds=number % 5000),
            addressed=True,
            kind="comment",
            url=f"https://social.example/{number}",
            engagement=Engagement(likes=number % 7),
        )


def pages(count: int, *, answered: bool = False, size: int = 500) -> Iterator[Page]:
    for start in range(0, count, size):
        items = tuple(mentions(min(size, count - start), first=start))
        replies: tuple[Reply, ...] = ()
        if answered:
            replies = tuple(
                Reply(
                    external_id=f"r-{item.external_id}",
                    text="Here it is.",
                    published=item.published,
                    parent_id=item.external_id,
                )
                for item in items
            )
        yield Page(stream="bench", items=(*items, *replies))
