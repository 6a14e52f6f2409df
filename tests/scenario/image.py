"""The image's scripts over its own BusyBox, in a folder to change root to."""

import os
import shutil

import netns
from bench import ROOT

SKEL = os.path.join(ROOT, "dom0-rootfs", "skel")
BUSYBOX = os.environ.get("BUSYBOX") or os.path.join(ROOT, "build", "sysroot",
                                                    "bin", "busybox")
TREE = "/run/tree"


def tree():
    """After netns.enter: it goes with the process."""
    for name in ("bin", "dev", "etc", "proc", "sys", "run/bedplate",
                 "run/network", "state", "tmp"):
        os.makedirs(os.path.join(TREE, name))
    shutil.copytree(SKEL + "/usr", TREE + "/usr")
    shutil.copy(BUSYBOX, TREE + "/bin/busybox")
    for applet in netns.run(BUSYBOX, "--list").split():
        if applet != "busybox":
            os.symlink("busybox", "%s/bin/%s" % (TREE, applet))
    for name in ("dev", "proc"):
        netns.run("mount", "--rbind", "/" + name, "%s/%s" % (TREE, name))
