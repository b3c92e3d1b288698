"""What every Game must do, as one function: `check_game(game)` raises AssertionError where a game does not.

It plays random games and knows no game by name, so one line tests a new game. What it cannot know are the
rules: whether the right player won is for the game's own tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from envs.errors import LabError
from envs.games import conformance_plies as plies
from envs.games.conformance_plies import Ply, assert_same, rows_differ
from envs.games.game import HEADER, IDENTITY, Game, States, TerritoryGame
from envs.parallel import get_num_threads, set_num_threads

THREADED_ROWS = 1024  # enough for several threads


def check_game(game: Game, games: int = 64, seed: int = 0) -> None:
    """Checks `game` over `games` (at least 4) random games; raises AssertionError that says what is wrong."""
    _check_start(game, games)
    _check_symmetry_actions(game)
    _check_names(game)
    states = game.init(games)
    for ply in _random_games(game, games, seed):
        plies.check_header(game, ply)
        plies.check_mask(game, ply)
        plies.check_random_actions(game, ply)
        plies.check_observation(game, ply)
        plies.check_rows_apart(game, ply)
        plies.check_text(game, ply)
        plies.check_scene(game, ply)
        plies.check_last_choice(game, ply)
        if isinstance(game, TerritoryGame):
            plies.check_territory(game, ply.after)
        states = ply.after
    assert states["terminated"].all(), "a random game was still running after max_plies"
    _check_own_planes_first(game, games, seed)
    _check_symmetries(game, games, seed)
    for sensible in (True, False):
        _check_playout(game, _third_ply(game, games, seed), sensible)
    _check_threads(game, _third_ply(game, games, seed))
    _check_spec(game)


def _random_games(game: Game, games: int, seed: int) -> Iterator[Ply]:
    """The plies of random games, until all are over or max_plies have been played."""
    rng = np.random.default_rng(seed)
    states = game.init(games)
    for _ in range(game.max_plies):
        if states["terminated"].all():
            return
        mask = game.legal_mask(states)
        actions = np.where(mask, rng.random(mask.shape), -1.0).argmax(axis=1)
        # Finished rows must stay as they are whatever is played in them, so they get anything, -1 included.
        finished = states["terminated"]
        actions[finished] = rng.integers(-1, game.num_actions, int(finished.sum()))
        before = states.copy()
        game.step(states, actions)
        yield Ply(before, mask, actions, states.copy())


def _third_ply(game: Game, games: int, seed: int) -> States:
    """Random games after three plies, or fewer where no game lasts so long."""
    return list(islice(_random_games(game, games, seed), 3))[-1].after


def _check_start(game: Game, games: int) -> None:
    header = np.dtype(HEADER)
    names = (game.state_dtype.names or ())[: len(HEADER)]
    assert names == header.names, f"the state dtype must begin with the fields {header.names}"
    assert all(game.state_dtype[name] == header[name] for name in names), f"header types must be {HEADER}"
    named = sum(game.state_dtype[name].itemsize for name in game.state_dtype.names or ())
    assert named == game.state_dtype.itemsize, "state_dtype has bytes that belong to no field: build it with row_dtype"
    states = game.init(games)
    assert states.dtype == game.state_dtype and states.shape == (games,), "init(n) must be state_dtype[n]"
    for name in names:
        assert not states[name].any(), f"a fresh state must have {name} 0"
    assert len(game.legal_mask(game.init(0))) == 0, "a batch of no games must be allowed"
    for values in game.plane_offset_scale:
        assert values.shape == game.observation_shape[:1], "plane_offset_scale must be two arrays [C]"


def _check_symmetry_actions(game: Game) -> None:
    table, actions = game.symmetry_actions, np.arange(game.num_actions)
    assert table.shape == (len(game.symmetries), game.num_actions), "symmetry_actions must have shape [K, A]"
    assert game.symmetries[0] == IDENTITY, "the first symmetry must be the identity"
    assert np.array_equal(table[0], actions), "the first row of symmetry_actions must be the identity"
    for row in table:
        assert np.array_equal(np.sort(row), actions), "a row of symmetry_actions must be a permutation"


def _check_names(game: Game) -> None:
    for action in range(game.num_actions):
        name = game.action_name(action)
        for text in (name, name.lower(), name.upper()):
            assert _read(game.parse_action, text) == action, f"parse_action('{text}') must be {action}"
    for parse in (game.parse_action, game.parse_text):
        assert _read(parse, "no such thing") is None, f"{parse.__name__} must raise LabError for nonsense"


def _read(parse: Callable[[str], object], text: str) -> object:
    """What `parse` makes of `text`, None for LabError."""
    try:
        return parse(text)
    except LabError:
        return None


def _check_own_planes_first(game: Game, games: int, seed: int) -> None:
    """Seen by the other player, the first plane and the opponent's (always the same one) change places."""
    opponent = np.ones(game.observation_shape[0], np.bool_)
    opponent[0] = False
    for ply in _random_games(game, games, seed):
        states = ply.before[ply.running]
        turned = states.copy()
        turned["to_play"] = 1 - turned["to_play"]
        planes, other = game.observe(states), game.observe(turned)
        opponent &= (planes == other[:, :1]).all(axis=(0, 2, 3))
        opponent &= (other == planes[:, :1]).all(axis=(0, 2, 3))
    assert opponent.any(), "the first plane must be the mover's pieces, and another plane the opponent's"


def _check_symmetries(game: Game, games: int, seed: int) -> None:
    """Games played in a mirror are mirror images of the games; played without one, they are the same."""
    for symmetry, mapped in zip(game.symmetries, game.symmetry_actions, strict=True):
        image = game.init(games)
        for ply in _random_games(game, games, seed):
            seen = symmetry.apply(game.observe(ply.before))
            assert np.array_equal(game.observe(image), seen), f"observe does not commute with {symmetry}"
            same_mask = np.array_equal(game.legal_mask(image)[:, mapped], ply.mask)
            assert same_mask, f"legal_mask does not commute with {symmetry}"
            game.step(image, mapped[ply.actions])
            if symmetry == IDENTITY:
                assert_same(image, ply.after, "the same actions led to another state")
            for name, _ in HEADER:
                same = np.array_equal(image[name], ply.after[name])
                assert same, f"{name} does not commute with {symmetry}"


def _check_playout(game: Game, states: States, sensible: bool) -> None:
    """Playouts end within max_plies, depend on row and seed alone, and leave finished rows as they are."""

    def play(rows: States, seeds: NDArray[np.uint64]) -> States:
        rows = rows.copy()
        game.playout(rows, seeds, sensible)
        return rows

    seeds = np.arange(len(states), dtype=np.uint64)
    advanced, running = seeds.copy(), ~states["terminated"]
    ends = play(states, advanced)
    assert ends["terminated"].all(), "a playout did not end its game"
    assert (ends["ply"] <= game.max_plies).all(), "a playout is longer than max_plies"
    assert (ends["ply"] > states["ply"])[running].all(), "a playout did not count its plies"
    assert np.isin(ends["outcome"], (-1, 0, 1)).all(), "a playout's outcome must be -1, 0 or 1"
    for i in range(0, len(ends), plies.DIAGRAM_STRIDE):
        plies.check_diagram(game, ends[i : i + 1])
    if isinstance(game, TerritoryGame):
        plies.check_territory(game, ends)
    assert (advanced != seeds)[running].all(), "a playout did not advance its seed"
    assert_same(play(states, seeds.copy()), ends, "equal seeds gave different playouts")
    assert_same(play(states[2:], seeds[2:].copy()), ends[2:], "a playout depends on the rows beside it")
    assert_same(play(ends, seeds.copy()), ends, "a playout changed a finished row")
    if game.legal_mask(states[:1]).sum() > 1:
        same_start = np.repeat(states[:1], len(states))
        ends = play(same_start, seeds.copy())
        assert rows_differ(ends, np.roll(ends, 1)).any(), "every seed gives the same playout"


def _check_threads(game: Game, states: States) -> None:
    states = np.resize(states, THREADED_ROWS)
    actions = game.legal_mask(states).argmax(axis=1)
    results = []
    num_threads = get_num_threads()
    for threads in (1, 4):
        set_num_threads(threads)
        try:
            stepped, played = states.copy(), states.copy()
            game.step(stepped, actions)
            game.playout(played, np.arange(THREADED_ROWS, dtype=np.uint64))
            results.append((stepped, played, game.legal_mask(states), game.observe(states)))
        finally:
            set_num_threads(num_threads)
    (stepped_1, played_1, mask_1, planes_1), (stepped_4, played_4, mask_4, planes_4) = results
    assert_same(stepped_1, stepped_4, "step depends on the number of threads")
    assert_same(played_1, played_4, "playout depends on the number of threads")
    same = np.array_equal(mask_1, mask_4) and np.array_equal(planes_1, planes_4)
    assert same, "legal_mask or observe depends on the number of threads"


def _check_spec(game: Game) -> None:
    # Imported late because the registry imports every game.
    from envs.games.registry import make_game

    again = make_game(game.spec)
    assert again == game, f"make_game('{game.spec}') makes another game: {again}, not {game}"
    assert hash(again) == hash(game), "equal games must have equal hashes"
