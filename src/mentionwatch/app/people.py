"""Who does what: the team's names, and what the owner says of a conversation."""

from __future__ import annotations

from typing import Any

from mentionwatch.app.setting import Setting
from mentionwatch.core.selection import KEYS
from mentionwatch.errors import UsageError

CORRECTED = ("priority", "sentiment", "intent")
NOBODY = ("nobody", "none", "-")


def member(setting: Setting, name: str) -> str | None:
    """
    Return the name of somebody on the team; None for nobody.

    Raises:
        UsageError: Nobody of that name, or "me" where nobody said who that is.
    """
    team = setting.config.team
    if name.casefold() in NOBODY:
        return None
    if name.casefold() == "me":
        if not team.me:
            raise UsageError(
                "me: who are you?", hint='set MENTIONWATCH_ME, or me = "ana" in [team]'
            )
        return team.me
    known = {one.casefold(): one for one in team.names}
    if known and name.casefold() not in known:
        raise UsageError(
            f"nobody in the team is called {name}", hint=f"[team] names: {', '.join(team.names)}"
        )
    return known.get(name.casefold(), name)


def labels(words: list[str]) -> dict[str, Any]:
    """
    Return the data of a ``label`` event: labels put on and taken off, and corrections.

    Raises:
        UsageError: A correction to something that does not exist.
    """
    add, remove = [], []
    correct: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if equals:
            correct[key] = _correction(key, value.casefold())
        elif word.startswith("no-"):
            remove.append(word.removeprefix("no-"))
        else:
            add.append(word)
    return {
        name: value
        for name, value in (("add", add), ("remove", remove), ("correct", correct))
        if value
    }


def _correction(key: str, value: str) -> str:
    if key not in CORRECTED:
        raise UsageError(f"{key} cannot be corrected", hint=f"one of {', '.join(CORRECTED)}")
    if value not in KEYS[key]:
        raise UsageError(f"{key}={value} does not exist", hint=f"one of {', '.join(KEYS[key])}")
    return value
