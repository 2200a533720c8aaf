"""Folders: what they are called and what lies in them.

Owns the table of folders and which conversation is in which. A folder is known by its name; two names that differ in
case, width or accents alone are the same. Moving a conversation is no use of it: its date stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.keeping import Folder, folder_name
from finr1_desk.store.connection import Connection
from finr1_desk.store.search_text import fold


class Folders:
    """The folders of one store.

    Args:
        writing: the store's transaction.
    """

    def __init__(
        self, connection: Connection, writing: Callable[[], AbstractContextManager[None]], clock: Callable[[], float]
    ) -> None:
        self._db = connection
        self._writing = writing
        self._clock = clock

    def all(self) -> list[Folder]:
        """All folders by name, with the number of conversations in them that are not deleted."""
        found = self._db.rows(
            """
            SELECT name, (
                SELECT count(*) FROM conversations WHERE folder_number = folders.number AND deleted_at IS NULL
            ) FROM folders ORDER BY key
            """
        )
        return [Folder(name, count) for name, count in found]

    def called(self, name: str) -> str:
        """The name of a folder as it is written.

        Raises:
            UserError: `FOLDER_NOT_FOUND`.
        """
        return self._name_of(self.number_of(name))

    def create(self, name: str) -> str:
        """Makes a folder and returns its name; one that is there already stays as it is.

        Raises:
            UserError: `BAD_VALUE`: nothing is left of the name.
        """
        with self._writing():
            return self._name_of(self.number_for(name))

    def rename(self, name: str, new: str) -> str:
        """
        Raises:
            UserError: `FOLDER_NOT_FOUND`; `FOLDER_EXISTS`: another one is called so; `BAD_VALUE`.
        """
        kept = _checked(new)
        with self._writing():
            number = self.number_of(name)
            other = self._db.row("SELECT name FROM folders WHERE key = ? AND number != ?", fold(kept), number)
            if other is not None:
                raise UserError(ErrorCode.FOLDER_EXISTS, name=str(other[0]))
            self._db.run("UPDATE folders SET name = ?, key = ? WHERE number = ?", kept, fold(kept), number)
        return kept

    def delete(self, name: str) -> list[str]:
        """Removes the folder; what lay in it stays, outside of any folder. Returns the ids of those conversations.

        Raises:
            UserError: `FOLDER_NOT_FOUND`.
        """
        with self._writing():
            number = self.number_of(name)
            held = [id for (id,) in self._db.rows("SELECT id FROM conversations WHERE folder_number = ?", number)]
            self._db.run("UPDATE conversations SET folder_number = NULL WHERE folder_number = ?", number)
            self._db.run("DELETE FROM folders WHERE number = ?", number)
        return held

    def move(self, ids: Sequence[str], name: str | None) -> None:
        """Puts conversations into a folder that there is, or out of all folders.

        Raises:
            UserError: `FOLDER_NOT_FOUND`; `CONVERSATION_NOT_FOUND`: none of them is there.
        """
        with self._writing():
            number = None if name is None else self.number_of(name)
            moved = 0
            for id in ids:
                moved += self._db.run("UPDATE conversations SET folder_number = ? WHERE id = ?", number, id)
            if ids and not moved:
                raise UserError(ErrorCode.CONVERSATION_NOT_FOUND, id=ids[0])

    # -- inside a transaction

    def number_for(self, name: str) -> int:
        """The number of the folder with this name, which is made if it is not there; in the caller's transaction."""
        kept = _checked(name)
        self._db.run(
            "INSERT OR IGNORE INTO folders (name, key, created_at) VALUES (?, ?, ?)", kept, fold(kept), self._clock()
        )
        return self.number_of(kept)

    def number_of(self, name: str) -> int:
        """
        Raises:
            UserError: `FOLDER_NOT_FOUND`.
        """
        row = self._db.row("SELECT number FROM folders WHERE key = ?", fold(folder_name(name)))
        if row is None:
            raise UserError(ErrorCode.FOLDER_NOT_FOUND, name=name)
        return int(row[0])

    def _name_of(self, number: int) -> str:
        [(name,)] = self._db.rows("SELECT name FROM folders WHERE number = ?", number)
        return str(name)


def _checked(name: str) -> str:
    kept = folder_name(name)
    if not kept:
        raise UserError(ErrorCode.BAD_VALUE, name="folder", value=name)
    return kept
