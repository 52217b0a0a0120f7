"""Encodes a text as Python does, and says what Python reads.

Arguments: the file of a text in UTF-8, an encoding, and where to put the encoded text, its lines, and the whole of
it; the latter two in UTF-8.
"""

import sys

source, encoding, encoded, lines, whole = sys.argv[1:]
with open(source, encoding="utf-8", newline="") as file:
    text = file.read()
with open(encoded, "w", encoding=encoding, newline="") as file:
    file.write(text)
with open(encoded, encoding=encoding, newline="\n") as file, open(
    lines, "w", encoding="utf-8", newline=""
) as out:
    for line in file:
        out.write(line.removesuffix("\n").removesuffix("\r") + "\n")
with open(encoded, encoding=encoding, newline="") as file, open(
    whole, "w", encoding="utf-8", newline=""
) as out:
    out.write(file.read())
