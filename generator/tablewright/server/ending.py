"""uvicorn's server, told to end: it does so at once and not at its next look, of which there are ten in a second."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Final

import uvicorn

_TICK_SECONDS: Final = 0.1  # uvicorn's own: what `on_tick` counts on


class PromptServer(uvicorn.Server):
    """A server that another thread can end. Tests start and end one each, so that a fifth of a second counts."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def end(self) -> None:
        """Let the requests at hand be answered, then return from `run`. For any thread; it does not wait."""
        self.should_exit = True
        if self._ending is not None:
            loop, told = self._ending
            with suppress(RuntimeError):  # the loop is closed: it has ended by itself
                loop.call_soon_threadsafe(told.set)

    async def main_loop(self) -> None:
        """Tick until it is told to end."""
        told = asyncio.Event()
        self._ending = asyncio.get_running_loop(), told
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(told.wait(), _TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the connections on which nothing is under way; for the others wait as uvicorn does."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(0)
        if self.server_state.connections or self.server_state.tasks:
            await super().shutdown(sockets)
            return
        for listener in sockets or ():
            listener.close()
