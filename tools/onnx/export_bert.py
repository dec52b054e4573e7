#!/usr/bin/env python3
"""Writes a BERT encoder (config.json and model.safetensors in a folder, as Hugging Face keeps them) as an ONNX file.

    python3 tools/onnx/export_bert.py FOLDER model.onnx

Needs nothing but Python: the file is written field by field (onnx.proto3, opset 17). Its inputs are input_ids, attention_mask
and token_type_ids [batch, tokens], its output last_hidden_state [batch, tokens, width]; pooling is left to who runs it.
"""

import json
import math
import pathlib
import struct
import sys

FLOAT, INT64 = 1, 7


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def block(field: int, value: bytes | str) -> bytes:
    value = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(value)) + value


class Graph:
    def __init__(self) -> None:
        self.nodes: list[bytes] = []
        self.constants: list[bytes] = []
        self.count = 0

    def constant(self, kind: int, shape: list[int], data: bytes, name: str = "") -> str:
        name = name or f"c{len(self.constants)}"
        dims = b"".join(number(1, side) for side in shape)
        self.constants.append(block(5, dims + number(2, kind) + block(8, name) + block(9, data)))
        return name

    def floats(self, *values: float) -> str:
        return self.constant(FLOAT, [len(values)], struct.pack(f"<{len(values)}f", *values))

    def integers(self, *values: int) -> str:
        return self.constant(INT64, [len(values)], struct.pack(f"<{len(values)}q", *values))

    def scalar(self, value: int) -> str:
        return self.constant(INT64, [], struct.pack("<q", value))

    def node(self, operation: str, *inputs: str, out: str = "", **attributes: int | float | list[int]) -> str:
        self.count += 1
        out = out or f"t{self.count}"
        body = b"".join(block(1, i) for i in inputs) + block(2, out) + block(4, operation)
        for name, value in attributes.items():
            if isinstance(value, float):
                field = varint(2 << 3 | 5) + struct.pack("<f", value) + number(20, 1)
            elif isinstance(value, int):
                field = number(3, value) + number(20, 2)
            else:
                field = b"".join(number(8, v) for v in value) + number(20, 7)
            body += block(5, block(1, name) + field)
        self.nodes.append(block(1, body))
        return out


def port(field: int, name: str, kind: int, sides: list[str | int]) -> bytes:
    shape = b"".join(block(1, block(2, s) if isinstance(s, str) else number(1, s)) for s in sides)
    return block(field, block(1, name) + block(2, block(1, number(1, kind) + block(2, shape))))


class Weights:
    """safetensors: the length of a JSON header, the header, the bytes."""

    def __init__(self, file: pathlib.Path, graph: Graph) -> None:
        self.data = file.read_bytes()
        size, = struct.unpack_from("<Q", self.data)
        self.header = json.loads(self.data[8:8 + size])
        self.start = 8 + size
        self.graph = graph

    def __call__(self, name: str) -> str:
        entry = self.header[name]
        if entry["dtype"] != "F32":
            raise SystemExit(f"{name} is {entry['dtype']}; this script takes F32")
        begin, end = entry["data_offsets"]
        return self.graph.constant(FLOAT, entry["shape"], self.data[self.start + begin:self.start + end], name)


def export(folder: pathlib.Path, out: pathlib.Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    width, heads = config["hidden_size"], config["num_attention_heads"]
    graph = Graph()
    weights = Weights(folder / "model.safetensors", graph)

    def dense(x: str, name: str) -> str:
        turned = graph.node("Transpose", weights(f"{name}.weight"), perm=[1, 0])
        return graph.node("Add", graph.node("MatMul", x, turned), weights(f"{name}.bias"))

    def norm(x: str, name: str, result: str = "") -> str:
        return graph.node("LayerNormalization", x, weights(f"{name}.weight"), weights(f"{name}.bias"), out=result,
                          axis=-1, epsilon=float(config["layer_norm_eps"]))

    length = graph.node("Gather", graph.node("Shape", "input_ids"), graph.scalar(1))
    places = graph.node("Range", graph.scalar(0), length, graph.scalar(1))
    words = graph.node("Gather", weights("embeddings.word_embeddings.weight"), "input_ids")
    kinds = graph.node("Gather", weights("embeddings.token_type_embeddings.weight"), "token_type_ids")
    x = graph.node("Add", graph.node("Add", words, kinds),
                   graph.node("Gather", weights("embeddings.position_embeddings.weight"), places))
    x = norm(x, "embeddings.LayerNorm")

    seen = graph.node("Unsqueeze", graph.node("Cast", "attention_mask", to=FLOAT), graph.integers(1, 2))
    mask = graph.node("Mul", graph.node("Sub", graph.floats(1.0), seen), graph.floats(-10000.0))
    apart, together = graph.integers(0, 0, heads, width // heads), graph.integers(0, 0, width)
    scale = graph.floats(1 / math.sqrt(width // heads))
    half, one, root = graph.floats(0.5), graph.floats(1.0), graph.floats(1 / math.sqrt(2))
    for i in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{i}"

        def part(name: str, perm: list[int]) -> str:
            return graph.node("Transpose", graph.node("Reshape", dense(x, f"{layer}.attention.self.{name}"), apart), perm=perm)

        scores = graph.node("MatMul", part("query", [0, 2, 1, 3]), part("key", [0, 2, 3, 1]))
        shares = graph.node("Softmax", graph.node("Add", graph.node("Mul", scores, scale), mask), axis=-1)
        mixed = graph.node("Transpose", graph.node("MatMul", shares, part("value", [0, 2, 1, 3])), perm=[0, 2, 1, 3])
        mixed = dense(graph.node("Reshape", mixed, together), f"{layer}.attention.output.dense")
        x = norm(graph.node("Add", mixed, x), f"{layer}.attention.output.LayerNorm")
        inner = dense(x, f"{layer}.intermediate.dense")
        gelu = graph.node("Add", graph.node("Erf", graph.node("Mul", inner, root)), one)
        gelu = graph.node("Mul", graph.node("Mul", inner, half), gelu)
        last = i == config["num_hidden_layers"] - 1
        x = norm(graph.node("Add", dense(gelu, f"{layer}.output.dense"), x), f"{layer}.output.LayerNorm",
                 "last_hidden_state" if last else "")

    ports = b"".join(port(11, name, INT64, ["batch", "tokens"]) for name in ("input_ids", "attention_mask", "token_type_ids"))
    ports += port(12, "last_hidden_state", FLOAT, ["batch", "tokens", width])
    body = b"".join(graph.nodes) + block(2, "bert") + b"".join(graph.constants) + ports
    out.write_bytes(number(1, 8) + block(7, body) + block(8, number(2, 17)))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    export(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
