"""The writes and flushes that QEMU logged of a disk (blklogwrites), and the disk
as it may have been when the power went at some point of that log."""

import struct
import subprocess

from appliance import Failed

SECTOR = 512
FLUSH, FUA, DISCARD = 1, 2, 4
MAGIC = 0x6a736677736872


class Log:
    """The log as blklogwrites keeps it: a sector that tells what it is, then
    per operation a sector (sector, count, flags, length) and the data."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        magic, _, _, size = struct.unpack_from("<QQQI", self.data)
        if magic != MAGIC or size != SECTOR:
            raise Failed("no log of writes")
        self.entries = []       # (sector, data or None, flags, end)
        at = SECTOR
        while at + SECTOR <= len(self.data):
            sector, count, flags, _ = struct.unpack_from("<QQQQ", self.data,
                                                         at)
            if not count and not flags:
                break
            at += SECTOR
            data = None
            if count and not flags & DISCARD:
                data = self.data[at:at + count * SECTOR]
                at += count * SECTOR
            self.entries.append((sector, data, flags, at))

    def flushes(self):
        return sum(bool(e[2] & FLUSH) for e in self.entries)


class Disk:
    """Goes through the log: what is flushed, and what is not yet."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.flushed = bytearray(f.read())
        self.pending = []

    def apply(self, entry):
        sector, data, flags, _ = entry
        if flags & FLUSH:
            for w in self.pending:
                self.write(self.flushed, *w)
            self.pending = []
        if data and flags & FUA:
            self.write(self.flushed, sector, data)
        elif data:
            self.pending.append((sector, data))

    @staticmethod
    def write(image, sector, data):
        image[sector * SECTOR:sector * SECTOR + len(data)] = data

    def cut(self, rng):
        """One of the disks that there may be now."""
        image = bytearray(self.flushed)
        return image, self.keep_some(image, rng)

    def keep_some(self, image, rng):
        """Some of what is not flushed, as a disk may have it by itself."""
        mode = rng.choice(("none", "all", "some", "torn"))
        for sector, data in self.pending:
            if mode == "all" or (mode == "some" and rng.random() < 0.5):
                self.write(image, sector, data)
            elif mode == "torn":
                for i in range(0, len(data), SECTOR):
                    if rng.random() < 0.5:
                        self.write(image, sector + i // SECTOR,
                                   data[i:i + SECTOR])
        return mode


class FileDisk(Disk):
    """One whose flushed part is a sparse file."""

    def __init__(self, path):
        self.path = path
        self.flushed = open(path, "r+b", buffering=0)
        self.pending = []

    @staticmethod
    def write(image, sector, data):
        image.seek(sector * SECTOR)
        image.write(data)

    def cut_to(self, path, rng):
        subprocess.run(["cp", "--sparse=always", self.path, path], check=True)
        with open(path, "r+b", buffering=0) as image:
            return self.keep_some(image, rng)


def walk(log, disk, chosen):
    """(i, entry) of the chosen operations, the disk being after each."""
    for i, entry in enumerate(log.entries):
        disk.apply(entry)
        if i in chosen:
            yield i, entry
