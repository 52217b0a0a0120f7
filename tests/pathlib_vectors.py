#!/usr/bin/env python3
"""Writes `pathlib_vectors.tsv`, the table that `path_pathlib.rs` holds `anyfile::Path` against.

    python3.14 tests/pathlib_vectors.py > tests/pathlib_vectors.tsv
    python3 tests/pathlib_vectors.py --check tests/pathlib_vectors.tsv
    python3 tests/pathlib_vectors.py --ask < questions

The first part is what PurePosixPath of Python 3.14 answers. The second part, DOCUMENTED, is written by
hand from the documentation, section by section; the source stands above each.

`--check` asks any Python whether it answers as the table says, except for what an older one answers
otherwise (`differs`). It prints how many rows it has asked. Under 3.14, that is all but those of an RFC.

`--ask` answers questions of the same form, rows without a result, each with a row or an empty line.

A row is `method, path, argument, option, result`. Bytes but printable ASCII are written `\\xHH`. A result is
`=text`, `[` and the items of a list with `/` after each, `true`, `false`, or `error` for a ValueError.
"""

import os
import pathlib
import re
import sys
from pathlib import PurePosixPath

PATHS = [
    "", ".", "..", "/", "//", "///", "/.", "/..", "./..", "../..", "a", "./a", "a/", "a/.", "a/..", "a//b",
    "a/./b", "a/../b", "/a", "//a", "///a", "/a/b", "//a/b/", "/a/b/c", "a/b/c", "./a/b", "../a", "..a", "a..",
    "...", "....", ".a", ".a.b", "..a.b", "...a.b", "a.", "a.b", "a.b.", "a..b", "a.b.c", "a.b.c/", ".a.", ". a",
    "a b.c d", "a b", "a\nb.c", "é", "é.ü", "/日本/語.txt", "\udcff", "/a\udcff.b\udcfe", "\udcc3.\udca9",
    "%41", "a%", "a?b#c", "a:b", "~", "/~-._", "a&b=c+d,e;f@g!h$i'j(k)l*m", "x" * 300 + ".y", "a/" * 200 + "b.c.d",
]

# What a new name, or a new stem, may be.
STEMS = ["c", "", ".", "..", "c.d", ".c", "c.", "c/d", "c/", "/c", "é", "\udcff", "c d"]

SUFFIXES = ["", ".", ".c", "c", "..", ".c.d", "..c", ".c.", "./", ".c/d", "/", "/.c", ".é", ".\udcff", ". c"]

BASES = [
    "", ".", "..", "/", "//", "/a", "//a", "a", "./a", "a/", "a/b", "/a/b", "a/../b", "..", "../..", "../a", "ab",
    "/a/b/c/d", "\udcff", "é",
]

NAMES = [
    "a", "b", "ab", "abc", ".a", ".hidden.py", "a.py", "A.PY", "b.pyc", "[", "]", "[a]", "a-c", "-", "!", "^", "a]",
    "\\", "*", "?", "{a,b}", "a\nb", "é", "éé", "e\u0301", "日本", "\udcff", "\udcff\udcfe", "é\udcff", "\udcc3",
    "a b", "..", "&", "~", "|", "z", "&&", "a*b",
]

NAME_PATTERNS = [
    "*", "**", "***", "?", "??", "???", "a*", "*a", "*.py", ".*", "*.*", "a?", "?a", "[", "]", "[]", "[!]", "[a",
    "[a]", "[!a]", "[ab]", "[a-c]", "[c-a]", "[!c-a]", "[a-]", "[-a]", "[!-a]", "[]a]", "[!]a]", "[]-a]", "[--a]",
    "[a-c-z]", "[a-b-z]", "[^a]", "[!^a]", "[!!]", "[a]*", "a[", "[[]", "[[a]]", "[a-]]", "{a,b}", "\\", "\\*", "[\\]",
    "[*]", "[?]", "a*b", "*a*b*c*", "é", "?\u0301", "[é]", "[!é]", "[à-ü]", "*é", "[\udcff]", "\udcff", "?\udcff",
    "[\udc80-\udcff]", "[&&]", "[~|]", "[a&&b]", "*[", "a\nb", "A.py", "[A-Z].PY", "..", "^", "[!a-z]*",
]

MANY = ["a", "/a", "a/b", "/a/b", "//a/b", "a/b/c", "/a/b/c.py", "", "/", "a/..", "../a", "./a/b/"]

MANY_PATTERNS = [
    "", ".", "a", "b", "*", "a/b", "*/b", "/a", "/*", "/a/b", "//a/b", "/*/*", "*/*", "*/*/*", "a/*/*.py", "/a/*/*.py",
    "**", "a/**", "**/b", "./a", "a/b/", "a//b", "..", "../*", "/", "//", "b/*", "*.py",
]

# (source, [(method, path, argument, option, result)]). The version is that of CPython's documentation.
DOCUMENTED = [
    ("3.13 pathlib, PurePath.full_match: a pattern describes the whole path", [
        ("full_match", "lib/x.py", "lib/x.py", "", True),
        ("full_match", "lib/x.py", "lib/*.py", "", True),
        ("full_match", "lib/x.py", "*.py", "", False),
        ("full_match", "/lib/x.py", "lib/*.py", "", False),
        ("full_match", "lib/x.py", "/lib/*.py", "", False),
        ("full_match", "/lib/x.py", "/lib/*.py", "", True),
        ("full_match", "lib/x.py", "lib", "", False),
        ("full_match", "lib/x.py", "lib/x.py/y", "", False),
        ("full_match", "lib/x.pyc", "lib/*.py", "", False),
        ("full_match", "./lib//x.py/", "lib/./x.py", "", True),
        ("full_match", "lib/../x", "x", "", False),
        ("full_match", "lib/../x", "lib/../x", "", True),
        ("full_match", "lib/../x", "lib/*/x", "", True),
        ("full_match", "//lib/x", "/lib/x", "", False),
        ("full_match", "//lib/x", "//lib/x", "", True),
    ]),
    ("3.13 pathlib, Pattern language: `**` as a whole segment is any number of segments, none too", [
        ("full_match", "lib/x.py", "lib/**/x.py", "", True),
        ("full_match", "lib/a/x.py", "lib/**/x.py", "", True),
        ("full_match", "lib/a/b/x.py", "lib/**/x.py", "", True),
        ("full_match", "x.py", "**/x.py", "", True),
        ("full_match", "lib/a/x.py", "**/x.py", "", True),
        ("full_match", "/lib/a/x.py", "**/x.py", "", True),
        ("full_match", "/lib/a/x.py", "**/lib/**/x.py", "", False),
        ("full_match", "/usr/lib/a/x.py", "**/lib/**/x.py", "", True),
        ("full_match", "/lib/a/x.py", "/**/x.py", "", True),
        ("full_match", "/x.py", "/**/x.py", "", True),
        ("full_match", "lib/a/x.py", "/**/x.py", "", False),
        ("full_match", "/lib/a", "/**", "", True),
        ("full_match", "/", "/**", "", True),
        ("full_match", "lib/a/b", "lib/**", "", True),
        ("full_match", "lib/a", "lib/**", "", True),
        ("full_match", "lib", "**", "", True),
        ("full_match", "/lib/a", "**", "", True),
        ("full_match", "/", "**", "", True),
        ("full_match", "//", "**", "", True),
        ("full_match", "lib/a/b", "**/**", "", True),
        ("full_match", "lib", "**/**", "", True),
        ("full_match", "/", "**/**", "", True),
        ("full_match", "lib/a/b", "**/**/b", "", True),
        ("full_match", "lib/a/b", "**/a/**", "", True),
        ("full_match", "a/x/b/y/a/z", "**/a/*/b/**/z", "", True),
        ("full_match", "a/x/b/y/a/z", "**/a/*/b/*/z", "", False),
        ("full_match", "a/b/a/b/c", "**/a/b/c", "", True),
        ("full_match", "a/b/a/b/d", "**/a/b/c", "", False),
    ]),
    ("CPython 3.13 Lib/glob.py, translate: what `**` leaves out, at the end and before an anchor", [
        ("full_match", "lib", "lib/**", "", False),
        ("full_match", "/lib", "/lib/**", "", False),
        ("full_match", "lib", "lib/**/**", "", False),
        ("full_match", "/x", "**/x", "", False),
        ("full_match", "/a/x", "**/x", "", True),
        ("full_match", "/", "**/*", "", False),
        ("full_match", "/x", "**/*", "", False),
        ("full_match", "/", "/*", "", False),
        ("full_match", "/x", "*/x", "", False),
        ("full_match", "/x", "*", "", False),
    ]),
    ("3.13 pathlib, Pattern language: `**` within a segment is as `*`", [
        ("full_match", "lib/xyz", "lib/x**z", "", True),
        ("full_match", "lib/a/xyz", "lib/**z", "", False),
        ("full_match", "lib/xyz", "lib/**z", "", True),
        ("full_match", "lib/a/b", "lib/***", "", False),
        ("full_match", "lib/a", "lib/***", "", True),
    ]),
    ("3.13 pathlib, Pattern language: `*`, `?`, `[seq]`, `[!seq]`; hidden names are not special", [
        ("full_match", ".git/.config", "*/*", "", True),
        ("full_match", ".git/.config", "**/.c*", "", True),
        ("full_match", ".git", "?git", "", True),
        ("full_match", ".git", "**", "", True),
        ("full_match", "lib/x1", "lib/x[0-9]", "", True),
        ("full_match", "lib/x1", "lib/x[!0-9]", "", False),
        ("full_match", "lib/xy", "lib/x[!0-9]", "", True),
        ("full_match", "lib", "l?b", "", True),
        ("full_match", "a/b", "a?b", "", False),
        ("full_match", "[x", "[x", "", True),
        ("full_match", "{a,b}", "{a,b}", "", True),
        ("full_match", "a", "{a,b}", "", False),
        ("full_match", "*", "\\*", "", False),
        ("full_match", "\\x", "\\*", "", True),
        ("full_match", "é\udcff/ü", "é?/?", "", True),
        ("full_match", "\udcff\udcfe/ü", "?/?", "", False),
        ("full_match", "a\nb/c", "a?b/*", "", True),
    ]),
    ("CPython 3.13 Lib/test/test_pathlib, full_match of empty paths and patterns", [
        ("full_match", "", "", "", True),
        ("full_match", ".", "./", "", True),
        ("full_match", "", "**", "", True),
        ("full_match", "", "**/**", "", True),
        ("full_match", "", "*", "", False),
        ("full_match", "", "**/*", "", False),
        ("full_match", "/", "", "", False),
        ("full_match", "x", ".", "", False),
    ]),
    ("3.12 and 3.13 pathlib, full_match and match: case_sensitive", [
        ("full_match", "Lib/X.py", "lib/*.PY", "case_sensitive=0", True),
        ("full_match", "Lib/X.py", "lib/*.PY", "case_sensitive=1", False),
        ("full_match", "Lib/X.py", "lib/*.PY", "", False),
        ("full_match", "ÉCOLE", "école", "case_sensitive=0", True),
        ("full_match", "école", "[É]COLE", "case_sensitive=0", True),
        ("full_match", "B", "[a-c]", "case_sensitive=0", True),
        ("full_match", "b", "[A-C]", "case_sensitive=0", True),
        ("full_match", "b", "[!A-C]", "case_sensitive=0", False),
        ("full_match", "ß", "ẞ", "case_sensitive=0", True),
        ("full_match", "ß", "ﬁ", "case_sensitive=0", False),
        ("full_match", "ΣΑΣ", "σας", "case_sensitive=0", True),
        ("full_match", "\udcff", "\udcff", "case_sensitive=0", True),
        ("matches", "Lib/X.py", "x.PY", "case_sensitive=0", True),
        ("matches", "Lib/X.py", "x.PY", "case_sensitive=1", False),
        ("matches", "/Lib/X.py", "/lib/*.PY", "case_sensitive=0", True),
    ]),
    ("3.13 pathlib, PurePath.match: `**` is as `*`, and a wildcard is not a separator", [
        ("matches", "a/b/c", "a/**/c", "", True),
        ("matches", "a/b/b/c", "a/**/c", "", False),
        ("matches", "a/c", "a/**/c", "", False),
        ("matches", "/a", "*/a", "", False),
        ("matches", "/a", "**/a", "", False),
        ("matches", "/", "*", "", False),
    ]),
    ("3.12 pathlib, PurePath.relative_to: walk_up", [
        ("relative_to", "/a/b", "/a/c", "walk_up", "../b"),
        ("relative_to", "/a/b", "/c/d", "walk_up", "../../a/b"),
        ("relative_to", "/a", "/a/b/c", "walk_up", "../.."),
        ("relative_to", "/a/b", "/a", "walk_up", "b"),
        ("relative_to", "/a", "/a", "walk_up", "."),
        ("relative_to", "/", "/a", "walk_up", ".."),
        ("relative_to", "a/b", "c", "walk_up", "../a/b"),
        ("relative_to", "", "a/b", "walk_up", "../.."),
        ("relative_to", "a", "", "walk_up", "a"),
        ("relative_to", "./a//b/", "./c/.", "walk_up", "../a/b"),
        ("relative_to", "../a", "b", "walk_up", "../../a"),
        ("relative_to", "../a", "../b", "walk_up", "../a"),
        ("relative_to", "a/../b", "a/..", "walk_up", "b"),
        ("relative_to", "//a", "//b", "walk_up", "../a"),
        ("relative_to", "é/\udcff", "é/ü", "walk_up", "../\udcff"),
    ]),
    ("3.12 pathlib, PurePath.relative_to: a ValueError where `..` or another anchor is in the way", [
        ("relative_to", "/a", "b", "walk_up", None),
        ("relative_to", "a", "/b", "walk_up", None),
        ("relative_to", "//a", "/a", "walk_up", None),
        ("relative_to", "a", "..", "walk_up", None),
        ("relative_to", "a/b", "a/../c", "walk_up", None),
        ("relative_to", "/a/b", "/a/c/..", "walk_up", None),
    ]),
    ("3.13 pathlib, Path.from_uri", [
        ("from_uri", "file:///srv/x", "", "", "/srv/x"),
        ("from_uri", "file:/srv/x", "", "", "/srv/x"),
        ("from_uri", "file:////srv/x", "", "", "//srv/x"),
        ("from_uri", "file://localhost/srv/x", "", "", "/srv/x"),
        ("from_uri", "file:///a%20b%0Ac", "", "", "/a b\nc"),
        ("from_uri", "file:///%C3%A9/%ff", "", "", "/é/\udcff"),
        ("from_uri", "file:///%41%2f%3F%23", "", "", "/A/?#"),
        ("from_uri", "file:///école", "", "", "/école"),
        ("from_uri", "file:///100%/%zz/%4", "", "", "/100%/%zz/%4"),
        ("from_uri", "file:///a//b/./c/", "", "", "/a/b/c"),
        ("from_uri", "file:///a+b", "", "", "/a+b"),
        ("from_uri", "file:srv/x", "", "", None),
        ("from_uri", "file:", "", "", None),
        ("from_uri", "/srv/x", "", "", None),
        ("from_uri", "srv/x", "", "", None),
        ("from_uri", "http://localhost/srv/x", "", "", None),
        ("from_uri", "files:///srv/x", "", "", None),
        ("from_uri", "", "", "", None),
    ]),
    ("3.14 pathlib, Path.from_uri: changed in 3.14, another host is a ValueError but on Windows", [
        ("from_uri", "file://host/srv/x", "", "", None),
        ("from_uri", "file://localhost.example/srv/x", "", "", None),
        ("from_uri", "file://localhost", "", "", None),
        ("from_uri", "file:///c:/srv", "", "", "/c:/srv"),
        ("from_uri", "file:///", "", "", "/"),
        ("from_uri", "file:///x", "", "", "/x"),
    ]),
    ("3.14 urllib.request.url2pathname: changed in 3.14, query and fragment are discarded", [
        ("from_uri", "file:///srv/x?y#z", "", "", "/srv/x"),
        ("from_uri", "file:///srv/x#z?y", "", "", "/srv/x"),
    ]),
    ("RFC 3986, 3.1 and 3.2.2: scheme and host are the same in any case", [
        ("from_uri", "FILE:///srv/x", "", "", "/srv/x"),
        ("from_uri", "File://LOCALHOST/srv/x", "", "", "/srv/x"),
    ]),
]


def ask(method, path, argument="", option=""):
    """What this Python answers."""
    name, _, value = option.partition("=")
    options = {name: value != "0"} if name else {}
    try:
        if method == "from_uri":
            return str(pathlib.Path.from_uri(path))
        answer = getattr(PurePosixPath(path), {"matches": "match"}.get(method, method))
        if method in ("as_posix", "as_uri"):
            return answer()
        if method in ("anchor", "suffixes"):
            return answer
        answer = answer(argument, **options)
    except ValueError:
        return None
    return answer if isinstance(answer, bool) else str(answer)


def generated():
    """The rows of the first part, asked now."""
    for method in ("anchor", "as_posix", "suffixes", "as_uri"):
        for path in PATHS:
            yield method, path, "", "", ask(method, path)
    for path in PATHS:
        # Long ones teach nothing more.
        for stem in STEMS if len(path) < 100 else STEMS[:1]:
            yield "with_stem", path, stem, "", ask("with_stem", path, stem)
    for method, arguments in (("with_name", STEMS), ("with_suffix", SUFFIXES)):
        for path in PATHS:
            for argument in arguments if len(path) < 100 else arguments[:1]:
                yield method, path, argument, "", ask(method, path, argument)
    for method in ("relative_to", "is_relative_to"):
        for path in PATHS:
            for base in BASES if len(path) < 100 else ():
                yield method, path, base, "", ask(method, path, base)
    for paths, patterns in ((NAMES, NAME_PATTERNS), (MANY, MANY_PATTERNS)):
        for path in paths:
            for pattern in patterns:
                yield "matches", path, pattern, "", ask("matches", path, pattern)


def escaped(text):
    return "".join(chr(b) if 32 <= b < 127 and b != 92 else f"\\x{b:02X}" for b in text.encode("utf-8", "surrogateescape"))


def row(method, path, argument, option, answer):
    if answer is None:
        result = "error"
    elif isinstance(answer, bool):
        result = str(answer).lower()
    elif isinstance(answer, list):
        result = "[" + "".join(escaped(item) + "/" for item in answer)
    else:
        result = "=" + escaped(answer)
    return "\t".join([method, escaped(path), escaped(argument), option, result])


def table():
    yield "# Written by pathlib_vectors.py. method, path, argument, option, result"
    yield "# source: PurePosixPath of Python 3.14"
    yield from (row(*vector) for vector in generated())
    for source, vectors in DOCUMENTED:
        yield f"# source: {source}"
        yield from (row(*vector) for vector in vectors)


def differs(method, path, argument, option):
    """Whether the answer came, or was changed, with a version later than this Python's."""
    name = PurePosixPath(path).name
    dots = name.endswith(".") or name.startswith("..")
    changes = [
        # "Changed in version 3.14: A single dot ('.') is considered a valid suffix", and dots in front of a
        # name are never one.
        ((3, 14), method in ("suffixes", "with_stem", "with_suffix") and dots),
        ((3, 14), method == "with_suffix" and argument == "."),
        # "Changed in version 3.14": other hosts, queries and fragments.
        ((3, 14), method == "from_uri"),
        # The stem of a name with a suffix cannot be empty, nor is any name with a separator in it a name.
        ((3, 13), method == "with_stem" and (not argument or "/" in argument)),
        ((3, 13), method == "with_name" and "/" in argument),
        # "Added in version 3.13".
        ((3, 13), method == "full_match"),
        # `*` stood for the root, too, and `**` for nothing.
        ((3, 13), method == "matches" and (path.startswith("/") or "**" in argument)),
        # "Changed in version 3.12": `case_sensitive` and `walk_up` were added.
        ((3, 12), option != ""),
    ]
    return any(sys.version_info < version for version, is_changed in changes if is_changed)


def takes_separator(method, path, argument):
    """Whether Python may take a separator for part of a name: it makes one regular expression of a pattern."""
    # Against its documentation, `[!seq]` is any separator: https://github.com/python/cpython/issues/130942
    in_set = "[!" in argument and {"full_match": "/" in path, "matches": path.startswith("/")}.get(method)
    # The second slash of the root `//` is as good as a name to `**`.
    in_root = method == "full_match" and "**" in argument and PurePosixPath(path).root == "//"
    return in_set or in_root


def check(path):
    expected = list(table())
    with open(path, encoding="ascii") as file:
        rows = file.read().splitlines()
    asked = wrong = 0
    # Python goes less far than the RFC.
    documented = [vectors for source, vectors in DOCUMENTED if not source.startswith("RFC")]
    vectors = [*generated(), *(vector for vectors in documented for vector in vectors)]
    known = dict(line.rpartition("\t")[::2] for line in rows if not line.startswith("#"))
    for vector in vectors:
        if differs(*vector[:4]):
            continue
        asked += 1
        key, _, answer = row(*vector[:4], ask(*vector[:4])).rpartition("\t")
        if known.get(key) != answer:
            wrong += 1
            print(f"{vector[:4]}: {known.get(key)} in the table, but this Python says {answer}", file=sys.stderr)
    print(f"{sys.version_info[:2]}: {asked} of {len(vectors)} rows asked, {wrong} wrong")
    if wrong or asked == len(vectors) and rows != expected:
        sys.exit(f"{path} is not what {sys.argv[0]} writes")


def answer(line):
    """The row of a question, or an empty line if this Python's answer is not that of the documentation."""
    cells = line.rstrip("\n").split("\t")
    unescaped = [re.sub(rb"\\x(..)", lambda hex: bytes.fromhex(hex[1].decode()), cell.encode()) for cell in cells]
    vector = [os.fsdecode(cell) for cell in unescaped]
    return "" if differs(*vector) or takes_separator(*vector[:3]) else row(*vector, ask(*vector))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        check(sys.argv[2])
    elif sys.argv[1:2] == ["--ask"]:
        print(sys.version_info[:2])
        print("\n".join(map(answer, sys.stdin)))
    else:
        print("\n".join(table()))
