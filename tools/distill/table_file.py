"""The table's file: engines/embed/src/table_format.h in Python. docs/embedding-table.md describes it."""

import pathlib
import struct

import numpy as np

from checksum import checksum
from wordpiece import MAX_WORD_CHARS, UNKNOWN, Trie, char_map

MAGIC = b"HEMBTAB\0"
VERSION = 1
HEADER = 256
ALIGN = 64
SECTIONS = ("weights", "scales", "trie_units", "trie_values", "char_index", "char_pages", "char_records",
            "string_offsets", "strings")


def write(path: pathlib.Path, model: str, teacher_sha256: bytes, tokens: list[str], weights: np.ndarray,
          scales: np.ndarray) -> int:
    trie = Trie(tokens)
    index, pages, records = char_map(tokens)
    strings = [t.encode() for t in tokens]
    offsets = np.concatenate([[0], np.cumsum([len(s) for s in strings])]).astype(np.uint32)
    parts = {"weights": weights.astype(np.int8).tobytes(), "scales": scales.astype("<f4").tobytes(),
             "trie_units": trie.units().tobytes(), "trie_values": trie.values().tobytes(), "char_index": index.tobytes(),
             "char_pages": pages.tobytes(), "char_records": records, "string_offsets": offsets.tobytes(),
             "strings": b"".join(strings)}
    body, spans = b"", []
    for name in SECTIONS:
        body += b"\0" * (-(HEADER + len(body)) % ALIGN)
        spans.append((HEADER + len(body), len(parts[name])))
        body += parts[name]
    head = struct.pack("<2IQ4I32s48s", VERSION, HEADER, HEADER + len(body), len(tokens), weights.shape[1],
                       tokens.index(UNKNOWN), MAX_WORD_CHARS, teacher_sha256, model.encode())
    head += b"".join(struct.pack("<2I", *span) for span in spans)
    head = head.ljust(HEADER - 16, b"\0")
    data = MAGIC + struct.pack("<Q", checksum(head + body)) + head + body
    path.write_bytes(data)
    return len(data)


class File:
    """A table read back: tokens and float rows."""

    def __init__(self, path: pathlib.Path) -> None:
        data = path.read_bytes()
        if data[:8] != MAGIC or struct.unpack_from("<Q", data, 8)[0] != checksum(data[16:]):
            raise SystemExit(f"{path} is no table, or damaged")
        _, _, _, self.rows, self.dims = struct.unpack_from("<2IQ2I", data, 16)
        spans = [struct.unpack_from("<2I", data, 128 + 8 * i) for i in range(len(SECTIONS))]
        part = {name: data[at:at + size] for name, (at, size) in zip(SECTIONS, spans)}
        offsets = np.frombuffer(part["string_offsets"], np.uint32)
        self.tokens = [part["strings"][a:b].decode() for a, b in zip(offsets[:-1], offsets[1:])]
        scales = np.frombuffer(part["scales"], "<f4")
        self.table = np.frombuffer(part["weights"], np.int8).reshape(self.rows, self.dims) * scales[:, None]
