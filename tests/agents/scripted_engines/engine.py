"""An engine for the tests: `engine.py FAULT [MOVE] [RECORD]`, honest until its MOVE-th genmove (from 1), then FAULT.

It plays the lowest point on which nothing has been played yet. Each command goes into the file RECORD.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

FAULT = sys.argv[1]
MOVE = int(sys.argv[2]) if len(sys.argv) > 2 else 1
RECORD = Path(sys.argv[3]) if len(sys.argv) > 3 else None
LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"
COMMANDS = ["protocol_version", "name", "version", "list_commands", "known_command", "boardsize", "clear_board", "komi"]
COMMANDS += ["play", "genmove", "final_score", "quit", "set_random_seed"]
COMMANDS += ["time_settings"] if FAULT == "refuse-advice" else []


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def flood(stream: object) -> None:
    while True:
        stream.write("x" * 10_000 + "\n")


def misbehave() -> bool:
    """Whether the fault has answered genmove in its own way."""
    if FAULT == "crash":
        sys.stderr.write("out of ideas\n")
        sys.exit(3)
    if FAULT in ("hang", "family"):
        time.sleep(1000)
    if FAULT == "slow":
        time.sleep(0.3)
    if FAULT == "close":
        os.close(1)
        time.sleep(1000)
    if FAULT == "flood":
        flood(sys.stdout)
    if FAULT == "flood-equals":
        say("= ")
        flood(sys.stdout)
    if FAULT == "stderr":
        for _ in range(300):
            sys.stderr.write("y" * 10_000 + "\n")
    answers = {
        "nonsense": "what a fine move\n\n",
        "no-point": "= banana\n\n",
        "illegal": "= A1\n\n",
        "off-board": "= T19\n\n",
        "digits": "= A" + "1" * 5000 + "\n\n",
        "resign": "= resign\n\n",
        "refuse": "? no move\n\n",
        "binary": "\x00\xff= \x07\n\n",
        "twice": "= E5\n\n= E4\n\n",
        "dos": "=   e5 \r\n\r\n",
        "empty": "=\n\n",
    }
    if FAULT in answers:
        say(answers[FAULT])
        return True
    return False


def main() -> None:
    size, used, moves = 9, set(), 0
    if FAULT == "family":  # a child that keeps the pipes open
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        if RECORD:
            RECORD.write_text(f"{os.getpid()} {child.pid}")
    if FAULT == "start-hang":
        time.sleep(1000)
    if FAULT == "start-crash":
        sys.exit(1)
    for line in sys.stdin:
        words = line.split()
        if RECORD and FAULT != "family":
            with RECORD.open("a") as file:
                file.write(line)
        if words[0] == "quit":
            if FAULT == "no-quit":
                continue
            say("=\n\n")
            return
        answer = ""
        if words[0] == "name":
            answer = f"scripted {FAULT}"
        elif words[0] == "version":
            answer = "1"
        elif words[0] == "list_commands":
            answer = "\n".join(COMMANDS)
        elif words[0] == "boardsize":
            size = int(words[1])
            if FAULT == "small" and size > 5:
                say("? unacceptable size\n\n")
                continue
        elif words[0] in ("set_random_seed", "time_settings") and FAULT == "refuse-advice":
            say("? not now\n\n")
            continue
        elif words[0] == "clear_board":
            used = set()
        elif words[0] == "play":
            used.add(words[2].upper())
            if FAULT == "refuse-play" and len(used) >= MOVE:
                say("? illegal move\n\n")
                continue
        elif words[0] == "genmove":
            moves += 1
            if moves >= MOVE and misbehave():
                continue
            points = (f"{LETTERS[column]}{row}" for row in range(1, size + 1) for column in range(size))
            answer = next((point for point in points if point not in used), "pass") if moves < 4 else "pass"
            used.add(answer)
        elif words[0] == "final_score":
            answer = "B+99.5" if FAULT == "score" else "= 0" if FAULT == "no-score" else ""
        say(f"= {answer}\n\n")


main()
