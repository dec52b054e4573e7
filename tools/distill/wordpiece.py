"""The reference tokeniser (Hugging Face's `tokenizers`) over the table's vocabulary, and the two structures that the
engine reads from the file instead of building them: the map of characters and the double-array trie."""

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

UNKNOWN = "[UNK]"
MAX_WORD_CHARS = 100
DROPPED = {"[PAD]", "[CLS]", "[SEP]", "[MASK]"}

# What the map says of a character: one of these, or FIRST_RECORD + the number of its record.
DROP, SPACE, UNKNOWN_LETTER, UNKNOWN_ALONE, HANGUL, FIRST_RECORD = 0, 1, 2, 3, 4, 5
PAGE = 64
HANGUL_FIRST, HANGUL_LAST = 0xAC00, 0xD7A3


def kept_ids(vocabulary: list[str]) -> list[int]:
    """The rows worth having: no placeholders, nothing that only a transformer needs."""
    return [i for i, token in enumerate(vocabulary) if token not in DROPPED and not token.startswith("[unused")]


def reference(tokens: list[str]) -> Tokenizer:
    """No special tokens are registered: text that spells one is text."""
    model = models.WordPiece({t: i for i, t in enumerate(tokens)}, unk_token=UNKNOWN,
                             max_input_chars_per_word=MAX_WORD_CHARS, continuing_subword_prefix="##")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=True, strip_accents=None,
                                                      lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def code_points() -> range:
    return range(0x110000)


def is_surrogate(code: int) -> bool:
    return 0xD800 <= code <= 0xDFFF


def char_map(tokens: list[str]) -> tuple[np.ndarray, np.ndarray, bytes]:
    """What the reference does to each code point: (page of each 64, codes of the pages, 16-byte records).

    Found by asking it. A character that is in no token makes its word unknown, whatever else it is, so all such
    characters share two codes.
    """
    tokenizer = reference(tokens)
    letters = {c for t in tokens for c in t.removeprefix("##")}
    records: dict[bytes, int] = {}
    codes = np.zeros(0x110000, np.uint16)
    alone_cache: dict[str, bool] = {}

    def stands_alone(char: str) -> bool:
        if char not in alone_cache:
            alone_cache[char] = len(tokenizer.pre_tokenizer.pre_tokenize_str(f"a{char}a")) == 3
        return alone_cache[char]

    for code in code_points():
        if is_surrogate(code):
            codes[code] = DROP
            continue
        if HANGUL_FIRST <= code <= HANGUL_LAST:
            codes[code] = HANGUL
            continue
        out = tokenizer.normalizer.normalize_str(f"a{chr(code)}a")
        out = out[1:-1]
        if out == "":
            codes[code] = DROP
        elif out == " ":
            codes[code] = SPACE
        else:
            chars = out.strip(" ")
            alone = out != chars or stands_alone(chars[0])
            if " " in chars or (len(chars) > 1 and (alone or any(stands_alone(c) for c in chars))):
                raise SystemExit(f"U+{code:04X} becomes {out!r}: the format has no record for that")
            text = chars.encode()
            if not all(c in letters for c in chars) or len(text) > 12:
                codes[code] = UNKNOWN_ALONE if alone else UNKNOWN_LETTER
            else:
                record = bytes([len(text), len(chars), int(alone), 0]) + text.ljust(12, b"\0")
                codes[code] = FIRST_RECORD + records.setdefault(record, len(records))
    pages: dict[bytes, int] = {}
    index = np.array([pages.setdefault(codes[at:at + PAGE].tobytes(), len(pages))
                      for at in range(0, len(codes), PAGE)], np.uint16)
    return index, np.frombuffer(b"".join(pages), np.uint16), b"".join(records)


class Trie:
    """A double array. Slot t = base(s) ^ byte is the child of s by that byte if its label is the byte.

    Each base belongs to one node, so the label alone tells whose child a slot is. Slots 0 to 255 stay empty: a node with
    no children has base 0. Label 0 marks an empty slot; no token contains a NUL.
    """

    WORD_ROOT, CONTINUATION_ROOT = 256, 257
    NONE = 0xFFFF

    def __init__(self, tokens: list[str]) -> None:
        roots: list[dict] = [{}, {}]
        for number, token in enumerate(tokens):
            if token == UNKNOWN:
                continue
            continued = token.startswith("##") and len(token) > 2
            node = roots[continued]
            for byte in token[2 if continued else 0:].encode():
                node = node.setdefault(byte, {})
            node[-1] = number
        self.base = [0] * 512
        self.label = [0] * 512
        self.value = [self.NONE] * 512
        self.used_base = {0}
        self.free_from = 512
        self.taken = [True] * 258 + [False] * (512 - 258)
        queue = [(self.WORD_ROOT, roots[0]), (self.CONTINUATION_ROOT, roots[1])]
        for slot, node in queue:  # breadth first: the slots near the roots are near each other
            children = sorted(b for b in node if b >= 0)
            if -1 in node:
                self.value[slot] = node[-1]
            if not children:
                continue
            base = self._place(children)
            self.base[slot] = base
            for byte in children:
                at = base ^ byte
                self.taken[at] = True
                self.label[at] = byte
                queue.append((at, node[byte]))

    def _place(self, children: list[int]) -> int:
        start = next(i for i in range(self.first_free(), len(self.taken) + 1)
                     if i == len(self.taken) or not self.taken[i])
        at = start
        while True:
            if at >= len(self.taken):
                self._grow()
            if not self.taken[at]:
                base = at ^ children[0]
                if base not in self.used_base and all(not self.taken[base ^ b] for b in children[1:]):
                    self.used_base.add(base)
                    return base
            at += 1

    def first_free(self) -> int:
        while self.free_from < len(self.taken) and self.taken[self.free_from]:
            self.free_from += 1
        return self.free_from

    def _grow(self) -> None:
        for column, empty in ((self.base, 0), (self.label, 0), (self.value, self.NONE), (self.taken, False)):
            column.extend([empty] * 256)

    def units(self) -> np.ndarray:
        return np.array([(b << 8) | l for b, l in zip(self.base, self.label)], np.uint32)

    def values(self) -> np.ndarray:
        return np.array(self.value, np.uint16)
