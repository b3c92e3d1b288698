"""Asking an agent what it does, whoever wrote it: what comes back is legal, or a reason why the game is lost.

An agent that raises an exception is asked again for one game at a time, with the same chance as before: where it raises
again, it has lost that game by a crash. A LabError is no crash: it says what a person has to put right, and ends all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from agents.agent import Agent, Forfeit
from envs.chance import Seeds
from envs.errors import LabError
from envs.games.game import Game, States

MAX_DETAIL = 300  # characters of an exception's message that are kept

Answer = tuple[NDArray[np.int64], NDArray[np.float64], list[Forfeit | None]]
"""For n states an agent's actions, its values, and where it gives up."""


def decide(game: Game, agent: Agent, states: States, chance: Seeds) -> Answer:
    """The agent's answer for n unfinished states; where it gives no reason to give up, its action is legal.

    `chance` (uint64[n]) is advanced, but for rows in which the agent crashes.
    """
    actions, values, forfeits = _try(agent, states, chance)
    mask = game.legal_mask(states)
    return actions, values, [f or _illegal(game, mask[i], int(actions[i])) for i, f in enumerate(forfeits)]


def remarks(agent: Agent, finished: States) -> list[str]:
    """What the agent says about n games that have ended, "" where nothing; if it raises, that it does."""
    try:
        said = [str(remark or "") for remark in agent.finished(finished)]
        if len(said) != len(finished):
            raise TypeError(f"it gave {len(said)} remarks for {len(finished)} games")
    except (LabError, MemoryError):
        raise
    except Exception as error:
        return [f"raised {describe(error)}"] * len(finished)
    return said


def describe(error: Exception) -> str:
    """What the exception says, in one line of text that any file can hold."""
    said = " ".join(f"{type(error).__name__}: {error}".split())[:MAX_DETAIL]
    return said.encode("utf-8", "backslashreplace").decode("utf-8")


def _try(agent: Agent, states: States, chance: Seeds) -> Answer:
    """Asks the agent, and one state after the other if that raises an exception; `chance` is advanced."""
    luck = chance.copy()
    try:
        answer = _ask(agent, states, luck)
    except (LabError, MemoryError):
        raise
    except Exception as error:
        if len(states) == 1:
            return np.zeros(1, np.int64), np.zeros(1), [Forfeit("crash", f"{agent.name} raised {describe(error)}")]
        alone = [_try(agent, states[i : i + 1], chance[i : i + 1]) for i in range(len(states))]
        actions, values, forfeits = zip(*alone, strict=True)
        return np.concatenate(actions), np.concatenate(values), [forfeit for each in forfeits for forfeit in each]
    chance[:] = luck
    return answer


def _ask(agent: Agent, states: States, chance: Seeds) -> Answer:
    """The agent's answer; raises TypeError if that is not one whole number for each state."""
    # An agent's memory follows one game; here games come and go. Without it, strength cannot depend on which games
    # happen to run side by side.
    agent.reset()
    decision = agent.act(states.copy(), chance)
    actions, values = np.asarray(decision.action), np.asarray(decision.value, np.float64)
    forfeits: list[Forfeit | None] = [None] * len(states)
    if decision.forfeits is not None:
        forfeits = list(decision.forfeits)
    if actions.shape != (len(states),) or actions.dtype.kind not in "iu":
        raise TypeError(f"its actions must be {len(states)} integers, not {actions.dtype}{list(actions.shape)}")
    if values.shape != actions.shape or len(forfeits) != len(states):
        raise TypeError(f"it gave {values.size} values and {len(forfeits)} forfeits for {len(states)} states")
    if wrong := [forfeit for forfeit in forfeits if not isinstance(forfeit, Forfeit | None)]:
        raise TypeError(f"its forfeits must be Forfeit or None, not {wrong[0]!r}")
    return actions.astype(np.int64), values, forfeits


def _illegal(game: Game, legal: NDArray[np.bool_], action: int) -> Forfeit | None:
    """The forfeit of a player who does that where `legal` [A] is allowed, None if it is."""
    if not 0 <= action < game.num_actions:
        return Forfeit("illegal", f"{action} is no action of {game.spec}.")
    if not legal[action]:
        return Forfeit("illegal", f"{game.action_name(action)} is not legal in the position.")
    return None
