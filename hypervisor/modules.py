#!/usr/bin/env python3
"""Makes the module tree of the image from Debian's kernel and firmware.

usage: modules.py LIST ABSENT PKGROOT OUT

LIST names modules by purpose (modules.list), ABSENT the firmware we know
nobody ships (firmware-absent.list), PKGROOT holds the unpacked packages.
OUT receives

	lib/modules/VERSION/	decompressed modules with depmod's indexes
	lib/firmware/		the files those modules ask for
	root.list boot.list	manifest lines of both images
	version			the kernel's release

Soft dependencies ("pre") become hard ones in modules.dep: BusyBox's modprobe
knows only that file.  A module or a firmware file that is not there fails.
"""

import fnmatch
import lzma
import os
import re
import shutil
import struct
import subprocess
import sys

INDEXES = ("modules.dep", "modules.alias", "modules.symbols",
           "modules.builtin", "modules.order")


def die(text):
    sys.exit("modules.py: " + text)


def plain(name):
    return name.replace("-", "_")


def modinfo(ko):
    """The key=value strings of an ELF64 module's .modinfo section."""
    shoff, = struct.unpack_from("<Q", ko, 40)
    shentsize, shnum, shstrndx = struct.unpack_from("<HHH", ko, 58)

    def section(i):
        return struct.unpack_from("<IIQQQQ", ko, shoff + i * shentsize)

    names = section(shstrndx)[4]
    for i in range(shnum):
        name, _, _, _, offset, size = section(i)
        if ko[names + name:].startswith(b".modinfo\0", 0, 9):
            return pairs(ko[offset:offset + size])
    die("a module without .modinfo")


def pairs(blob):
    info = {}
    for item in blob.decode("utf-8", "replace").split("\0"):
        key, sep, value = item.partition("=")
        if sep:
            info.setdefault(key, []).append(value)
    return info


class Kernel:
    """All modules of the kernel package, read when first asked for."""

    def __init__(self, root):
        base = os.path.join(root, "usr/lib/modules")
        versions = os.listdir(base)
        if len(versions) != 1:
            die("one kernel expected in '%s': %s" % (base, versions))
        self.version = versions[0]
        self.dir = os.path.join(base, self.version)
        self.paths = {}
        for top, dirs, files in os.walk(self.dir):
            dirs.sort()
            for f in files:
                if f.endswith(".ko.xz"):
                    path = os.path.relpath(os.path.join(top, f), self.dir)
                    self.paths[plain(f[:-6])] = path
        self.builtin = set()
        with open(os.path.join(self.dir, "modules.builtin")) as f:
            for line in f:
                self.builtin.add(plain(os.path.basename(line.strip())[:-3]))
        with open(os.path.join(self.dir, "modules.builtin.modinfo"), "rb") as f:
            # built-in code's aliases: "module.alias=name"
            for item in f.read().decode("utf-8", "replace").split("\0"):
                m = re.match(r"[^.=]+\.alias=(.*)", item)
                if m:
                    self.builtin.add(plain(m.group(1)))
        self.cache = {}
        self.aliases = None

    def load(self, name):
        """(bytes, modinfo) of a module."""
        if name not in self.cache:
            with open(os.path.join(self.dir, self.paths[name]), "rb") as f:
                ko = lzma.decompress(f.read())
            self.cache[name] = ko, modinfo(ko)
        return self.cache[name]

    def crypto_alias(self, name):
        """Modules that call themselves NAME; only crypto names are needed."""
        if self.aliases is None:
            self.aliases = {}
            for mod, path in sorted(self.paths.items()):
                if "/crypto/" in "/" + path or path.startswith("kernel/lib"):
                    for a in self.load(mod)[1].get("alias", []):
                        self.aliases.setdefault(plain(a), []).append(mod)
        return self.aliases.get(name, [])

    def resolve(self, name, wanted_by):
        """The modules meant by a name; none when it is built in."""
        name = plain(name)
        if name in self.paths:
            return [name]
        if name in self.builtin:
            return []
        found = self.crypto_alias(name)
        if not found:
            die("no module '%s' (wanted by %s)" % (name, wanted_by))
        return found

    def needs(self, name):
        """(hard, pre, post): modules needed before, before, and after it."""
        info = self.load(name)[1]
        hard = [plain(d) for v in info.get("depends", [])
                for d in v.split(",") if d]
        pre, post = [], []
        for value in info.get("softdep", []):
            into = None
            for word in value.split():
                if word in ("pre:", "post:"):
                    into = pre if word == "pre:" else post
                elif into is not None:
                    into += self.resolve(word, name + "'s softdep")
        return hard, pre, post


def read_list(path):
    """[(purpose, is_boot, [names])] of modules.list."""
    sections = []
    with open(path) as f:
        for number, line in enumerate(f, 1):
            line = line.strip()
            m = re.fullmatch(r"\[(.+)\]( boot| root)?", line)
            if m:
                sections.append((m.group(1), m.group(2) == " boot", []))
            elif line and not line.startswith("#"):
                if not sections or not re.fullmatch(r"[\w-]+", line):
                    die("%s:%d: cannot read '%s'" % (path, number, line))
                sections[-1][2].append(line)
    return sections


def close_over(kernel, names):
    """The modules NAMES and all they need."""
    todo = [m for n in names for m in kernel.resolve(n, "modules.list")]
    done = set()
    while todo:
        name = todo.pop()
        if name not in done:
            done.add(name)
            hard, pre, post = kernel.needs(name)
            todo += hard + pre + post
    return done


def firmware_of(kernel, modules, root, absent_path):
    """Relative paths of the firmware; fails on what is neither there nor
    declared absent, and on declarations that are no longer needed."""
    base = os.path.join(root, "usr/lib/firmware")
    tree = {os.path.relpath(os.path.join(t, f), base)
            for t, _, fs in os.walk(base) for f in fs}
    absent = []
    with open(absent_path) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                absent.append(line.split()[0])
    used, files, missing = set(), {}, []
    for mod in sorted(modules):
        for want in kernel.load(mod)[1].get("firmware", []):
            skip = [p for p in absent if fnmatch.fnmatch(want, p)]
            if skip:
                used.update(skip)
                continue
            hits = [t for t in tree if t == want or fnmatch.fnmatch(t, want)]
            for hit in hits:
                files.setdefault(hit, set()).add(mod)
            if not hits:
                missing.append("%s (%s)" % (want, mod))
    if missing:
        die("no such firmware:\n\t" + "\n\t".join(missing))
    unused = [p for p in absent if p not in used]
    if unused:
        die("firmware-absent.list names what nobody asks for: %s" % unused)
    return files


def soft_to_hard(kernel, dep_path):
    """Append to each line of modules.dep the pre-softdeps of its modules."""
    with open(dep_path) as f:
        lines = dict(line.rstrip("\n").split(":", 1) for line in f)
    by_name = {plain(os.path.basename(p)[:-3]): p for p in lines}

    def closure(path, seen):
        # what path needs, most needed last, as modprobe reads it
        for dep in lines[path].split():
            if dep not in seen:
                seen.append(dep)
        for mod in [path] + list(seen):
            name = plain(os.path.basename(mod)[:-3])
            for pre in kernel.needs(name)[1]:
                if by_name[pre].startswith("kernel/arch/"):
                    continue    # not every CPU takes those
                if by_name[pre] not in seen and by_name[pre] != path:
                    seen.append(by_name[pre])
                    closure(by_name[pre], seen)
        return seen

    out = {path: closure(path, []) for path in lines}
    with open(dep_path, "w") as f:
        for path in sorted(out):
            f.write("%s:%s\n" % (path, "".join(" " + d for d in out[path])))


def write_tree(kernel, modules, out):
    moddir = os.path.join(out, "lib/modules", kernel.version)
    for name in sorted(modules):
        path = os.path.join(moddir, kernel.paths[name][:-3])
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(kernel.load(name)[0])
    for index in ("modules.builtin", "modules.order",
                  "modules.builtin.modinfo"):
        shutil.copy(os.path.join(kernel.dir, index), moddir)
    subprocess.run(["/sbin/depmod", "-b", out, kernel.version], check=True)
    soft_to_hard(kernel, os.path.join(moddir, "modules.dep"))
    return moddir


def manifest(path, out, files):
    """Manifest lines of FILES, {path in the image: path below OUT}."""
    dirs = set()
    for f in files:
        while f.count("/") > 1:
            f = os.path.dirname(f)
            dirs.add(f)
    with open(path, "w") as f:
        for d in sorted(dirs - {"/lib"}):
            f.write("d %s 0755 root root -\n" % d)
        for p in sorted(files):
            f.write("f %s 0644 root root modules:%s\n" % (p, files[p]))


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    list_path, absent_path, root, out = sys.argv[1:]
    shutil.rmtree(out, ignore_errors=True)
    kernel = Kernel(root)
    sections = read_list(list_path)
    boot = close_over(kernel, [n for s in sections if s[1] for n in s[2]])
    every = close_over(kernel, [n for s in sections for n in s[2]])
    firmware = firmware_of(kernel, every, root, absent_path)
    write_tree(kernel, every, out)
    for name in firmware:
        path = os.path.join(out, "lib/firmware", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy(os.path.join(root, "usr/lib/firmware", name), path)

    top = "lib/modules/" + kernel.version

    def lines(mods):
        files = ["%s/%s" % (top, i) for i in INDEXES]
        files += ["%s/%s" % (top, kernel.paths[m][:-3]) for m in mods]
        files += ["lib/firmware/" + f for f in firmware if firmware[f] & mods]
        return {"/" + f: f for f in files}

    manifest(os.path.join(out, "root.list"), out, lines(every))
    manifest(os.path.join(out, "boot.list"), out, lines(boot))
    with open(os.path.join(out, "version"), "w") as f:
        f.write(kernel.version + "\n")


if __name__ == "__main__":
    main()
