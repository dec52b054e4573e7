#!/usr/bin/env python3
"""Writes engines/embed/data/cl100k.bin: the bytes of each of cl100k_base's token ids, laid out to be mapped.

The ranks come from the npm package js-tiktoken (MIT), pinned by hash. Standard library only.

    npm pack js-tiktoken@1.0.21 && python3 tools/cl100k/pack.py js-tiktoken-1.0.21.tgz engines/embed/data/cl100k.bin
"""

import base64
import hashlib
import json
import pathlib
import struct
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "distill"))
from checksum import checksum  # noqa: E402

MEMBER = "package/dist/ranks/cl100k_base.js"
MEMBER_SHA256 = "0e301a9c7f82e2353bc484be0149b2fb8a6db85d516620a34d06e587efe090bd"
TOKENS = 100256
BLOCK = 16


def ranks(archive: str) -> list[bytes]:
    with tarfile.open(archive) as tar:
        source = tar.extractfile(MEMBER).read()
    found = hashlib.sha256(source).hexdigest()
    if found != MEMBER_SHA256:
        raise SystemExit(f"{MEMBER} has SHA-256 {found}, not {MEMBER_SHA256}")
    text = source.decode()
    table = json.loads(text[text.index("{"):text.rindex("}") + 1])["bpe_ranks"]
    tokens: dict[int, bytes] = {}
    for line in table.splitlines():  # "! FIRST base64 base64 …": ids FIRST, FIRST + 1, …
        _, first, *encoded = line.split(" ")
        for number, token in enumerate(encoded, int(first)):
            tokens[number] = base64.b64decode(token)
    if sorted(tokens) != list(range(TOKENS)):
        raise SystemExit(f"{len(tokens)} ids, not 0 to {TOKENS - 1}")
    return [tokens[i] for i in range(TOKENS)]


def pack(tokens: list[bytes]) -> bytes:
    starts, at = [], 0
    for number, token in enumerate(tokens):
        if number % BLOCK == 0:
            starts.append(at)
        at += len(token)
    starts.append(at)
    lengths = bytes(len(t) for t in tokens)
    body = struct.pack(f"<{len(starts)}I", *starts) + lengths + b"\0" * (-len(lengths) % 4) + b"".join(tokens)
    rest = struct.pack("<3I36x", 1, len(tokens), at) + body
    return b"HCL100K\0" + struct.pack("<Q", checksum(rest)) + rest


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    data = pack(ranks(sys.argv[1]))
    pathlib.Path(sys.argv[2]).write_bytes(data)
    print(f"{sys.argv[2]}: {len(data)} bytes")
