"""What glob, rglob and walk find in a tree, worked out naively, and by pathlib where it says the same.

Arguments: `glob ROOT`, then for each query five more: a pattern, whether it is searched for everywhere
(`**/` in front of it), whether case counts (0, 1, or empty for the system's choice), whether links are
followed, and whether the pathlib of every version agrees. Or `walk ROOT FOLLOW`. Or `queries -`: a line of
hexadecimal cells for each query, a root and those five, is read, and pathlib alone is asked.

Prints rows of hexadecimal cells. For a search: who found it (`naive`, `pathlib`, or `error` for a
directory that could not be read), the number of the query, and the path. For a walk: `top-down`,
`bottom-up`, `os` or `error`, the path, `/`, the names of directories, `/`, and those of files.
"""

import errno
import fnmatch
import functools
import os
import pathlib
import re
import sys


def show(*cells):
    print(*(os.fsencode(cell).hex() for cell in cells), sep="\t")


def leads_to_dir(entry):
    """Through links, too."""
    try:
        return entry.is_dir()
    except OSError:
        return False


@functools.cache
def scan(path):
    with os.scandir(path) as entries:
        return list(entries)


@functools.cache
def identity(path):
    status = os.stat(path)
    return status.st_dev, status.st_ino


def ids_above(path):
    """The directories above one, wherever links have led to it."""
    try:
        return [identity(dir) for dir in pathlib.Path(os.path.realpath(path)).parents]
    except OSError:
        return []


class Search:
    """The meaning of a pattern: each segment says where to go from each path that was come to."""

    def __init__(self, case, follow):
        self.look_up = case == ""
        self.flags = re.IGNORECASE if case == "0" else 0
        self.follow = follow
        self.errors = set()

    def entries(self, path):
        try:
            return scan(path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            # A link to itself leads to nothing.
            if error.errno != errno.ELOOP:
                self.errors.add(path)
            return []

    def find(self, root, segments):
        """All paths that the segments lead to: one segment after the other, from all paths at once."""
        # For each path the directories on the way to it, and whether a directory has told that it is there.
        paths = {root: (ids_above(root), False)}
        for number, segment in enumerate(segments):
            rest = segments[number + 1 :]
            found = {}
            for path, (above, is_there) in paths.items():
                for next_path, *state in self.step(path, above, is_there, segment, rest):
                    known = found.get(next_path, state)
                    found[next_path] = (state[0], known[1] or state[1])
            paths = found
        return {path for path, (_, is_there) in paths.items() if is_there or os.path.lexists(path)}

    def step(self, path, above, is_there, segment, rest):
        if segment == "":
            # What is there has led to a segment, so it is a directory.
            if is_there or os.path.isdir(path):
                yield path, above, True
        elif segment == "..":
            up = os.path.join(path, "..")
            yield up, ids_above(up), False
        elif segment == "**":
            if is_there or os.path.isdir(path):
                yield path, above, True
                yield from self.everywhere(path, above, rest)
            else:
                self.entries(path)
        elif self.look_up and not re.search(r"[*?\[]", segment):
            yield os.path.join(path, segment), self.on(above, path), False
        else:
            matches = re.compile(fnmatch.translate(segment), self.flags).match
            for entry in self.entries(path):
                if matches(entry.name) and (not rest or leads_to_dir(entry)):
                    yield entry.path, self.on(above, path), True

    def everywhere(self, path, above, rest):
        above = self.on(above, path)
        for entry in self.entries(path):
            is_dir = entry.is_dir(follow_symlinks=False)
            is_link_to_dir = not is_dir and self.follow and leads_to_dir(entry)
            if is_dir or is_link_to_dir and identity(entry.path) not in above:
                yield entry.path, above, True
                yield from self.everywhere(entry.path, above, rest)
            elif not rest or is_link_to_dir and rest == [""]:
                yield entry.path, above, True

    @staticmethod
    def on(above, path):
        try:
            return [*above, identity(path)]
        except OSError:
            return above


def search(root, queries):
    for number in range(len(queries) // 5):
        pattern, anywhere, case, follow, agrees = queries[number * 5 :][:5]
        segments = [part for part in pattern.split("/") if part not in ("", ".")]
        segments = ["**"] * (anywhere == "1") + segments + [""] * pattern.endswith("/")
        naive = Search(case, follow == "1")
        for path in naive.find(root, segments):
            show("naive", str(number), path)
        for path in naive.errors:
            show("error", str(number), path)
        ask_pathlib(number, root, pattern, anywhere, case, follow, agrees)


def ask_pathlib(number, root, pattern, anywhere, case, follow, agrees):
    is_new = sys.version_info >= (3, 13)
    # Older ones lack the options, and newer ones follow links round and round.
    if follow == "1" or not (is_new or agrees == "1" and case == ""):
        return
    base = pathlib.Path(root)
    options = {"case_sensitive": case == "1"} if case else {}
    found = (base.rglob if anywhere == "1" else base.glob)(pattern, **options)
    show("pathlib", str(number), "")
    for path in set(found):
        show("pathlib", str(number), path)


def walk(root, follow, top_down, path, above):
    """As documented for pathlib: links are directories only if they are followed."""
    try:
        entries = sorted(scan(path), key=lambda entry: os.fsencode(entry.name))
    except OSError:
        show("error", "top-down" if top_down else "bottom-up", path)
        return
    is_dir = leads_to_dir if follow else lambda entry: entry.is_dir(follow_symlinks=False)
    dirs = [entry for entry in entries if is_dir(entry)]
    files = [entry.name for entry in entries if entry not in dirs]
    order = "top-down" if top_down else "bottom-up"
    row = [order, path, "/", *(entry.name for entry in dirs), "/", *files]
    above = [*above, identity(path)]
    if top_down:
        show(*row)
    for entry in dirs:
        if entry.is_symlink() and identity(entry.path) in above:
            show("error", order, entry.path)
        else:
            walk(root, follow, top_down, entry.path, above)
    if not top_down:
        show(*row)


def walk_os(root):
    for path, dirs, files in os.walk(root):
        # Unlike pathlib, it names links to directories among the directories.
        links = [name for name in dirs if os.path.islink(os.path.join(path, name))]
        dirs = sorted((name for name in dirs if name not in links), key=os.fsencode)
        show("os", path, "/", *dirs, "/", *sorted(files + links, key=os.fsencode))


if __name__ == "__main__":
    what, root, *rest = sys.argv[1:]
    if what == "queries":
        for number, line in enumerate(sys.stdin):
            cells = (os.fsdecode(bytes.fromhex(cell)) for cell in line.rstrip("\n").split("\t"))
            ask_pathlib(number, *cells)
    elif what == "glob":
        search(root, rest)
    else:
        follow = rest == ["1"]
        walk(root, follow, True, root, ids_above(root))
        walk(root, follow, False, root, ids_above(root))
        if not follow:
            walk_os(root)
