#!/usr/bin/env python3
"""Writes what the engine's tests compare with: engines/embed/tests/data/{wordpiece,vectors}.jsonl and all_unicode.json.

The expectations come from Hugging Face's `tokenizers` and numpy, over the vocabulary and rows of the committed table.
Run after distill.py, with the same packages.
"""

import json
import pathlib
import random

import table_file
import train
from wordpiece import code_points, is_surrogate, reference

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = 11

TRICKY = [
    "", " ", "\t\n\r", "Hello, World!", "hello world", "HELLO WORLD", "The quick brown fox jumps over the lazy dog.",
    "don't can't it's", "rock'n'roll", "e-mail@example.com", "https://example.com/a/b?c=d&e=f#g", "3.14159, 1,000,000 and 1e-9",
    "[CLS] [SEP] [MASK] [UNK] [PAD] [unused5]", "##ing ## #hashtag", "C++ C# .NET F#", "snake_case camelCase kebab-case",
    "a" * 99, "a" * 100, "a" * 101, "x" + "é" * 99, "x" + "é" * 100, "b" * 1000, "word " * 50, "é" * 101 + " tail",
    "naïve café résumé Zoë", "nai\u0308ve cafe\u0301", "Ångström Łódź Øresund straße ẞ", "İstanbul ıstanbul", "ﬁ ﬂ ﬀ ligatures",
    "ὈΔΥΣΣΕΎΣ ΟΔΟΣ ς Σ", "ǅ ǈ ǋ", "\u1E9E\u0130\u0131", "Ḧ̴̡ͅzalgo t̷e̷x̷t̷", "e\u0301\u0323\u0307 order of marks",
    "中文字符", "日本語のテキスト", "ひらがな カタカナ ｶﾀｶﾅ", "한국어 문장입니다", "가각간갇 힣", "\u1100\u1161\u11a8", "混合mixed文字text",
    "豈更車", "\U00020000\U0002A6D6", "㐀䶵", "Привет, мир!", "ЁЖ Й й", "שלום עולם", "مرحبا بالعالم", "नमस्ते दुनिया", "สวัสดีชาวโลก",
    "வணக்கம்", "ქართული", "Հայերեն", "emoji 😀 👍🏽 👨‍👩‍👧‍👦 🇩🇪", "😀", "❤️ ☺︎", "™ © ® ℃ №", "½ ² ³ ① Ⅷ",
    "“curly” ‘quotes’ — dash – en … ellipsis", "«guillemets» ¿qué? ¡sí!", "！？。，、；：「」", "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u200bg",
    "zero\u200dwidth\u200cjoiner\ufeffbom", "soft\u00adhyphen", "nul\x00byte", "bell\x07 esc\x1b[31m del\x7f nel\x85", "\ufffd replaced \ufffd\ufffd",
    "\ue000 private", "\U000F0000 plane fifteen", "\U0001D400\U0001D41A math", "\u0378 unassigned \uffff", "tab\tnew\nline\r\nend",
    "`~!@#$%^&*()-_=+[{]}\\|;:'\",<.>/?", "$100 €50 £20 ¥1000 ₿", "a^b `code` |pipe| ~tilde~", "≠ ≮ ≯ ; · `", "\u0340\u0341\u0343\u0344",
    "\U0001D15E musical", "\u0F43 \u0958 \u2ADC", "ﷺ", "\U0001F1E6\U0001F1E7", "unaffable embeddings tokenization",
    "supercalifragilisticexpialidocious antidisestablishmentarianism", "Donaudampfschifffahrtsgesellschaft", "qwrtplkjhg zxcvbnmzz",
    "1234567890123456789012345678901234567890", "ABC123def456", "i.e., e.g., etc.", "I'm you're we'll they'd", "\u2019s it\u2019s",
]


def random_texts(count: int) -> list[str]:
    rng = random.Random(SEED)
    ranges = [(0x20, 0x7E)] * 6 + [(0x00, 0xFF), (0x100, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x900, 0xDFF),
                                   (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x2BFF), (0x3000, 0x30FF), (0x4E00, 0x9FFF),
                                   (0xAC00, 0xD7A3), (0xF900, 0xFFFD), (0x1F300, 0x1FAFF), (0x10000, 0x10FFFF)]
    made = []
    for _ in range(count):
        low, high = rng.choice(ranges)
        other = rng.choice(ranges)
        chars = []
        for _ in range(rng.randrange(1, 40)):
            a, b = (low, high) if rng.random() < 0.7 else other
            chars.append(" " if rng.random() < 0.15 else chr(rng.randint(a, b)))
        made.append("".join(c for c in chars if not is_surrogate(ord(c))))
    return made


def digest(ids) -> int:
    """FNV-1a over the ids' bytes, little-endian."""
    h = 0xCBF29CE484222325
    for i in ids:
        for byte in (i & 0xFF, i >> 8):
            h = ((h ^ byte) * 0x100000001B3) & ((1 << 64) - 1)
    return h


def main() -> None:
    file = table_file.File(ROOT / "engines/embed/data/table.bin")
    tokenizer = reference(file.tokens)
    folder = ROOT / "engines/embed/tests/data"
    folder.mkdir(parents=True, exist_ok=True)

    with open(folder / "wordpiece.jsonl", "w", encoding="ascii") as out:
        for text in TRICKY + random_texts(300):
            out.write(json.dumps({"text": text, "ids": tokenizer.encode(text, add_special_tokens=False).ids}) + "\n")

    # Every code point inside a word and alone: one number for all of Unicode.
    every = (f"x{chr(c)}y {chr(c)}" for c in code_points() if not is_surrogate(c))
    ids, chunk = [], []
    for text in every:
        chunk.append(text)
        if len(chunk) == 20000:
            ids += [i for e in tokenizer.encode_batch(chunk, add_special_tokens=False) for i in e.ids]
            chunk = []
    ids += [i for e in tokenizer.encode_batch(chunk, add_special_tokens=False) for i in e.ids]
    (folder / "all_unicode.json").write_text(json.dumps({"ids": len(ids), "fnv1a": f"{digest(ids):016x}"}) + "\n", encoding="ascii")

    sentences = [t for t in TRICKY if tokenizer.encode(t, add_special_tokens=False).ids][:40]
    bags = train.bags([tokenizer.encode(t, add_special_tokens=False).ids for t in sentences], file.rows)
    vectors = train.unit(bags @ file.table)
    with open(folder / "vectors.jsonl", "w", encoding="ascii") as out:
        for text, vector in zip(sentences, vectors):
            out.write(json.dumps({"text": text, "vector": [round(float(x), 6) for x in vector[:16]]}) + "\n")


if __name__ == "__main__":
    main()
