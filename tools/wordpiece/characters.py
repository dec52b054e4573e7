#!/usr/bin/env python3
"""Writes engines/embed/src/characters.inc: what BERT's normaliser and pre-tokeniser do to each character.

The rules are those of Hugging Face's BertNormalizer and BertPreTokenizer over Python's Unicode tables. The reference's own
tables are older: where engines/embed/data/table.bin, which was made by asking it, knows better, that counts.

    python3 tools/wordpiece/characters.py > engines/embed/src/characters.inc
"""

import pathlib
import struct
import unicodedata

ROOT = pathlib.Path(__file__).resolve().parents[2]
IDEOGRAPHS = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
              (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]
HANGUL = range(0xAC00, 0xD7A4)
SURROGATES = range(0xD800, 0xE000)


def table_codes() -> list[int]:
    """The table's code for each character: 0 dropped, 1 a space, 2 an unknown letter, 3 unknown and alone, above: known."""
    data = (ROOT / "engines/embed/data/table.bin").read_bytes()
    sections = [struct.unpack_from("<2I", data, 128 + 8 * i) for i in range(9)]

    def numbers(i: int) -> tuple:
        offset, size = sections[i]
        return struct.unpack_from(f"<{size // 2}H", data, offset)

    index, pages = numbers(4), numbers(5)
    return [pages[index[c // 64] * 64 + c % 64] for c in range(0x110000)]


def ranges(name: str, comment: str, chars: list[int]) -> None:
    print(f"// {comment}\nconstexpr CharRange k{name}[] = {{")
    runs = []
    for c in chars:
        if runs and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    lines([f"{{0x{a:X}, 0x{b:X}}}" for a, b in runs])


def lines(items: list[str]) -> None:
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 120:
            print(line)
            line = "   "
        line += f" {item},"
    print(f"{line}\n}};\n")


def main() -> None:
    asked = table_codes()
    dropped, marks, spaces, alone, mapped = [], [], [], [], []
    for c in range(0x110000):
        if c in HANGUL or c in SURROGATES:
            continue
        char = chr(c)
        kind = unicodedata.category(char)
        if c in (9, 10, 13) or kind in ("Zs", "Zl", "Zp"):
            spaces.append(c)
            continue
        unknown = asked[c] == 2  # its tables may not have the character
        if (c in (0, 0xFFFD) or kind in ("Cc", "Cf", "Co")) and not unknown:
            dropped.append(c)
            continue
        text = "".join(t for t in unicodedata.normalize("NFD", char) if unicodedata.category(t) != "Mn").lower()
        ideograph = any(a <= c <= b for a, b in IDEOGRAPHS)
        if asked[c] == 0 or (text == "" and asked[c] == 0):
            marks.append(c)
            continue
        first = text[0] if text else char
        symbol = unicodedata.category(first)[0] == "P" or (first.isascii() and not first.isalnum())
        if asked[c] == 3 or ideograph or (symbol and not unknown):
            alone.append(c)
        if text not in ("", char):
            mapped.append((c, [ord(t) for t in text]))
    assert max(len(to) for _, to in mapped) <= 3
    print("// Made by tools/wordpiece/characters.py; not to be edited.\n")
    ranges("Dropped", "Control and format characters, and what is nobody's.", dropped)
    ranges("Marks", "Combining marks: dropped when accents are.", marks)
    ranges("Spaces", "End a word.", spaces)
    ranges("Alone", "Punctuation and ideographs: words of their own.", alone)
    print("// What lower case without accents is, where it is another: at most three characters.\nconstexpr CharMapping kMapped[] = {")
    lines([f"{{0x{c:X}, {{{', '.join(f'0x{t:X}' for t in to)}}}}}" for c, to in mapped])


if __name__ == "__main__":
    main()
