"""Several calls at a time, their results in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from concurrent.futures import Future
    from queue import SimpleQueue

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 4  # so many items a worker are begun with before their turn


def in_parallel(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int
) -> Iterator[Result]:
    """Yield what *function* makes of each of *items*, in their order.

    Items are taken as they are needed, so there may be any number of them. What *function* raises
    is raised where its result would stand; then, and when the caller stops, nothing new is begun
    and what is under way is waited for. KeyboardInterrupt waits for nothing.
    """
    from concurrent.futures import Future
    from queue import SimpleQueue
    from threading import Thread

    todo: SimpleQueue[tuple[Future[Result], Item] | None] = SimpleQueue()
    threads = [Thread(target=_work, args=(function, todo), daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(Future())
            todo.put((waiting[-1], item))
            while len(waiting) >= workers * AHEAD or (waiting and waiting[0].done()):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except KeyboardInterrupt:
        threads.clear()
        raise
    finally:
        for future in waiting:
            future.cancel()
        for _ in range(workers):
            todo.put(None)
        for thread in threads:
            thread.join()


def _work(
    function: Callable[[Item], Result],
    todo: SimpleQueue[tuple[Future[Result], Item] | None],
) -> None:
    while job := todo.get():
        future, item = job
        if not future.set_running_or_notify_cancel():
            continue
        try:
            result = function(item)
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is asked for
            future.set_exception(error)
        else:
            future.set_result(result)
