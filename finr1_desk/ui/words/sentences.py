"""What is said to the user when something goes wrong: for every code one sentence and one hint.

Owns the wording, in English; the translation comes from whatever translator is installed. It uses QtCore only, so
that the terminal can say the same without widgets. It decides nothing and logs nothing.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from finr1_desk.core.errors import ErrorCode, Param, UserError
from finr1_desk.core.wording import count_text, filled, size_text
from finr1_desk.ui.words.download import download_sentence
from finr1_desk.ui.words.server import server_words
from finr1_desk.ui.words.serving import serving_words
from finr1_desk.ui.words.tasks import task_sentence
from finr1_desk.ui.words.transfer import transfer_sentence

translate = QCoreApplication.translate


@dataclass(frozen=True, slots=True)
class Sentence:
    """`text` says what happened, `hint` what to do about it."""

    text: str
    hint: str


def sentence(error: UserError) -> Sentence:
    """The sentence and the hint for an error, in the language of the installed translator."""
    return describe(error.code, error.params)


def describe(code: ErrorCode, params: Mapping[str, Param]) -> Sentence:
    """The same from a code and its parameters; a parameter that is missing is left out of the sentence."""
    values = _Values(params)
    for group in (_model, _loading, _engine, _question, _store, _key_and_settings, _conversation_and_file):
        if (found := group(code, values)) is not None:
            return found
    words = server_words(code, params) or serving_words(code, params) or task_sentence(code, values.text)
    for make in (transfer_sentence, download_sentence):
        words = words or make(code, values.text, values.size)
    if words is None:
        raise AssertionError(f"no sentence for {code}")
    return Sentence(*words)


class _Values:
    """Parameters as text, each in its unit."""

    def __init__(self, params: Mapping[str, Param]) -> None:
        self._params = params

    def has(self, name: str) -> bool:
        return self._params.get(name) not in (None, "")

    def text(self, name: str) -> str:
        """The value on one line; what the operating system or a file said may have several."""
        return " ".join(str(self._params.get(name, "")).split()) if self.has(name) else "?"

    def size(self, name: str) -> str:
        value = self._params.get(name)
        return size_text(value) if isinstance(value, int | float) else "?"

    def count(self, name: str) -> str:
        value = self._params.get(name)
        return count_text(round(value)) if isinstance(value, int | float) else self.text(name)

    def number(self, name: str) -> int | None:
        value = self._params.get(name)
        return round(value) if isinstance(value, int | float) else None

    def reason(self) -> str:
        """The reason: in our words where it is one of the application's own, else as the system or library said it."""
        if not self.has("reason"):
            return translate("Sentences", "no reason was given")
        text = self.text("reason")
        return _known_reasons().get(text, text)


def _known_reasons() -> Mapping[str, str]:
    """Words for the reasons that other layers give as codes."""
    return {
        "no_keychain": translate("Sentences", "this system has no keychain"),
        "locked": translate("Sentences", "the keychain is locked"),
        "timeout": translate("Sentences", "it did not answer in time"),
        "no answer": translate("Sentences", "it did not answer in time"),
        "failed": translate("Sentences", "the keychain refused"),
        "missing": translate("Sentences", "it is neither in the keychain nor in a file"),
        "file_damaged": translate("Sentences", "the file that holds it is damaged"),
        "empty": translate("Sentences", "the file is empty"),
        "not_encrypted": translate("Sentences", "the file is not encrypted"),
        "not_a_store": translate("Sentences", "it holds no conversations"),
        "no_version": translate("Sentences", "its version is missing"),
        "message": translate("Sentences", "a message in it cannot be read"),
        "not_json": translate("Sentences", "it is not valid JSON"),
        "no template": translate("Sentences", "it has none"),
    }


def _model(code: ErrorCode, v: _Values) -> Sentence | None:
    match code:
        case ErrorCode.MODEL_NOT_FOUND:
            return Sentence(
                filled(translate("Sentences", "There is no model file at %1."), v.text("path")),
                translate("Sentences", "Check the path, or choose another model."),
            )
        case ErrorCode.MODEL_UNREADABLE:
            return Sentence(
                filled(translate("Sentences", "The model file %1 cannot be read: %2."), v.text("path"), v.reason()),
                translate(
                    "Sentences", "Check that you may read the file and that it is a language model, or get it again."
                ),
            )
        case ErrorCode.MODEL_NOT_GGUF:
            return Sentence(
                filled(translate("Sentences", "%1 is not a GGUF model."), v.text("path")),
                translate("Sentences", "Choose a file that ends in .gguf, or convert a checkpoint with finr1-convert."),
            )
        case ErrorCode.MODEL_TRUNCATED:
            return _truncated(v)
        case ErrorCode.MODEL_UNKNOWN_ARCHITECTURE:
            return Sentence(
                filled(
                    translate("Sentences", "This version cannot run models of the architecture “%2” (%1)."),
                    v.text("path"),
                    v.text("architecture"),
                ),
                translate("Sentences", "Choose a model based on Qwen2, Llama, Mistral or another common architecture."),
            )
        case ErrorCode.NO_MODEL:
            return Sentence(
                translate("Sentences", "There is no model on this machine."),
                translate("Sentences", "Download a GGUF of Fin-R1 into the models folder, or choose a file."),
            )
    return None


def _truncated(v: _Values) -> Sentence:
    hint = translate("Sentences", "The download was probably cut off. Get the file again.")
    if not v.has("expected_bytes"):
        return Sentence(
            filled(
                translate("Sentences", "The model file %1 is incomplete: it ends after %2."),
                v.text("path"),
                v.size("actual_bytes"),
            ),
            hint,
        )
    return Sentence(
        filled(
            translate("Sentences", "The model file %1 is incomplete: %2 of %3 are there."),
            v.text("path"),
            v.size("actual_bytes"),
            v.size("expected_bytes"),
        ),
        hint,
    )


def _loading(code: ErrorCode, v: _Values) -> Sentence | None:
    match code:
        case ErrorCode.MODEL_TOO_LARGE:
            return Sentence(
                filled(
                    translate("Sentences", "The model needs about %2 of memory and %3 are free (%1)."),
                    v.text("path"),
                    v.size("needed_bytes"),
                    v.size("available_bytes"),
                ),
                translate("Sentences", "Choose a smaller quantisation or a shorter context, or close other programs."),
            )
        case ErrorCode.MODEL_LOAD_FAILED:
            return Sentence(
                filled(translate("Sentences", "The model %1 could not be loaded: %2."), v.text("path"), v.reason()),
                translate(
                    "Sentences", "The file may be damaged or made for a newer version. Get it again, or choose another."
                ),
            )
        case ErrorCode.MODEL_NO_TEMPLATE:
            return Sentence(
                filled(
                    translate("Sentences", "The chat template of %1 cannot be used: %2."), v.text("path"), v.reason()
                ),
                translate("Sentences", "Choose an instruction-tuned model whose file contains a chat template."),
            )
        case ErrorCode.OUT_OF_MEMORY:
            return Sentence(
                filled(
                    translate("Sentences", "There is not enough memory for a context of %1 tokens."), v.count("context")
                ),
                translate("Sentences", "Choose a shorter context or a smaller quantisation, or close other programs."),
            )
    return None


def _engine(code: ErrorCode, v: _Values) -> Sentence | None:
    match code:
        case ErrorCode.ENGINE_DIED:
            return Sentence(_died_while(v), _died_hint(v))
        case ErrorCode.ENGINE_GAVE_UP:
            return Sentence(
                translate(
                    "Sentences",
                    "The engine ended unexpectedly three times within a minute and is not tried again for now.",
                ),
                filled(
                    translate(
                        "Sentences", "Load the model again, choose another, or ask in a minute. The report is in %1."
                    ),
                    v.text("report"),
                ),
            )
        case ErrorCode.MODEL_CHANGED:
            return Sentence(
                filled(translate("Sentences", "The model file %1 was changed while it answered."), v.text("path")),
                translate("Sentences", "What it wrote last may be wrong. Ask again: the file is loaded anew."),
            )
        case ErrorCode.ENGINE_START_FAILED:
            return Sentence(
                filled(translate("Sentences", "The engine could not be started: %1."), v.reason()),
                translate("Sentences", "Run “finr1-desk doctor” to see what is missing, or install again."),
            )
        case ErrorCode.ENGINE_VERSION:
            return Sentence(
                filled(
                    translate("Sentences", "The engine is of version %2, this application needs %1."),
                    v.text("expected"),
                    v.text("actual"),
                ),
                translate("Sentences", "Close every window and terminal of Fin-R1 Desk, or install again."),
            )
        case ErrorCode.DECODE_FAILED:
            return Sentence(
                filled(
                    translate("Sentences", "The engine could not compute the answer (status %1)."), v.text("status")
                ),
                translate(
                    "Sentences", "Ask again. If it happens once more, choose a shorter context or fewer GPU layers."
                ),
            )
    return None


def safe_mode_text(mode: str) -> str:
    """What is tried in a safe mode of the engine's; empty for none, or one of a newer version."""
    match mode:
        case "no_extra_buffers":
            return translate(
                "Sentences", "It is tried once more without rearranging the model's weights, which is slower."
            )
        case "no_gpu":
            return translate("Sentences", "It is tried once more without the GPU, which is slower.")
    return ""


def _died_while(v: _Values) -> str:
    stage = v.text("stage")
    if v.text("cause") == "hang":
        return translate("Sentences", "The engine had stopped moving and was ended.")
    if stage == "start":
        return translate("Sentences", "The engine ended unexpectedly while it started.")
    if stage == "load":
        return translate("Sentences", "The engine ended unexpectedly while it loaded the model.")
    if stage == "prefill":
        return translate("Sentences", "The engine ended unexpectedly while it read the question.")
    if stage == "decode":
        return translate("Sentences", "The engine ended unexpectedly while it wrote the answer.")
    return translate("Sentences", "The engine ended unexpectedly.")


def _died_hint(v: _Values) -> str:
    if v.text("cause") == "hang":
        return translate("Sentences", "Ask again: the engine starts anew.")
    number = v.number("signal")
    exit_code = v.number("exit_code")
    if number is None and exit_code is not None and exit_code < 0:
        number = -exit_code
    if number is not None and abs(number) == getattr(signal, "SIGKILL", 9):
        return translate(
            "Sentences",
            "There may be too little memory. Ask again, with a smaller quantisation or a shorter context.",
        )
    if number is not None:
        return filled(
            translate("Sentences", "Ask again: the engine starts anew. It was ended by signal %1."), str(abs(number))
        )
    if exit_code is not None:
        return filled(
            translate("Sentences", "Ask again: the engine starts anew. Its exit code was %1."), str(exit_code)
        )
    return translate("Sentences", "Ask again: the engine starts anew.")


def _question(code: ErrorCode, v: _Values) -> Sentence | None:
    match code:
        case ErrorCode.CONTEXT_TOO_LONG:
            return Sentence(
                filled(
                    translate("Sentences", "The question has %1 tokens with what came before; the context holds %2."),
                    v.count("tokens"),
                    v.count("limit"),
                ),
                filled(
                    translate(
                        "Sentences",
                        "Shorten it by at least %1 tokens, start a new conversation, or set a longer context.",
                    ),
                    v.count("over"),
                ),
            )
        case ErrorCode.CONTEXT_INVALID:
            return Sentence(
                filled(translate("Sentences", "A context of %1 tokens is not possible."), v.count("value")),
                filled(translate("Sentences", "Choose at most %1 tokens."), v.count("limit")),
            )
        case ErrorCode.EMPTY_QUESTION:
            return Sentence(
                translate("Sentences", "The question is empty."),
                translate("Sentences", "Write a question first."),
            )
        case ErrorCode.BAD_VALUE:
            return Sentence(
                filled(translate("Sentences", "“%2” is not a possible value for %1."), v.text("name"), v.text("value")),
                translate("Sentences", "Give a value within the allowed range."),
            )
    return None


def _store(code: ErrorCode, v: _Values) -> Sentence | None:
    match code:
        case ErrorCode.STORE_WRONG_KEY:
            return Sentence(
                filled(
                    translate("Sentences", "The conversations in %1 cannot be opened with this key."), v.text("path")
                ),
                translate("Sentences", "Restore the key that belongs to them, or choose another data folder."),
            )
        case ErrorCode.STORE_NEWER:
            return Sentence(
                filled(
                    translate(
                        "Sentences", "The conversations in %1 were written by a newer version (%2; this one reads %3)."
                    ),
                    v.text("path"),
                    v.text("version"),
                    v.text("supported"),
                ),
                translate("Sentences", "Install the newest version. Nothing was changed."),
            )
        case ErrorCode.STORE_DAMAGED:
            return Sentence(
                filled(
                    translate("Sentences", "The file with the conversations, %1, is damaged: %2."),
                    v.text("path"),
                    v.reason(),
                ),
                translate("Sentences", "Keep a copy of the data folder, then restore the file from a backup."),
            )
        case ErrorCode.STORE_FULL:
            return Sentence(
                filled(translate("Sentences", "The disk is full: %1 could not be written."), v.text("path")),
                translate("Sentences", "Free some space. What was saved before is safe."),
            )
        case ErrorCode.STORE_UNWRITABLE:
            return Sentence(
                filled(translate("Sentences", "%1 cannot be written: %2."), v.text("path"), v.reason()),
                translate("Sentences", "Check the permissions of the data folder, or choose another one."),
            )
        case ErrorCode.STORE_BUSY:
            return Sentence(
                filled(translate("Sentences", "Another program is using %1."), v.text("path")),
                translate("Sentences", "Wait until it is done, then try again."),
            )
    return None


def _key_and_settings(code: ErrorCode, v: _Values) -> Sentence | None:
    match code:
        case ErrorCode.DATA_DIR_UNWRITABLE:
            return Sentence(
                filled(translate("Sentences", "The data folder %1 cannot be used: %2."), v.text("path"), v.reason()),
                translate(
                    "Sentences", "Check its permissions, or choose another with --data-dir or FINR1_DESK_DATA_DIR."
                ),
            )
        case ErrorCode.KEY_UNAVAILABLE:
            return Sentence(
                filled(translate("Sentences", "The key of the conversations is not available: %1."), v.reason()),
                translate("Sentences", "Unlock the keychain of your system and try again."),
            )
        case ErrorCode.SETTINGS_DAMAGED:
            return Sentence(
                filled(translate("Sentences", "The settings in %1 could not be read: %2."), v.text("path"), v.reason()),
                translate("Sentences", "The defaults are used; the damaged file was kept beside them."),
            )
    return None


def _conversation_and_file(code: ErrorCode, v: _Values) -> Sentence | None:
    match code:
        case ErrorCode.CONVERSATION_NOT_FOUND:
            return Sentence(
                filled(translate("Sentences", "There is no conversation “%1”."), v.text("id")),
                translate("Sentences", "“finr1-desk conversations list” shows what there is."),
            )
        case ErrorCode.MESSAGE_DELETED:
            return Sentence(
                translate("Sentences", "What this belongs to was deleted meanwhile."),
                translate("Sentences", "Undo the deletion (Ctrl+Z), or ask below what is left."),
            )
        case ErrorCode.FOLDER_NOT_FOUND:
            return Sentence(
                filled(translate("Sentences", "There is no folder “%1”."), v.text("name")),
                translate("Sentences", "“finr1-desk conversations folders” shows what there is."),
            )
        case ErrorCode.FOLDER_EXISTS:
            return Sentence(
                filled(translate("Sentences", "There is a folder “%1” already."), v.text("name")),
                translate("Sentences", "Choose another name."),
            )
        case ErrorCode.FILE_UNREADABLE:
            return Sentence(
                filled(translate("Sentences", "%1 cannot be read: %2."), v.text("path"), v.reason()),
                translate("Sentences", "Check that the file is there, is UTF-8 text, and that you may read it."),
            )
        case ErrorCode.FILE_UNWRITABLE:
            return Sentence(
                filled(translate("Sentences", "%1 cannot be written: %2."), v.text("path"), v.reason()),
                translate("Sentences", "Check the folder's permissions and the free space, or choose another folder."),
            )
    return None
