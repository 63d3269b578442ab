"""Reading a body with a limit on what it becomes, not on what was sent."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from mentionwatch.errors import TooLarge, UnexpectedPayload

ACCEPTED = "gzip, deflate"


async def read(chunks: AsyncIterator[bytes], coding: str, host: str, limit: int) -> bytes:
    """
    Return the decompressed body. 48 KB of gzip can hold 50 MB: nothing is inflated past *limit*.

    Raises:
        TooLarge: It has more than *limit* bytes.
        UnexpectedPayload: It is damaged, or in a coding that we did not ask for.
    """
    inflate = _Inflate(coding, host, limit, [])
    async for chunk in chunks:
        inflate.feed(chunk)
    return inflate.finished()


async def read_start(chunks: AsyncIterator[bytes], coding: str, host: str, limit: int) -> bytes:
    """Return the first *limit* bytes of a body at most; of a damaged one what can be read."""
    parts: list[bytes] = []
    try:
        inflate = _Inflate(coding, host, limit, parts)
        async for chunk in chunks:
            inflate.feed(chunk)
    except (TooLarge, UnexpectedPayload):
        pass
    return b"".join(parts)[:limit]


class _Inflate:
    def __init__(self, coding: str, host: str, limit: int, parts: list[bytes]) -> None:
        self._parts = parts
        self._host = host
        self._limit = limit
        self._room = limit
        coding = coding.strip().lower()
        if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
            raise self._damaged("in a compression that was not asked for")
        self._deflate = coding == "deflate"
        self._header_missing = False
        self._zip = None if coding in ("", "identity") else zlib.decompressobj(zlib.MAX_WBITS | 32)

    def feed(self, chunk: bytes) -> None:
        while chunk:
            chunk = self._step(chunk)

    def finished(self) -> bytes:
        if self._zip is not None and self._parts and not (self._zip.eof or self._deflate):
            raise self._damaged("that ends too early")
        return b"".join(self._parts)

    def _step(self, chunk: bytes) -> bytes:
        """Take one piece in; returns what is left of it."""
        if self._zip is None:
            self._keep(chunk)
            return b""
        if self._zip.eof:
            if not chunk.startswith(b"\x1f\x8b"):
                return b""  # padding behind the end
            self._zip = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip may have several members
        try:
            self._keep(self._zip.decompress(chunk, self._room + 1))
        except zlib.error:
            return self._without_header(chunk)
        return self._zip.unused_data if self._zip.eof else self._zip.unconsumed_tail

    def _without_header(self, chunk: bytes) -> bytes:
        """Some servers send "deflate" without the header that belongs to it."""
        if not self._deflate or self._header_missing or self._parts:
            raise self._damaged("that is damaged")
        self._header_missing = True
        self._zip = zlib.decompressobj(-zlib.MAX_WBITS)
        return chunk

    def _keep(self, data: bytes) -> None:
        if data:
            self._parts.append(data)
        self._room -= len(data)
        if self._room < 0:
            raise too_large(self._host, self._limit)

    def _damaged(self, how: str) -> UnexpectedPayload:
        return UnexpectedPayload(f"{self._host} answered with a body {how}", hint="try again later")


def too_large(host: str, limit: int) -> TooLarge:
    size = f"{limit // 2**20} MB" if limit >= 2**20 else f"{limit / 1024:.1f} KB"
    return TooLarge(
        f"{host} answered with more than {size}",
        hint="ask for less: fewer terms, or a smaller page",
    )
