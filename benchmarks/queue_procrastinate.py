"""The peer's side of `benchmarks.queue_worker`: procrastinate's own worker over no-op jobs. Prints jobs a second.

It runs in an environment of its own: python benchmarks/queue_procrastinate.py postgresql://… JOBS CONCURRENCY
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import procrastinate

logging.disable(logging.CRITICAL)


async def measure(url: str, jobs: int, concurrency: int) -> float:
    """Return jobs a second."""
    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))

    @app.task(name="nothing")
    async def nothing() -> None:
        return None

    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        await app.connector.execute_query_async("TRUNCATE procrastinate_jobs CASCADE")
        await nothing.batch_defer_async(*({} for _ in range(jobs)))
        begin = time.perf_counter()
        await app.run_worker_async(
            wait=False, concurrency=concurrency, install_signal_handlers=False
        )
        return jobs / (time.perf_counter() - begin)


if __name__ == "__main__":
    print(asyncio.run(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
