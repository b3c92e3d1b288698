"""A tournament as one HTML file that needs nothing else: no network, no server, no library.

Ratings and cross-table are plain HTML and need no script; the script filters the table of games and replays them. The
file says in a Content-Security-Policy that nothing may be loaded from elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template

from agents.files import write_atomic
from envs.errors import LabError
from envs.games.game import Game
from rl_lab.arena.classes import symmetry_line
from rl_lab.arena.page.replay import replay_data
from rl_lab.arena.page.shell import asset, render
from rl_lab.arena.page.steps import find_series, legend, steps_chart
from rl_lab.arena.page.tables import cross_table, details_table, elo_text, ratings_table, settings_list
from rl_lab.arena.play import GameRecord
from rl_lab.arena.ratings import Ratings
from rl_lab.arena.statistics import count_duplicates, mean_plies


def write_page(
    game: Game,
    records: Sequence[GameRecord],
    agents: Sequence[str],
    ratings: Ratings,
    path: Path,
    title: str,
    settings: Mapping[str, object],
) -> None:
    """Writes the page of a tournament to `path`: whole, or not at all.

    `agents` are those rated; games with others are left out. `settings` are shown as they are, in their order. Raises
    LabError if the ratings are of other agents, or the file cannot be written.
    """
    page = render_page(game, records, agents, ratings, title, settings)
    # A name that is no text (bytes of the command line) must not spoil the page.
    try:
        write_atomic(path, page.encode("utf-8", "replace"))
    except OSError as error:
        raise LabError(f"Cannot write the page {path}: {error.strerror or error}.") from None


def render_page(
    game: Game,
    records: Sequence[GameRecord],
    agents: Sequence[str],
    ratings: Ratings,
    title: str,
    settings: Mapping[str, object],
) -> str:
    """The page as text; see write_page."""
    if list(agents) != ratings.names:
        raise LabError("The ratings given for the page are of other agents than those of the tournament.")
    shown = [record for record in records if set(record.agents) <= set(agents)]
    data = json.dumps(replay_data(game, shown, agents), separators=(",", ":"), allow_nan=False)
    parts = {
        "ratings": ratings_table(ratings, shown),
        "details": details_table(ratings, shown, game.player_names),
        "cross": cross_table(ratings, shown),
        "model": escape(_model(game, ratings)),
        "steps": _steps(ratings),
        "settings": settings_list({"game": game.spec, **settings}.items()),
    }
    # "</script>" inside a name must not end the data.
    scripts = Template(asset("scripts.html")).substitute(js=asset("page.js"), data=data.replace("<", "\\u003c"))
    return render(title, _summary(game, shown, agents), "page.html", parts, scripts)


def _summary(game: Game, records: Sequence[GameRecord], agents: Sequence[str]) -> str:
    openings, repeated = len({record.pair for record in records}), count_duplicates(records)
    length = f", {mean_plies(records):.1f} moves long on average" if records else ""
    again = f"; {repeated} of them repeat an earlier one" if repeated else ""
    played = f"{len(agents)} agents, {len(records)} games of {game.spec} from {openings} openings{length}{again}."
    return f"{played} {symmetry_line(game, records)}".strip()


def _model(game: Game, ratings: Ratings) -> str:
    value, low, high = (
        elo_text(x) for x in (ratings.first_move.value, ratings.first_move.low, ratings.first_move.high)
    )
    draws = f" Equals draw {100 * ratings.draws / (2 + ratings.draws):.0f}% of their games." if ratings.draws else ""
    return f"Moving first ({game.player_names[0]}) is worth {value} Elo (95% interval {low} to {high}).{draws}"


def _steps(ratings: Ratings) -> str:
    series = find_series(ratings.names)
    if not series:
        return ""
    return f"<section><h2>Rating over training steps</h2>{steps_chart(ratings, series)}{legend(series)}</section>"
