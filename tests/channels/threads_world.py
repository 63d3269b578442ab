"""A Threads account behind the strict Graph server: posts, conversations, mentions, search."""

from __future__ import annotations

from typing import Any

from tests.channels.contract import recorded
from tests.channels.graph_world import GraphWorld, Refused, seconds
from tests.server import Request, Server

TOKEN = "THAAtoken1234567"


class World(GraphWorld):
    """The recorded account, to be changed by tests."""

    platform = "threads"
    version = "v1.0"
    token = TOKEN

    def __init__(self, server: Server, **how: Any) -> None:
        super().__init__(server, **how)
        self.me = {"id": "26000000000001", "username": "acmecoffee"}
        self.posts: list[dict[str, Any]] = recorded("threads", "posts.json")
        self.conversations: dict[str, list[dict[str, Any]]] = recorded(
            "threads", "conversations.json"
        )
        self.replies: list[dict[str, Any]] = recorded("threads", "replies.json")
        self.mentions: list[dict[str, Any]] = recorded("threads", "mentions.json")
        self.found: list[dict[str, Any]] = recorded("threads", "found.json")
        self.granted["data"]["scopes"] = ["threads_basic", "threads_read_replies"]
        self.renewals = 0

    def renewal(self, request: Request) -> Any:
        asked = {"grant_type": "th_refresh_token", "access_token": self.token}
        if request.params != asked:
            raise Refused("190/463")
        self.renewals += 1
        self.token = f"THAArenewed{self.renewals}"
        return {"access_token": self.token, "token_type": "bearer", "expires_in": 5183944}

    def under(self, root: str) -> list[dict[str, Any]]:
        return self.conversations[root]

    def add(self, root: str, like: int, number: int, at: str, **changes: Any) -> str:
        """Add an answer that is like the one at a place; returns its id."""
        known = f"1800000000000{number:04d}"
        new = {**self.conversations[root][like], "id": known, **changes}
        new["timestamp"] = f"2026-11-{at}:00+0000"
        self.conversations[root].insert(0, new)
        return known

    def delete(self, known: str) -> None:
        self.posts = [one for one in self.posts if one["id"] != known]
        self.conversations.pop(known, None)
        for listed in (*self.conversations.values(), self.replies, self.mentions):
            listed[:] = [one for one in listed if one["id"] != known]

    def answer(self, path: list[str], request: Request) -> Any:
        match path:
            case ["me"]:
                return self.node("ThreadsUser", self.me, request)
            case ["me", "threads"]:
                return self._timed("threads", self.posts, request)
            case ["me", "replies"]:
                own = [one for one in self._all() if one.get("is_reply_owned_by_me")]
                return self._timed("replies", own, request)
            case [known, "mentions"] if known == self.me["id"]:
                return self._timed("mentions", self.mentions, request)
            case ["keyword_search"]:
                words = request.params.get("q", "").casefold()
                hits = [one for one in self.found if words in one.get("text", "").casefold()]
                return self._timed("keyword_search", hits, request)
            case [known, "conversation"]:
                return self._conversation(known, request)
            case [known]:
                for one in (*self._all(), *self.posts, *self.mentions):
                    if one["id"] == known:
                        return self.node("ThreadsReply", one, request)
                raise Refused("th")
        raise Refused("2500")

    def _conversation(self, known: str, request: Request) -> Any:
        if known not in self.conversations:
            raise Refused("th")
        listed = sorted(self.under(known), key=lambda one: str(one["timestamp"]))
        if request.params.get("reverse") == "true":
            listed.reverse()
        return self.edge("conversation", listed, request, link=False)

    def _all(self) -> list[dict[str, Any]]:
        below = [one for listed in self.conversations.values() for one in listed]
        every = [*below, *self.replies]
        return sorted(every, key=lambda one: str(one["timestamp"]), reverse=True)

    def _timed(self, edge: str, things: list[dict[str, Any]], request: Request) -> Any:
        since = int(request.params.get("since", "1688540400"))
        shown = [one for one in things if seconds(one["timestamp"]) >= since]
        return self.edge(edge, shown, request, link=False)
