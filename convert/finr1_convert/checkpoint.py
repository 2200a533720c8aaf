"""A Hugging Face checkpoint directory: which files belong to it and which tensors they hold.

Owns the finding of shards and the agreement between the index and the files. Does not know what the tensors
are for (``qwen2.py``) and reads no tensor data (``streaming.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ConvertError
from .json_files import read_object
from .safetensors_files import StoredTensor, read_header

INDEX_NAME = "model.safetensors.index.json"
_PICKLE_SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``config`` is config.json as it stands; ``tensors`` are ordered by shard, then by name."""

    directory: Path
    config: dict[str, Any]
    tensors: tuple[StoredTensor, ...]

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.tensors)


def open_checkpoint(directory: Path) -> Checkpoint:
    """Read the configuration and all shard headers of ``directory``; no tensor data is touched.

    Raises ConvertError when a file is missing or damaged, or when the index and the shards contradict each
    other.
    """
    directory = directory.absolute()
    if not directory.is_dir():
        what = "is a file" if directory.exists() else "does not exist"
        raise ConvertError(
            f"the checkpoint directory {directory} {what}",
            "give the folder that holds config.json and the .safetensors files",
        )
    config = read_object(directory / "config.json")
    index = directory / INDEX_NAME
    if index.is_file():
        weight_map = _read_weight_map(index)
        files = sorted(set(weight_map.values()))
    else:
        weight_map = {}
        files = _unindexed_shards(directory)
    tensors: dict[str, StoredTensor] = {}
    for file in files:
        for name, tensor in read_header(directory / file).items():
            if name in tensors:
                raise ConvertError(f"the tensor {name} is in both {tensors[name].file.name} and {file}")
            tensors[name] = tensor
    if weight_map:
        _compare_with_index(weight_map, tensors)
    return Checkpoint(directory, config, tuple(tensors.values()))


def _read_weight_map(index: Path) -> dict[str, str]:
    weight_map = read_object(index).get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        raise ConvertError(f"{index.name} has no weight_map", "fetch the index again from the model's repository")
    for name, file in weight_map.items():
        if not isinstance(file, str) or not _is_plain_name(file) or not file.endswith(".safetensors"):
            raise ConvertError(
                f"{index.name} names {file!r} for the tensor {name}, which is not a shard of this folder"
            )
    return weight_map


def _is_plain_name(file: str) -> bool:
    """Whether it names a file of this folder: one with a path in it would be read from outside the
    checkpoint.
    """
    return Path(file).name == file and "\\" not in file and file.isprintable()


def _unindexed_shards(directory: Path) -> list[str]:
    names = sorted(entry.name for entry in directory.iterdir())
    shards = [name for name in names if name.startswith("model") and name.endswith(".safetensors")]
    if shards:
        numbered = re.fullmatch(r"model-\d+-of-(\d+)\.safetensors", shards[0])
        if numbered and int(numbered.group(1)) != len(shards):
            raise ConvertError(
                f"{len(shards)} of {int(numbered.group(1))} shards are in {directory}",
                f"fetch the missing ones, and {INDEX_NAME} with them",
            )
        return shards
    pickles = [name for name in names if name.endswith(_PICKLE_SUFFIXES)]
    if pickles:
        raise ConvertError(
            f"{pickles[0]} is a pickle file, and opening one can run any program that was put into it",
            "take the .safetensors files of this model, or load it in transformers on a machine that you can lose"
            " and save it again with safe_serialization=True",
        )
    raise ConvertError(f"there are no model*.safetensors files in {directory}", "fetch the weights of the model")


def _compare_with_index(weight_map: dict[str, str], tensors: dict[str, StoredTensor]) -> None:
    again = "fetch the index and the shards again, all of the same revision"
    for name, file in weight_map.items():
        tensor = tensors.get(name)
        if tensor is None:
            raise ConvertError(f"the index promises the tensor {name} in {file}, which does not hold it", again)
        if tensor.file.name != file:
            raise ConvertError(f"the tensor {name} is in {tensor.file.name}, but the index places it in {file}", again)
    for name, tensor in tensors.items():
        if name not in weight_map:
            raise ConvertError(f"{tensor.file.name} holds the tensor {name}, which the index does not name", again)
