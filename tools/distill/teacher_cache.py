"""The teacher's vectors of many texts, in pieces on disk: this takes most of an hour on a small box and can be resumed."""

import hashlib
import pathlib
import time

import numpy as np

from encoder import HIDDEN, Teacher

PIECE = 4096


def vectors(teacher: Teacher, name: str, ids: list[list[int]], folder: pathlib.Path) -> np.ndarray:
    """One unit vector of the teacher for each list of token ids."""
    folder.mkdir(parents=True, exist_ok=True)
    out = np.empty((len(ids), HIDDEN), np.float32)
    began = time.monotonic()
    for start in range(0, len(ids), PIECE):
        part = ids[start:start + PIECE]
        digest = hashlib.sha256(teacher.weights_sha256 + repr(part).encode()).hexdigest()[:16]
        path = folder / f"{name}-{start // PIECE:04d}-{digest}.npy"
        if path.exists():
            out[start:start + len(part)] = np.load(path)
            continue
        made = teacher.encode_ids(part)
        partial = path.with_suffix(".part.npy")
        np.save(partial, made)
        partial.rename(path)
        out[start:start + len(part)] = made
        print(f"teacher: {name}: {start + len(part)} of {len(ids)}, {time.monotonic() - began:.0f} s", flush=True)
    return out
