"""The thread pool of all kernels."""

import subprocess
import sys

FORK = """
import os, signal, time
import numpy as np
from envs.parallel import for_slices, set_num_threads

def fill(start, stop):
    time.sleep(0.05)  # so that each slice has a thread of its own
    marks[start:stop] += 1

set_num_threads(3)
marks = np.zeros(30)
for_slices(fill, 30, min_rows=1)
time.sleep(0.1)  # until the threads wait for work: the pool takes them for ready, then
child = os.fork()
if child == 0:
    signal.alarm(10)  # ends it, should it wait for threads that it does not have
    for_slices(fill, 30, min_rows=1)
    os._exit(int(not (marks == 2).all()))
status = os.waitpid(child, 0)[1]
for_slices(fill, 30, min_rows=1)
assert (marks == 2).all()
raise SystemExit(status != 0)
"""


def test_a_forked_process_does_not_wait_for_the_threads_of_its_parent() -> None:
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)
