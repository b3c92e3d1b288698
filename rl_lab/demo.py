"""The whole loop at work: train, compare, draw, look."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from agents.alphazero.config import AlphaZeroConfig
from envs.errors import LabError
from envs.games import make_game
from rl_lab.arena.options import TournamentOptions
from rl_lab.arena.run import run_tournament
from rl_lab.cli import Play
from rl_lab.commands import command
from rl_lab.runs.curves import draw_curves
from rl_lab.runs.run import Run
from rl_lab.train import train
from rl_lab.viewer.app import require_display
from rl_lab.viewer.record import record_episode
from rl_lab.viewer.staging import make_stage

FOLDER = Path("runs/demo")
ROLLOUT = "rollout:simulations=200"
GAMES = 40


def main(folder: Path = FOLDER, minutes: float = 3.0) -> None:
    """Trains Go 5x5 in `folder` (or goes on there), plays a tournament, writes pictures, opens the window.

    Called again it goes on where it was: an unfinished run is resumed, a finished one is only shown.
    """
    console = Console()
    try:
        _show(folder, minutes, console)
    except KeyboardInterrupt:
        console.print(f"Or the whole demo, from where it was: [bold]{command('demo')}[/bold]", soft_wrap=True)
        raise


def _show(folder: Path, minutes: float, console: Console) -> None:
    config = AlphaZeroConfig(minutes=minutes)
    started = (folder / "config.json").exists()
    console.rule(f"{'Going on' if started else 'Learning'}: {config.game}, {minutes:g} minutes of self-play")
    train(config, folder, resume=started, console=console)

    trained = f"alphazero:{folder}"
    console.rule("Tournament")
    options = TournamentOptions(games=GAMES, out=_next(folder, "tournament"))
    run_tournament(config.game, ["random", "greedy", ROLLOUT, trained], options)

    console.rule("Pictures")
    game = make_game(config.game)
    run = Run(folder)
    draw_curves(run, folder / "curves.png")
    record_episode(make_stage(game, (trained, ROLLOUT)), folder / "game.gif")
    console.print(f"The training curves: {folder / 'curves.png'}\nA game, move by move: {folder / 'game.gif'}")
    _open_window(config.game, trained, console)


def _next(folder: Path, name: str) -> Path:
    """The first of folder/name, folder/name-2, ... that does not exist."""
    number, path = 1, folder / name
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}"
    return path


def _open_window(game: str, opponent: str, console: Console) -> None:
    """Lets the person play, if there is a display to do it on."""
    console.rule("Your turn")
    try:
        require_display("rl-lab watch")
    except LabError:
        console.print(
            "There is no display here. On a machine with one, play against the net with\n"
            f"    {command('play', game, '--opponent', opponent)}\nor look on with\n"
            f"    {command('watch', game, '--agent', opponent, '--opponent', ROLLOUT)}",
            highlight=False,
            soft_wrap=True,
        )
        return
    Play(game, opponent).start()
