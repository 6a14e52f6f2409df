"""What a terminal of 80 columns shows of the bytes that a program wrote to a
VT220 (or the kernel's screen): enough of it for the appliance's pages."""

import re

SEQUENCE = re.compile(
    rb"\x1b\[([?>]?)([0-9;]*)([A-Za-z@])|\x1b[()][0AB]|\x1b[ #][A-Za-z0-9]"
    rb"|\x1b[=>78cDEHM]")


class Terminal:
    def __init__(self, rows=24, columns=80):
        self.rows, self.columns = rows, columns
        self.clear()
        self.y = self.x = 0

    def clear(self):
        self.cells = [[" "] * self.columns for _ in range(self.rows)]

    def text(self):
        """The lines, without the blanks at their ends."""
        return "\n".join("".join(r).rstrip() for r in self.cells).rstrip()

    def feed(self, data):
        i = 0
        while i < len(data):
            m = SEQUENCE.match(data, i)
            if m:
                i = m.end()
                if m[3] and not m[1]:
                    self._control(m[3].decode(), [
                        int(n or 0) for n in m[2].split(b";")])
                continue
            self._character(data[i])
            i += 1

    def _character(self, c):
        if c == 10:
            if self.y == self.rows - 1:
                self.cells = self.cells[1:] + [[" "] * self.columns]
            self.y = min(self.y + 1, self.rows - 1)
        elif c == 13:
            self.x = 0
        elif c == 8:
            self.x = max(self.x - 1, 0)
        elif c == 9:
            self.x = min(self.x // 8 * 8 + 8, self.columns - 1)
        elif c >= 32:
            if self.x == self.columns:
                self.x = 0
                self._character(10)
            self.cells[self.y][self.x] = chr(c)
            self.x += 1

    def _control(self, kind, n):
        count = n[0] or 1
        x = min(self.x, self.columns - 1)
        row = self.cells[self.y]
        if kind in "Hf":
            self.y = min(count, self.rows) - 1
            self.x = min(n[1] if len(n) > 1 and n[1] else 1,
                         self.columns) - 1
        elif kind == "A":
            self.y = max(self.y - count, 0)
        elif kind == "B":
            self.y = min(self.y + count, self.rows - 1)
        elif kind == "C":
            self.x = min(x + count, self.columns - 1)
        elif kind == "D":
            self.x = max(x - count, 0)
        elif kind == "G":
            self.x = min(count, self.columns) - 1
        elif kind == "d":
            self.y = min(count, self.rows) - 1
        elif kind == "K":
            self._erase_line(row, x, n[0])
        elif kind == "J":
            self._erase(x, n[0])
        elif kind == "X":
            row[x:x + count] = [" "] * len(row[x:x + count])
        elif kind == "P":
            row[x:] = (row[x + count:] + [" "] * count)[:len(row[x:])]
        elif kind == "@":
            row[x:] = ([" "] * count + row[x:])[:len(row[x:])]

    def _erase_line(self, row, x, how):
        start, end = {0: (x, self.columns), 1: (0, x + 1)}.get(
            how, (0, self.columns))
        row[start:end] = [" "] * (end - start)

    def _erase(self, x, how):
        self._erase_line(self.cells[self.y], x, how)
        for y in {0: range(self.y + 1, self.rows),
                  1: range(self.y)}.get(how, range(self.rows)):
            self.cells[y] = [" "] * self.columns
