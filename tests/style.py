"""The hard stops of the style guide, over the C code of the tree: include
direction, length of functions, files and lines, banned functions, one place
per third-party header, file circles, and of the few habits that a line shows:
no typedef of a struct, no cleanup attribute, three levels of folders at the
most, a short Makefile.  Prints PASS or FAIL lines; a FAIL names
its first places.

A file circle is a set of modules of which each needs all others.  A module is
foo.c with foo.h and the private headers of its parts, foo_private.h or
foo_impl.h; a .c file without a header of its own is part of the module foo that
has a foo.c and whose header declares what the file defines; a header that has
no .c is a module alone.  One needs another whose header it includes, or whose
function or constant it names."""

import collections
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUNCTION_LINES = 120
FILE_LINES = 1500
COLUMNS = 100
MAKEFILE_LINES = 250

# What each layer may include besides itself.  gen is generated code.
BELOW = {
    "base": set(),
    "wire": {"base", "gen"},
    "net": {"base"},
    "db": {"wire", "base", "gen"},
    "pool": {"db", "net", "wire", "base", "gen"},
    "ops": {"wire", "net", "base", "gen"},
    "metrics": {"base"},
    "api": {"db", "pool", "ops", "metrics", "wire", "net", "base", "gen"},
    "xenopsd": {"base", "gen"},
    "poold": {"db", "net", "base"},
}
BELOW["update"] = {"net", "base"}
BELOW["backup"] = {"db", "net", "base", "gen"}
BELOW["rpc"] = BELOW["api"] | {"api"}
BELOW["cli"] = BELOW["rpc"] | {"rpc"}
BELOW["http"] = BELOW["cli"] | {"cli"}
BELOW["xe"] = {"net", "wire", "base"}
BELOW["rfb"] = {"base"}
BELOW["image"] = {"base"}
BELOW["xapi"] = BELOW["http"] | {"http", "update", "backup", "xe"}
# Which rooms of its layer a room may include besides itself; the files above
# the rooms may include all.
ROOMS = {
    "xenopsd": {
        "core": set(),
        "storage": {"core"},
        "domains": {"core", "storage", "machine", "network"},
        "machine": {"core", "storage", "domains"},
        "network": {"core", "machine"},
        "sim": {"core", "storage", "domains", "machine"},
    },
}
# Generated files that reach up: declarations of handlers, calls of ops.
GEN_OWNER = {"methods.h": "api", "errors.h": "api", "store.h": "db",
             "ops_stubs.h": "ops"}
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|"
                    r"system|popen|alloca)\s*\(")
# Third-party headers and the folder (or file) that alone includes them.
PLACES = {
    "sqlite3.h": "xapi-c/db/sqlite.c",
    "openssl/": "xapi-c/net/",
    "libxml/": ("xapi-c/wire/", "ui-protocol/scanner/", "installer/"),
    "libxl": "xapi-c/xenopsd/",
    "xen": "xapi-c/xenopsd/",
    "raft": "xapi-c/poold/",
    "uv.h": "xapi-c/poold/",
    "vterm": "xapi-c/rfb/",
    "zlib.h": "xapi-c/rfb/",
}
# What is easily written twice, and the file that alone does it.
ONCE = {"SCM_RIGHTS": "xapi-c/base/fdpass.c"}


def sources():
    for top in ("xapi-c", "ui-protocol", "installer", "tests", "dom0-rootfs"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            yield path.relative_to(ROOT), path.read_text()


def without_comments(text):
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\""
    return re.sub(pattern, blank, text, flags=re.S)


def check_rooms(path, text):
    if path.parts[0] != "xapi-c" or len(path.parts) != 4:
        return
    layer, own = path.parts[1:3]
    may = ROOMS.get(layer, {}).get(own)
    for n, line in enumerate(text.split("\n"), 1):
        m = re.match(r'#include "([a-z_]+)/([a-z_]+)/', line)
        if m and m[1] == layer and may is not None and m[2] != own and \
                m[2] not in may:
            yield n, f"{layer}/{own}/ includes {layer}/{m[2]}/"


def check_includes(path, text):
    for n, line in enumerate(text.split("\n"), 1):
        m = re.match(r'#include "([a-z_]+)/([^"]+)"', line)
        if m and path.parts[0] == "xapi-c" and len(path.parts) >= 3:
            own, (layer, name) = path.parts[1], m.groups()
            if layer == "gen":
                layer = GEN_OWNER.get(name, "gen")
            if layer != own and layer not in BELOW.get(own, {layer}):
                yield n, f"{own}/ includes {layer}/ ({name})"
        m = re.match(r"#include <([^>]+)>", line)
        if not m or path.parts[0] == "tests":
            continue
        for head, places in PLACES.items():
            places = (places,) if isinstance(places, str) else places
            if m[1].startswith(head) and not str(path).startswith(places):
                if path.parts[0] != "dom0-rootfs":
                    yield n, f"{m[1]} belongs to {places[0]}"


def check_lengths(path, text):
    lines = text.split("\n")
    if len(lines) - 1 > FILE_LINES:
        yield 1, f"{len(lines) - 1} lines"
    start = None
    for n, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > COLUMNS:
            yield n, f"{len(line.expandtabs(8))} columns"
        if line == "{":
            start = n
        elif line == "}" and start:
            if n - start - 1 > FUNCTION_LINES:
                yield start, f"function of {n - start - 1} lines"
            start = None


def check_banned(path, text):
    for n, line in enumerate(without_comments(text).split("\n"), 1):
        m = BANNED.search(line)
        if m:
            yield n, f"{m[1]}() is banned"
        for word, place in ONCE.items():
            if re.search(rf"\b{word}\b", line) and str(path) != place and \
                    path.parts[0] != "tests":
                yield n, f"{word} belongs to {place}"


HABITS = {
    r"^typedef\s+(struct|union|enum)\b": "a typedef hides what it is",
    r"__attribute__\s*\(\(\s*_*cleanup": "resources are freed at out:",
    r"^\s*#\s*pragma\s+once": "headers have guards",
}


def check_habits(path, text):
    for n, line in enumerate(without_comments(text).split("\n"), 1):
        for pattern, why in HABITS.items():
            if re.search(pattern, line):
                yield n, why
    if path.parts[0] == "xapi-c" and len(path.parts) > 4:
        yield 1, "deeper than xapi-c/layer/room/"


def check_makefile():
    lines = (ROOT / "Makefile").read_text().count("\n")
    if lines >= MAKEFILE_LINES:
        yield f"Makefile: {lines} lines"


def check_guard(path, text):
    if path.suffix == ".h" and not text.lstrip().startswith("/*"):
        yield 1, "header does not open with a comment"


# -- file circles -----------------------------------------------------------

WORD = re.compile(r"[A-Za-z_]\w*")
# A function at the left margin, and whether it is static; a constant.
FUNCTION = re.compile(r"^([^\n#]*\n)?(\w+)\([^;{]*\)\n\{", re.M)
DECLARED = re.compile(r"\b(\w+)(?=\(|(?:\[\w*\])?;)")
CONSTANT = re.compile(r"^(?!static)[\w *]*\b(\w+)(?:\[\w*\])? = ", re.M)


def layer_of(path):
    """A layer of xapi-c/ with all its rooms; elsewhere the file's folder."""
    return "/".join(path.parts[:2] if path.parts[0] == "xapi-c"
                    else path.parts[:-1])


def module_names(files):
    """Path: its module."""
    texts = dict(files)
    names = {}
    for path in texts:
        stem = re.sub(r"_(private|impl)$", "", str(path.with_suffix("")))
        names[path] = stem
    owners = collections.defaultdict(set)
    for path, text in texts.items():
        if path.suffix == ".h" and pathlib.Path(names[path] + ".c") in texts:
            for word in DECLARED.findall(without_comments(text)):
                owners[word, layer_of(path)].add(names[path])
    for path, text in texts.items():
        if path.suffix == ".c" and path.with_suffix(".h") not in texts:
            near = collections.Counter(
                m for word in defined(text)
                for m in owners[word, layer_of(path)])
            if near:
                names[path] = max(sorted(near), key=near.get)
    return names


def defined(text):
    """What a .c file gives to others."""
    for m in FUNCTION.finditer(text):
        if not re.search(r"\bstatic\b", m[1] or "") and m[2] != "main":
            yield m[2]
    for m in CONSTANT.finditer(text):
        yield m[1]


def needs(files, names):
    """Module: the modules that it needs, by name those of its layer."""
    texts = dict(files)
    giver = collections.defaultdict(set)
    for path, text in texts.items():
        if path.suffix == ".c":
            for word in defined(text):
                giver[word, layer_of(path)].add(names[path])
    graph = collections.defaultdict(set)
    for path, text in texts.items():
        for included in re.findall(r'^#include "([^"]+)"', text, re.M):
            for place in (path.parent / included,
                          pathlib.Path("xapi-c") / included):
                if place in names:
                    graph[names[path]].add(names[place])
        if path.suffix == ".c":
            for word in WORD.findall(without_comments(text)):
                if len(giver[word, layer_of(path)]) == 1:
                    graph[names[path]] |= giver[word, layer_of(path)]
    return graph


def reachable(graph, start):
    seen, todo = set(), [start]
    while todo:
        for n in graph.get(todo.pop(), ()):
            if n not in seen:
                seen.add(n)
                todo.append(n)
    return seen


def find_circles(files):
    """Sets of modules that need each other."""
    files = [(p, t) for p, t in files if p.parts[:2] != ("tests", "unit")]
    graph = needs(files, module_names(files))
    reach = {m: reachable(graph, m) for m in list(graph)}
    circles = {frozenset(o for o in reach[m] if m in reach.get(o, ()))
               for m in reach if m in reach[m]}
    return [c for c in circles if len(c) > 1]


def check_circles(files):
    for circle in sorted(map(sorted, find_circles(files))):
        yield "need each other: " + ", ".join(circle)


OPERATION = re.compile(r"\b[A-Z]+_OPERATIONS_[A-Z_]+\b")
OP_CLASS = re.compile(r"^const struct op_class \w+ = \{", re.M)


def check_operations(files):
    """Tables of operations stand above the struct op_class of their class.  A
    row that nothing else of api/ names is one that no message asks about."""
    rows, used = {}, set()
    for path, text in files:
        if path.parts[:2] != ("xapi-c", "api"):
            continue
        text = without_comments(text)
        m = OP_CLASS.search(text)
        for op in OPERATION.finditer(text):
            if m and op.start() < m.start():
                rows.setdefault(op[0], (path, text.count(
                    "\n", 0, op.start()) + 1))
            else:
                used.add(op[0])
    for op in sorted(set(rows) - used):
        yield "%s:%d: no message asks for %s" % (*rows[op], op)


def main():
    checks = {"includes": check_includes, "rooms": check_rooms,
              "lengths": check_lengths,
              "banned functions": check_banned, "headers": check_guard,
              "habits": check_habits}
    found = {name: [] for name in checks}
    files = list(sources())
    for path, text in files:
        for name, check in checks.items():
            found[name] += [f"{path}:{n}: {why}" for n, why in
                            check(path, text)]
    found["Makefile"] = list(check_makefile())
    found["file circles"] = list(check_circles(files))
    found["operations"] = list(check_operations(files))
    for name, bad in found.items():
        if bad:
            print(f"FAIL style {name}: {bad[0]}"
                  + (f" and {len(bad) - 1} more" if len(bad) > 1 else ""))
            print("\n".join(bad[1:20]))
        else:
            print(f"PASS style {name}")
    return 1 if any(found.values()) or not files else 0


if __name__ == "__main__":
    sys.exit(main())
