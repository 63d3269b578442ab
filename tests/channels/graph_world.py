"""
A server of the Graph API that takes fields, parameters and enums literally.

``data/graph/schema.json`` names the fields of each node and the parameters of each edge. Only the
fields that were asked for come back. Unknown ones, values outside of their range and requests
without the token are refused; what is wrong with a request or a fixture stands in ``faults``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from tests.channels.contract import recorded
from tests.server import Reply, Request, Server

SCHEMA: dict[str, Any] = recorded("graph", "schema.json")
ERRORS: dict[str, Any] = recorded("graph", "errors.json")
_FORMS = {
    "id": r"[\w.:-]+",
    "time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000",
    "web": r"https://\S+",
    "text": r"(?s).*",
}
Fields = list[tuple[str, dict[str, str], Any]]


class Refused(Exception):
    """The answer is one of ``errors.json``, or a fault of the request."""

    def __init__(self, name: str, fault: str = "") -> None:
        super().__init__(name)
        self.name, self.fault = name, fault


class GraphWorld:
    """
    What the three platforms have in common; each adds its ``answer``.

    ``size``: entries per page at most. ``headers`` go with each answer. ``failing``: path -> name
    of an error. ``check``: whether fixtures are compared with the schema.
    """

    platform = ""
    version = ""
    token = ""

    def __init__(self, server: Server, *, size: int = 3, check: bool = True) -> None:
        self.server = server
        self.size = size
        self.check = check
        self.faults: list[str] = []
        self.headers: dict[str, str] = {}
        self.failing: dict[str, str] = {}
        self.unknown_fields: dict[str, str] = {}  # last part of the path -> field
        self.granted: dict[str, Any] = recorded("graph", "token.json")
        server.on("GET", "/*", self._answer)

    def asked(self, end: str) -> list[Request]:
        return [one for one in self.server.requests if one.path.endswith(end)]

    def answer(self, path: list[str], request: Request) -> Any:
        raise NotImplementedError

    def renewal(self, request: Request) -> Any:
        raise Refused("2500", "there is no renewal here")

    def _answer(self, request: Request) -> Reply:
        try:
            return Reply(body=self._body(request), headers=self.headers)
        except Refused as refused:
            if refused.fault:
                self.faults.append(f"{request.path}: {refused.fault}")
            status, body = ERRORS[refused.name]
            if refused.fault:
                body = {"error": {**body["error"], "message": refused.fault}}
            return Reply(status=status, body=body, headers=self.headers)

    def _body(self, request: Request) -> Any:
        name = self.failing.get(request.path.rpartition("/")[2])
        if name:
            raise Refused(name)
        if request.path == "/refresh_access_token":
            return self.renewal(request)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            raise Refused("190/467")
        path = request.path.strip("/").split("/")
        if path[0] != self.version:
            raise Refused("2500", f"version {path[0]}")
        if path[1:] == ["debug_token"]:
            if request.params.get("input_token") != self.token:
                raise Refused("100", "input_token")
            return self.granted
        return self.answer(path[1:], request)

    # --- what an answer may use -----------------------------------------------------------------

    def node(self, kind: str, thing: Mapping[str, Any], request: Request) -> Any:
        """Return a node with the fields that are asked for."""
        self._parameters(request, {})
        return self._shown(kind, thing, self._fields(kind, request))

    def edge(
        self,
        name: str,
        things: Sequence[Mapping[str, Any]],
        request: Request,
        *,
        link: bool = True,
        total: int | None = None,
    ) -> Any:
        """Return a page of an edge; ``after`` is a place in the list."""
        kind, table = SCHEMA["edges"][self.platform][name]
        self._parameters(request, table)
        fields = self._fields(kind, request)
        place = re.fullmatch(r"p(\d+)", request.params.get("after", "p0"))
        if place is None:
            raise Refused("100")
        start = int(place[1])
        end = start + min(self.size, int(request.params.get("limit", 25)))
        found: dict[str, Any] = {
            "data": [self._shown(kind, one, fields) for one in things[start:end]]
        }
        if request.params.get("summary") == "true":
            found["summary"] = {
                "order": request.params.get("order", "ranked"),
                "total_count": len(things) if total is None else total,
                "can_comment": True,
            }
        if things[start:end]:
            found["paging"] = {"cursors": {"before": f"p{start}", "after": f"p{end}"}}
            if link and end < len(things):
                more = {**request.params, "after": f"p{end}", "access_token": self.token}
                found["paging"]["next"] = (
                    f"https://graph.{self.platform}.com{request.path}?{urlencode(more)}"
                )
        return found

    def _parameters(self, request: Request, table: Mapping[str, Any]) -> None:
        names = [name for name, _ in request.query]
        if len(names) != len(set(names)):
            raise Refused("100", "a parameter stands twice")
        for name, value in request.query:
            if name in ("fields", "appsecret_proof"):
                continue
            if name not in table:
                raise Refused("100", f"unknown parameter {name}")
            if not _allowed(value, table[name]):
                raise Refused("100", f"{name} may not be {value}")

    def _fields(self, kind: str, request: Request) -> Fields:
        wanted = request.params.get("fields", "")
        if not wanted:
            raise Refused("100", "no fields were asked for")
        fields, rest = parse_fields(wanted)
        if rest:
            raise Refused("100", f"fields end in {rest!r}")
        unknown = self.unknown_fields.get(request.path.rpartition("/")[2])
        if unknown in [name for name, _, _ in fields]:
            raise Refused("nonexisting")
        for fault in _field_faults(kind, fields):
            raise Refused("100", fault)
        return fields

    def _shown(self, kind: str, thing: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
        if self.check:
            self.faults += list(check_node(kind, thing))
        names = {"id", *(name for name, _, _ in fields)}
        found = {name: value for name, value in thing.items() if name in names}
        for name, arguments, inside in fields:
            if name in found and inside is not None:
                found[name] = self._inside(kind, name, found[name], arguments, inside)
            elif name in found and isinstance(found[name], dict) and arguments:
                found[name] = _counted(found[name], arguments)
        return found

    def _inside(
        self, kind: str, name: str, value: Any, arguments: Mapping[str, str], inside: Fields
    ) -> Any:
        below = SCHEMA["nodes"][kind][name]
        if not below.startswith("edge:"):
            return self._shown(below, value, inside)
        data = [self._shown(below[5:], one, inside) for one in value["data"]]
        limit = min(int(arguments.get("limit", 25)), self.size_inside)
        if len(data) <= limit:
            return {"data": data}
        more = {"fields": "id", "limit": limit, "after": f"p{limit}", "access_token": self.token}
        link = f"https://graph.{self.platform}.com/{self.version}/x/{name}?{urlencode(more)}"
        cursors = {"before": "p0", "after": f"p{limit}"}
        return {"data": data[:limit], "paging": {"cursors": cursors, "next": link}}

    size_inside = 100


def _counted(value: dict[str, Any], arguments: Mapping[str, str]) -> dict[str, Any]:
    """An edge with limit(0): only its summary."""
    data = value.get("data", [])[: int(arguments.get("limit", 25))]
    summary = {"total_count": value.get("total", len(value.get("data", [])))}
    return {"data": data, "summary": summary} if arguments.get("summary") else {"data": data}


def parse_fields(text: str) -> tuple[Fields, str]:
    """Take "id,from{id},comments.limit(5){id}" apart; returns what could not be read as well."""
    found: Fields = []
    while match := re.match(r"(\w+)((?:\.\w+\([\w-]*\))*)", text):
        text = text[match.end() :]
        arguments = dict(re.findall(r"\.(\w+)\(([\w-]*)\)", match[2]))
        inside: Any = None
        if text.startswith("{"):
            inside, text = parse_fields(text[1:])
            if not text.startswith("}"):
                return found, "{"
            text = text[1:]
        found.append((match[1], arguments, inside))
        if not text.startswith(","):
            break
        text = text[1:]
    return found, text


def _field_faults(kind: str, fields: Fields) -> Iterator[str]:
    known = SCHEMA["nodes"][kind]
    for name, arguments, inside in fields:
        below = known.get(name)
        if below is None:
            yield f"Tried accessing nonexisting field ({name}) on node type ({kind})"
            continue
        is_edge = isinstance(below, str) and below.startswith("edge:")
        rules = SCHEMA["edges"]["facebook"]["comments"][1] if is_edge else {}
        for argument, value in arguments.items():
            if argument not in rules or not _allowed(value, rules[argument]):
                yield f"{name}.{argument}({value}) is not known"
        if inside is not None:
            if not isinstance(below, str) or below.removeprefix("edge:") not in SCHEMA["nodes"]:
                yield f"{name} has no fields"
            else:
                yield from _field_faults(below.removeprefix("edge:"), inside)


def _allowed(value: str, rule: Any) -> bool:
    if isinstance(rule, dict):
        return value in rule["one of"]
    if rule.startswith("count:"):
        return value.isdecimal() and int(value) <= int(rule[6:])
    if rule == "seconds":
        return value.isdecimal() and int(value) >= 1688540400
    return bool(value)


def check_node(kind: str, thing: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a fixture: unknown fields, values of another type."""
    for name, value in thing.items():
        rule = SCHEMA["nodes"][kind].get(name)
        if rule is None:
            yield f"fixture: {kind} has no field {name}"
        else:
            yield from _check(rule, value, f"{kind}.{name}")


def _check(rule: Any, value: Any, where: str) -> Iterator[str]:
    right = True
    if isinstance(rule, list):
        for one in value:
            yield from check_node(rule[0], one)
    elif isinstance(rule, dict) and "one of" in rule:
        right = value in rule["one of"]
    elif isinstance(rule, dict):
        right = set(value) == set(rule)
    elif rule == "count":
        right = type(value) is int and value >= 0
    elif rule == "flag":
        right = type(value) is bool
    elif rule in _FORMS:
        right = isinstance(value, str) and re.fullmatch(_FORMS[rule], value) is not None
    elif rule.startswith("edge:"):
        for one in value["data"]:
            yield from check_node(rule[5:], one)
    else:
        yield from check_node(rule, value)
    if not right:
        yield f"fixture: {where} may not be {value!r:.60}"


def seconds(at: str) -> int:
    return int(datetime.strptime(at, "%Y-%m-%dT%H:%M:%S%z").timestamp())


def usage_header(percent: int, minutes: int = 0, kind: str = "pages") -> dict[str, str]:
    entry = {
        "type": kind,
        "call_count": percent,
        "total_cputime": 10,
        "total_time": 12,
        "estimated_time_to_regain_access": minutes,
    }
    return {"X-Business-Use-Case-Usage": json.dumps({"100200300": [entry]})}
