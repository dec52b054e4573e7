"""Text for the second step of the distillation: WordNet's (Debian's wordnet-base) and sentences generated from it.

No evaluation set is read here. WordNet 3.0 may be used and redistributed freely with its notice (docs/quality.md).
"""

import pathlib
import random
import re

WORDNET = pathlib.Path("/usr/share/wordnet")
SEED = 20230

# WordNet's lexicographer files (lexnames(5WN)) that a plain sentence about the visible world draws on.
PERSON, ANIMAL, THING, FOOD, PLACE = 18, 5, 6, 13, 15
ACTION_FILES = {30, 31, 32, 34, 35, 36, 38, 39, 40, 41}


class Synset:
    __slots__ = ("file", "kind", "words", "definition", "examples")

    def __init__(self, line: str) -> None:
        fields, _, gloss = line.partition(" | ")
        parts = fields.split(" ")
        self.file = int(parts[1])
        self.kind = parts[2]
        count = int(parts[3], 16)
        self.words = [parts[4 + 2 * i].replace("_", " ").partition("(")[0] for i in range(count)]
        gloss = gloss.strip()
        self.examples = [e.strip() for e in re.findall(r'"([^"]+)"', gloss)]
        self.definition = gloss.partition('; "')[0].strip(" ;")


def synsets() -> list[Synset]:
    found = []
    for kind in ("noun", "verb", "adj", "adv"):
        for line in (WORDNET / f"data.{kind}").read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                found.append(Synset(line))
    return found


def common_words(limit: int) -> dict[str, dict[int, list[str]]]:
    """Single words by kind and lexicographer file, those most frequent in WordNet's sense-tagged text first."""
    counts: dict[tuple[str, int, str], int] = {}
    for line in (WORDNET / "cntlist.rev").read_text(encoding="latin-1").splitlines():
        key, _, count = line.split(" ")
        word, _, lex = key.partition("%")
        kind, file = lex.split(":")[:2]
        if word.isalpha() and len(word) > 1:
            slot = ({"1": "n", "2": "v"}.get(kind, "a"), int(file), word)
            counts[slot] = counts.get(slot, 0) + int(count)
    by: dict[str, dict[int, list[tuple[int, str]]]] = {}
    for (kind, file, word), count in counts.items():
        by.setdefault(kind, {}).setdefault(file, []).append((count, word))
    return {kind: {file: [w for _, w in sorted(words, key=lambda x: (-x[0], x[1]))[:limit]]
                   for file, words in files.items()} for kind, files in by.items()}


def ing(verb: str) -> str:
    if verb.endswith("ie"):
        return verb[:-2] + "ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")) and len(verb) > 2:
        return verb[:-1] + "ing"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", verb):
        return verb + verb[-1] + "ing"
    return verb + "ing"


def past(verb: str, irregular: dict[str, str]) -> str:
    if verb in irregular:
        return irregular[verb]
    if verb.endswith("e"):
        return verb + "d"
    if verb.endswith("y") and verb[-2:-1] not in "aeiou":
        return verb[:-1] + "ied"
    if re.fullmatch(r"[^aeiou]*[aeiou][bdgklmnprt]", verb):
        return verb + verb[-1] + "ed"
    return verb + "ed"


def plural(noun: str) -> str:
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("man"):
        return noun[:-2] + "en"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def generated(count: int, rng: random.Random) -> list[str]:
    """Plain descriptive sentences in families: each sentence comes with three that differ from it in one place."""
    words = common_words(160)
    nouns, verbs = words["n"], [v for f in ACTION_FILES for v in words["v"].get(f, [])[:60]]
    irregular: dict[str, str] = {}
    for line in (WORDNET / "verb.exc").read_text(encoding="latin-1").splitlines():
        form, verb = line.split(" ")[:2]
        if not form.endswith(("ing", "n", "s")) and verb not in irregular:
            irregular[verb] = form
    adjectives = words["a"].get(0, [])[:160]
    people = ["man", "woman", "boy", "girl", "child", "person"] * 12 + nouns[PERSON]
    numbers = ["two", "three", "four", "several", "some", "many", "a group of"]
    prepositions = ["in", "on", "near", "at", "with", "under", "behind", "from", "beside", "across", "through"]

    def noun(kind: int) -> str:
        # The front of the list is chosen more often, as in speech.
        pool = people if kind == PERSON else nouns[kind]
        return pool[int(len(pool) * rng.random() ** 1.5)]

    def subject() -> tuple[str, bool]:
        kind = rng.choices((PERSON, ANIMAL, THING), (7, 2, 1))[0]
        name = noun(kind)
        form = rng.random()
        if form < 0.25:
            return f"{rng.choice(numbers)} {plural(name)}", True
        adjective = rng.choice(adjectives) + " " if form > 0.7 else ""
        return f"{rng.choice(('a', 'a', 'the'))} {adjective}{name}", False

    def predicate(many: bool, verb: str) -> str:
        form = rng.random()
        if form < 0.6:
            return f"{'are' if many else 'is'} {ing(verb)}"
        if form < 0.7:
            return f"{'are' if many else 'is'} not {ing(verb)}"
        if form < 0.9:
            return past(verb, irregular)
        return f"{rng.choice(('will', 'can', 'should', 'did not', 'wants to'))} {verb}"

    def obj() -> str:
        kind = rng.choices((THING, FOOD, ANIMAL, PERSON), (5, 2, 1, 2))[0]
        return f"{rng.choice(('a', 'the', 'some'))} {noun(kind)}"

    def place() -> str:
        kind = rng.choices((PLACE, THING), (1, 1))[0]
        return f"{rng.choice(prepositions)} {rng.choice(('a', 'the'))} {noun(kind)}"

    made = []
    while len(made) < count:
        who, many = subject()
        verb = verbs[int(len(verbs) * rng.random())]
        slots = [who, predicate(many, verb), obj() if rng.random() < 0.7 else "", place() if rng.random() < 0.5 else ""]
        family = [slots]
        for _ in range(3):
            other = list(family[rng.randrange(len(family))])
            at = rng.randrange(4)
            other[at] = (lambda: subject()[0], lambda: predicate(many, rng.choice(verbs)), obj, place)[at]()
            family.append(other)
        made += [" ".join(s for s in f if s) + "." for f in family]
    return [m[0].upper() + m[1:] for m in made[:count]]


def texts() -> list[str]:
    """All training texts, in a fixed order."""
    rng = random.Random(SEED)
    sets = synsets()
    examples = sorted({e for s in sets for e in s.examples if 12 <= len(e) <= 200})
    glosses = sorted({f"{s.words[0]}: {s.definition}" if rng.random() < 0.5 else s.definition
                      for s in sets if 12 <= len(s.definition) <= 120 and not s.words[0][:1].isupper()})
    rng.shuffle(glosses)
    every = examples + glosses[:45000] + generated(32000, rng)
    rng.shuffle(every)  # so that any prefix is a fair sample
    return every


if __name__ == "__main__":
    every = texts()
    print(len(every), "texts")
    for text in every[:24]:
        print(" ", text)
