"""A game of an agent with whoever commands it over GTP: the board, the clock, and the agent for that size of board."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from agents.agent import REPORT_SECONDS, Agent, Decision, Watch, carry_on
from agents.registry import make_agent
from agents.search.player import SearchAgent
from envs.chance import Seeds, seed_of, seed_states
from envs.errors import LabError
from envs.games.go.coords import vertex
from envs.games.go.game import Go
from rl_lab.go_io.gtp_board import Board
from rl_lab.go_io.gtp_clock import Clock
from rl_lab.go_io.gtp_text import GtpError
from rl_lab.judgement import move_infos

MOVES_TO_RESIGN = 3
CLOCK_SHARE = 0.05  # of the time for a move, how long it may pass between two looks at the clock
PONDERING = 2  # what chance is for, see seed_of
INPUT_SECONDS = 0.02  # between two looks for the opponent's move


class NothingToSay(GtpError):
    """The agent knows of no move that it is allowed to play."""


class Player:
    """An agent for one kind of board, ready to move."""

    def __init__(self, spec: str, game: Go) -> None:
        self.agent: Agent = make_agent(spec, game)
        if isinstance(self.agent, SearchAgent):  # the first search compiles, which should not be on a clock
            self.agent.think(game.init(1), seed_states([0]), lambda _: False)
            self.agent.reset()


class Session:
    """What the commands of an engine work on."""

    def __init__(
        self,
        spec: str,
        size: int = 9,
        komi: float | None = None,
        seed: int = 0,
        resign: float = 0.0,
        ponders: bool = False,
    ) -> None:
        """Raises LabError if there is no such agent for the board, or no such board.

        The agent resigns when its chance to win, by its own judgement, is below `resign` at MOVES_TO_RESIGN of its
        moves in a row. Without a `komi` each size has its own. `ponders`: see `ponder`.
        """
        if not 0 <= resign <= 1:
            raise LabError(f"The chance to win below which it resigns must be 0 to 1, not {resign:g}.")
        if seed < 0:
            raise LabError(f"The seed must be 0 or more, not {seed}.")
        self.spec, self.seed, self.resign, self.ponders = spec, seed, resign, ponders
        self.new_input: Callable[[], bool] = lambda: True
        """Whether another command waits, which ends an analysis."""
        self.clock: Clock | None = None
        self.seconds = 0.0
        """All the time that it has thought about moves."""
        self._komi = komi
        self._bad_moves = [0, 0]
        self._has_moved = False  # since it last pondered
        self._games = 0
        self._players: dict[Go, Player] = {}
        game = Go(size, komi)
        self.player = self._player(game)
        self.board = Board(game)

    @property
    def game(self) -> Go:
        """The rules; the komi of the game in progress is the board's."""
        return self.board.game

    def resize(self, size: int) -> None:
        """An empty board of that size; GtpError, and the old board stays, if the agent does not play there."""
        try:
            board = Board(Go(size, None, self.game.superko, self.game.suicide))
        except LabError:
            raise GtpError("unacceptable size") from None
        if self._komi is not None:
            with suppress(LabError):  # more than so small a board has points: then its own stays
                board.set_komi(self._komi)
        self.take_up(board)

    def take_up(self, board: Board) -> None:
        """Another game, as it stands; GtpError, and the old one stays, if the agent does not play on such a board."""
        try:
            self.player = self._player(board.game)
        except LabError:
            raise GtpError("unacceptable size") from None
        self.board = board
        self.begin_game()

    def set_komi(self, komi: float) -> None:
        """Changes the komi, of this game and the next ones."""
        try:
            self.board.set_komi(komi)
        except LabError as error:
            raise GtpError(f"unacceptable komi: {error}") from None
        self._komi = komi

    def set_rules(self, superko: str, suicide: bool) -> None:
        """Other rules from now on; GtpError if they do not allow the game so far."""
        game, old = Go(self.game.size, None, superko, suicide), self.board
        board = Board(game)
        board.set_komi(old.komi)
        board.set_up(old.stones, int(old.start()["to_play"][0]))
        for player, action in old.moves:
            board.play(player, action)
        self.player = self._player(game)
        self.board = board

    def begin_game(self) -> None:
        """Forgets what belongs to the game before."""
        self.player.agent.reset()
        self._bad_moves = [0, 0]
        self._games += 1
        if self.clock:
            self.clock.reset()

    def close(self) -> None:
        """Ends all agents."""
        for player in self._players.values():
            player.agent.close()

    def seeds(self, purpose: int = 0) -> Seeds:
        """The random state of the next decision: the same seed, game and move give the same."""
        return seed_states([seed_of(self.seed, self._games, len(self.board.moves), purpose)])

    def budget(self, player: int) -> float:
        """Seconds for the player's next move, infinitely many without a clock."""
        size = self.game.size
        moves_to_go = max(size, (int(0.7 * size**2) - len(self.board.moves)) // 2)
        return self.clock.budget(player, moves_to_go) if self.clock else math.inf

    def decide(self, player: int, seconds: float = math.inf, forbidden: Sequence[int] = ()) -> Decision:
        """What the agent would play, in about so many seconds if it searches; a resignation is left to the caller.

        A search leaves `forbidden` actions out. GtpError if the agent is an outside engine that fails.
        """
        end = time.monotonic() + seconds
        interval = min(REPORT_SECONDS, CLOCK_SHARE * seconds)
        watch: Watch = carry_on if math.isinf(seconds) else lambda _: time.monotonic() < end
        agent = self.player.agent
        if forbidden and isinstance(agent, SearchAgent):
            agent = agent.without(forbidden)
        return self.checked(agent.think(self.board.position(player), self.seeds(), watch, interval))

    def checked(self, decision: Decision) -> Decision:
        """The decision; GtpError if it is none, because an outside engine has failed."""
        forfeit = decision.forfeits[0] if decision.forfeits else None
        if forfeit and forfeit.reason != "resign":
            raise GtpError(f"{self.player.agent.name} has no move ({forfeit.reason}): {forfeit.detail}")
        return decision

    def genmove(self, player: int, forbidden: Sequence[int] = ()) -> str:
        """The agent's move, played: a vertex, "pass" or "resign"; none that is forbidden, or a GtpError."""
        if self.board.is_over and not forbidden:
            return self.commit(player, self.game.num_actions - 1)
        with self.thinking(player):
            decision = self.decide(player, self.budget(player), forbidden)
        if decision.forfeits and decision.forfeits[0]:
            return "resign"
        return self.commit(player, self.chosen(decision, forbidden), float(decision.value[0]))

    def chosen(self, decision: Decision, forbidden: Sequence[int]) -> int:
        """The action of a decision, or, of an agent that does not search or errs on purpose, its best that is allowed.

        NothingToSay if it knows of none.
        """
        action = int(decision.action[0])
        if action not in forbidden:
            return action
        if moves := move_infos(decision, forbidden):
            return moves[0].action
        raise NothingToSay(f"{self.player.agent.name} has nothing to say of the moves that are allowed")

    def commit(self, player: int, action: int, value: float = 0.0) -> str:
        """Plays what the agent has decided; or "resign", if it has thought too little of its chances for too long."""
        self._bad_moves[player] = self._bad_moves[player] + 1 if (value + 1) / 2 < self.resign else 0
        if self._bad_moves[player] >= MOVES_TO_RESIGN:
            return "resign"
        self.board.play(player, action)
        self._has_moved = True
        return vertex(action, self.game.size)

    def ponder(self) -> None:
        """After a move of its own, and if it was asked to: thinks about the opponent's until there is new input.

        It thinks as long as about a move of its own at most, off the clock. Only an agent that keeps its tree does, for
        it goes on from there if it finds the move that comes in it.
        """
        agent, has_moved, self._has_moved = self.player.agent, self._has_moved, False
        keeps_tree = isinstance(agent, SearchAgent) and agent.search.reuse
        if self.ponders and has_moved and keeps_tree and not self.board.is_over:
            states = self.board.position(int(self.board.states["to_play"][0]))
            agent.think(states, self.seeds(purpose=PONDERING), lambda _: not self.new_input(), INPUT_SECONDS)

    @contextmanager
    def thinking(self, player: int) -> Iterator[None]:
        """Takes the time spent inside off the player's clock."""
        start = time.monotonic()
        yield
        seconds = time.monotonic() - start
        self.seconds += seconds
        if self.clock:
            self.clock.spend(player, seconds)

    def _player(self, game: Go) -> Player:
        kind = Go(game.size, None, game.superko, game.suicide)
        if kind not in self._players:
            self._players[kind] = Player(self.spec, kind)
        return self._players[kind]
