"""
Sample data of one fictional shop, sent through the real flow.

The sample says how long ago each thing was written, so the queue looks the same whenever it is
shown. Ten channels are read as files twice: a day ago, and now, when one of the files is gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

from mentionwatch.app.setting import Setting
from mentionwatch.app.sync import sync
from mentionwatch.model.times import duration, iso

BRAND = "Acme Coffee"
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoChannel:
    """One channel of the shop. ``type`` is the platform that it stands for."""

    name: str
    type: str
    sees_own_replies: bool = True
    breaks: bool = False


CHANNELS = (
    DemoChannel(name="facebook", type="facebook"),
    DemoChannel(name="x", type="x"),
    DemoChannel(name="instagram", type="instagram"),
    DemoChannel(name="mastodon", type="mastodon"),
    DemoChannel(name="google", type="google_business"),
    DemoChannel(name="yelp", type="yelp", sees_own_replies=False),
    DemoChannel(name="phone", type="sms_voice"),
    DemoChannel(name="webchat", type="web_chat"),
    DemoChannel(name="reddit", type="reddit"),
    DemoChannel(name="inbox", type="email", breaks=True),
)


def sample() -> list[dict[str, Any]]:
    """Return the bundled records; ``ago`` and ``answered`` are lengths of time before now."""
    text = resources.files(__package__).joinpath("sample.ndjson").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]


def write_shop(folder: Path) -> Path:
    """Write the shop's configuration into a folder and return its path."""
    path = folder / "mentionwatch.toml"
    sections = "\n".join(_section(channel) for channel in CHANNELS)
    path.write_text(
        f'[brand]\nname = "{BRAND}"\nterms = ["{BRAND}", "@acmecoffee", "@acme"]\n\n{sections}',
        encoding="utf-8",
    )
    path.chmod(0o600)
    return path


def _section(channel: DemoChannel) -> str:
    return (
        f'[channels.{channel.name}]\ntype = "file"\npath = "{channel.name}.ndjson"\n'
        f'channel_type = "{channel.type}"\nsettle = 0\n'
        f"sees_own_replies = {str(channel.sees_own_replies).lower()}\n"
    )


def play(setting: Setting, now: datetime, records: Iterable[Mapping[str, Any]]) -> None:
    """
    Let the shop's last days happen: what there was a day ago is read then, the rest now.

    Args:
        records: As `sample` returns them.
    """
    known = list(records)
    folder = setting.config.path.parent
    for moment in (now - DAY, now):
        for channel in CHANNELS:
            _write(folder, channel, known, moment, now)
        if moment == now:
            for channel in CHANNELS:
                if channel.breaks:
                    (folder / f"{channel.name}.ndjson").unlink()
        sync(setting, partial(_standing, moment))


def _standing(moment: datetime) -> datetime:
    """A clock that stands still."""
    return moment


def _write(
    folder: Path,
    channel: DemoChannel,
    records: list[Mapping[str, Any]],
    moment: datetime,
    now: datetime,
) -> None:
    """Write what a channel holds at a moment."""
    lines = []
    for record in records:
        if record["channel"] != channel.name:
            continue
        written = now - duration(record["ago"])
        if written > moment:
            continue
        dated = {key: value for key, value in record.items() if key not in ("channel", "ago")}
        if "answered" in dated:
            dated["replied_at"] = iso(now - duration(dated.pop("answered")))
        lines.append(json.dumps({**dated, "created_at": iso(written)}, ensure_ascii=False))
    path = folder / f"{channel.name}.ndjson"
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
