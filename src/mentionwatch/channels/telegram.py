"""
Telegram: what people write to your bot, and in the groups and channels in which it is.

API: https://core.telegram.org/bots/api
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import quote

from mentionwatch.channels import Account, Capabilities, Query
from mentionwatch.channels._oauth import reveal
from mentionwatch.channels._telegram_items import KINDS, Reader, names_of, read_me
from mentionwatch.channels._values import table, text, web
from mentionwatch.errors import (
    AnswerRefused,
    CredentialsRefused,
    NotFound,
    PermissionMissing,
    RateLimited,
    RequestRefused,
    UnexpectedPayload,
)
from mentionwatch.model.items import Mention, Page, StreamState
from mentionwatch.model.times import iso, parse_time

if TYPE_CHECKING:
    from mentionwatch.client import Client
    from mentionwatch.credentials import Secret

SETUP = """\
Free. A bot sees private chats that people begin with it, and groups and channels to which it was
added; Telegram cannot be searched.
 1. In Telegram, write to @BotFather: /newbot; choose a name. It answers with the token.
 2. For groups: /setprivacy > your bot > Disable, then add the bot to the group (if it was in it
    before: remove it and add it again). Without that it sees only what is addressed to it.
 3. For channels: add the bot as an administrator.
 4. In the configuration: own_usernames = ["ana_acme"], the people who answer in your groups.
 5. Run: mentionwatch login CHANNEL, and give the token.
The token does not expire. Telegram keeps messages for 24 hours only: read it at least once a day,
and let no other program read with the same token."""
LOGIN: tuple[str, ...] = ("bot_token",)
UNVERIFIED: tuple[str, ...] = (
    "`https://t.me/` with a name, or with `/c/` and the number behind `-100`, opens a message; "
    "otherwise the link leads to the chat",
    "numbers in `update_id` may begin anew after a week of silence: then no `offset` is sent; "
    "otherwise old updates come again and are known",
    "updates are kept for 24 hours; otherwise the warning about lost messages comes without need, "
    "or too late",
    "409 with the word webhook tells the two cases apart; otherwise the hint names another program "
    "in place of the webhook",
    "`is_automatic_forward` marks our channel's post in its group; otherwise it counts as an "
    "answer of ours that is only likely",
    "`can_read_all_group_messages` tells whether privacy is off; otherwise the warning about it is "
    "wrong",
    "`migrate_to_chat_id` names the new number of a group; otherwise messages there are a new "
    "conversation",
)

STREAM = "updates"
PER_PAGE = 100
PAGES = 50
KEPT = timedelta(hours=24)
# After a week of silence the numbers of updates begin anew, perhaps below the cursor.
QUIET = timedelta(days=6)
WAY_OUT = "copy the token again: write /token to @BotFather"
_OTHER = "another program reads with this bot's token; end it, or make a bot of its own for this"
_WEBHOOK = "a webhook is set for this bot: call deleteWebhook, or make a bot of its own for this"


@dataclass(frozen=True, kw_only=True, slots=True)
class Telegram:
    """
    The keys of ``[channels.telegram]``.

    ``chats``: of groups and channels only these are listened to. ``own_chats``: groups of yours,
    where everything is said to you. ``own_user_ids`` and ``own_usernames``: your people, and
    channels that are yours.
    """

    family: ClassVar[str] = "direct"
    capabilities: ClassVar[Capabilities] = Capabilities(
        finds_untagged=True,
        sees_own_replies=True,
        sees_edits=True,
        private=True,
        history="the last 24 hours, never more",
        limits=(
            "what was not read within 24 hours is lost; read it at least once a day",
            "what your bot itself answers is not told to anybody: mark those conversations done",
            "deleted messages are not seen",
            "untagged mentions are found only in groups in which the bot is, with privacy off",
        ),
    )

    bot_token: Secret
    chats: tuple[int, ...] = ()
    own_chats: tuple[int, ...] = ()
    own_user_ids: tuple[int, ...] = ()
    own_usernames: tuple[str, ...] = ()
    base_url: str = "https://api.telegram.org"

    def problems(self) -> Iterator[tuple[str, str]]:
        if not web(self.base_url):
            yield "base_url", "must be a web address"

    @property
    def ours(self) -> frozenset[str]:
        names = (one.strip().lstrip("@").lower() for one in self.own_usernames)
        return frozenset((*map(str, self.own_user_ids), *filter(None, names)))

    async def account(self, client: Client) -> Account:
        user = read_me(await _ask(self, client, "getMe", {}))
        handle = text(user.get("username"))
        warnings = []
        if user.get("can_read_all_group_messages") is not True:
            warnings.append(
                "in groups the bot sees only what is addressed to it: "
                "@BotFather, /setprivacy, Disable, then add it to the group again"
            )
        return Account(
            id=str(user["id"]),
            names=tuple(sorted(names_of(user) | self.ours)),
            summary=f"reads as @{handle}" if handle else f"reads as bot {user['id']}",
            warnings=tuple(warnings),
        )

    async def pages(self, query: Query, client: Client) -> AsyncIterator[Page]:
        state = query.state(STREAM)
        bot = state.extra.get("bot", "")
        if not bot:
            user = read_me(await _ask(self, client, "getMe", {}))
            bot = " ".join(sorted(names_of(user)))
        late = _late(state, query.now)
        reader = self._reader(bot, state)
        offset = "" if _silent_for_long(state, query.now) else state.cursor
        for left in reversed(range(PAGES)):
            # Asking behind an update deletes it there: the page before this one is stored by now.
            params = {
                "offset": offset or None, "limit": PER_PAGE, "timeout": 0,
                "allowed_updates": _ALLOWED,
            }  # fmt: skip
            batch = reader.read(await _ask(self, client, "getUpdates", params))
            if not batch.latest:
                yield Page(stream=STREAM, state=_seen(state, query.now, bot), warnings=late)
                return
            offset = str(batch.latest + 1)
            reader = replace(reader, moved=batch.moved)
            state = replace(_seen(state, query.now, bot, batch.moved), cursor=offset)
            state = replace(state, extra={**state.extra, "heard": iso(query.now)})
            warnings = late + batch.warnings + _moved(batch.moved, self.chats)
            if not left:
                warnings += ("Telegram has more than one run may read; the next one goes on",)
            yield Page(
                stream=STREAM,
                items=batch.items,
                state=state,
                searched=any(isinstance(i, Mention) and not i.addressed for i in batch.items),
                warnings=warnings,
            )
            late = ()

    def _reader(self, bot: str, state: StreamState) -> Reader:
        kept = {k[6:]: v for k, v in state.extra.items() if k.startswith("moved:")}
        return Reader(
            ours=self.ours,
            bot=frozenset(bot.split()),
            chats=frozenset(map(str, self.chats)),
            own_chats=frozenset(map(str, self.own_chats)),
            moved=kept,
        )


_ALLOWED = "[" + ",".join(f'"{kind}"' for kind in KINDS) + "]"


def _seen(
    state: StreamState, now: datetime, bot: str, moved: Mapping[str, str] | None = None
) -> StreamState:
    kept = {f"moved:{new}": old for new, old in (moved or {}).items()}
    return replace(state, extra={**state.extra, **kept, "bot": bot, "read": iso(now)})


def _time(value: str) -> datetime | None:
    try:
        return parse_time(value)
    except ValueError:
        return None


def _silent_for_long(state: StreamState, now: datetime) -> bool:
    heard = _time(state.extra.get("heard", ""))
    return heard is None or now - heard > QUIET


def _late(state: StreamState, now: datetime) -> tuple[str, ...]:
    """Say that messages may be lost: not to be told of them would look like silence."""
    read = _time(state.extra.get("read", ""))
    if read is None or now - read <= KEPT:
        return ()
    return (
        f"Telegram was last read at {read:%Y-%m-%d %H:%M} UTC and keeps messages for 24 hours: "
        "some may be lost; look into the app",
    )


def _moved(moved: Mapping[str, str], chats: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(
        f"the group {old} has become {new}; write the new number into `chats`"
        for new, old in moved.items()
        if int(old) in chats and int(new) not in chats
    )


# --- requests ------------------------------------------------------------------------------------


async def _ask(channel: Telegram, client: Client, method: str, params: Mapping[str, Any]) -> Any:
    token = (await reveal(channel.bot_token)).strip()
    url = f"{channel.base_url}/bot{quote(token, safe=':')}/{method}"
    try:
        payload = await client.get_json(url, params=params)
    except AnswerRefused as error:
        _raise(error, channel.bot_token.source)
    answer = table(payload)
    if answer.get("ok") is not True:
        said = text(answer.get("description"))[:200]
        raise UnexpectedPayload(
            f"Telegram does not answer as its API does{f': {said}' if said else ''}",
            hint="check base_url",
        )
    return answer


def _raise(error: AnswerRefused, source: str) -> NoReturn:
    """Raise the error that Telegram means: it says more in the body than by the status."""
    body = _body(error)
    said = text(body.get("description"))
    told = (error.status, error.body)
    if isinstance(error, CredentialsRefused | NotFound):  # 404: no token of that form
        message = f"Telegram does not accept the bot's token, which comes from {source}"
        raise CredentialsRefused(message, WAY_OUT, *told) from error
    if error.status == 409:
        hint = _WEBHOOK if "webhook" in said.lower() else _OTHER
        raise RequestRefused("Telegram lets only one program read a bot", hint, *told) from error
    if isinstance(error, RateLimited):
        wait = table(body.get("parameters")).get("retry_after")
        seconds = float(wait) if isinstance(wait, int) and 0 <= wait < 10**6 else error.retry_after
        raise RateLimited(error.message, error.hint, seconds, *told) from error
    if isinstance(error, PermissionMissing):
        hint = "the bot was removed or blocked; add it again"
        raise PermissionMissing(error.message, hint, *told) from error
    raise error


def _body(error: AnswerRefused) -> dict[str, Any]:
    import json

    try:
        return table(json.loads(error.body))
    except (ValueError, RecursionError):
        return {}
