"""Spearman's rank correlation between cosine similarities and human judgements, on STS-B (test)."""

import csv
import os
import pathlib

import numpy as np
from scipy.stats import spearmanr


def stsb_test() -> tuple[list[str], list[str], np.ndarray]:
    """The 1,379 pairs and their scores (0 to 5) from HEARTH_EVAL_DIR/eval/stsb-en-test.csv.

    Source: PhilipMay/stsb-multi-mt, file stsb-en-test.csv (CC BY-SA 4.0).
    """
    folder = os.environ.get("HEARTH_EVAL_DIR")
    if not folder:
        raise SystemExit("set HEARTH_EVAL_DIR to a folder that has eval/stsb-en-test.csv")
    with open(pathlib.Path(folder) / "eval" / "stsb-en-test.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    return [r[0] for r in rows], [r[1] for r in rows], np.array([float(r[2]) for r in rows])


def spearman(left: np.ndarray, right: np.ndarray, scores: np.ndarray) -> float:
    """`left` and `right`: one vector a row, of any length above zero."""
    cosine = (left * right).sum(1) / (np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1))
    return float(spearmanr(cosine, scores).statistic)
