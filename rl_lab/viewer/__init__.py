"""The window: an agent looks at a state, chooses an action, and the environment answers, for all to see."""

import os

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")  # pygame greets on stdout, which belongs to our users
