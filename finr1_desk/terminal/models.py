"""`finr1-desk models list|info|add|download|verify|remove`: the models on this machine, and more of them.

Owns how models look on a terminal, and what is asked before something is removed. Finding, fetching and checking are
the library's.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from finr1_desk.core.errors import ErrorCode, UserError
from finr1_desk.core.wording import count_text, size_text
from finr1_desk.library.catalogue import Catalogue, load_catalogue
from finr1_desk.library.discovery import FoundModel, inspect_model, list_models
from finr1_desk.library.download.origins import Origins
from finr1_desk.library.hashing import HashCache
from finr1_desk.library.header_cache import HeaderCache
from finr1_desk.library.identity import Identity, identify
from finr1_desk.terminal.conversations import print_json
from finr1_desk.terminal.output import StatusLine, one_line
from finr1_desk.terminal.voice import CommandError, Voice
from finr1_desk.ui.words.library import identity_words, parameters_words, source_words

if TYPE_CHECKING:
    from finr1_desk.library.importing import Checked
    from finr1_desk.terminal.workspace import Workspace

_WIDTH: Final = 9


@dataclass(frozen=True, slots=True)
class Library:
    """The models of one data folder."""

    workspace: Workspace
    catalogue: Catalogue

    @property
    def hashes(self) -> HashCache:
        return HashCache(self.workspace.paths.hashes)

    def found(self) -> list[FoundModel]:
        paths = self.workspace.paths
        headers = HeaderCache(paths.model_headers)
        return list_models(paths.models, where=self.workspace.places(), headers=headers, hashes=self.hashes)

    def find(self, name: str) -> Path:
        """The file of this path, else the one model whose file or name is so called.

        Raises:
            UserError: `MODEL_NOT_FOUND`.
            CommandError: several are.
        """
        path = Path(name).expanduser()
        if path.exists() or path.is_absolute() or path.parent != Path():
            return path.absolute()
        named = [model for model in self.found() if name in (model.path.name, model.path.stem, model.label)]
        if not named:
            raise UserError(ErrorCode.MODEL_NOT_FOUND, path=name)
        if len({model.path for model in named if model.same_as is None}) > 1:
            voice = self.workspace.voice
            raise CommandError(
                voice.translate("Models", "Several models are called “%1”.", name),
                voice.translate("Models", "Give the path; “finr1-desk models list” shows it."),
            )
        return named[0].path

    def identity(self, model: FoundModel) -> Identity:
        return identify(model.header, "" if model.sha256_stated else model.sha256, self.catalogue.hashes())


def list_(workspace: Workspace, *, as_json: bool) -> int:
    """Prints every model that was found."""
    library = Library(workspace, load_catalogue())
    found = library.found()
    if as_json:
        print_json([model_to_json(library, model) for model in found])
        return 0
    for model in found:
        header = model.header
        mark = "Fin-R1" if model.is_fin_r1 else ""
        source = _source(workspace.voice, model)
        words = (f"{header.quantisation:<7}", f"{size_text(header.file_bytes):>{_WIDTH}}", f"{mark:<6}")
        print("  ".join((*words, one_line(source), one_line(str(model.path)))))
        if model.same_as is not None:
            print(f"{'':<28}{workspace.voice.translate('Models', 'the same as %1', str(model.same_as))}")
    return 0


def info(workspace: Workspace, name: str, *, as_json: bool) -> int:
    """Prints what a model's header says, and whether it is Fin-R1."""
    library = Library(workspace, load_catalogue())
    path = library.find(name)
    model = next((item for item in library.found() if item.path == path), None) or inspect_model(path)
    if as_json:
        print_json(model_to_json(library, model))
        return 0
    header, voice = model.header, workspace.voice
    template = voice.translate("Models", "yes") if header.has_chat_template else voice.translate("Models", "none")
    rows = [
        (voice.translate("Models", "Name"), header.name),
        (voice.translate("Models", "File"), str(model.path)),
        (voice.translate("Models", "Size"), size_text(header.file_bytes)),
        (voice.translate("Models", "Found in"), _source(voice, model)),
        (
            voice.translate("Models", "Architecture"),
            f"{header.architecture}, {parameters_words(header.parameters)}, {header.quantisation}",
        ),
        (voice.translate("Models", "Trained context"), count_text(header.trained_context)),
        (voice.translate("Models", "Chat template"), template),
        (voice.translate("Models", "Made from"), ", ".join(header.origins)),
        ("sha256", model.sha256 or voice.translate("Models", "not computed yet")),
        ("Fin-R1", voice.words(lambda: identity_words(library.identity(model)))),
    ]
    for label, value in rows:
        if value:
            print(f"{one_line(label)}: {one_line(value)}")
    return 0


def add(workspace: Workspace, path: Path, *, in_place: bool, as_json: bool) -> int:
    """Copies a model into the own folder, or only remembers where it lies; a folder is always remembered."""
    path = path.expanduser().absolute()
    if in_place or path.is_dir():
        return _remember(workspace, path, as_json=as_json)
    from finr1_desk.library.importing import copy_in

    library = Library(workspace, load_catalogue())
    with _Bytes(workspace.voice.translate("Models", "copied"), _size(path)) as counter:
        checked = copy_in(path, workspace.paths.models, library.catalogue, library.hashes, on_bytes=counter.add)
    _print_checked(workspace.voice, checked, as_json=as_json)
    return 0


def _remember(workspace: Workspace, path: Path, *, as_json: bool) -> int:
    from dataclasses import replace

    from finr1_desk.library.places import folders_of, setting_of
    from finr1_desk.store.settings_file import save_settings

    folder = path if path.is_dir() else inspect_model(path).path.parent
    folders = [*folders_of(workspace.settings.model_folders), folder]
    save_settings(workspace.paths, replace(workspace.settings, model_folders=setting_of(folders)))
    if as_json:
        print_json({"folder": str(folder)})
    else:
        print(workspace.voice.translate("Models", "Models in %1 are offered from now on.", str(folder)))
    return 0


def verify(workspace: Workspace, name: str, *, as_json: bool) -> int:
    """Hashes a model anew; 1 where it is not what it was when it came."""
    from finr1_desk.library.importing import check

    library = Library(workspace, load_catalogue())
    path = library.find(name)
    with _Bytes(workspace.voice.translate("Models", "read"), _size(path)) as counter:
        checked = check(path, workspace.paths.models, library.catalogue, library.hashes, on_bytes=counter.add)
    _print_checked(workspace.voice, checked, as_json=as_json)
    if checked.is_as_recorded is False:
        raise UserError(ErrorCode.MODEL_HASH_DIFFERS, path=str(path))
    return 0


def remove(workspace: Workspace, name: str, *, yes: bool, as_json: bool) -> int:
    """Removes a model from the own folder, after asking."""
    from finr1_desk.library import importing

    voice = workspace.voice
    path = Library(workspace, load_catalogue()).find(name)
    if path.parent.resolve() != workspace.paths.models.resolve():
        raise UserError(ErrorCode.MODEL_NOT_OWN, path=str(path))
    if not yes and not _agreed(voice.translate("Models", "Remove %1?", str(path)), voice):
        return 1
    importing.remove(path, workspace.paths.models)
    if as_json:
        print_json({"removed": str(path)})
    else:
        print(voice.translate("Models", "%1 was removed.", str(path)))
    return 0


def _agreed(question: str, voice: Voice) -> bool:
    if not sys.stdin.isatty():
        raise CommandError(
            voice.translate("Models", "Nobody is there to be asked."), voice.translate("Models", "Give --yes.")
        )
    sys.stderr.write(f"{one_line(question)} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes", "是")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


class _Bytes:
    """A line on a terminal that says how much of a file has been gone through."""

    def __init__(self, word: str, total: int) -> None:
        self._word = word
        self._total = total
        self._done = 0
        self._line = StatusLine(sys.stderr)

    def __enter__(self) -> _Bytes:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.clear()

    def add(self, count: int) -> None:
        self._done += count
        self._line.show(f"{self._word}: {size_text(self._done)} / {size_text(self._total)}")


# -- words


def _print_checked(voice: Voice, checked: Checked, *, as_json: bool) -> None:
    if as_json:
        print_json(checked_to_json(checked))
        return
    print(one_line(str(checked.model.path)))
    print(f"sha256: {checked.sha256}")
    print(f"Fin-R1: {voice.words(lambda: identity_words(checked.identity))}")
    if checked.conversion is not None:
        known = f"{checked.conversion.repository}/{checked.conversion.file}"
        print(voice.translate("Models", "Known: %1", known))
    if checked.is_as_recorded:
        print(voice.translate("Models", "It is what was verified when it came."))


def _source(voice: Voice, model: FoundModel) -> str:
    return voice.words(lambda: source_words(model))


def model_to_json(library: Library, model: FoundModel) -> dict[str, Any]:
    header, identity = model.header, library.identity(model)
    origin = Origins(library.workspace.paths.models).of(model.path.name) if model.source.value == "own" else None
    return {
        "path": str(model.path),
        "name": header.name,
        "label": model.label,
        "source": model.source.value,
        "architecture": header.architecture,
        "parameters": header.parameters,
        "quantisation": header.quantisation,
        "trained_context": header.trained_context,
        "has_chat_template": header.has_chat_template,
        "file_bytes": header.file_bytes,
        "origins": list(header.origins),
        "sha256": model.sha256 or None,
        "sha256_computed": bool(model.sha256) and not model.sha256_stated,
        "same_as": str(model.same_as) if model.same_as is not None else None,
        "is_fin_r1": identity.is_fin_r1,
        "verdict": identity.verdict.value,
        "evidence": [kind.value for kind in identity.evidence],
        "from": f"{origin.repository}@{origin.revision}" if origin is not None and origin.repository else None,
    }


def checked_to_json(checked: Checked) -> dict[str, Any]:
    return {
        "path": str(checked.model.path),
        "sha256": checked.sha256,
        "is_fin_r1": checked.identity.is_fin_r1,
        "verdict": checked.identity.verdict.value,
        "evidence": [kind.value for kind in checked.identity.evidence],
        "known_as": checked.conversion.id if checked.conversion is not None else None,
        "as_recorded": checked.is_as_recorded,
    }
