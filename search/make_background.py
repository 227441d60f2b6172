"""Makes data/idf.tsv from two files of the package jieba 0.42.1 (MIT).

    python -m search.make_background JIEBA/analyse/idf.txt JIEBA/dict.txt > search/data/idf.tsv

Same files, same bytes. The median weight of the words left out goes to stderr: it is
search.background.UNKNOWN_IDF.
"""

import statistics
import sys
from pathlib import Path

from search.text import fold

LARGEST_TABLE = 50_000

_HEAD = """\
# Weights of words in Chinese text at large: word, ln(documents / documents with the word).
# source: jieba 0.42.1, analyse/idf.txt, words of its dict.txt only (a segmenter yields no others)
# edition: 0.42.1 (2020)
# licence: MIT, Copyright (c) 2013 Sun Junyi
# verified: true (computed by search/make_background.py)
"""


def background_rows(idf_lines: list[str], dictionary_lines: list[str]) -> list[tuple[str, float]]:
    """Folded dictionary words with their weights, the lightest first, then by word.

    Of words that fold to one, the lightest weight stands: it is that of the common spelling.
    """
    dictionary = {line.split(" ")[0] for line in dictionary_lines}
    weights: dict[str, float] = {}
    for line in idf_lines:
        word, _, idf = line.partition(" ")
        if word in dictionary:
            folded = fold(word)
            weights[folded] = min(float(idf), weights.get(folded, float("inf")))
    return sorted(weights.items(), key=lambda row: (row[1], row[0]))


def main(idf_path: str, dictionary_path: str) -> None:
    idf_lines, dictionary_lines = (
        Path(path).read_text(encoding="utf-8").splitlines() for path in (idf_path, dictionary_path)
    )
    rows = background_rows(idf_lines, dictionary_lines)
    # The words left out are the rarest, whose weights lie nearest to that of an unknown word.
    kept, left_out = rows[:LARGEST_TABLE], rows[LARGEST_TABLE:]
    sys.stdout.write(_HEAD)
    sys.stdout.writelines(f"{word}\t{idf:.2f}\n" for word, idf in sorted(kept))
    if left_out:
        print(f"{statistics.median(idf for _, idf in left_out):.2f}", file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
