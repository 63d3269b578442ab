"""Small feeds for tests."""

from __future__ import annotations


def item(guid: str = "", *, link: str = "", title: str = "Acme Coffee", more: str = "") -> str:
    parts = [f"<title>{title}</title>", more]
    parts += [f'<guid isPermaLink="false">{guid}</guid>'] if guid else []
    parts += [f"<link>{link}</link>"] if link else []
    return f"<item>{''.join(parts)}</item>"


def rss(*entries: str, head: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>'
        f"<title>News</title>{head}{''.join(entries)}</channel></rss>"
    )
