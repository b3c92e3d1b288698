"""The benchmark: the lab's speed beside that of others, measured in one run on one thread."""
