"""A Page behind the strict Graph server: posts, comments, recommendations, conversations."""

from __future__ import annotations

from typing import Any

from tests.channels.contract import recorded
from tests.channels.graph_world import GraphWorld, Refused, seconds
from tests.server import Request, Server

PAGE = "100200300"
TOKEN = "EAApageToken1234567"


class World(GraphWorld):
    """The recorded Page, to be changed by tests."""

    platform = "facebook"
    version = "v26.0"
    token = TOKEN

    def __init__(self, server: Server, **how: Any) -> None:
        super().__init__(server, **how)
        self.me = {"id": PAGE, "name": "Acme Coffee"}
        self.posts: list[dict[str, Any]] = recorded("facebook", "posts.json")
        self.comments: dict[str, list[dict[str, Any]]] = recorded("facebook", "comments.json")
        self.tagged: list[dict[str, Any]] = recorded("facebook", "tagged.json")
        self.ratings: list[dict[str, Any]] = recorded("facebook", "ratings.json")
        self.inbox: list[dict[str, Any]] = recorded("facebook", "inbox.json")
        self.withheld = False  # lists of comments are empty, though counted
        self.secret: set[str] = set()  # comments that are counted, and not shown

    def comment(self, post: int, number: int) -> dict[str, Any]:
        wanted = f"{post}_{number}"
        return next(c for c in self.comments[f"{PAGE}_{post}"] if c["id"] == wanted)

    def add(self, post: int, number: int, who: dict[str, str], at: str, **more: Any) -> None:
        """Add a comment; ``parent``: the number of the one that it answers."""
        new = {
            "id": f"{post}_{number}",
            "message": "Something new",
            "created_time": f"2026-11-{at}:00+0000",
            "from": who,
            "like_count": 0,
            "comment_count": 0,
            "is_hidden": False,
            **more,
        }
        if "parent" in more:
            new["parent"] = {"id": f"{post}_{more['parent']}"}
        self.comments.setdefault(f"{PAGE}_{post}", []).append(new)

    def delete(self, identifier: str) -> None:
        """Take a post or a comment away."""
        self.posts = [one for one in self.posts if one["id"] != identifier]
        self.comments.pop(identifier, None)
        for post, listed in self.comments.items():
            self.comments[post] = [one for one in listed if one["id"] != identifier]

    def answer(self, path: list[str], request: Request) -> Any:
        match path:
            case ["me"]:
                return self.node("Page", self.me, request)
            case [known, "feed"] if known == PAGE:
                return self.edge("feed", self._listed(self.posts, request), request)
            case [known, "visitor_posts"] if known == PAGE:
                visitors = [one for one in self.posts if one.get("from", {}).get("id") != PAGE]
                return self.edge("visitor_posts", self._listed(visitors, request), request)
            case [known, "tagged"] if known == PAGE:
                return self.edge("tagged", self.tagged, request)
            case [known, "ratings"] if known == PAGE:
                raise Refused("12")
            case [known, "conversations"] if known == PAGE:
                return self.edge("conversations", self.inbox, request)
            case [known, "comments"]:
                return self._comments(known, request)
            case [known]:
                return self._node(known, request)
        raise Refused("2500", "/".join(path))

    def _listed(self, posts: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
        since = int(request.params.get("since", "1688540400"))
        shown = sorted(posts, key=lambda one: str(one["created_time"]), reverse=True)
        return [self._counted(one) for one in shown if seconds(one["created_time"]) >= since]

    def _counted(self, post: dict[str, Any]) -> dict[str, Any]:
        listed = self.comments.get(post["id"], [])
        return {**post, "comments": {"data": listed}}

    def _comments(self, post: str, request: Request) -> Any:
        if post not in [one["id"] for one in [*self.posts, *self.tagged]]:
            raise Refused("100/33")
        if post.startswith("88"):
            raise Refused("10")
        listed = sorted(self.comments.get(post, []), key=lambda one: str(one["created_time"]))
        if request.params.get("order") == "reverse_chronological":
            listed.reverse()
        shown = [] if self.withheld else [one for one in listed if one["id"] not in self.secret]
        return self.edge("comments", shown, request, total=len(listed))

    def _node(self, known: str, request: Request) -> Any:
        for post in self.posts:
            if post["id"] == known:
                return self.node("PagePost", self._counted(post), request)
        for post in self.tagged:
            if post["id"] == known:
                return self.node("PagePost", post, request)
        for listed in self.comments.values():
            for one in listed:
                if one["id"] == known and known not in self.secret:
                    return self.node("Comment", one, request)
        for one in self.inbox:
            if one["id"] == known:
                return self.node("Thread", one, request)
        raise Refused("100/33")
