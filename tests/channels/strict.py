"""
A server that takes what a platform documents literally, and a check of our own fixtures.

``tests/channels/data/<type>/schema.json`` holds both, condensed from what the platform publishes::

    {
      "requests": {"GET /v1/things/:id": {"limit": "1..50", "sort": ["new", "old"]}},
      "shapes": {"Thing": {"id": "text!", "rating": "1..5", "state": ["A", "B"], "made": "time?",
                           "owner": "Owner", "tags": "[text]"}}
    }

A kind: "text", "flag", "number", "whole", "time", "digits", "any", a range "1..50" of whole
numbers, a list of the values that are allowed, the name of a shape, or "[kind]" for a list. "!"
must be there, "?" may be null. A parameter with "*" may be repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.channels.contract import recorded
from tests.server import Reply, Request, Server

_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
Answer = Callable[..., Reply]


class Strict:
    """
    Routes to handlers by the paths of the schema; ``:name`` parts are handed on in order.

    ``faults``: what was asked against the documentation; each is answered with 400.
    """

    def __init__(self, server: Server, channel_type: str, answers: dict[str, Answer]) -> None:
        self.requests = recorded(channel_type, "schema.json")["requests"]
        self.answers = answers
        self.faults: list[str] = []
        assert set(answers) == set(self.requests), "each documented request has its answer"
        server.on("*", "*", self.answer)

    def answer(self, request: Request) -> Reply:
        for name, parameters in self.requests.items():
            method, _, path = name.partition(" ")
            pattern = re.sub(r":(\w+)", r"([^/]+)", path)
            found = re.fullmatch(pattern, request.path)
            if method == request.method and found:
                given = request.query if method == "GET" else request.form
                if fault := misfit(given, parameters):
                    self.faults.append(f"{request.path}: {fault}")
                    return Reply(status=400, body={"error": fault})
                return self.answers[name](request, *found.groups())
        self.faults.append(f"{request.method} {request.path} is not documented")
        return Reply(status=404, body={"error": "no such path"})


def misfit(given: list[tuple[str, str]], parameters: dict[str, Any]) -> str:
    """Return what is wrong with the parameters of a request; "" when nothing is."""
    for name, value in given:
        kind = parameters.get(name)
        if kind is None:
            return f"unknown parameter {name}"
        once = isinstance(kind, list) or "*" not in kind
        if once and [other for other, _ in given].count(name) > 1:
            return f"{name} is given twice"
        bare = kind if isinstance(kind, list) else kind.strip("*!?")
        if not _fits_text(value, bare):
            return f"{name}={value} is not allowed"
    names = {name for name, _ in given}
    missing = [
        name
        for name, kind in parameters.items()
        if isinstance(kind, str) and "!" in kind and name not in names
    ]
    return f"{missing[0]} is missing" if missing else ""


def _fits_text(value: str, kind: Any) -> bool:
    if isinstance(kind, list):
        return value in kind
    if kind == "flag":
        return value in ("true", "false")
    if kind == "time":
        return bool(_TIME.fullmatch(value))
    if kind in ("whole", "digits"):
        return value.isdecimal()
    if ".." in kind:
        low, high = map(int, kind.split(".."))
        return value.isdecimal() and low <= int(value) <= high
    return bool(value)


def check_shape(value: Any, kind: Any, shapes: dict[str, Any], where: str = "") -> None:
    """Assert that a recorded value has the documented shape; unknown keys are refused."""
    if isinstance(kind, list):
        assert value in kind, f"{where}: {value!r} is none of {kind}"
        return
    if value is None:
        assert "?" in kind, f"{where} is null"
        return
    kind = kind.strip("!?")
    if kind.startswith("["):
        assert isinstance(value, list), f"{where} is no list"
        for number, one in enumerate(value):
            check_shape(one, kind[1:-1], shapes, f"{where}[{number}]")
    elif kind in shapes:
        _check_object(value, shapes[kind], shapes, where or kind)
    else:
        assert _is(value, kind), f"{where}: {value!r} is no {kind}"


def _check_object(value: Any, shape: dict[str, Any], shapes: dict[str, Any], where: str) -> None:
    assert isinstance(value, dict), f"{where} is no object"
    for name, one in value.items():
        assert name in shape, f"{where}.{name} is not documented"
        check_shape(one, shape[name], shapes, f"{where}.{name}")
    for name, kind in shape.items():
        if isinstance(kind, str) and "!" in kind:
            assert name in value, f"{where}.{name} is missing"


def _is(value: Any, kind: str) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if ".." in kind:
        low, high = map(int, kind.split(".."))
        return whole and low <= value <= high
    checks: dict[str, bool] = {
        "any": True,
        "text": isinstance(value, str),
        "flag": isinstance(value, bool),
        "whole": whole,
        "number": whole or isinstance(value, float),
        "digits": isinstance(value, str) and value.isdecimal(),
        "time": isinstance(value, str) and bool(_TIME.fullmatch(value)),
    }
    return checks[kind]
