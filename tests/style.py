"""The hard stops of the style guide, over the C code of the tree: include
direction, length of functions, files and lines, banned functions, one place
per third-party header.  Prints PASS or FAIL lines; a FAIL names its first
places."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUNCTION_LINES = 120
FILE_LINES = 1500
COLUMNS = 100

# What each layer may include besides itself.  gen is generated code.
BELOW = {
    "base": set(),
    "wire": {"base", "gen"},
    "net": {"base"},
    "db": {"wire", "base", "gen"},
    "pool": {"db", "net", "wire", "base", "gen"},
    "ops": {"wire", "net", "base", "gen"},
    "api": {"db", "pool", "ops", "wire", "net", "base", "gen"},
    "xenopsd": {"base", "gen"},
    "poold": {"db", "base"},
}
BELOW["rpc"] = BELOW["api"] | {"api"}
BELOW["http"] = BELOW["rpc"] | {"rpc"}
BELOW["xapi"] = BELOW["http"] | {"http"}
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
    "jansson.h": "xapi-c/wire/",
    "libxl": "xapi-c/xenopsd/",
    "xen": "xapi-c/xenopsd/",
    "raft": "xapi-c/poold/",
    "uv.h": "xapi-c/poold/",
}


def sources():
    for top in ("xapi-c", "ui-protocol", "installer", "tests", "dom0-rootfs"):
        for path in sorted((ROOT / top).rglob("*.[ch]")):
            yield path.relative_to(ROOT), path.read_text()


def without_comments(text):
    def blank(m):
        return re.sub(r"[^\n]", " ", m.group(0))
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\""
    return re.sub(pattern, blank, text, flags=re.S)


def check_includes(path, text):
    for n, line in enumerate(text.split("\n"), 1):
        m = re.match(r'#include "([a-z_]+)/([^"]+)"', line)
        if m and path.parts[0] == "xapi-c" and len(path.parts) == 3:
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


def check_guard(path, text):
    if path.suffix == ".h" and not text.lstrip().startswith("/*"):
        yield 1, "header does not open with a comment"


def main():
    checks = {"includes": check_includes, "lengths": check_lengths,
              "banned functions": check_banned, "headers": check_guard}
    found = {name: [] for name in checks}
    files = list(sources())
    for path, text in files:
        for name, check in checks.items():
            found[name] += [f"{path}:{n}: {why}" for n, why in
                            check(path, text)]
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
