"""What is written to us alone: chats, texts, mails."""

from __future__ import annotations

import copy
import json

from tests.channels import (
    test_discord,
    test_helpdesk,
    test_sms_voice,
    test_telegram,
    test_whatsapp,
)
from tests.channels.contract import recorded
from tests.channels.mailbox import Inbox
from tests.e2e.platforms.base import ANSWERED, FIRST, Place, Platform, strict


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


def helpdesk(place: Place) -> Platform:
    world = test_helpdesk.World(place.server, size=25)

    def answer() -> None:
        at = int(ANSWERED.timestamp())
        (chat,) = [one for one in world.chatwoot if one["conv"] == 101]
        model = next(one for one in chat["messages"] if one["id"] == 4)
        chat["messages"].append({**model, "id": 40, "content": "It is.", "created_at": at})
        chat["at"] = at

    return Platform(
        section=f'service = "chatwoot"\naccount_id = "1"\ntoken = "desk-token"\n'
        f'base_url = "{place.url}"',
        customer="And in blue?",
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
