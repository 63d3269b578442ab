"""Forums, questions and feeds."""

from __future__ import annotations

import copy

from tests.channels import (
    discourse_world,
    hackernews_world,
    lemmy_world,
    reddit_world,
    stackexchange_world,
)
from tests.channels.contract import recorded
from tests.channels.feed_bodies import item
from tests.channels.feed_bodies import rss as feed
from tests.e2e.platforms.base import ANSWERED, AT, Place, Platform, own, strict


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
