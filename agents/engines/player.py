"""Outside engines as an agent.

The rules of forfeiture, each with what the record of the game then says:

    resign    the engine answers genmove with "resign"
    illegal   its move is against the lab's rules (superko included), its answer names no point, it has "? no move", or
              it refuses a move of the game that the rules allow
    time      it does not answer within its seconds: a move, or any other command
    crash     it ends, closes its output, cannot be started, or what it writes is not GTP

After `time` and `crash` the process, with all that it has started, is killed, and another is started for the next move
it is asked for, be it in another game; three starts that fail in a row are the last. After `resign` and `illegal` it
goes on. No other game suffers. About the score of a finished game an engine is asked, but the lab's count stands; a
difference becomes a remark in the record.
"""

from __future__ import annotations

import shlex
import shutil
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from agents.agent import Agent, Decision, Forfeit
from agents.engines.client import EngineFault, EngineRefusal
from agents.engines.engine import Engine
from agents.engines.lines import COLOURS, Line, line_of
from agents.engines.options import EngineOptions
from envs.chance import Seeds, draw_seeds
from envs.errors import LabError
from envs.games.game import States
from envs.games.go.coords import parse_vertex
from envs.games.go.game import Go

SECONDS = 60.0


class GtpAgent(Agent):
    """Engines, one or more processes of one program, as one player of Go.

    Any number of states may be asked about in any order: each goes to a free process, one that stands before it if
    there is one. An engine that knows `set_random_seed` draws from the row's seed.
    """

    def __init__(self, game: Go, arguments: Sequence[str], name: str, options: EngineOptions) -> None:
        """Starts one process, to see that it is an engine for this board; raises LabError if it is not."""
        super().__init__(name)
        self.game = game
        seconds = SECONDS if options.time is None else options.time
        processes = options.processes or 1
        self._engines = [
            Engine(arguments, seconds, max(seconds, options.start), options.time is not None) for _ in range(processes)
        ]
        self._idle = list(self._engines)
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="rl-lab-engine")
        # Also when the agent is forgotten, and at the end of Python.
        self._finalizer = weakref.finalize(self, _stop_all, self._engines, self._threads)
        try:
            self.version = self._engines[0].description()
            """What the engine calls itself, with its version."""
            self._engines[0].set_up(Line(game.size, float(game.komi or 0), ()))
        except (EngineFault, EngineRefusal) as error:
            self.close()
            raise LabError(f"The engine '{shlex.join(arguments)}' cannot play {game.spec}: {error}") from None

    def act(self, states: States, seeds: Seeds) -> Decision:
        """See Agent.act. A row that the engine gives up holds a pass, which is always legal."""
        draws = draw_seeds(seeds)
        try:
            jobs = [self._threads.submit(self._decide, states[i : i + 1], int(draws[i])) for i in range(len(states))]
            answers = [job.result() for job in jobs]
        except BaseException:  # a Ctrl-C, say: the threads must not go on waiting for engines
            for engine in self._engines:
                engine.interrupt()
            raise
        actions = np.array([action for action, _ in answers], np.int64)
        policy = np.zeros((len(states), self.game.num_actions), np.float32)
        policy[np.arange(len(states)), actions] = 1
        forfeits = [forfeit for _, forfeit in answers]
        value = np.zeros(len(states), np.float32)
        return Decision(actions, policy, value, forfeits=forfeits if any(forfeits) else None)

    def finished(self, states: States) -> list[str]:
        """See Agent.finished: one remark for each game of which the engine counts another score than the lab."""
        return list(self._threads.map(self._remark, [states[i : i + 1] for i in range(len(states))]))

    def close(self) -> None:
        """Ends all processes."""
        self._finalizer()

    def _decide(self, states: States, seed: int) -> tuple[int, Forfeit | None]:
        """The action in a batch of one, and why the engine gives it up."""
        pass_action = self.game.num_actions - 1
        line, colour = line_of(self.game, states), COLOURS[int(states["to_play"][0])]
        engine = self._borrow(line)
        try:
            answer = engine.genmove(line, colour, seed)
        except EngineRefusal as error:
            return pass_action, Forfeit("illegal", f"It refuses to go on: {_sentence(error)}")
        except EngineFault as error:
            engine.stop(politely=False)
            return pass_action, Forfeit(error.reason, _sentence(error))
        finally:
            self._give_back(engine)
        if answer == "resign":
            return pass_action, Forfeit("resign")
        action = self._action(answer, line.size)
        if action is None:
            return pass_action, Forfeit("illegal", f"It answers genmove with '{answer[:60]}', which is no point.")
        if not self.game.legal_mask(states)[0, action]:
            return pass_action, Forfeit("illegal", f"It plays {answer.upper()}, which the rules do not allow.")
        return action, None

    def _action(self, answer: str, size: int) -> int | None:
        """The canvas's action for an answer on a board of that size; None if it names no point."""
        if answer == "pass":
            return self.game.num_actions - 1
        try:
            row, column = divmod(parse_vertex(answer, size), size)
        except LabError:
            return None
        return row * self.game.size + column

    def _remark(self, states: States) -> str:
        """What there is to say of the score of a finished batch of one."""
        if not states["terminated"][0]:
            return ""
        line = line_of(self.game, states)
        engine = self._borrow(line)
        try:
            score = engine.final_score(line)
        except EngineRefusal as error:
            return f"It does not tell the score: {_sentence(error)}"
        except EngineFault as error:
            engine.stop(politely=False)
            return f"It does not tell the score: {_sentence(error)}"
        finally:
            self._give_back(engine)
        margin = float(self.game.margin(states)[0])
        if score is None or _margin(score) == margin:
            return ""
        ours = self.game.result_text(states[0])
        return f"It counts {' '.join(score.split())[:60] or 'nothing'}, the lab {ours}."

    def _borrow(self, line: Line) -> Engine:
        """An idle process: the one that stands farthest on the way to `line`, else the one that waited longest."""
        with self._lock:
            lengths = {e: len(e.line.plays) for e in self._idle if e.line and e.line.leads_to(line)}
            best = max(lengths, key=lambda e: lengths[e], default=self._idle[0])
            self._idle.remove(best)
            return best

    def _give_back(self, engine: Engine) -> None:
        with self._lock:
            self._idle.append(engine)


def load_engine(command: str, game: Go, options: EngineOptions) -> GtpAgent:
    """The player `gtp:COMMAND`; raises LabError if COMMAND names no program, or one that is no engine for this game."""
    try:
        arguments = shlex.split(command)
    except ValueError as error:
        raise LabError(f"The command '{command}' of a gtp agent cannot be read: {error}.") from None
    if not arguments or shutil.which(arguments[0]) is None:
        raise LabError(f"There is no program '{arguments[0] if arguments else ''}' for the agent 'gtp:{command}'.")
    limit = "" if options.time is None else f",time={options.time:g}"
    return GtpAgent(game, arguments, f"gtp:{command}{limit}", options)


def _sentence(error: Exception) -> str:
    """The error's message on one line, as a sentence."""
    text = " ".join(str(error).split())[:300]
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _margin(score: str) -> float | None:
    """A score in GTP as Black's margin; None if it is none."""
    score = score.strip().upper()
    if score in ("0", "DRAW", "JIGO"):
        return 0.0
    try:
        return {"B+": 1, "W+": -1}[score[:2]] * float(score[2:])
    except (KeyError, ValueError):
        return None


def _stop_all(engines: Sequence[Engine], threads: ThreadPoolExecutor) -> None:
    # Side by side: each may take a second to say goodbye.
    goodbyes = [threading.Thread(target=engine.stop) for engine in engines]
    for goodbye in goodbyes:
        goodbye.start()
    for goodbye in goodbyes:
        goodbye.join()
    threads.shutdown(wait=False, cancel_futures=True)
