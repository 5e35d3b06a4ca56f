"""Vectors from a sentence model that the user has on disk; nothing is ever downloaded."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medialib.errors import ConfigurationError, OutOfReach
from medialib.ports import Vector, VectorSpace

__all__ = ["SentenceEmbedder"]

_MODELS = ("model.onnx", "onnx/model.onnx")
_BATCH = 64
_LONGEST = 256  # word pieces; titles have a few


class SentenceEmbedder:
    """`ports.Embedder` over a sentence model in ONNX form, as sentence-transformers lays it out.

    The folder holds ``tokenizer.json`` and ``model.onnx`` or ``onnx/model.onnx``; the vectors of a text's word pieces
    are averaged. Needs ``medialib[sentences]``. The name of its space has a hash of the model, so that vectors of two
    models never meet. Raises ConfigurationError, with the remedy, for a folder that has no such model and where the
    packages are absent, and OutOfReach for files that cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        tokenizer = folder / "tokenizer.json"
        model = next((folder / name for name in _MODELS if (folder / name).is_file()), None)
        if model is None or not tokenizer.is_file():
            raise ConfigurationError(
                f"{folder} holds no sentence model: wants tokenizer.json, and model.onnx or onnx/model.onnx",
                remedy="Name the folder of one in ONNX form. To make that of another: optimum-cli export onnx.",
            )
        try:
            import numpy
            import onnxruntime
            import tokenizers
        except ImportError as error:
            raise ConfigurationError(
                f"a sentence model needs {error.name}", remedy='Install it: pip install "medialib[sentences]".'
            ) from error
        self._numpy = numpy
        self._lock = threading.Lock()
        try:
            marks = _digest(model, tokenizer)
            self._tokenizer: Any = tokenizers.Tokenizer.from_str(tokenizer.read_text(encoding="utf-8"))
        except OSError as error:
            raise OutOfReach(f"{error.filename} cannot be read: {error.strerror}") from error
        except Exception as error:  # tokenizers raises bare Exceptions
            raise _unusable(tokenizer, error) from error
        self._tokenizer.enable_padding()
        self._tokenizer.enable_truncation(_longest(folder))
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors, which are raised besides
        try:
            self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
            self._wanted = frozenset(given.name for given in self._session.get_inputs())
            dimension = len(self._embedded(["a"])[0])
        except Exception as error:  # onnxruntime's own derive from nothing in common
            raise _unusable(model, error) from error
        self._space = VectorSpace(f"sentences-{marks}", dimension)

    @property
    def space(self) -> VectorSpace:
        """A hash of the model, and its dimension."""
        return self._space

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """A vector of length 1 for each text."""
        found: list[Vector] = []
        for at in range(0, len(texts), _BATCH):
            found += self._embedded(texts[at : at + _BATCH])
        return found

    def _embedded(self, texts: Sequence[str]) -> list[Vector]:
        numpy = self._numpy
        # A model knows letters only: what stands for undecodable bytes of a file name is none.
        readable = [text.encode("utf-8", "replace").decode("utf-8") for text in texts]
        with self._lock:
            encoded = self._tokenizer.encode_batch(readable)
        shape = (len(encoded), -1)
        marks = numpy.array([one.attention_mask for one in encoded], dtype=numpy.int64).reshape(shape)
        given = {
            "input_ids": numpy.array([one.ids for one in encoded], dtype=numpy.int64).reshape(shape),
            "attention_mask": marks,
            "token_type_ids": numpy.array([one.type_ids for one in encoded], dtype=numpy.int64).reshape(shape),
        }
        hidden = self._session.run(None, {name: given[name] for name in self._wanted})[0]
        if hidden.ndim == 3:
            weights = marks[:, :, None].astype(numpy.float64)
            hidden = (hidden * weights).sum(axis=1) / numpy.maximum(weights.sum(axis=1), 1)
        lengths = numpy.sqrt((hidden * hidden).sum(axis=1, keepdims=True))
        lengths[lengths == 0] = 1
        return [row.tolist() for row in (hidden / lengths).astype(numpy.float32)]


def _digest(*files: Path) -> str:
    found = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            found.update(hashlib.file_digest(stream, "sha256").digest())
    return found.hexdigest()[:16]


def _longest(folder: Path) -> int:
    """How many word pieces the model was made for, as sentence-transformers writes it down."""
    try:
        said = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))["max_seq_length"]
    except (OSError, ValueError, KeyError, TypeError):
        return _LONGEST
    return said if isinstance(said, int) and 0 < said < _LONGEST else _LONGEST


def _unusable(file: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"{file} cannot be used: {error}", remedy="Name the folder of a sentence model.")
