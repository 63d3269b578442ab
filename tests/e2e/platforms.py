"""
Each channel type as a platform on this computer: its settings, a customer, and our answer to him.

A new type needs one function here, named in `PLATFORMS`. The worlds behind most of them are those
of the channels' own tests, which refuse whatever their documentation does not know.
"""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.channels import (
    bluesky_world,
    discourse_world,
    facebook_world,
    hackernews_world,
    instagram_world,
    keys,
    lemmy_world,
    mastodon_world,
    reddit_world,
    stackexchange_world,
    test_discord,
    test_google_business,
    test_google_play,
    test_http_json,
    test_linkedin,
    test_reviews,
    test_sms_voice,
    test_telegram,
    test_whatsapp,
    test_yelp,
    threads_world,
    x_world,
    youtube_world,
)
from tests.channels.contract import recorded
from tests.channels.feed_bodies import item
from tests.channels.feed_bodies import rss as feed
from tests.channels.mailbox import Inbox
from tests.server import Server

FIRST = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
ANSWERED = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
SECOND = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AT = "2026-11-21T08:30:00.000Z"


@dataclass(frozen=True, kw_only=True)
class Platform:
    """
    ``section``: keys of the channel's table. ``customer``: how the text (or the title) of his row
    begins; empty for the newest row.

    ``answer`` makes our answer appear on the platform; None where the channel cannot see it.
    ``faults``: what we asked against the platform's documentation so far.
    """

    section: str
    customer: str
    answer: Callable[[], object] | None = None
    faults: Callable[[], Sequence[str]] = tuple


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a platform is built."""

    server: Server
    folder: Path
    request: pytest.FixtureRequest

    @property
    def url(self) -> str:
        return self.server.url


def strict(world: Any) -> Callable[[], Sequence[str]]:
    return lambda: world.strict.faults


def own(world: Any) -> Callable[[], Sequence[str]]:
    return lambda: world.faults


# --- social ----------------------------------------------------------------------------------


def bluesky(place: Place) -> Platform:
    world = bluesky_world.World(place.server, size=50)

    def answer() -> None:
        world.posts["i"]["replyCount"] += 1
        world.add("z", "n", at=AT, answers="i", text="We are so sorry.", facets=[])
        world.posts["z"]["record"].pop("embed", None)

    return Platform(
        section=f'identifier = "{bluesky_world.HANDLE}"\nbase_url = "{place.url}"\n'
        f'app_password = "{bluesky_world.PASSWORD}"',
        customer="☕️ @acmecoffee.example the lid leaks",
        answer=answer,
        faults=own(world),
    )


def mastodon(place: Place) -> Platform:
    world = mastodon_world.World(place.server, size=40)

    def answer() -> None:
        ours = next(
            key
            for key, one in world.statuses.items()
            if one["account"]["id"] == world.account["id"]
        )
        theirs = next(
            key for key, one in world.statuses.items() if "anybody there" in (one["content"] or "")
        )
        world.add("115999", ours, in_reply_to_id=theirs, created_at=AT, content="<p>Sorry!</p>")

    return Platform(
        section=f'base_url = "{place.url}"\naccess_token = "{mastodon_world.TOKEN}"',
        customer="@brand anybody there?",
        answer=answer,
        faults=own(world),
    )


def x(place: Place) -> Platform:
    world = x_world.World(place.server, size=100)

    def answer() -> None:
        asked, like = world.posts["j"], copy.deepcopy(world.posts["e"])
        number = str(int(ANSWERED.timestamp() * 1000 - 1288834974657) << 22)
        like |= {"id": number, "edit_history_tweet_ids": [number], "created_at": AT}
        like |= {"text": "So sorry, it is found", "in_reply_to_user_id": asked["author_id"]}
        like["referenced_tweets"] = [{"type": "replied_to", "id": asked["id"]}]
        like["conversation_id"] = asked["conversation_id"]
        like.pop("entities", None)
        asked["public_metrics"]["reply_count"] += 1
        world.posts["z"] = like

    return Platform(
        section=f'username = "acmecoffee"\nbearer_token = "{x_world.BEARER}"\n'
        f'base_url = "{place.url}"',
        customer="@acmecoffee my parcel is 9",
        answer=answer,
        faults=own(world),
    )


def facebook(place: Place) -> Platform:
    world = facebook_world.World(place.server, size=25)
    us = {"id": facebook_world.PAGE, "name": "Acme Coffee"}

    def answer() -> None:
        world.comment(555001, 777004)["comment_count"] += 1
        world.add(555001, 777301, us, "21T08:30", parent=777004)

    return Platform(
        section=f'page_id = "{facebook_world.PAGE}"\nbase_url = "{place.url}"\n'
        f'page_access_token = "{facebook_world.TOKEN}"',
        customer="Do you have oat milk?",
        answer=answer,
        faults=own(world),
    )


def instagram(place: Place) -> Platform:
    world = instagram_world.World(place.server, size=25)

    def answer() -> None:
        known = next(
            one for listed in world.comments.values() for one in listed if "oat" in one["text"]
        )
        ours = {"id": "17950000000002999", "text": "We do!", "username": "acmecoffee"}
        ours |= {"timestamp": "2026-11-21T08:30:00+0000", "like_count": 0, "hidden": False}
        known["replies"] = {"data": [{**ours, "parent_id": known["id"]}]}
        for one in world.media:
            if one["id"] == "17900000000001001":
                one["comments_count"] = one.get("comments_count", 0) + 1

    return Platform(
        section=f'access_token = "{instagram_world.TOKEN}"\nbase_url = "{place.url}"',
        customer="Do you have oat milk?",
        answer=answer,
        faults=own(world),
    )


def threads(place: Place) -> Platform:
    world = threads_world.World(place.server, size=25)
    asked = {"id": "18000000000002004"}
    return Platform(
        section=f'access_token = "{threads_world.TOKEN}"\nbase_url = "{place.url}"',
        customer="Do you have oat milk?",
        answer=lambda: world.add("18000000000001001", 2, 2401, "21T08:30", replied_to=asked),
        faults=own(world),
    )


def youtube(place: Place) -> Platform:
    world = youtube_world.World(place.server, size=50)
    return Platform(
        section=f'api_key = "{youtube_world.KEY}"\nchannel_id = "{youtube_world.US}"\n'
        f'base_url = "{place.url}"',
        customer="The cup broke after a day",
        answer=lambda: world.add_reply("b", "So sorry", "@acmecoffee", "2026-11-21T08:30:00Z"),
        faults=own(world),
    )


def linkedin(place: Place) -> Platform:
    world = test_linkedin.World(place.server, size=50)

    def answer() -> None:
        ours = copy.deepcopy(next(one for one in world.comments if "parentComment" in one))
        now = {"actor": ours["actor"], "time": int(ANSWERED.timestamp() * 1000)}
        ours |= {"id": "7100000000000000099", "commentUrn": test_linkedin.comment(99)}
        ours |= {"parentComment": test_linkedin.comment(11), "created": now, "lastModified": now}
        world.comments.append(ours)

    return Platform(
        section=f'organization_id = "123"\naccess_token = "AQV.token"\nbase_url = "{place.url}"\n'
        "store_text = true",
        customer="And the oat milk?",
        answer=answer,
        faults=strict(world),
    )


def tiktok(place: Place) -> Platform:
    export = recorded("tiktok", "export.json")
    path = place.folder / "user_data_tiktok.json"
    path.write_text(json.dumps(export))

    def answer() -> None:
        chats = export["Direct Message"]["Direct Messages"]["ChatHistory"]
        ours = {"Date": "2026-11-21 08:30:00", "From": "acmecoffee", "Content": "Also vegan."}
        chats["Chat History with lena.example:"].append(ours)
        path.write_text(json.dumps(export))

    return Platform(section=f'path = "{path}"', customer="And the cake?", answer=answer)


# --- forums ----------------------------------------------------------------------------------


def reddit(place: Place) -> Platform:
    world = reddit_world.World(place.server, size=100)

    def answer() -> None:
        ours = copy.deepcopy(world.things["t1_e01"])
        ours["data"] |= {"id": "z01", "name": "t1_z01", "parent_id": "t1_d01"}
        ours["data"] |= {"created_utc": ANSWERED.timestamp(), "body": "All of them."}
        ours["data"]["permalink"] = ours["data"]["permalink"].replace("e01", "z01")
        world.things["t1_z01"] = ours

    return Platform(
        section=f'mode = "oauth"\nbase_url = "{place.url}"\napi_url = "{place.url}"\n'
        f'username = "{reddit_world.NAME}"\nclient_id = "{reddit_world.CLIENT[0]}"\n'
        f'client_secret = "{reddit_world.CLIENT[1]}"\npassword = "{reddit_world.PASSWORD}"',
        customer="Which shops?",
        answer=answer,
        faults=own(world),
    )


def lemmy(place: Place) -> Platform:
    world = lemmy_world.World(place.server, size=50)
    ours = {"id": 350, "post": 22, "path": "0.342.343.350", "by": "acmecare", "at": AT}
    return Platform(
        section=f'base_url = "{place.url}"\njwt = "{lemmy_world.JWT}"',
        customer="When do you open?",
        answer=lambda: world.comments.append({**ours, "content": "At nine."}),
        faults=strict(world),
    )


def discourse(place: Place) -> Platform:
    world = discourse_world.World(place.server, size=50)
    ours = {"id": 990, "username": "acmecare", "at": AT, "html": "<p>At nine.</p>", "to": 4}
    return Platform(
        section=f'base_url = "{place.url}"\napi_key = "key-1"\napi_username = "AcmeCare"',
        customer="When do you open?",
        answer=lambda: world.topics[0]["posts"].append(ours),
        faults=strict(world),
    )


def stackexchange(place: Place) -> Platform:
    world = stackexchange_world.World(place.server, page=50)

    def answer() -> None:
        at = int(ANSWERED.timestamp())
        ours = {**world.answers[0], "answer_id": 79000099, "question_id": 79000004}
        world.answers.append({**ours, "creation_date": at, "last_activity_date": at})

    return Platform(
        section=f'base_url = "{place.url}"\nown_user_ids = {{ stackoverflow = [500] }}\n'
        'tags = ["acme-sdk"]',
        customer="It says there is no such grinder.",
        answer=answer,
        faults=strict(world),
    )


def hackernews(place: Place) -> Platform:
    world = hackernews_world.World(recorded("hackernews", "hits.json"), page=50)
    world.serve(place.server)
    at = int(ANSWERED.timestamp())
    return Platform(
        section=f'base_url = "{place.url}"\nusernames = ["acmecare"]',
        customer="Then why does the label",
        answer=lambda: world.add(
            46000999, "acmecare", at, "A mistake.", parent_id=46000211, story_id=46000090
        ),
    )


def rss(place: Place) -> Platform:
    written = "<pubDate>Fri, 20 Nov 2026 09:00:00 GMT</pubDate>"
    title = "Has anybody ordered from Acme Coffee?"
    body = feed(item("n1", link="https://news.example/1", title=title, more=written))
    kind = {"Content-Type": "application/rss+xml"}
    place.server.reply("GET", "/feed.xml", body=body, headers=kind)
    return Platform(section=f'feeds = ["{place.url}/feed.xml"]', customer="Has anybody ordered")


# --- direct ----------------------------------------------------------------------------------


def discord(place: Place) -> Platform:
    world = test_discord.World(place.server, size=25)

    def answer() -> None:
        ours = copy.deepcopy(world.messages[1])
        asked = next(one for one in world.messages if one["content"] == "still down")
        ours["id"] = str(int(ANSWERED.timestamp() * 1000 - 1420070400000) << 22)
        ours |= {"timestamp": "2026-11-21T08:30:00.000000+00:00", "content": "Gladly."}
        ours |= {"mentions": [asked["author"]], "referenced_message": asked}
        ours["message_reference"]["message_id"] = asked["id"]
        world.messages.append(ours)

    return Platform(
        section=f'bot_token = "token-acme"\nguild_ids = ["{test_discord.GUILD}"]\n'
        f'own_channel_ids = ["{test_discord.SUPPORT}"]\nown_user_ids = ["{test_discord.ANA}"]\n'
        f'base_url = "{place.url}/api/v10"',
        customer="still down",
        answer=answer,
        faults=strict(world),
    )


def telegram(place: Place) -> Platform:
    world = test_telegram.World(place.server, size=100)

    def answer() -> None:
        told = recorded("telegram", "updates.json")
        ours = next(one for one in told if one["update_id"] == 870006)["message"]
        asked = next(one for one in told if one["update_id"] == 870005)["message"]
        above = {name: value for name, value in asked.items() if name != "reply_to_message"}
        ours |= {"message_id": 60, "date": int(ANSWERED.timestamp()), "reply_to_message": above}
        world.updates.append({"update_id": 870099, "message": {**ours, "text": "Thank you!"}})

    return Platform(
        section=f'bot_token = "{test_telegram.TOKEN}"\nbase_url = "{place.url}"\n'
        f'own_user_ids = [{test_telegram.NEWS}]\nown_usernames = ["@Ana_Acme"]',
        customer="Lovely!",
        answer=answer,
        faults=strict(world),
    )


def sms_voice(place: Place) -> Platform:
    world = test_sms_voice.World(place.server, size=50)

    def answer() -> None:
        at = "Sat, 21 Nov 2026 08:30:00 +0000"
        ours = {**world.thing("Messages", 4), "to": test_sms_voice.BEN, "body": "On its way."}
        dates = {"date_created": at, "date_sent": at, "date_updated": at}
        world.things["Messages"].append({**ours, **dates, "sid": test_sms_voice.sms(90)})

    world.thing("Messages", 5)["body"] = "Where is my parcel?"
    return Platform(
        section=f'account_sid = "{test_sms_voice.SID}"\nauth_token = "token-acme"\n'
        f'numbers = ["{test_sms_voice.OWN}"]\nbase_url = "{place.url}/2010-04-01"',
        customer="Where is my parcel?",
        answer=answer,
        faults=strict(world),
    )


def whatsapp(place: Place) -> Platform:
    path = place.folder / "WhatsApp Chat with Lena.txt"
    path.write_text(test_whatsapp.ANDROID, "utf-8")

    def answer() -> None:
        path.write_text(f"{test_whatsapp.ANDROID}21/11/2026, 08:30 - Acme Coffee: It is.\n")

    return Platform(
        section=f'path = "{path}"\nme = ["Acme Coffee"]\ntz = "Europe/London"\nsettle = 0.0',
        customer="https://acme.example/help",
        answer=answer,
    )


def email(place: Place) -> Platform:
    inbox: Inbox = place.request.getfixturevalue("inbox")
    inbox.now = FIRST
    inbox.receive("m1", ago=2)
    settings = inbox.settings
    return Platform(
        section=f'host = "{settings.host}"\nport = {settings.port}\ntls = "none"\n'
        f'username = "{settings.username}"\npassword = {json.dumps(settings.password.reveal())}',
        customer="Hello?",
        answer=lambda: inbox.answer("a1", ago=-0.5, In_Reply_To="<m1@post.example>"),
    )


# --- reviews ---------------------------------------------------------------------------------


def review(kind: str, customer: str) -> Callable[[Place], Platform]:
    """Return the platform of a kind that the tests of reviews know."""

    def build(place: Place) -> Platform:
        module, answer, section = test_reviews.WAYS[kind]
        world = module.World(place.server)
        key = keys.key_file("AuthKey.p8", keys.pem(keys.ec_key()))
        return Platform(
            section=section.format(place.url, test_google_play.account_file(), key),
            customer=customer,
            answer=lambda: answer(world),
            faults=strict(world) if hasattr(world, "strict") else tuple,
        )

    return build


def google_business(place: Place) -> Platform:
    world = test_google_business.World(place.server)
    ours = {"comment": "Sorry, we were ill that day.", "updateTime": "2026-11-21T08:30:00Z"}
    return Platform(
        section=test_reviews.GOOGLE.partition("[channels.google_business]\n")[2].format(place.url),
        customer="Closed at no",
        answer=lambda: world.review("R6").update(reviewReply=ours),
    )


def yelp(place: Place) -> Platform:
    test_yelp.World(place.server)
    return Platform(
        section='api_key = "yelp-key-acme"\nbusiness = "acme-coffee-portland"\n'
        f'base_url = "{place.url}/v3"',
        customer="",
    )


# --- anything --------------------------------------------------------------------------------

RECORD = {
    "id": "417",
    "text": "Is the oat milk back?",
    "author": "Dana",
    "author_id": "dana",
    "created_at": "2026-11-21T07:00:00Z",
}
OURS = {"type": "reply", "parent_id": "417", "created_at": AT}


def written(path: Path, *records: dict[str, Any]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in records))
    # A file that was just changed is left for the next run.
    at = (FIRST - timedelta(days=1)).timestamp() + len(records)
    os.utime(path, (at, at))


def file(place: Place) -> Platform:
    path = place.folder / "guestbook.ndjson"
    written(path, RECORD)
    return Platform(
        section=f'path = "{path}"\nsees_own_replies = true',
        customer="Is the oat milk back?",
        answer=lambda: written(path, RECORD, OURS),
    )


def exec_(place: Place) -> Platform:
    path = place.folder / "said.ndjson"
    written(path, RECORD)
    source = "import pathlib, sys; print(pathlib.Path(sys.argv[1]).read_text())"
    return Platform(
        section=f"command = {json.dumps([sys.executable, '-c', source, str(path)])}\n"
        "sees_own_replies = true",
        customer="Is the oat milk back?",
        answer=lambda: written(path, RECORD, OURS),
    )


def http_json(place: Place) -> Platform:
    world = test_http_json.World(place.server)
    fields = ", ".join(f"{name} = {json.dumps(one)}" for name, one in test_http_json.MAP.items())

    def answer() -> None:
        world.reviews[5]["reply"] = {"created": int(ANSWERED.timestamp())}

    return Platform(
        section=f'url = "{place.url}/v2/reviews"\nitems = "data.reviews"\n'
        'headers = { Authorization = "Bearer {secret:token}" }\ntoken = "token-acme"\n'
        'page = { style = "cursor", cursor = "meta.next_cursor", param = "cursor" }\n'
        f"map = {{ {fields} }}\nrating_map = {{ FIVE = 5 }}",
        customer="Booking 6 went wrong",
        answer=answer,
    )


PLATFORMS: dict[str, Callable[[Place], Platform]] = {
    "app_store": review("app_store", ""),
    "bluesky": bluesky,
    "discord": discord,
    "discourse": discourse,
    "email": email,
    "exec": exec_,
    "facebook": facebook,
    "file": file,
    "google_business": google_business,
    "google_play": review("google_play", ""),
    "hackernews": hackernews,
    "http_json": http_json,
    "instagram": instagram,
    "lemmy": lemmy,
    "linkedin": linkedin,
    "mastodon": mastodon,
    "reddit": reddit,
    "rss": rss,
    "sms_voice": sms_voice,
    "stackexchange": stackexchange,
    "telegram": telegram,
    "threads": threads,
    "tiktok": tiktok,
    "tripadvisor": review("tripadvisor", ""),
    "trustpilot": review("trustpilot", ""),
    "whatsapp": whatsapp,
    "x": x,
    "yelp": yelp,
    "youtube": youtube,
}
