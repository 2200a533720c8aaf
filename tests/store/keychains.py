"""Keychains for the tests: one that works, some that do not."""

from __future__ import annotations

import threading


class Working:
    """A keychain that keeps what it is given."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class Raising(Working):
    def __init__(self, on_get: Exception | None, on_set: Exception | None) -> None:
        super().__init__()
        self.on_get = on_get
        self.on_set = on_set

    def get_password(self, service: str, username: str) -> str | None:
        if self.on_get:
            raise self.on_get
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.on_set:
            raise self.on_set
        super().set_password(service, username, password)


class Hanging(Working):
    """A keychain that waits for a prompt nobody answers."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()
        self.left = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.released.wait(60)
        self.left.set()
        return None
