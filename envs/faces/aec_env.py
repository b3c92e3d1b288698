"""A board game as a PettingZoo environment, with an agent for each seat.

Agents move one after the other (agent environment cycle, AEC; Terry et al., 2021). There is no parallel interface, in
which all agents act at once: in a game of turns all but one would have nothing to choose, and PettingZoo marks its own
board games `is_parallelizable: False` for that reason. The agent environment against an opponent is the Gymnasium face.
"""

from __future__ import annotations

import operator
from typing import Any, ClassVar, Literal

import numpy as np
from gymnasium import spaces
from gymnasium.error import ResetNeeded
from numpy.typing import NDArray
from pettingzoo import AECEnv
from pettingzoo.utils import wrappers

from envs.errors import LabError
from envs.faces.render import RENDER_FPS, RENDER_MODES, Renderer
from envs.faces.seated import planes_space
from envs.games.game import Game, player_sign
from envs.games.match import Match
from envs.games.registry import make_game

AGENTS = ("player_0", "player_1")
ILLEGAL_MOVES = ("lose", "raise")


class GameAECEnv(AECEnv):  # type: ignore[misc]  # PettingZoo ships no types
    """One game in progress, as PettingZoo's classic environments have it.

    "player_0" moves first. An observation is {"observation": the planes as that agent sees them, uint8[C, H, W],
    "action_mask": int8[A], 1 for a legal action and all 0 for the agent that is not to move}. At the end both agents
    are rewarded, +1 for a win, -1 for a loss, 0 for a draw; nothing is ever truncated. An illegal action raises
    IllegalAction and changes nothing; `aec_env` also offers to lose by it.
    """

    metadata: ClassVar[dict[str, Any]] = {
        "render_modes": list(RENDER_MODES),
        "render_fps": RENDER_FPS,
        "is_parallelizable": False,
    }

    def __init__(self, game: Game, render_mode: str | None = None) -> None:
        super().__init__()
        self.game = game
        self.metadata = {**type(self).metadata, "name": f"{game.name}_v0"}  # type: ignore[misc]  # one class, many games
        self.render_mode = render_mode
        self.possible_agents = list(AGENTS)
        self.agents: list[str] = []
        self.action_spaces = {agent: spaces.Discrete(game.num_actions) for agent in AGENTS}
        self.observation_spaces = {agent: observation_space(game) for agent in AGENTS}
        self._renderer = Renderer(render_mode, game.spec)
        self._begun: Match | None = None

    def observation_space(self, agent: str) -> spaces.Dict:
        """The same object every time, as PettingZoo asks."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> spaces.Discrete:
        """The same object every time, as PettingZoo asks."""
        return self.action_spaces[agent]

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> None:
        """Sets up a new game. There is no chance in it and nothing to choose: `seed` and `options` change nothing."""
        self._begun = Match(self.game)
        self.agents = list(AGENTS)
        self.agent_selection = AGENTS[0]
        self.rewards = dict.fromkeys(AGENTS, 0.0)
        self._cumulative_rewards = dict.fromkeys(AGENTS, 0.0)
        self.terminations = dict.fromkeys(AGENTS, False)
        self.truncations = dict.fromkeys(AGENTS, False)
        self.infos: dict[str, dict[str, Any]] = {agent: {} for agent in AGENTS}
        self._show()

    def step(self, action: int | None) -> None:
        """Plays for `agent_selection`; when the game is over, each agent takes its leave by a last step(None)."""
        if not self.agents:
            raise ResetNeeded("The game is over, or none has begun: call reset() before step().")
        mover = self.agent_selection
        if self.terminations[mover] or self.truncations[mover]:
            self._was_dead_step(action)
            return
        self._match.play(_whole_number(action, mover))
        if self._match.terminated:
            self._settle()
            self.agent_selection = AGENTS[1 - AGENTS.index(mover)]
        else:
            self.agent_selection = AGENTS[self._match.to_play]
        self._show()

    def observe(self, agent: str) -> dict[str, NDArray[Any]]:
        """The position from that agent's side, whoever is to move."""
        states = self._match.states
        mask = np.zeros(self.game.num_actions, np.int8)
        if agent == self.agent_selection:
            mask[:] = self.game.legal_mask(states)[0]
        states["to_play"] = AGENTS.index(agent)
        return {"observation": self.game.observe(states)[0], "action_mask": mask}

    def render(self) -> Any:
        """By render_mode: an image uint8[H, W, 3], text ("ansi", "svg"), or None for a window that shows every move."""
        return None if self.render_mode == "human" else self._draw()

    def close(self) -> None:
        """Closes the window, if one is open; the environment can still be used."""
        self._renderer.close()

    @property
    def _match(self) -> Match:
        """The game in progress, or the last one; raises ResetNeeded before the first."""
        if self._begun is None:
            raise ResetNeeded("No game has begun: call reset() first.")
        return self._begun

    def _settle(self) -> None:
        """Ends the game for both, with what it is worth to each."""
        outcome = int(self._match.state["outcome"])
        signs = player_sign(np.arange(2, dtype=np.int8))
        self.rewards = {agent: float(outcome * sign) for agent, sign in zip(AGENTS, signs, strict=True)}
        self.terminations = dict.fromkeys(AGENTS, True)
        self._accumulate_rewards()

    def _show(self) -> None:
        """The window follows by itself; all other modes draw when asked."""
        if self.render_mode == "human":
            self._draw()

    def _draw(self) -> Any:
        state = self._match.state
        return self._renderer.draw(lambda: self.game.scene(state), lambda: self.game.text(state))


class InBoundsWrapper(wrappers.AssertOutOfBoundsWrapper):  # type: ignore[misc]  # PettingZoo ships no types
    """PettingZoo's wrapper, but True and False are no actions: Discrete takes them for 1 and 0, numpy for a mask."""

    def step(self, action: Any) -> None:
        """Raises AssertionError for what is not in the action space."""
        assert not isinstance(action, bool), "action is not in action space"
        super().step(action)


def observation_space(game: Game) -> spaces.Dict:
    """What an agent sees of a game: its planes, and which actions are legal."""
    mask = spaces.Box(0, 1, (game.num_actions,), np.int8)
    return spaces.Dict({"observation": planes_space(game), "action_mask": mask})


def aec_env(
    game: Game | str,
    render_mode: str | None = None,
    illegal: Literal["lose", "raise"] = "lose",
    **options: Any,
) -> AECEnv:
    """The PettingZoo environment of a game, in the wrappers that PettingZoo's own board games wear.

    `game` is a Game, or the name or spec string of one with its options: aec_env("go", board_size=5, komi=24.5);
    "board_size" is another word for "size". An illegal action ends the game with -1 for who tried it and 0 for the
    other (illegal="lose", PettingZoo's TerminateIllegalWrapper, which then sets the truncations of both agents as well
    as their terminations), or raises IllegalAction (illegal="raise"). What is not in the action space at all is an
    AssertionError. Raises LabError for a game or option that does not exist.
    """
    if illegal not in ILLEGAL_MOVES:
        raise LabError(f"illegal must be one of {', '.join(ILLEGAL_MOVES)}, not '{illegal}'.")
    env: AECEnv = GameAECEnv(_game(game, options), render_mode)
    if illegal == "lose":
        env = wrappers.TerminateIllegalWrapper(env, illegal_reward=-1)
    env = InBoundsWrapper(env)
    return wrappers.OrderEnforcingWrapper(env)


def _game(game: Game | str, options: dict[str, Any]) -> Game:
    """The game itself, or the one of that spec with these options too."""
    if isinstance(game, Game):
        if options:
            raise LabError(f"{game.spec} is made already, and takes no more options ({', '.join(options)}).")
        return game
    return make_game(game, **options)


def _whole_number(action: Any, mover: str) -> int:
    """The action as an integer: Python's, numpy's, or an array of one without dimensions."""
    try:
        number = operator.index(action)
    except TypeError:
        number = None
    if number is None or isinstance(action, bool):
        raise LabError(f"{mover} is to move: an action is a whole number, not {action!r}.")
    return number
