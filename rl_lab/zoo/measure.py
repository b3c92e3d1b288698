"""Games that say how strong a net of the zoo is: against fixed opponents, and between its own levels.

Both write what they find into the net's card.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rich.console import Console

from agents.agent import Agent
from agents.options import AlphaZeroOptions
from agents.registry import make_agent
from envs.errors import LabError
from envs.games.game import Game
from envs.games.registry import make_game
from rl_lab.arena.display import Display
from rl_lab.arena.openings import rollout_judge
from rl_lab.arena.play import Fixture, GameRecord
from rl_lab.arena.ratings import Ratings, rate
from rl_lab.arena.statistics import head_to_head
from rl_lab.arena.tournament import play_tournament, round_robin
from rl_lab.zoo import nets
from rl_lab.zoo.card import Card, Level, Strength, save_card
from rl_lab.zoo.levels import Setting, even_levels, ladder
from rl_lab.zoo.options import LEVELS
from rl_lab.zoo.player import ZooAgent
from rl_lab.zoo.recipes import recipe_of

OPENING_PLIES = 2
PARALLEL_GAMES = 512  # dozens of settings share them, and a net is as fast as its batches are large
REACH = 3  # settings further apart on the ladder do not meet: such games hardly tell anything
OUTSIDE = ("gtp", "gnugo")  # agents that need a program which may be missing


def measure(name: str, games: int, seed: int, console: Console) -> Card:
    """Plays a net, at full strength, against its recipe's opponents and the net it has replaced; returns its new card.

    `games` against each in each of the recipe's games. An outside program that is not installed is left out, and said
    so. Raises LabError if there is no such net or recipe.
    """
    net, recipe = nets.open_net(name), recipe_of(name)
    card = net.card
    for spec in recipe.measured_on:
        game = make_game(spec)
        for label, opponent in _opponents(game, name, recipe.opponents, console):
            found = strength(game, net, opponent, label, games, seed, console)
            console.print(strength_line(found), highlight=False, markup=False)
            others = [old for old in card.strength if (old.game, old.opponent) != (found.game, found.opponent)]
            card = dataclasses.replace(card, strength=[*others, found])
            save_card(net.folder, card)
            opponent.close()
    return card


def strength(
    game: Game, net: nets.ZooNet, opponent: Agent, label: str, games: int, seed: int, console: Console
) -> Strength:
    """The score of a net at full strength from balanced random openings, with both colours from each."""
    setting = net.card.level(LEVELS).setting
    player = ZooAgent(game, net, setting, f"zoo:{net.name}", AlphaZeroOptions())
    agents = [player, opponent]
    fixtures = round_robin(game, agents, games, OPENING_PLIES, seed, rollout_judge(game))
    records = _play(game, agents, fixtures, seed, console)
    score = head_to_head(records, player.name, opponent.name)
    return Strength(
        game=game.spec,
        opponent=label,
        simulations=setting.simulations,
        games=len(records),
        score=round(score.mean, 4),
        low=round(score.low, 4),
        high=round(score.high, 4),
        openings=_openings(records, "balanced "),
    )


def strength_line(found: Strength) -> str:
    """The result in one line."""
    interval = f"{100 * found.low:.1f} to {100 * found.high:.1f}"
    return f"{found.game} against {found.opponent}: {100 * found.score:.1f}% ({interval}) of {found.games} games"


def calibrate(name: str, games: int, seed: int, console: Console) -> Card:
    """Finds ten levels for a net whose ratings rise evenly, plays them against one another; returns its new card.

    `games` between each two settings. Raises LabError if there is no such net or recipe.
    """
    net, recipe = nets.open_net(name), recipe_of(name)
    game = make_game(recipe.measured_on[-1])
    rungs = ladder(recipe.simulations)
    found = rate_settings(game, net, rungs, games, seed, console)
    levels = even_levels(rungs, found.elo)
    rated = rate_settings(game, net, levels, games, seed + 1, console)
    words = (
        f"{games} games between each two levels at most {REACH} apart, at {game.spec}, from random openings of "
        f"{OPENING_PLIES} moves; Elo above level 1, with 95% intervals"
    )
    card = dataclasses.replace(
        nets.open_net(name).card,
        levels=[_level(setting, rated, i) for i, setting in enumerate(levels)],
        levels_measured=words,
    )
    save_card(net.folder, card)
    return card


def rate_settings(
    game: Game, net: nets.ZooNet, settings: Sequence[Setting], games: int, seed: int, console: Console
) -> Ratings:
    """The ratings of settings of a net, in their order, the first one's 0; prints them."""
    names = [f"{number}: {setting.text}" for number, setting in enumerate(settings, 1)]
    agents = [
        ZooAgent(game, net, setting, name, AlphaZeroOptions()) for setting, name in zip(settings, names, strict=True)
    ]
    everyone = round_robin(game, agents, games, OPENING_PLIES, seed)
    near = [fixture for fixture in everyone if abs(fixture.seats[0] - fixture.seats[1]) <= REACH]
    ratings = rate(_play(game, agents, near, seed, console), names, names[0])
    for rating, low, high, name in zip(ratings.elo, ratings.low, ratings.high, names, strict=True):
        console.print(f"{rating:+6.0f} ({low:+.0f} to {high:+.0f})  {name}", highlight=False, markup=False)
    return ratings


def _play(
    game: Game, agents: Sequence[Agent], fixtures: Sequence[Fixture], seed: int, console: Console
) -> list[GameRecord]:
    """Plays the games while a bar on the console moves."""
    with Display(console) as display:

        def progress(done: int, total: int, record: GameRecord) -> None:
            display.progress(done, total)
            display.add([record])

        return play_tournament(game, agents, fixtures, seed, PARALLEL_GAMES, progress).records


def _level(setting: Setting, rated: Ratings, i: int) -> Level:
    elo, low, high = (round(float(numbers[i]), 1) for numbers in (rated.elo, rated.low, rated.high))
    return Level(**dataclasses.asdict(setting), elo=elo, low=low, high=high)


def _opponents(game: Game, name: str, specs: Sequence[str], console: Console) -> list[tuple[str, Agent]]:
    """Whom a net is measured against, each with what the card calls it."""
    found: list[tuple[str, Agent]] = []
    for spec in specs:
        try:
            found.append((spec, make_agent(spec, game)))
        except LabError as error:
            if not spec.startswith(OUTSIDE):
                raise
            console.print(f"Without {spec}: {error}", highlight=False, markup=False, soft_wrap=True)
    folder = nets.NETS / nets.PREVIOUS / name
    if folder.exists():
        net = nets.open_folder(name, folder)
        label = f"the net before, {net.card.sha256[:12]}"
        found.append((label, ZooAgent(game, net, net.card.level(LEVELS).setting, label, AlphaZeroOptions())))
    return found


def _openings(records: Sequence[GameRecord], kind: str) -> str:
    plies = max(record.opening_plies for record in records)
    return f"{len({record.pair for record in records})} {kind}random openings of {plies} moves, both colours from each"
