"""Social networks: mentions, comments under our posts, and our answers."""

from __future__ import annotations

import copy
import json

from tests.channels import (
    bluesky_world,
    facebook_world,
    instagram_world,
    mastodon_world,
    test_linkedin,
    threads_world,
    x_world,
    youtube_world,
)
from tests.channels.contract import recorded
from tests.e2e.platforms.base import ANSWERED, AT, Place, Platform, own, strict


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
