"""
TOML -> Config: every problem at once, each with its line; parts are handed on as slices.

    found = find(option, environ, cwd)
    config = load(found, environ)
"""

from __future__ import annotations

from mentionwatch.config.finding import database_path, find
from mentionwatch.config.loading import load, read_toml
from mentionwatch.config.settings import (
    Brand,
    ChannelSettings,
    Config,
    Digest,
    Event,
    Found,
    Handoff,
    Hours,
    NotifyTarget,
    QueueSettings,
    RuleSettings,
    SavedReply,
    Smtp,
    Targets,
    Team,
)

__all__ = [
    "Brand",
    "ChannelSettings",
    "Config",
    "Digest",
    "Event",
    "Found",
    "Handoff",
    "Hours",
    "NotifyTarget",
    "QueueSettings",
    "RuleSettings",
    "SavedReply",
    "Smtp",
    "Targets",
    "Team",
    "database_path",
    "find",
    "load",
    "read_toml",
]
