"""Lays out the pieces of one cue in as few lines as hold them, broken where it reads best."""

from collections.abc import Sequence

from stenopool.transcripts.formats.borders import break_cost
from stenopool.transcripts.formats.function_words import FunctionWords
from stenopool.transcripts.formats.pieces import Piece


def joined(pieces: Sequence[Piece]) -> str:
    """The text of the pieces with the spaces between them."""
    return "".join(" " + piece.text if piece.spaced and index else piece.text for index, piece in enumerate(pieces))


def lay_out(pieces: Sequence[Piece], line_columns: int, words: FunctionWords) -> list[str]:
    """The pieces as lines: the fewest that hold them, no line wider than ``line_columns`` unless one piece is.

    Among the ways to break them, the one whose lines are most alike and whose breaks cost least is taken.
    """
    count = lines_needed(pieces, line_columns)
    if count <= 1:
        return [joined(pieces)] if pieces else []
    edges = [0]
    for piece in pieces:
        edges.append(edges[-1] + piece.width + piece.spaced)
    best: list[dict[int, tuple[float, tuple[int, ...]]]] = [{0: (0.0, ())}]
    ideal = edges[-1] / count
    for line in range(count):
        ends: dict[int, tuple[float, tuple[int, ...]]] = {}
        for begin, (cost, breaks) in best[line].items():
            for end in range(begin + 1, len(pieces) + 1):
                width = edges[end] - edges[begin] - pieces[begin].spaced
                if width > line_columns and end > begin + 1:
                    break
                total = cost + ((width - ideal) / line_columns) ** 2 * _BALANCE
                if end < len(pieces):
                    total += break_cost(pieces[end - 1], pieces[end], words)
                if end not in ends or total < ends[end][0]:
                    ends[end] = (total, (*breaks, end))
        best.append(ends)
    begin, lines = 0, []
    for end in best[count][len(pieces)][1]:
        lines.append(joined(pieces[begin:end]))
        begin = end
    return lines


def lines_needed(pieces: Sequence[Piece], line_columns: int) -> int:
    """The fewest lines that hold the pieces; filling each line as far as it goes is optimal."""
    fill = LineFill(line_columns)
    for piece in pieces:
        fill.add(piece)
    return fill.lines


class LineFill:
    """Counts lines while pieces are added one by one."""

    def __init__(self, line_columns: int) -> None:
        self._line_columns = line_columns
        self._width = 0
        self.lines = 0

    def add(self, piece: Piece) -> None:
        """Sets the piece on the current line, or on a new one where it does not fit."""
        width = self._width + piece.spaced + piece.width
        if self.lines and width <= self._line_columns:
            self._width = width
        else:
            self.lines += 1
            self._width = piece.width


_BALANCE = 6.0
"""Weight of evenness: lines that differ from the mean by a quarter of the limit cost 0.75 together, so that a plain
break near the middle goes before a comma at the edge."""
