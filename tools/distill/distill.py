#!/usr/bin/env python3
"""Distils engines/embed/data/table.bin from all-MiniLM-L6-v2. README.md beside this says how to run it."""

import argparse
import json
import pathlib
import time

import numpy as np

import corpus
import sts
import table_file
import teacher_cache
import train
from encoder import Teacher
from wordpiece import kept_ids, reference

MODEL = "hearth-static-minilm-256"
EPOCHS = 10
CANARY = "The quick brown fox jumps over the lazy dog."


def vectors(table: np.ndarray, tokenizer, texts: list[str]) -> np.ndarray:
    ids = [e.ids for e in tokenizer.encode_batch(texts, add_special_tokens=False)]
    return train.unit(train.bags(ids, len(table)) @ table)


def report(name: str, table: np.ndarray, tokenizer) -> None:
    left, right, scores = sts.stsb_test()
    value = sts.spearman(vectors(table, tokenizer, left), vectors(table, tokenizer, right), scores)
    print(f"STS-B test, Spearman: {name}: {value:.4f}", flush=True)


def distil(out: pathlib.Path, cache: pathlib.Path, epochs: int) -> None:
    began = time.monotonic()
    teacher = Teacher()
    keep = kept_ids(teacher.vocabulary)
    tokens = [teacher.vocabulary[i] for i in keep]
    alone = teacher_cache.vectors(teacher, "tokens", [[i] for i in keep], cache)
    ids = teacher.token_ids(corpus.texts())
    target = teacher_cache.vectors(teacher, "texts", ids, cache)
    row = {old: new for new, old in enumerate(keep)}
    texts = train.bags([[row[i] for i in text] for text in ids], len(keep))

    held = train.HELD_OUT
    agreement = train.Agreement(texts[:held], target[:held])
    model = train.Static(alone, train.principal_axes(target[held:], train.DIMS))
    train.fit(model, texts[held:], target[held:], epochs, agreement)
    weights, scales = train.quantised(train.turned(model.rows(), texts[held:]))
    print(f"agreement as written (int8): {agreement.of(weights * scales[:, None]):.4f}")

    size = table_file.write(out / "table.bin", MODEL, teacher.weights_sha256, tokens, weights, scales)
    first = vectors(table_file.File(out / "table.bin").table, reference(tokens), [CANARY])[0, :8]
    canary = {"input": CANARY, "first_components": [round(float(x), 5) for x in first]}
    (out / "canary.json").write_text(json.dumps(canary) + "\n", encoding="utf-8")
    print(f"{out / 'table.bin'}: {size} bytes, {len(tokens)} tokens, {time.monotonic() - began:.0f} s")


def evaluate(out: pathlib.Path) -> None:
    """Nothing here feeds back: the table is written before its test scores are looked at."""
    left, right, scores = sts.stsb_test()
    teacher = Teacher()
    print(f"STS-B test, Spearman: teacher: {sts.spearman(teacher.encode(left), teacher.encode(right), scores):.4f}")
    file = table_file.File(out / "table.bin")
    tokenizer = reference(file.tokens)
    for dims in (256, 128, 64):
        report(f"table, {dims} dimensions", file.table[:, :dims], tokenizer)


def evaluate_untrained(cache: pathlib.Path) -> None:
    """The first step alone, for comparison: principal axes of the tokens' vectors and frequency weights."""
    teacher = Teacher()
    keep = kept_ids(teacher.vocabulary)
    alone = teacher_cache.vectors(teacher, "tokens", [[i] for i in keep], cache)
    centred = alone - alone.mean(0)
    table = train.sif_weights(len(keep))[:, None] * (centred @ train.principal_axes(centred, train.DIMS))
    report("token vectors alone (no fitting)", table, reference([teacher.vocabulary[i] for i in keep]))


def main() -> None:
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=pathlib.Path, default=root / "engines/embed/data", help="where table.bin goes")
    parser.add_argument("--cache", type=pathlib.Path, default=root / "out/distill", help="the teacher's vectors")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--evaluate", action="store_true", help="STS-B (HEARTH_EVAL_DIR) of the teacher and the table")
    args = parser.parse_args()
    if args.evaluate:
        evaluate(args.out)
        evaluate_untrained(args.cache)
    else:
        distil(args.out, args.cache, args.epochs)


if __name__ == "__main__":
    main()
