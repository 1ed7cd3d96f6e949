"""Connections whose answers leave whole: head and body in one packet, which wakes the client once and not twice."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol


class WholeAnswers(AutoHTTPProtocol):  # type: ignore[misc, valid-type] # uvicorn chooses between two classes
    """uvicorn's own protocol, which writes head and body one after the other, on a transport that gathers."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast("asyncio.Transport", Gathering(transport)))


class Gathering:
    """A transport that sends two writes of one turn of the event loop together, and a single one at the turn's end."""

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._loop = asyncio.get_running_loop()
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.writelines((held, data))
        elif data:
            self._held = data
            self._loop.call_soon(self._send)

    def _send(self) -> None:
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        self._send()
        self._transport.close()

    def abort(self) -> None:
        self._held = b""
        self._transport.abort()
