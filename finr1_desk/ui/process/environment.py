"""What has to be right in the process's environment before Qt is imported.

Owns corrections of variables only; it imports no Qt and starts nothing.
"""

from __future__ import annotations

from collections.abc import MutableMapping

# The wheels of PySide6 carry no fcitx plugin; fcitx5 answers to ibus.
_WITHOUT_PLUGIN = {"fcitx", "fcitx5"}


def prepare(environment: MutableMapping[str, str]) -> None:
    """Corrects the input-method variables in place."""
    if environment.get("QT_IM_MODULE", "").lower() in _WITHOUT_PLUGIN:
        environment["QT_IM_MODULE"] = "ibus"
    modules = environment.get("QT_IM_MODULES")
    if modules:
        names = ["ibus" if name.lower() in _WITHOUT_PLUGIN else name for name in modules.split(";")]
        environment["QT_IM_MODULES"] = ";".join(dict.fromkeys(names))
