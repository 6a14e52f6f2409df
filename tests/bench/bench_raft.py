"""bench_raft.py PROGRAM: microseconds of one durable write after the other, on
a lone host and on the leader of three members on loopback, all on one disk.
The rounds take turns; the figure is the ratio of the medians.  Exits with 1
when it misses its goal."""

import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "raft"))
import cluster  # noqa: E402

ROUNDS = 21
WRITES = 100
GOAL = 3


def bench(member):
    words = member.ask(f"bench {WRITES}", 300)
    if not words or words[1] == "failed":
        sys.exit("bench-raft: writes fail")
    return float(words[1])


def main():
    pool = cluster.Cluster(sys.argv[1])
    lone = cluster.Member(sys.argv[1], pool.top, 0, [], {}).start()
    pool.put_done()
    local, replicated = [], []
    for _ in range(ROUNDS):
        local.append(bench(lone))
        replicated.append(bench(pool.leader()))
    lone.end()
    pool.close()
    a, b = statistics.median(local), statistics.median(replicated)
    print(f"commit, local:               {a:8.0f} us")
    print(f"commit, 3 members, loopback: {b:8.0f} us  "
          f"ratio {b / a:.2f}, goal <= {GOAL}  "
          f"{'ok' if b <= GOAL * a else 'MISSED'}")
    return 0 if b <= GOAL * a else 1


if __name__ == "__main__":
    sys.exit(main())
