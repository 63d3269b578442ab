"""Secrets: where they come from, and that they never show."""

from __future__ import annotations


class Secret:
    """
    A credential as the configuration writes it: ``env:``, ``cmd:``, ``file:``, ``keyring:``.

    ``repr`` and ``str`` never show it; `reveal` resolves it, once per process.
    """
