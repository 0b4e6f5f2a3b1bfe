"""Connections that wait for what comes next: any number of threads ask, and each arrival is told to one of them."""

import select
from typing import Any


class Epoll:
    """On Linux (epoll(7))."""

    ONCE = getattr(select, "EPOLLIN", 0) | getattr(select, "EPOLLONESHOT", 0)

    def __init__(self) -> None:
        self._poll: Any = select.epoll()

    def add(self, descriptor: int) -> None:
        """It is told once when this one is readable; closing it ends that."""
        self._poll.register(descriptor, self.ONCE)

    def again(self, descriptor: int) -> None:
        """It is told once more. Raises OSError."""
        self._poll.modify(descriptor, self.ONCE)

    def next(self) -> list[int]:
        """Blocks until one is readable; now and then for nothing."""
        return [descriptor for descriptor, _ in self._poll.poll(None, 1)]


class Kqueue:
    """The same on macOS and BSD (kqueue(2))."""

    def __init__(self) -> None:
        self._kernel: Any = select
        self._queue = self._kernel.kqueue()

    def add(self, descriptor: int) -> None:
        """See `Epoll.add`."""
        flags = self._kernel.KQ_EV_ADD | self._kernel.KQ_EV_ONESHOT
        self._queue.control([self._kernel.kevent(descriptor, self._kernel.KQ_FILTER_READ, flags)], 0)

    again = add

    def next(self) -> list[int]:
        """See `Epoll.next`."""
        return [event.ident for event in self._queue.control(None, 1)]


def arrivals() -> Epoll | Kqueue:
    """What this system has."""
    return Epoll() if hasattr(select, "epoll") else Kqueue()
