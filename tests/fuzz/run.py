"""run.py BUILD SECONDS TARGET...: fuzzes each target for that long, as many at
a time as there are processors, from the kept corpus and what earlier runs in
BUILD have found.  Prints `PASS fuzz TARGET: ...` or `FAIL fuzz TARGET: ...`;
the input that broke it stays in BUILD/run/TARGET/.

A run that finds nothing counts only where the sanitizers find the faults that
are planted in the canary."""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
# The faults that are planted, and what must be said of them.
CANARY = {"a": "AddressSanitizer: heap-buffer-overflow",
          "u": "signed integer overflow"}
MAX_LEN = {"db": 100000, "channel": 4096}
ENV = dict(os.environ, UBSAN_OPTIONS="print_stacktrace=1")


def canary(build):
    for text, said in CANARY.items():
        path = build / ("canary-" + text)
        path.write_text(text)
        p = subprocess.run([build / "canary", path], text=True, env=ENV,
                           cwd=build, capture_output=True, check=False)
        if p.returncode == 0 or said not in p.stderr:
            return f"FAIL fuzz canary: no word of '{said}'"
    return "PASS fuzz canary: the sanitizers find what is planted"


def fuzz(build, target, seconds):
    here = build / "run" / target
    found = here / "found"
    found.mkdir(parents=True, exist_ok=True)
    if target == "db":
        subprocess.run([build / "db", f"-seeds={found}"], cwd=here,
                       check=True)
    kept = CORPUS / target
    p = subprocess.run(
        [build / target, f"-max_total_time={seconds}", "-close_fd_mask=2",
         f"-max_len={MAX_LEN.get(target, 20000)}", "-timeout=25",
         "-rss_limit_mb=1024", found, *[kept] * kept.is_dir()],
        cwd=here, env=ENV, errors="replace", stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=False)
    runs = re.search(r"Done (\d+) runs", p.stderr)
    if p.returncode == 0 and runs and int(runs[1]) > 0:
        return f"PASS fuzz {target}: {runs[1]} runs in {seconds} s"
    why = re.search(r"ERROR: (.*)|runtime error: (.*)|Assertion (.*)",
                    p.stderr)
    return (f"FAIL fuzz {target}: {why[0] if why else p.returncode}\n"
            + p.stderr[-6000:])


def main():
    build, seconds, targets = pathlib.Path(sys.argv[1]).resolve(), \
        int(sys.argv[2]), sys.argv[3:]
    lines = [canary(build)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        lines += pool.map(lambda t: fuzz(build, t, seconds), targets)
    print("\n".join(lines))
    return 1 if any(s.startswith("FAIL") for s in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
