"""Tests run side by side, one process a core: each keeps to one thread, or they would wait for one another."""

import os
import signal

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

from envs.parallel import set_num_threads

set_num_threads(1)
# Whoever starts the tests in the background of a script has them ignore Ctrl-C, which some tests are about.
signal.signal(signal.SIGINT, signal.default_int_handler)
