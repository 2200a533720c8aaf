"""Errors that a user can act on, as codes with parameters.

Owns the list of things that can go wrong for a user. It makes no sentences: `finr1_desk.ui.words.sentences`
turns a code and its parameters into one sentence and one hint in the user's language. Anything that is not
a `UserError` is a bug and is logged with its traceback.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum


class ErrorCode(StrEnum):
    """Everything that is reported to a user; the parameters each one carries stand beside it."""

    # Models
    MODEL_NOT_FOUND = "model_not_found"  # path
    MODEL_UNREADABLE = "model_unreadable"  # path, reason
    MODEL_NOT_GGUF = "model_not_gguf"  # path
    MODEL_TRUNCATED = "model_truncated"  # path, expected_bytes, actual_bytes
    MODEL_UNKNOWN_ARCHITECTURE = "model_unknown_architecture"  # path, architecture
    MODEL_TOO_LARGE = "model_too_large"  # path, needed_bytes, available_bytes
    MODEL_LOAD_FAILED = "model_load_failed"  # path, reason
    MODEL_NO_TEMPLATE = "model_no_template"  # path, reason
    NO_MODEL = "no_model"  # -
    MODEL_NOT_OWN = "model_not_own"  # path
    MODEL_HASH_DIFFERS = "model_hash_differs"  # path
    # Downloads and conversions
    DOWNLOAD_NOT_FOUND = "download_not_found"  # what, host
    DOWNLOAD_REFUSED = "download_refused"  # what, host, status
    DOWNLOAD_UNREACHABLE = "download_unreachable"  # host, reason
    DOWNLOAD_CERTIFICATE = "download_certificate"  # host, reason
    DOWNLOAD_BUSY = "download_busy"  # host, status
    DOWNLOAD_DAMAGED = "download_damaged"  # what
    DOWNLOAD_NO_ROOM = "download_no_room"  # path, needed_bytes, free_bytes
    DOWNLOAD_UNWRITABLE = "download_unwritable"  # path, reason
    DOWNLOAD_RUNNING = "download_running"  # what
    DOWNLOAD_CRASHED = "download_crashed"  # status
    CONVERSION_FAILED = "conversion_failed"  # reason
    # Engine
    ENGINE_DIED = "engine_died"  # stage (start|load|prefill|decode|idle), signal or exit_code, cause (hang)
    ENGINE_GAVE_UP = "engine_gave_up"  # report
    MODEL_CHANGED = "model_changed"  # path
    ENGINE_START_FAILED = "engine_start_failed"  # reason
    ENGINE_VERSION = "engine_version"  # expected, actual
    CONTEXT_TOO_LONG = "context_too_long"  # tokens, limit, over
    CONTEXT_INVALID = "context_invalid"  # value, limit
    OUT_OF_MEMORY = "out_of_memory"  # context
    DECODE_FAILED = "decode_failed"  # status
    # Team servers
    SERVER_ADDRESS = "server_address"  # value
    SERVER_FORBIDDEN = "server_forbidden"  # host, policy
    SERVER_CHANGED = "server_changed"  # host
    SERVER_UNREACHABLE = "server_unreachable"  # host, reason
    SERVER_CERTIFICATE = "server_certificate"  # host, reason
    SERVER_TIMEOUT = "server_timeout"  # host, seconds
    SERVER_KEY = "server_key"  # host
    SERVER_NO_MODEL = "server_no_model"  # host, model
    SERVER_BUSY = "server_busy"  # host
    SERVER_FAILED = "server_failed"  # host, status, reason
    SERVER_REFUSED = "server_refused"  # host, status, reason
    SERVER_BROKE_OFF = "server_broke_off"  # host, reason
    # Questions
    EMPTY_QUESTION = "empty_question"  # -
    BAD_VALUE = "bad_value"  # name, value
    # Store
    STORE_WRONG_KEY = "store_wrong_key"  # path
    STORE_NEWER = "store_newer"  # path, version, supported
    STORE_DAMAGED = "store_damaged"  # path, reason
    STORE_FULL = "store_full"  # path
    STORE_UNWRITABLE = "store_unwritable"  # path, reason
    STORE_BUSY = "store_busy"  # path
    DATA_DIR_UNWRITABLE = "data_dir_unwritable"  # path, reason
    KEY_UNAVAILABLE = "key_unavailable"  # reason
    SETTINGS_DAMAGED = "settings_damaged"  # path, reason
    CONVERSATION_NOT_FOUND = "conversation_not_found"  # id
    MESSAGE_DELETED = "message_deleted"  # -
    FOLDER_NOT_FOUND = "folder_not_found"  # name
    FOLDER_EXISTS = "folder_exists"  # name
    # Local API
    ADDRESS_UNAVAILABLE = "address_unavailable"  # address, reason
    KEY_NEEDED = "key_needed"  # address
    API_ENDED = "api_ended"  # -
    # Tasks
    TASK_NOT_FOUND = "task_not_found"  # name
    TASK_DAMAGED = "task_damaged"  # path, where, what (`core.tasks.reader.What`), value
    TASK_FIELD = "task_field"  # field, what (`core.tasks.values.ProblemKind`), bound
    TABLE_UNREADABLE = "table_unreadable"  # path, reason (empty|no_rows|too_large|encoding|damaged|kind)
    COLUMN_MISSING = "column_missing"  # field, columns
    COLUMN_UNKNOWN = "column_unknown"  # column, columns
    OUTPUT_EXISTS = "output_exists"  # path
    RUN_EXISTS = "run_exists"  # path
    RUN_CHANGED = "run_changed"  # path, what (input|task|options|model)
    RUN_BUSY = "run_busy"  # path
    RUN_DAMAGED = "run_damaged"  # path, line
    # Files
    IMPORT_NOT_CONVERSATION = "import_not_conversation"  # path, line
    IMPORT_DAMAGED = "import_damaged"  # path, line
    IMPORT_UNKNOWN = "import_unknown"  # path
    IMPORT_CUT_OFF = "import_cut_off"  # path
    IMPORT_PART_DAMAGED = "import_part_damaged"  # path, name (a title, a file, a number)
    IMPORT_EMPTY = "import_empty"  # path, name
    IMPORT_TOO_LARGE = "import_too_large"  # path, limit_bytes
    IMPORT_ARCHIVE_DAMAGED = "import_archive_damaged"  # path
    GIVEN_UNREADABLE = "given_unreadable"  # path
    GIVEN_EMPTY = "given_empty"  # path
    GIVEN_TOO_LONG = "given_too_long"  # path
    EXPORT_FAILED = "export_failed"  # format, exit_code
    FILE_UNREADABLE = "file_unreadable"  # path, reason
    FILE_UNWRITABLE = "file_unwritable"  # path, reason


Param = str | int | float | None


class UserError(Exception):
    """Something the user can understand and act on: a code and the parameters of its sentence."""

    def __init__(self, code: ErrorCode, **params: Param) -> None:
        super().__init__(f"{code}: {params}" if params else str(code))
        self.code = code
        self.params: Mapping[str, Param] = params

    def to_json(self) -> str:
        """As text, for the record of a failed answer."""
        return json.dumps({"code": self.code, "params": dict(self.params)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> UserError | None:
        """The error that `to_json` wrote; None for anything else, such as a record of a newer version."""
        try:
            data = json.loads(text)
            return cls(ErrorCode(data["code"]), **data["params"])
        except (ValueError, TypeError, KeyError):
            return None
