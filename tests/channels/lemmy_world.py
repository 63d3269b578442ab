"""A Lemmy instance in both generations of its API, as far as they are documented."""

from __future__ import annotations

from typing import Any

from tests.channels.contract import recorded
from tests.channels.strict import Strict
from tests.server import Reply, Request, Server

ERRORS: dict[str, Any] = recorded("lemmy", "errors.json")
SCHEMA: dict[str, Any] = recorded("lemmy", "schema.json")
HOST = "https://lemmy.example"
JWT = "eyJ.jwt.one"
EARLY = "2026-01-01T00:00:00.000000Z"


class World:
    """``newer``: /api/v4. ``size``: entries on a page at most."""

    def __init__(self, server: Server, *, newer: bool = False, size: int = 2) -> None:
        found = recorded("lemmy", "things.json")
        self.people: dict[str, dict[str, Any]] = found["people"]
        self.posts: list[dict[str, Any]] = found["posts"]
        self.comments: list[dict[str, Any]] = found["comments"]
        self.newer, self.size = newer, size
        self.good = JWT
        self.logins = 0
        self.bot = False
        answers = {name: self.by(name) for name in SCHEMA["requests"]}
        self.strict = Strict(server, "lemmy", answers)
        for path in ("/api/v3/user/login", "/api/v4/account/auth/login"):  # their bodies are JSON
            server.on("POST", path, self.by(f"POST {path}"))

    def by(self, name: str) -> Any:
        method, _, path = name.partition(" /api/")
        version, _, path = path.partition("/")

        def answer(request: Request) -> Reply:
            if version == "v4" and not self.newer:
                return Reply(status=404, body="")
            if method == "POST":
                return self.login(request)
            known = request.headers.get("authorization") == f"Bearer {self.good}"
            if path in ("site", "account"):
                return Reply(body=self.me(path, known))
            given = "authorization" in request.headers
            private = path.startswith("account") or path in ("user/mention", "user/replies")
            if (private or given) and not known:
                return Reply(status=400, body=ERRORS["not_in"])
            if path in ("post", "comment"):
                return self.single(path, int(request.params["id"]))
            return self.listing(path, request.params)

        return answer

    def login(self, request: Request) -> Reply:
        self.logins += 1
        form = request.json()
        if form != {"username_or_email": "acmecare", "password": "pass"}:
            return Reply(status=400, body=ERRORS["login"])
        return Reply(
            body={"jwt": self.good, "registration_created": False, "verify_email_sent": False}
        )

    def me(self, path: str, known: bool) -> dict[str, Any]:
        person = {**self.person("acmecare"), "bot_account": self.bot}
        me = {"local_user_view": {"person": person}} if known else None
        if path == "account":
            return me or {}
        site = {
            "version": "1.0.0" if self.newer else "0.19.9",
            "all_languages": [
                {"id": 0, "code": "und", "name": "Undetermined"},
                {"id": 37, "code": "en", "name": "English"},
            ],
        }
        return {**site, "my_user": me} if me and not self.newer else site

    # --- things in the form of each generation ------------------------------------------------

    def timed(self, thing: dict[str, Any]) -> dict[str, Any]:
        end = "_at" if self.newer else ""
        return {f"{name}{end}": value for name, value in thing.items()}

    def person(self, name: str) -> dict[str, Any]:
        common = {
            **self.people[name], "name": name, "local": True, "deleted": False,
            "bot_account": False, "instance_id": 1, **self.timed({"published": EARLY}),
        }  # fmt: skip
        address = f"{HOST}/u/{name}"
        if self.newer:
            more = {"last_refreshed_at": EARLY, "post_count": 1, "comment_count": 1}
            return {**common, "ap_id": address, **more}
        return {**common, "actor_id": address, "banned": False}

    def post(self, one: dict[str, Any]) -> dict[str, Any]:
        times = {
            "published": one["at"],
            **({"updated": one["updated"]} if "updated" in one else {}),
        }
        found = {
            "id": one["id"], "name": one["name"], "body": one["body"], "creator_id": 1,
            "community_id": 3, "removed": False, "locked": False, "deleted": False, "nsfw": False,
            "ap_id": f"{HOST}/post/{one['id']}", "local": True,
            "language_id": one.get("language_id", 0), "featured_community": False,
            "featured_local": False, **self.timed(times),
            **({"url": one["url"]} if "url" in one else {}),
        }  # fmt: skip
        if one.get("deleted"):
            found |= {"deleted": True, "body": "", "name": ""}
        return {**found, **self.counted(one, "comments")} if self.newer else found

    def comment(self, one: dict[str, Any]) -> dict[str, Any]:
        times = {
            "published": one["at"],
            **({"updated": one["updated"]} if "updated" in one else {}),
        }
        found = {
            "id": one["id"], "creator_id": 1, "post_id": one["post"], "content": one["content"],
            "removed": False, "deleted": False, "ap_id": f"{HOST}/comment/{one['id']}",
            "local": True, "path": one["path"], "distinguished": False, "language_id": 0,
            **self.timed(times),
        }  # fmt: skip
        if one.get("deleted"):
            found |= {"deleted": True, "content": ""}
        if self.newer:
            found |= {**self.counted(one, "child_count"), "locked": False}
        return found

    def counted(self, one: dict[str, Any], name: str) -> dict[str, Any]:
        score = one.get("score", 1)
        found = {name: 3, "score": score, "upvotes": score, "downvotes": 0}
        if self.newer:
            found |= {"report_count": 0, "unresolved_report_count": 0, "federation_pending": False}
        return found

    def view(self, one: dict[str, Any]) -> dict[str, Any]:
        is_comment = "post" in one
        post = next(p for p in self.posts if p["id"] == one.get("post", one["id"]))
        found: dict[str, Any] = {"comment": self.comment(one)} if is_comment else {}
        found |= {
            "post": self.post(post), "creator": self.person(one["by"]),
            "community": self.community(post.get("community", "cycling")),
            "creator_is_moderator": False, "creator_is_admin": False,
            "creator_banned_from_community": False,
        }  # fmt: skip
        if self.newer:
            return {**found, "tags": [], "can_mod": False, "creator_banned": False}
        found |= {
            "banned_from_community": False, "subscribed": "NotSubscribed", "saved": False,
            "creator_blocked": False,
        }  # fmt: skip
        if is_comment:
            counts = {"comment_id": one["id"], "published": one["at"]}
            return {**found, "counts": {**counts, **self.counted(one, "child_count")}}
        counts = {"post_id": one["id"], "published": one["at"], "newest_comment_time": one["at"]}
        more = {"read": False, "hidden": False, "unread_comments": 0}
        return {**found, **more, "counts": {**counts, **self.counted(one, "comments")}}

    def community(self, name: str) -> dict[str, Any]:
        if self.newer:
            return {"id": 3, "name": name, "ap_id": f"{HOST}/c/{name}"}
        return {
            "id": 3, "name": name, "title": name.title(), "removed": False, "published": EARLY,
            "deleted": False, "nsfw": False, "actor_id": f"{HOST}/c/{name}", "local": True,
            "hidden": False, "posting_restricted_to_mods": False, "instance_id": 1,
            "visibility": "Public",
        }  # fmt: skip

    def note(self, one: dict[str, Any]) -> dict[str, Any]:
        if self.newer:
            note = {
                "id": one["id"] + 1000, "recipient_id": 5, "comment_id": one["id"], "read": True,
                "published_at": one["at"], "kind": one["kind"], "creator_id": 1,
            }  # fmt: skip
            return {"notification": note, "data": {"type_": "comment", **self.view(one)}}
        name = "person_mention" if one["kind"] == "mention" else "comment_reply"
        told = {
            "id": one["id"] + 1000, "recipient_id": 5, "comment_id": one["id"], "read": True,
            "published": one["at"],
        }  # fmt: skip
        return {name: told, "recipient": self.person("acmecare"), **self.view(one)}

    # --- answers ------------------------------------------------------------------------------

    def single(self, kind: str, number: int) -> Reply:
        things = self.posts if kind == "post" else self.comments
        found = next((one for one in things if one["id"] == number), None)
        if found is None:
            return Reply(status=400 if not self.newer else 404, body=ERRORS[kind])
        return Reply(body={f"{kind}_view": self.view(found)})

    def listing(self, path: str, asked: dict[str, str]) -> Reply:
        part = self.part(asked)
        if path.startswith("account") or path in ("user/mention", "user/replies"):
            kind = asked.get("type_") or ("mention" if path == "user/mention" else "reply")
            shown, more = part([one for one in self.comments if one.get("kind") == kind])
            notes = [self.note(one) for one in shown]
            name = "mentions" if kind == "mention" else "replies"
            return self.paged({"items" if self.newer else name: notes}, more, asked)
        words = (asked.get("q") or asked.get("search_term") or "").casefold()
        user = asked.get("username", "")
        community = asked.get("community_name", "")
        thread = int(asked.get("post_id", "0"))
        homes = {p["id"]: p.get("community", "cycling") for p in self.posts}

        def fits(one: dict[str, Any]) -> bool:
            said = f"{one.get('name')} {one.get('body')} {one.get('url')} {one.get('content')}"
            home = homes.get(one.get("post", one["id"]))
            return (
                words in said.casefold()
                and user in ("", one["by"])
                and community in ("", home)
                and thread in (0, one.get("post"))
            )

        posts = [one for one in self.posts if fits(one)]
        comments = [one for one in self.comments if fits(one)]
        if path in ("post/list", "comment/list"):
            shown, more = part(posts if path == "post/list" else comments)
            seen = [self.view(one) for one in shown]
            name = "items" if self.newer else path.partition("/")[0] + "s"
            return self.paged({name: seen}, more, asked)
        if path == "person/content":
            shown, more = part([*posts, *comments])
            typed = [
                {"type_": "comment" if "post" in one else "post", **self.view(one)} for one in shown
            ]
            return self.paged({"items": typed}, more, asked)
        some, more_posts = part(posts)
        others, more_comments = part(comments)
        body = {"posts": [self.view(p) for p in some], "comments": [self.view(c) for c in others]}
        return self.paged(body, more_posts or more_comments, asked)

    def part(self, asked: dict[str, str]) -> Any:
        cursor = asked.get("page_cursor", "").removeprefix("at-")
        number = int(asked.get("page") or cursor or 1)
        size = 50 if "post_id" in asked else self.size

        def cut(things: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], bool]:
            things = sorted(things, key=lambda one: one["at"], reverse=True)
            start = (number - 1) * size
            return things[start : start + size], len(things) > start + size

        return cut

    def paged(self, body: dict[str, Any], more: bool, asked: dict[str, str]) -> Reply:
        if self.newer and more:
            number = int(asked.get("page_cursor", "at-1").removeprefix("at-"))
            return Reply(body={**body, "next_page": f"at-{number + 1}"})
        return Reply(body=body)
