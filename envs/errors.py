"""The one error a user is meant to read."""


class LabError(Exception):
    """Something a user gave is wrong: the message is one sentence that says what, and what would be right.

    The command line prints the message alone and exits with code 2; no traceback reaches a user.
    """


class IllegalAction(LabError):
    """An action that the rules do not allow in the given state."""


class NotFinite(LabError):
    """A loss or a weight became NaN or infinite; a run that goes on from its last checkpoint comes to the same."""
