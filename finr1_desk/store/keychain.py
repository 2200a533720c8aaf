"""The operating system's keychain: short texts under a name, each call with an end.

Owns the only calls of `keyring`, and why a keychain gives nothing. What is kept there, and what to do without one, is
whoever's it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Protocol, TypeVar

SERVICE: Final = "finr1-desk"
# A locked keychain asks the user for a password: time to type it, and an end where nobody does.
TIMEOUT_S: Final = 30.0

T = TypeVar("T")


class KeychainBackend(Protocol):
    """The part of `keyring.backend.KeyringBackend` that is used."""

    def get_password(self, service: str, username: str) -> str | None: ...

    def set_password(self, service: str, username: str, password: str) -> None: ...

    def delete_password(self, service: str, username: str) -> None: ...


class KeychainUnavailableError(Exception):
    """The keychain gives nothing; the argument is why: `no_keychain`, `locked`, `timeout` or `failed`."""


class Keychain:
    """Every call ends in time, and with `KeychainUnavailableError` if it did not work."""

    def __init__(self, backend: KeychainBackend | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """`backend` None: the keychain of this system."""
        self._backend = backend
        self._timeout_s = timeout_s

    def read(self, name: str) -> str | None:
        return self._bounded(lambda backend: backend.get_password(SERVICE, name))

    def write(self, name: str, text: str) -> None:
        def work(backend: KeychainBackend) -> str | None:
            backend.set_password(SERVICE, name, text)
            return backend.get_password(SERVICE, name)  # some accept everything and keep nothing

        if self._bounded(work) != text:
            raise KeychainUnavailableError("failed")

    def delete(self, name: str) -> None:
        """Removes an entry; one that is not there is no error."""

        def work(backend: KeychainBackend) -> None:
            if backend.get_password(SERVICE, name) is not None:
                backend.delete_password(SERVICE, name)

        self._bounded(work)

    def _bounded(self, work: Callable[[KeychainBackend], T]) -> T:
        outcome: Future[T] = Future()

        def run() -> None:
            try:
                outcome.set_result(work(self._backend or _system_backend()))
            except BaseException as error:
                outcome.set_exception(error)

        # A daemon: a keychain that hangs for good must not keep the application from ending.
        threading.Thread(target=run, name="keychain", daemon=True).start()
        try:
            return outcome.result(self._timeout_s)
        except TimeoutError:
            raise KeychainUnavailableError("timeout") from None
        except KeychainUnavailableError:
            raise
        except Exception as error:
            raise KeychainUnavailableError(_note_of(error)) from None


def _system_backend() -> KeychainBackend:
    import keyring  # slow to import, and only on this thread

    backend: KeychainBackend = keyring.get_keyring()
    if type(backend).__module__.startswith(("keyrings.alt", "keyring.backends.null")):
        raise KeychainUnavailableError("no_keychain")  # files, in the clear: no better than ours
    return backend


def _note_of(error: Exception) -> str:
    """By name, since the classes live in a module that is imported only where a keychain is asked."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if "NoKeyringError" in names:
        return "no_keychain"
    if names & {"InitError", "KeyringLocked"}:
        return "locked"
    return "failed"
