"""From the teacher's vectors to the rows of a static table.

The model is a bag: a text's vector is the sum of its tokens' rows, brought to length one. A row is

    row(t) = exp(a(t)) · (e(t) · M + d(t))

e(t): the teacher's vector of the token alone; M: one linear map for all; a(t): the token's weight; d(t): what is its own.
Step one (as model2vec does it) sets M to the principal axes, a(t) to a smooth inverse frequency, d(t) to zero. Step two
fits the three to the teacher's vectors of whole texts: M carries what it learns over to tokens no text contained.
"""

import numpy as np
import scipy.sparse as sparse
from scipy.stats import spearmanr

SEED = 7
DIMS = 256
SIF = 1e-4
HELD_OUT = 6000
BATCH = 512
BLOCK = 64  # texts on one subject that stay together in a batch: similarities worth ranking
CLUSTERS = 400


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def principal_axes(x: np.ndarray, dims: int) -> np.ndarray:
    """The directions (columns) that hold most of x's squared length, most first. Not centred: cosine is not either."""
    values, vectors = np.linalg.eigh(x.T.astype(np.float64) @ x.astype(np.float64))
    return vectors[:, np.argsort(-values)[:dims]].astype(np.float32)


def bags(ids: list[list[int]], rows: int) -> sparse.csr_matrix:
    """Each text's tokens, summing to one."""
    lengths = np.array([len(i) for i in ids])
    values = np.repeat(1.0 / np.maximum(lengths, 1), lengths).astype(np.float32)
    flat = np.fromiter((t for i in ids for t in i), np.int32, int(lengths.sum()))
    matrix = sparse.csr_matrix((values, flat, np.concatenate([[0], np.cumsum(lengths)])), (len(ids), rows))
    matrix.sum_duplicates()
    return matrix


def sif_weights(rows: int) -> np.ndarray:
    """Smooth inverse frequency, with Zipf's law over the vocabulary's order standing in for counted frequencies."""
    share = 1.0 / np.arange(2, rows + 2)
    return (SIF / (SIF + share / share.sum())).astype(np.float32)


class Agreement:
    """How well a table ranks similarities of texts it was not fitted to, judged by the teacher."""

    def __init__(self, held: sparse.csr_matrix, teacher: np.ndarray) -> None:
        self.held = held
        similarity = teacher @ teacher.T
        order = np.argsort(-similarity, axis=1)
        ranks = [1, 2, 3, 5, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096]
        self.left = np.repeat(np.arange(len(teacher)), len(ranks))
        self.right = order[:, ranks].ravel()
        self.target = similarity[self.left, self.right]

    def of(self, table: np.ndarray) -> float:
        made = unit(self.held @ table)
        return float(spearmanr((made[self.left] * made[self.right]).sum(1), self.target).statistic)


class Adam:
    """Adam whose state is kept row by row; rows that have no gradient in a step are left alone."""

    def __init__(self, shape: tuple[int, ...], rate: float) -> None:
        self.m = np.zeros(shape, np.float32)
        self.v = np.zeros(shape, np.float32)
        self.rate = rate

    def step(self, value: np.ndarray, rows, gradient: np.ndarray, step: int, warmth: float) -> None:
        m = self.m[rows] = 0.9 * self.m[rows] + 0.1 * gradient
        v = self.v[rows] = 0.99 * self.v[rows] + 0.01 * gradient * gradient
        value[rows] -= warmth * self.rate * (m / (1 - 0.9 ** step)) / (np.sqrt(v / (1 - 0.99 ** step)) + 1e-8)


def clustered(teacher: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    centres = teacher[rng.choice(len(teacher), CLUSTERS, replace=False)]
    for _ in range(3):
        nearest = np.argmax(teacher @ centres.T, axis=1)
        centres = unit(np.stack([teacher[nearest == c].sum(0) + 1e-6 for c in range(CLUSTERS)]))
    return np.argmax(teacher @ centres.T, axis=1)


def batches(clusters: np.ndarray, rng: np.random.Generator):
    order = np.lexsort((rng.random(len(clusters)), rng.permutation(CLUSTERS)[clusters]))
    blocks = [order[i:i + BLOCK] for i in range(0, len(order), BLOCK)]
    rng.shuffle(blocks)
    for i in range(0, len(blocks) - BATCH // BLOCK + 1, BATCH // BLOCK):
        yield np.concatenate(blocks[i:i + BATCH // BLOCK])


class Static:
    def __init__(self, tokens: np.ndarray, axes: np.ndarray) -> None:
        self.e = tokens
        self.m = axes.copy()
        self.a = np.log(sif_weights(len(tokens)))
        self.d = np.zeros((len(tokens), axes.shape[1]), np.float32)

    def rows(self, which=slice(None)) -> np.ndarray:
        return np.exp(self.a[which])[:, None] * (self.e[which] @ self.m + self.d[which])


def fit(model: Static, texts: sparse.csr_matrix, teacher: np.ndarray, epochs: int, agreement: Agreement | None = None,
        direction: float = 1.0, relation: float = 1.5, decay: float = 1e-3, rate: float = 5e-3) -> None:
    """`direction` weighs each text's own vector, `relation` the similarities between the texts of a batch."""
    rng = np.random.default_rng(SEED)
    target = unit(teacher @ principal_axes(teacher, model.m.shape[1]))
    clusters = clustered(teacher, rng)
    on_m, on_a, on_d = Adam(model.m.shape, rate), Adam(model.a.shape, 3 * rate), Adam(model.d.shape, rate)
    total = epochs * (len(teacher) // BATCH)
    step = 0
    for epoch in range(epochs):
        for batch in batches(clusters, rng):
            step += 1
            bag = texts[batch]
            used, local = np.unique(bag.indices, return_inverse=True)
            bag = sparse.csr_matrix((bag.data, local.astype(np.int32), bag.indptr), (len(batch), len(used)))
            weight = np.exp(model.a[used])[:, None]
            inner = model.e[used] @ model.m + model.d[used]
            rows = weight * inner
            summed = bag @ rows
            length = np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12)
            made = summed / length
            wrong = made @ made.T - teacher[batch] @ teacher[batch].T
            np.fill_diagonal(wrong, 0)
            gradient = (4 * relation / len(batch)) * (wrong @ made) - direction * target[batch]
            gradient = (gradient - (gradient * made).sum(1, keepdims=True) * made) / length
            on_rows = bag.T @ gradient
            warmth = min(1.0, step / 50) * 0.5 * (1 + np.cos(np.pi * min(step / total, 1)))
            on_a.step(model.a, used, (on_rows * rows).sum(1), step, warmth)
            on_d.step(model.d, used, on_rows * weight + decay * model.d[used], step, warmth)
            on_m.step(model.m, slice(None), model.e[used].T @ (on_rows * weight), step, warmth)
        if agreement:
            print(f"fit: epoch {epoch + 1} of {epochs}, agreement {agreement.of(model.rows()):.4f}", flush=True)


def turned(rows: np.ndarray, texts: sparse.csr_matrix) -> np.ndarray:
    """The same table, its axes turned so that the first ones hold the most: `dimensions` may cut the rest off."""
    return rows @ principal_axes(unit(texts @ rows), rows.shape[1])


def quantised(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scales = (np.abs(rows).max(1) / 127).astype(np.float32)
    return np.clip(np.rint(rows / scales[:, None]), -127, 127).astype(np.int8), scales
