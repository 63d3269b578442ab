"""A professional account behind the strict Graph server: media, comments, tags, conversations."""

from __future__ import annotations

from typing import Any

from tests.channels.contract import recorded
from tests.channels.graph_world import GraphWorld, Refused, seconds
from tests.server import Request, Server

ACCOUNT = "17841400000000001"
TOKEN = "IGAAtoken1234567"


class World(GraphWorld):
    """The recorded account, to be changed by tests. ``renewals``: tokens handed out so far."""

    platform = "instagram"
    version = "v26.0"
    token = TOKEN

    def __init__(self, server: Server, **how: Any) -> None:
        super().__init__(server, **how)
        self.media: list[dict[str, Any]] = recorded("instagram", "media.json")
        self.comments: dict[str, list[dict[str, Any]]] = recorded("instagram", "comments.json")
        self.tags: list[dict[str, Any]] = recorded("instagram", "tags.json")
        self.inbox: list[dict[str, Any]] = recorded("instagram", "inbox.json")
        self.me = {"id": "5550001", "user_id": ACCOUNT, "username": "acmecoffee"}
        self.has_tags = False
        self.withheld = False
        self.renewals = 0
        self.too_young = False

    def renewal(self, request: Request) -> Any:
        params = request.params
        if set(params) != {"grant_type", "access_token"} or self.too_young:
            raise Refused("100")
        if (params["grant_type"], params["access_token"]) != ("ig_refresh_token", self.token):
            raise Refused("190/463")
        self.renewals += 1
        self.token = f"IGAArenewed{self.renewals}"
        return {"access_token": self.token, "token_type": "bearer", "expires_in": 5184000}

    def delete(self, identifier: str) -> None:
        self.media = [one for one in self.media if one["id"] != identifier]
        self.comments.pop(identifier, None)
        for listed in self.comments.values():
            for one in listed:
                below = one.get("replies", {}).get("data", [])
                below[:] = [reply for reply in below if reply["id"] != identifier]
            listed[:] = [one for one in listed if one["id"] != identifier]

    def answer(self, path: list[str], request: Request) -> Any:
        match path:
            case ["me"]:
                return self.node("Professional", self.me, request)
            case [known] if known == ACCOUNT:
                return self.node("Professional", {**self.me, "id": ACCOUNT}, request)
            case [known, "media"] if known == ACCOUNT:
                since = int(request.params.get("since", "1688540400"))
                shown = [one for one in self.media if seconds(one["timestamp"]) >= since]
                return self.edge("media", shown, request)
            case [known, "tags"] if known == ACCOUNT:
                if not self.has_tags:
                    raise Refused("2500")
                return self.edge("tags", self.tags, request)
            case ["me" | "100200300", "conversations"]:
                return self.edge("conversations", self.inbox, request)
            case [known, "comments"]:
                return self._comments(known, request)
            case ["x" | _, "replies"]:
                return self.edge("replies", self._comment(path[0]), request)
            case [known]:
                return self._node(known, request)
        raise Refused("2500")

    def _comments(self, media: str, request: Request) -> Any:
        if media not in [one["id"] for one in self.media]:
            raise Refused("100/33")
        listed = [] if self.withheld else self.comments.get(media, [])
        return self.edge("comments", listed, request)

    def _comment(self, known: str) -> list[dict[str, Any]]:
        for listed in self.comments.values():
            for one in listed:
                if one["id"] == known:
                    return list(one.get("replies", {}).get("data", []))
        raise Refused("100/33")

    def _node(self, known: str, request: Request) -> Any:
        for one in self.media:
            if one["id"] == known:
                return self.node("Media", one, request)
        for one in self.inbox:
            if one["id"] == known:
                return self.node("Thread", one, request)
        for listed in self.comments.values():
            for one in listed:
                for each in (one, *one.get("replies", {}).get("data", [])):
                    if each["id"] == known:
                        return self.node("MediaComment", each, request)
        raise Refused("100/33")
