"""
TOML -> Config: every problem at once, each with its line; parts are handed on as slices.

    found = find(option, environ, cwd)
    config = load(found, environ)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mentionwatch.config.finding import database_path, find
from mentionwatch.config.loading import load, read_toml
from mentionwatch.config.settings import (
    Brand,
    ChannelSettings,
    Config,
    Found,
    Hours,
    QueueSettings,
    RuleSettings,
    Targets,
    Team,
)

if TYPE_CHECKING:
    from mentionwatch.config.outgoing import Auth as Auth
    from mentionwatch.config.outgoing import Digest as Digest
    from mentionwatch.config.outgoing import Event as Event
    from mentionwatch.config.outgoing import Handoff as Handoff
    from mentionwatch.config.outgoing import NotifyTarget as NotifyTarget
    from mentionwatch.config.outgoing import Smtp as Smtp
    from mentionwatch.config.outgoing import Watch as Watch

_OUTGOING = ("Auth", "Digest", "Event", "Handoff", "NotifyTarget", "Smtp", "Watch")

__all__ = [
    "Brand",
    "ChannelSettings",
    "Config",
    "Found",
    "Hours",
    "QueueSettings",
    "RuleSettings",
    "Targets",
    "Team",
    "database_path",
    "find",
    "load",
    "read_toml",
]


def __getattr__(name: str) -> Any:
    """Load what only some configurations hold on first use; see `settings`."""
    if name not in _OUTGOING:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from mentionwatch.config import outgoing

    return getattr(outgoing, name)
