"""Every setting, declared once: its type, default, bounds, label and help.

The dialog, the terminal and the settings file all come from this declaration. Labels are English; `ui` shows
their translation. Reading and writing the file is the store's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from finr1_desk.core.choices import UNCHOSEN, Choices
from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.prompts import OFFICIAL_SYSTEM_PROMPT
from finr1_desk.core.sampling import MOST_THINKING


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:
    """Marks a text for translation and returns it unchanged; core itself knows no language."""
    return text


def _setting(
    default: Any,
    label: str,
    help: str = "",
    *,
    group: str,
    choices: Mapping[str, str] | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    option: str = "",
    at_minimum: str = "",
    is_amount: bool = True,
) -> Any:
    """A declaration; `at_minimum` is shown in place of the smallest number, where that is no amount.

    A number that is no amount at all, but a name, has no separators between its digits.
    """
    metadata = {
        "is_amount": is_amount,
        "at_minimum": at_minimum,
        "option": option,
        "label": label,
        "help": help,
        "group": group,
        "choices": choices,
        "minimum": minimum,
        "maximum": maximum,
        "step": step,
    }
    return field(default=default, metadata=metadata)


APPEARANCE: Final = QT_TRANSLATE_NOOP("Settings", "Appearance")
ANSWERS: Final = QT_TRANSLATE_NOOP("Settings", "Answers")
ENGINE: Final = QT_TRANSLATE_NOOP("Settings", "Engine")
LOCAL_API: Final = QT_TRANSLATE_NOOP("Settings", "Local API")
CHOOSE: Final = QT_TRANSLATE_NOOP("Settings", "Choose for me")


@dataclass(frozen=True, slots=True)
class Settings:
    """The values. `""` or 0 for a model path, threads and the like means «let the application choose»."""

    language: str = _setting(
        "system",
        QT_TRANSLATE_NOOP("Settings", "Language"),
        group=APPEARANCE,
        choices={
            "system": QT_TRANSLATE_NOOP("Settings", "As the system"),
            "en": "English",
            "zh_CN": "简体中文",
        },
    )
    theme: str = _setting(
        "system",
        QT_TRANSLATE_NOOP("Settings", "Theme"),
        group=APPEARANCE,
        choices={
            "system": QT_TRANSLATE_NOOP("Settings", "As the system"),
            "light": QT_TRANSLATE_NOOP("Settings", "Light"),
            "dark": QT_TRANSLATE_NOOP("Settings", "Dark"),
        },
    )
    text_scale: int = _setting(
        100,
        QT_TRANSLATE_NOOP("Settings", "Text size (%)"),
        group=APPEARANCE,
        minimum=70,
        maximum=220,
        step=10,
    )
    fold_thinking: bool = _setting(
        True,
        QT_TRANSLATE_NOOP("Settings", "Fold the thinking when the answer begins"),
        group=APPEARANCE,
    )
    enter_sends: bool = _setting(
        True,
        QT_TRANSLATE_NOOP("Settings", "Enter sends the question"),
        QT_TRANSLATE_NOOP("Settings", "When off, Ctrl+Enter sends and Enter starts a new line."),
        group=APPEARANCE,
    )
    notify: bool = _setting(
        True,
        QT_TRANSLATE_NOOP("Settings", "Notify when an answer is ready in the background"),
        group=APPEARANCE,
    )
    system_prompt: str = _setting(
        OFFICIAL_SYSTEM_PROMPT,
        QT_TRANSLATE_NOOP("Settings", "System prompt of new conversations"),
        QT_TRANSLATE_NOOP(
            "Settings",
            "Fin-R1 was trained with the official one. Without it, the thinking is often not marked.",
        ),
        group=ANSWERS,
    )
    sampling_of_model: bool = _setting(
        True,
        QT_TRANSLATE_NOOP("Settings", "Use the model's recommended sampling"),
        QT_TRANSLATE_NOOP("Settings", "When off, the values below are used."),
        group=ANSWERS,
    )
    temperature: float = _setting(
        0.7, QT_TRANSLATE_NOOP("Settings", "Temperature"), group=ANSWERS, minimum=0.0, maximum=2.0, step=0.05
    )
    top_p: float = _setting(
        0.8, QT_TRANSLATE_NOOP("Settings", "Top-p"), group=ANSWERS, minimum=0.0, maximum=1.0, step=0.05
    )
    repetition_penalty: float = _setting(
        1.05,
        QT_TRANSLATE_NOOP("Settings", "Repetition penalty"),
        group=ANSWERS,
        minimum=0.5,
        maximum=2.0,
        step=0.01,
    )
    max_tokens: int = _setting(
        4000,
        QT_TRANSLATE_NOOP("Settings", "Longest answer (tokens, with the thinking)"),
        group=ANSWERS,
        minimum=16,
        maximum=32768,
        step=100,
    )
    max_think: int = _setting(
        0,
        QT_TRANSLATE_NOOP("Settings", "Longest thinking (tokens)"),
        QT_TRANSLATE_NOOP("Settings", "Then the thinking is closed and the answer asked for. 0: no limit."),
        group=ANSWERS,
        minimum=0,
        maximum=MOST_THINKING,
        step=100,
        at_minimum=QT_TRANSLATE_NOOP("Settings", "No limit"),
    )
    stop_loops: bool = _setting(
        True,
        QT_TRANSLATE_NOOP("Settings", "Stop an answer that repeats itself"),
        QT_TRANSLATE_NOOP("Settings", "The same passage at least three times in a row; thinking is closed first."),
        group=ANSWERS,
    )
    model_path: str = _setting(
        "",
        QT_TRANSLATE_NOOP("Settings", "Model file"),
        QT_TRANSLATE_NOOP("Settings", "Empty: a Fin-R1 found on this machine, else the built-in demonstration model."),
        group=ENGINE,
    )
    model_folders: str = _setting(
        "",
        QT_TRANSLATE_NOOP("Settings", "Further folders with models"),
        QT_TRANSLATE_NOOP("Settings", "Searched beside those of other applications. Several: separated as in PATH."),
        group=ENGINE,
    )
    hub: str = _setting(
        "auto",
        QT_TRANSLATE_NOOP("Settings", "Download models from"),
        QT_TRANSLATE_NOOP("Settings", "Nothing is contacted before you ask for a download."),
        group=ENGINE,
        choices={
            "auto": QT_TRANSLATE_NOOP("Settings", "HF_ENDPOINT, else huggingface.co"),
            "huggingface": "huggingface.co",
            "mirror": QT_TRANSLATE_NOOP("Settings", "hf-mirror.com (for China)"),
        },
    )
    context_length: int = _setting(
        16384,
        QT_TRANSLATE_NOOP("Settings", "Context (tokens)"),
        QT_TRANSLATE_NOOP("Settings", "A longer context needs more memory: about 0.9 GB for 16,384 tokens of Fin-R1."),
        group=ENGINE,
        minimum=512,
        maximum=131072,
        step=1024,
        option="--ctx",
    )
    gpu_layers: int = _setting(
        -1,
        QT_TRANSLATE_NOOP("Settings", "Layers on the GPU"),
        QT_TRANSLATE_NOOP("Settings", "-1: as many as fit."),
        group=ENGINE,
        minimum=-1,
        maximum=1000,
        step=1,
        option="--gpu-layers",
        at_minimum=QT_TRANSLATE_NOOP("Settings", "As many as fit"),
    )
    kv_type: str = _setting(
        "auto",
        QT_TRANSLATE_NOOP("Settings", "KV cache"),
        QT_TRANSLATE_NOOP("Settings", "8 bits take half the memory. Chosen for you: 16 bits where they fit."),
        group=ENGINE,
        choices={
            "auto": CHOOSE,
            "f16": QT_TRANSLATE_NOOP("Settings", "16 bits (f16)"),
            "q8_0": QT_TRANSLATE_NOOP("Settings", "8 bits (q8_0)"),
        },
        option="--kv-type",
    )
    flash_attention: str = _setting(
        "auto",
        QT_TRANSLATE_NOOP("Settings", "Flash attention"),
        QT_TRANSLATE_NOOP("Settings", "Saves memory with long contexts. An 8-bit KV cache needs it."),
        group=ENGINE,
        choices={
            "auto": CHOOSE,
            "on": QT_TRANSLATE_NOOP("Settings", "On"),
            "off": QT_TRANSLATE_NOOP("Settings", "Off"),
        },
        option="--flash-attention",
    )
    micro_batch: int = _setting(
        0,
        QT_TRANSLATE_NOOP("Settings", "Tokens read at once"),
        QT_TRANSLATE_NOOP("Settings", "0: chosen for you. Fewer stop sooner, more need memory."),
        group=ENGINE,
        minimum=0,
        maximum=4096,
        step=64,
        option="--batch",
        at_minimum=CHOOSE,
    )
    threads: int = _setting(
        0,
        QT_TRANSLATE_NOOP("Settings", "Processor threads"),
        QT_TRANSLATE_NOOP("Settings", "0: the physical cores."),
        group=ENGINE,
        minimum=0,
        maximum=512,
        step=1,
        option="--threads",
        at_minimum=CHOOSE,
    )
    prompt_lookup: bool = _setting(
        True,
        QT_TRANSLATE_NOOP("Settings", "Write repeated text faster"),
        QT_TRANSLATE_NOOP(
            "Settings", "Several tokens at once where an answer repeats what stands above it. The answer is the same."
        ),
        group=ENGINE,
    )
    idle_unload_minutes: int = _setting(
        30,
        QT_TRANSLATE_NOOP("Settings", "Unload the model after idle minutes"),
        QT_TRANSLATE_NOOP("Settings", "Gives its memory back. 0: never."),
        group=ENGINE,
        minimum=0,
        maximum=1440,
        step=5,
        at_minimum=QT_TRANSLATE_NOOP("Settings", "Never"),
    )
    snapshots: bool = _setting(
        True,
        QT_TRANSLATE_NOOP("Settings", "Reopen conversations at once"),
        QT_TRANSLATE_NOOP(
            "Settings",
            "What the engine has read of a conversation is kept on disk, encrypted. When off, all of it is deleted.",
        ),
        group=ENGINE,
    )
    snapshots_gib: int = _setting(
        4,
        QT_TRANSLATE_NOOP("Settings", "Disk space for reopening (GiB)"),
        QT_TRANSLATE_NOOP(
            "Settings", "When it is used up, the oldest ones go. 1,000 tokens of Fin-R1 take about 0.05 GiB."
        ),
        group=ENGINE,
        minimum=1,
        maximum=1024,
        step=1,
    )
    serve: bool = _setting(
        False,
        QT_TRANSLATE_NOOP("Settings", "Let programs on this computer ask the model"),
        QT_TRANSLATE_NOOP(
            "Settings",
            "An API like OpenAI's, for this computer alone and with a key, as long as the window is open. "
            "Address and key are in the status bar.",
        ),
        group=LOCAL_API,
    )
    serve_port: int = _setting(
        8000,
        QT_TRANSLATE_NOOP("Settings", "Port"),
        group=LOCAL_API,
        minimum=1024,
        maximum=65535,
        step=1,
        is_amount=False,
    )
    serve_reasoning: str = _setting(
        "inline",
        QT_TRANSLATE_NOOP("Settings", "Thinking"),
        QT_TRANSLATE_NOOP("Settings", "Separate: in reasoning_content, which some programs show by itself."),
        group=LOCAL_API,
        choices={
            "inline": QT_TRANSLATE_NOOP("Settings", "In the text, with its tags"),
            "separate": QT_TRANSLATE_NOOP("Settings", "Separate"),
        },
    )


# How a model is loaded; these can be set for one model on one machine, and on the command line.
LOADING: Final = tuple(declared for declared in fields(Settings) if declared.metadata["option"])


def loading_values(settings: Settings, *overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What applies of `LOADING`: the settings, replaced by each of the overrides in turn, which may lack anything."""
    values = {declared.name: getattr(settings, declared.name) for declared in LOADING}
    for override in overrides:
        values |= {name: value for name, value in override.items() if name in values}
    return values


def sampling_overrides(settings: Settings, choices: Choices = UNCHOSEN) -> dict[str, float | int]:
    """What the user wants of the sampling: all of it, or only the length where the model's own values serve.

    What was chosen for a conversation or a question comes first.
    """
    wanted: dict[str, float | int] = {"max_tokens": settings.max_tokens}
    if not settings.sampling_of_model:
        wanted["temperature"] = settings.temperature
        wanted["top_p"] = settings.top_p
        wanted["repetition_penalty"] = settings.repetition_penalty
    return wanted | choices.sampling


def most_thinking(settings: Settings, choices: Choices) -> int:
    """Tokens after which the thinking is closed; 0 for no limit."""
    return settings.max_think if choices.max_think is None else choices.max_think


def snapshot_budget(settings: Settings) -> int:
    """Bytes that snapshots may take; 0 where none are wanted."""
    return settings.snapshots_gib * 2**30 if settings.snapshots else 0


def from_mapping(values: Mapping[str, Any]) -> Settings:
    """Settings from a file's values: unknown names are ignored, missing ones take their default.

    Raises:
        UserError: `BAD_VALUE` for a value of another type, outside its bounds or choices.
    """
    known: dict[str, Any] = {}
    for declared in fields(Settings):
        if declared.name not in values:
            continue
        known[declared.name] = checked(declared.name, values[declared.name])
    return Settings(**known)


def checked(name: str, value: Any) -> Any:
    """The value, if it may be set under this name; an int is accepted for a float.

    Raises:
        UserError: `BAD_VALUE`.
    """
    declared = next((f for f in fields(Settings) if f.name == name), None)
    if declared is None:
        raise UserError(ErrorCode.BAD_VALUE, name=name, value=str(value))
    expected = type(declared.default)
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    low, high = declared.metadata["minimum"], declared.metadata["maximum"]
    choices = declared.metadata["choices"]
    good = (
        type(value) is expected
        and (low is None or value >= low)
        and (high is None or value <= high)
        and (choices is None or value in choices)
    )
    if not good:
        raise UserError(ErrorCode.BAD_VALUE, name=name, value=str(value))
    return value
