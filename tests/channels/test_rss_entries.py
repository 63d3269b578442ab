"""Feeds: what their entries say, in all the ways in which they are written, broken and hostile."""

from __future__ import annotations

import asyncio
import io
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mentionwatch.channels import _feeds
from mentionwatch.channels._feed_items import Feed, items
from mentionwatch.channels._feeds import Document, Entry, understand, understood
from mentionwatch.errors import UnexpectedPayload
from mentionwatch.model.items import Mention, OwnPost, Reply
from tests.channels.contract import recorded
from tests.channels.feed_bodies import item, rss
from tests.clock import NOW
from tests.server import Server

# --- what an entry is ----------------------------------------------------------------------------


def read(
    body: str | bytes, feed: Feed | None = None, *, floor: datetime = NOW - timedelta(days=30)
) -> list[Any]:
    raw = body.encode() if isinstance(body, str) else body
    feed = feed or Feed(url="https://feeds.example/news", domains=("acmecoffee.example",))
    document = understand(raw, {"content-type": "application/xml"}, feed.url)
    return list(items(feed, document, NOW, floor, {})[0])


def test_an_article_has_its_words_links_and_key() -> None:
    old, new = read(recorded("rss", "blog.xml"))
    assert old.text == "We asked, and nobody answered."
    assert old.title == "Is Acme Coffee's oat milk gone?"
    assert new.author.name == "Robin Vale"
    assert new.text == "The best eggs in town & why Acme Coffee opens too late."
    assert new.links == ("https://www.acmecoffee.example/hours",)
    assert new.published == datetime(2026, 11, 20, 9, 15, tzinfo=UTC)
    assert (new.kind, new.addressed, new.media, new.language) == ("article", False, 1, "en")
    assert new.article_key == "tables.example/five-places"
    assert new.url == "https://tables.example/five-places/?utm_source=rss&utm_medium=feed"


def test_google_alerts_lead_to_the_publisher() -> None:
    tour, recall = read(recorded("rss", "alerts.xml"), Feed(url="https://www.google.com/alerts/1"))
    assert recall.url == "https://morningpost.example/news/recall?id=7&page=1"
    assert recall.title == "Acme Coffee recalls its cold brew - The Morning Post"
    assert recall.text == "Bottles of Acme Coffee cold brew may spoil ..."
    assert recall.article_key == "morningpost.example/news/recall?id=7&page=1"
    assert recall.publisher == "morningpost.example"
    assert tour.url == "https://travel.example/a+b/tour", "a plus is no blank"
    assert tour.title == "Roasters & cafés: a tour"


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "/relative"])
def test_a_redirect_to_something_else_than_a_page_is_refused(target: str) -> None:
    link = f"https://www.google.com/url?sa=t&amp;url={target}"
    assert read(rss(item("1", link=link)))[0].url == ""


def test_google_news_is_joined_by_publisher_and_headline() -> None:
    feed = Feed(url="https://news.google.com/rss/search?q=x", flavour="google_news")
    first, second = read(recorded("rss", "news.xml"), feed)
    assert first.title == "Acme Coffee recalls its cold brew"
    assert first.publisher == "The Morning Post"
    assert first.url == "https://news.google.com/rss/articles/CBMiAAAAinvented1?oc=5"
    assert first.article_key == "morningpost.example|acme coffee recalls its cold brew"
    assert second.article_key == first.article_key
    assert second.external_id != first.external_id


def comments(*own: str) -> list[Any]:
    feed = Feed(
        url="https://www.acmecoffee.example/comments/feed/",
        flavour="wordpress",
        addressed=True,
        own=frozenset(own),
    )
    return read(recorded("rss", "comments.xml"), feed)


def test_comments_on_our_blog_are_to_us() -> None:
    dana, tom, _ = comments("acme coffee")
    assert (dana.kind, dana.addressed, dana.title) == ("comment", True, "")
    assert dana.text == "I ordered on Tuesday. When will it ship?"
    assert dana.url == "https://www.acmecoffee.example/our-new-roast/#comment-410"
    assert dana.thread_id == tom.thread_id == "acmecoffee.example?p=57"
    assert dana.author.id != tom.author.id, "two customers under one post are two"


def test_our_comment_answers_the_one_it_names() -> None:
    dana, _, ours = comments("acme coffee")
    assert isinstance(ours, Reply)
    assert ours.parent_id == dana.external_id
    assert ours.certainty == "sure"
    assert ours.text == "We ship on Mondays, Dana. Sorry for the wait!"


def test_our_comment_without_a_name_is_a_hint() -> None:
    comment = item(
        "https://b.example/?p=1#comment-2",
        more="<author>Acme Coffee</author><description>Fixed.</description>",
    )
    feed = Feed(url="https://b.example/f", flavour="wordpress", own=frozenset({"acme coffee"}))
    (ours,) = read(rss(comment), feed)
    assert (ours.certainty, ours.parent_id, ours.thread_id) == ("likely", "", "b.example?p=1")


def test_without_own_names_nobody_answers() -> None:
    assert all(isinstance(one, Mention) for one in comments())


def test_anonymous_comments_are_by_different_people() -> None:
    entries = [
        item(f"https://b.example/?p=1#comment-{n}", more="<author>Anonymous</author>")
        for n in (1, 2)
    ]
    feed = Feed(url="https://b.example/f", flavour="wordpress")
    assert len({one.author.id for one in read(rss(*entries), feed)}) == 2


def test_comments_elsewhere_are_known_by_their_address() -> None:
    link = "https://b.example/p/#comment-9"
    feed = Feed(url="https://b.example/f", domains=("b.example",))
    assert read(rss(item("x", link=link)), feed)[0].addressed is True
    (found,) = read(rss(item("x", link=link)))
    assert (found.kind, found.addressed, found.article_key) == ("comment", False, "")


def test_our_own_articles_are_our_posts() -> None:
    feed = Feed(url="https://acmecoffee.example/feed", own=frozenset({"acme coffee"}))
    (found,) = read(rss(item("1", more="<author>Acme Coffee</author>")), feed)
    assert isinstance(found, OwnPost)


def test_a_reddit_author_is_nobody_elsewhere() -> None:
    (post,) = read(recorded("rss", "reddit.xml"), Feed(url="https://r.example", flavour="reddit"))
    assert post.text == "Is Acme Coffee's grinder any good?"
    assert (post.kind, post.article_key, post.author.handle) == ("post", "", "")
    assert post.author.id == "reddit:/u/invented_walker"


def test_posts_of_one_discourse_topic_are_one_thread() -> None:
    entries = [
        item(str(n), link=f"https://forum.example/t/late-orders/7/{n}", more="<author>Jo</author>")
        for n in (1, 2)
    ]
    found = read(rss(*entries), Feed(url="https://forum.example/posts.rss", kind="post"))
    assert {one.thread_id for one in found} == {"forum.example/t/late-orders/7"}


def test_json_feed_is_read_in_both_versions() -> None:
    feed = Feed(url="https://roast.example/feed.json")
    older, newer = items(
        feed,
        understand(json.dumps(recorded("rss", "feed.json")).encode(), {}, feed.url),
        NOW,
        NOW - timedelta(days=30),
        {},
    )[0]
    assert isinstance(newer, Mention) and isinstance(older, Mention)
    assert newer.external_id == "roast.example/feed.json:17"
    assert newer.text == "We tasted Acme Coffee."
    assert newer.published == datetime(2026, 11, 20, 7, tzinfo=UTC)
    assert newer.edited == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert newer.author.url == "https://roast.example/kim"
    assert newer.article_key == "roast.example/17"
    assert older.text == "1 < 2 cups of Acme Coffee"
    assert older.url == "https://elsewhere.example/a"
    assert older.author.name == "Kim Lindqvist"


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("Fri, 20 Nov 2026 10:00:00 EST", "2026-11-20T15:00:00"),
        ("Mon, 20 Nov 2026 10:00:00 +0200", "2026-11-20T08:00:00"),
        ("20 Nov 26 10:00 GMT", "2026-11-20T10:00:00"),
        ("2026-11-20 10:00", "2026-11-20T10:00:00"),
        ("Fri, 20 Nov 2026 10:00:00", "2026-11-20T10:00:00"),
        ("1795167000", "2026-11-20T09:30:00"),
        ("Fri, 20 Nov 2026 24:00:00 GMT", None),
        ("gestern", None),
        ("Fri, 20 Nov 1891 10:00:00 GMT", None),
        ("Fri, 27 Nov 2026 10:00:00 GMT", None),
        ("99999999999999999999", None),
        ("Fri, 20 Nov 2026 99:99:99", None),
    ],
)
def test_dates(written: str, read_as: str | None) -> None:
    (found,) = read(rss(item("1", more=f"<pubDate>{written}</pubDate>")))
    wanted = datetime.fromisoformat(read_as).replace(tzinfo=UTC) if read_as else None
    assert found.published == wanted


def test_a_date_that_cannot_be_read_gives_way_to_the_update() -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>urn:x:1</id>'
        "<title>Acme Coffee</title><published>gestern</published>"
        "<updated>2026-11-20T10:00:00Z</updated></entry></feed>"
    )
    (found,) = read(atom)
    assert found.published == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert found.edited is None


# --- identity ------------------------------------------------------------------------------------


def one_id(entry: str, url: str = "https://feeds.example/news") -> str:
    (found,) = read(rss(entry), Feed(url=url))
    return str(found.external_id)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (item("http://www.a.example/1/"), item("https://a.example/1?utm_source=rss")),
        (item(link="http://a.example/1"), item(link="https://www.a.example/1/#more")),
        (item("7", title="Acme Coffee"), item("7", title="Acme Coffee, edited")),
    ],
)
def test_a_change_of_writing_makes_no_new_mention(before: str, after: str) -> None:
    assert one_id(before) == one_id(after)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (item("7"), item("8")),
        (item(link="https://a.example/?p=1"), item(link="https://a.example/?p=2")),
        (item("https://a.example/1#comment-1"), item("https://a.example/1#comment-2")),
        (item(title="Acme Coffee"), item(title="Acme Coffee again")),
        (item(link="https://a.example/1?ref=spring"), item(link="https://a.example/1?ref=autumn")),
    ],
)
def test_different_entries_stay_apart(one: str, other: str) -> None:
    assert one_id(one) != one_id(other)


def test_small_numbers_of_two_feeds_are_two_ids() -> None:
    assert one_id(item("1")) != one_id(item("1"), "https://other.example/news")


def test_a_ref_that_names_the_site_is_dropped() -> None:
    assert one_id(item(link="https://a.example/1?ref=a.example")) == "a.example/1"


def document(*entries: Entry) -> Document:
    return Document(entries=entries)


def shared_id(day: int) -> Entry:
    link = f"https://a.example/{day}"
    at = int(datetime(2026, 11, day, tzinfo=UTC).timestamp())
    return Entry(id="same", link=link, title=f"Acme Coffee {day}", published=at)


def test_an_id_that_repeats_stays_with_its_first_entry() -> None:
    feed = Feed(url="https://a.example/feed")
    floor = NOW - timedelta(days=30)
    first, known = items(feed, document(shared_id(1)), NOW, floor, {})
    both, known = items(feed, document(shared_id(2), shared_id(1)), NOW, floor, known)
    last, _ = items(feed, document(shared_id(3), shared_id(2)), NOW, floor, known)
    assert both[0].external_id == first[0].external_id
    assert last[0].external_id == both[1].external_id
    assert len({one.external_id for one in (*both, *last)}) == 3


def test_the_same_entry_twice_comes_once() -> None:
    assert len(read(rss(item("1"), item("1")))) == 1


# --- hostile documents ---------------------------------------------------------------------------


@pytest.mark.slow
def test_entities_are_not_expanded() -> None:
    lines = [f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12)]
    laughs = (
        f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY l0 "lol">{"".join(lines)}]>'
        "<rss version='2.0'><channel><item><title>Acme &l11;</title></item></channel></rss>"
    )
    began = time.monotonic()
    found = read(laughs)
    assert time.monotonic() - began < 10
    assert all(len(one.title) < 1000 for one in found)


@pytest.mark.parametrize("kind", ["SYSTEM", 'PUBLIC "x"'])
def test_no_file_and_no_server_is_reached_by_an_entity(
    kind: str, http_server: Server, tmp_path: Any
) -> None:
    (tmp_path / "secret.txt").write_text("open sesame")
    for target in (f"file://{tmp_path}/secret.txt", f"{http_server.url}/dtd"):
        body = (
            f'<?xml version="1.0"?><!DOCTYPE rss {kind} "{target}" [<!ENTITY x {kind} "{target}">]>'
            "<rss version='2.0'><channel><item><title>Acme &x;</title><guid>1</guid></item>"
            "</channel></rss>"
        )
        assert "sesame" not in repr(read(body))
    assert not http_server.requests


def test_a_body_is_never_taken_for_a_file_name(tmp_path: Any) -> None:
    path = tmp_path / "feed.xml"
    path.write_text(rss(item("1")))
    with pytest.raises(UnexpectedPayload):
        understand(str(path).encode(), {}, "https://a.example")


@pytest.mark.slow
def test_a_large_feed_is_read_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_feeds, "understand", None)  # in this process
    entries = [item(str(n), more=f"<description>{'word ' * 200}</description>") for n in range(300)]
    body = rss(*entries).encode()
    assert len(body) > _feeds.SMALL
    found = asyncio.run(understood(body, {"content-type": "text/xml"}, "https://a.example/f"))
    assert len(found.entries) == 300
    assert found.entries[7].links == ()
    assert found.title == "News"


@pytest.mark.slow
def test_what_is_wrong_is_told_across_processes() -> None:
    page = f"<!DOCTYPE html><html><body>{'<p>hello' * 5000}</body></html>".encode()
    with pytest.raises(UnexpectedPayload, match="web page") as caught:
        asyncio.run(understood(page, {}, "https://a.example/f"))
    assert caught.value.hint


@pytest.mark.slow
def test_a_document_that_takes_for_ever_is_given_up() -> None:
    hostile = rss(item("1", more=f"<author>{'a' * 4_000_000}</author>")).encode()
    began = time.monotonic()
    with pytest.raises(UnexpectedPayload, match="takes longer"):
        asyncio.run(understood(hostile, {}, "https://a.example/f", 1.0))
    assert time.monotonic() - began < 5


@pytest.mark.slow
def test_a_run_that_is_ended_ends_the_reading() -> None:
    hostile = rss(item("1", more=f"<author>{'a' * 4_000_000}</author>")).encode()

    async def ended() -> None:
        async with asyncio.timeout(0.5):
            await understood(hostile, {}, "https://a.example/f")

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(ended())
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe\x00",
        b"{",
        b'{"version": 7}',
        b"[]",
        b"null",
        b"<rss",
        b"\x00" * 100,
        b"<?xml version='1.0' encoding='utf-7'?><x/>",
        b"{" * 2000,
        "{" + '"a":[' * 5000,
    ],
)
def test_what_is_no_feed_is_called_that(body: Any) -> None:
    raw = body.encode() if isinstance(body, str) else body
    try:
        found = understand(raw, {}, "https://a.example/f")
    except UnexpectedPayload as error:
        assert error.hint
    else:
        assert found.entries == ()


def test_damage_that_can_be_repaired_is() -> None:
    truncated = recorded("rss", "blog.xml").partition("<item>\n      <title>A very old")[0]
    assert len(read(truncated + "<item><title>Acme")) >= 2
    latin = rss(item("1", title="Café Acme Coffee")).encode("cp1252")
    assert read(latin)[0].title == "Café Acme Coffee"
    loose = rss(item("1", title="AT&T and Acme Coffee &nbsp;"))
    assert "Acme Coffee" in read(loose)[0].title


def test_bytes_are_given_as_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    import feedparser

    given: list[Any] = []
    really = feedparser.parse

    def parse(source: Any, **options: Any) -> Any:
        given.append((source, options["response_headers"]))
        return really(source, **options)

    monkeypatch.setattr(feedparser, "parse", parse)
    read(rss(item("1")))
    assert isinstance(given[0][0], io.BytesIO)
    assert all(name == name.lower() for name in given[0][1])


def test_texts_hold_no_markup() -> None:
    evil = (
        "&lt;script&gt;alert(1)&lt;/script&gt;&lt;b onclick=x&gt;Acme Coffee&lt;/b&gt; "
        "&lt;a href='javascript:x'&gt;here&lt;/a&gt;"
    )
    title = "Now at &lt;b onclick=x&gt;Acme Coffee&lt;/b&gt;"
    (found,) = read(rss(item("1", title=title, more=f"<description>{evil}</description>")))
    assert found.text == "Acme Coffee here"
    assert found.title == "Now at Acme Coffee"
    assert found.links == ()
