"""How far heard words are from spoken ones; pure."""

import re


def word_error_rate(spoken: str, heard: str) -> float:
    """Substituted, missing and added words over the number of spoken words; case and punctuation do not count.

    Levenshtein's distance over words, as in the NIST scoring tools; may exceed 1.
    """
    reference, hypothesis = _words(spoken), _words(heard)
    row = list(range(len(hypothesis) + 1))
    for i, word in enumerate(reference, start=1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(hypothesis, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other))
    return row[-1] / max(1, len(reference))


def _words(text: str) -> list[str]:
    return re.findall(r"[\w']+", text.lower())
