"""What an agent thinks, drawn on the places of its actions. Each layer has a shape and a colour scale of its own:

policy      a blue square, larger and darker where an action is likelier
visits      a vermilion disc, largest where the search tried most, with its share in per cent
value       a small tile with a number, green where it is good and purple where it is bad
line        the stones that the agent expects next, pale and numbered
ownership   a small square in the colour of the owner's stones, larger where it is more certain
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pygame
from numpy.typing import NDArray

from agents.agent import Decision
from envs.faces.paint import Placement, disc, stamp, stone
from envs.games.scene import Scene
from rl_lab.viewer.canvas import Canvas, number, rendered, signed
from rl_lab.viewer.frame import Phase, is_discrete
from rl_lab.viewer.layout import Rect
from rl_lab.viewer.panels.lines import seated
from rl_lab.viewer.theme import BOARD_LAYERS, RGB
from rl_lab.viewer.view import View, sign

FAINTEST = 0.01  # actions with a smaller share are not drawn
FULL_SHARE = 0.15  # of the visits: where no action has as much, no disc is as large as it can be
LABELLED = 0.05  # from this share on it is written
EVEN_ACTIONS = 8
PALEST_POLICY = (190, 216, 238)
LINE_MOVES = 9
LINE_ALPHA = 150
TILES_BESIDE_VISITS = 5
LEAST_CERTAIN = 0.12  # ownership nearer to nobody's is not drawn
WHITE: RGB = (255, 255, 255)
HALO: RGB = (255, 244, 230)

Spot = tuple[float, float, float]
"""The middle and the side, in pixels, of the square that stands for an action."""


def draw(canvas: Canvas, scene: Scene, place: Placement, view: View) -> None:
    """The layers that are switched on, as far as the shown moment can fill them."""
    spots = {action: _spot(scene, place, action) for action in scene.action_spots}
    areas = ended_areas(view)
    if areas is not None:
        _draw_ownership(canvas, spots, areas, set())
    thought = view.thought
    if not (view.on_board and view.revealed and thought) or not is_discrete(thought.action):
        return
    decision, layers = thought.decision, view.layers
    policy = policy_of(decision) if "policy" in layers else np.zeros(0)
    visits = visit_shares(decision) if "visits" in layers else np.zeros(0)
    marked = {action for shares in (policy, visits) for action in np.flatnonzero(shares >= FAINTEST).tolist()}
    if decision.ownership is not None and "ownership" in layers and areas is None:
        _draw_ownership(canvas, spots, decision.ownership[0] * sign(thought.seat), marked)
    line = _line(view, decision) if "line" in layers else []
    for action, seat in line[1:]:
        _draw_ghost(canvas, spots.get(action), seat)
    _draw_policy(canvas, spots, policy, labelled=not len(visits))
    _draw_visits(canvas, spots, visits)
    _ring_chosen(canvas, spots.get(int(thought.action)))
    if "q" in layers and decision.q is not None:
        _draw_values(canvas, spots, decision, marked, view.is_game)
    for count, (action, seat) in enumerate(line, start=1):
        _draw_count(canvas, spots.get(action), count, seat, aside=count == 1 or action in marked)


def policy_of(decision: Decision) -> NDArray[np.float64]:
    """What the agent thinks likely before any search, [A]; empty where that tells nothing.

    A policy that spreads evenly over many actions would only cover the board.
    """
    policy: NDArray[np.float64] = (decision.policy if decision.prior is None else decision.prior)[0].astype(np.float64)
    likely = policy[policy > 0]
    tells = len(likely) > 0 and (len(likely) <= EVEN_ACTIONS or float(np.ptp(likely)) > 1e-4)
    return policy if tells else policy[:0]


def visit_shares(decision: Decision) -> NDArray[np.float64]:
    """Each action's share of the visits, [A]; empty without a search."""
    return np.zeros(0) if decision.visits is None else decision.visits[0] / max(1, int(decision.visits[0].sum()))


def ended_areas(view: View) -> NDArray[np.generic] | None:
    """Who owns each point of a game that has been played to its end; None for any other moment."""
    ended = view.phase is Phase.OVER and view.frame.over
    return view.stage.areas(view.frame) if ended else None


def tile_scale(values: NDArray[np.float64], game: bool) -> tuple[float, float]:
    """(middle, reach) of the scale of values: 0 and 1 in games, elsewhere the alternatives' mean and largest distance
    from it, since only there does a value's size say nothing by itself."""
    known = values[np.isfinite(values)]
    if game or not len(known):
        return 0.0, 1.0
    middle = float(known.mean())
    return middle, max(1e-9, float(np.abs(known - middle).max()))


def _spot(scene: Scene, place: Placement, action: int) -> Spot:
    """The top square of the action's place."""
    x, y, w, h = scene.action_spots[action]
    side = min(w, h)
    return *place.to_pixels(x + w / 2, y + side / 2), side * place.scale


def _draw_policy(canvas: Canvas, spots: dict[int, Spot], policy: NDArray[np.float64], labelled: bool) -> None:
    pale, deep = np.array(PALEST_POLICY), np.array(BOARD_LAYERS["policy"])
    for action in np.flatnonzero(policy >= FAINTEST).tolist():
        if action not in spots:
            continue
        x, y, side = spots[action]
        # The square root lets small probabilities be seen; the eye compares the largest anyway.
        strength = min(1.0, float(policy[action])) ** 0.5
        color = (pale + (deep - pale) * strength).astype(int).tolist()
        _tile(canvas, x, y, side * (0.24 + 0.66 * strength), side * (0.24 + 0.66 * strength), tuple(color), 225)
        if labelled and policy[action] >= LABELLED:
            _write(canvas, f"{100 * policy[action]:.0f}", x, y, side * 0.26)


def _draw_visits(canvas: Canvas, spots: dict[int, Spot], shares: NDArray[np.float64]) -> None:
    for action in np.flatnonzero(shares >= FAINTEST).tolist():
        if action not in spots:
            continue
        x, y, side = spots[action]
        radius = round(side * (0.07 + 0.26 * (shares[action] / max(FULL_SHARE, shares.max())) ** 0.5), 1)
        stamp(canvas.surface, disc(radius + 1.5, HALO), x, y)
        stamp(canvas.surface, disc(radius, BOARD_LAYERS["visits"]), x, y)
        if shares[action] >= LABELLED:
            _write(canvas, f"{100 * shares[action]:.0f}", x, y, side * 0.26)


def _draw_values(canvas: Canvas, spots: dict[int, Spot], decision: Decision, marked: set[int], game: bool) -> None:
    """Beside visits only the most tried actions have tiles; elsewhere all whose value is known."""
    assert decision.q is not None
    values = decision.q[0].astype(float)
    middle, reach = tile_scale(values, game)
    actions = [action for action in np.flatnonzero(np.isfinite(values)).tolist() if action in spots]
    if decision.visits is not None:
        visits = decision.visits[0]
        actions = sorted(actions, key=lambda action: -int(visits[action]))[:TILES_BESIDE_VISITS]
    for action in actions:
        x, y, side = spots[action]
        y += side * 0.36 if action in marked else 0
        strength = min(1.0, max(-1.0, (values[action] - middle) / reach))
        good, bad = BOARD_LAYERS["value"], BOARD_LAYERS["loss"]
        end = np.array(good if strength > 0 else bad)
        color = tuple((end * (0.35 + 0.65 * abs(strength)) + 120 * (0.65 - 0.65 * abs(strength))).astype(int).tolist())
        _tile(canvas, x, y, side * 0.86, side * 0.29, color, 245)
        text = signed(values[action]).replace("0.", ".") if game else number(values[action])
        _write(canvas, text, x, y, side * 0.24)


def _draw_ownership(canvas: Canvas, spots: dict[int, Spot], owner: NDArray[np.generic], marked: set[int]) -> None:
    """`owner` [H, W]: +1 seat 0, -1 seat 1. Where other layers have marks, it moves into the corner."""
    for action, whose in enumerate(owner.ravel().astype(float).tolist()):
        if abs(whose) < LEAST_CERTAIN or action not in spots:
            continue
        x, y, side = spots[action]
        size = side * 0.34 * min(1.0, abs(whose))
        if action in marked:
            x, y = x - side * 0.36, y - side * 0.36
        w, rim = max(2, round(size)), canvas.theme.scene["grid"]
        square = Rect(round(x - w / 2), round(y - w / 2), w, w)
        pygame.draw.rect(canvas.surface, rim, (square.x - 1, square.y - 1, w + 2, w + 2))
        pygame.draw.rect(canvas.surface, canvas.theme.scene[f"stone_{int(whose < 0)}"], (square.x, square.y, w, w))


def _line(view: View, decision: Decision) -> list[tuple[int, int]]:
    """(action, seat) of the moves expected in a game; a point that is played twice keeps its first move."""
    if not view.is_game or not decision.variations:
        return []
    moves = seated(view.stage, view.frame, tuple(decision.variations[0][:LINE_MOVES]))
    return list(dict(reversed(moves)).items())[::-1]


def _draw_ghost(canvas: Canvas, spot: Spot | None, seat: int) -> None:
    if spot is not None:
        x, y, side = spot
        stamp(canvas.surface, stone(round(side * 0.42, 1), canvas.theme.scene[f"stone_{seat}"], LINE_ALPHA), x, y)


def _draw_count(canvas: Canvas, spot: Spot | None, count: int, seat: int, aside: bool) -> None:
    """The number of a move: on its stone or, where there are other marks, on a small stone in the corner."""
    if spot is None:
        return
    x, y, side = spot
    ink = canvas.theme.scene[f"stone_{1 - seat}"]
    if not aside:
        _write(canvas, str(count), x, y, side * 0.36, ink)
        return
    x, y = x + side * 0.35, y - side * 0.35
    stamp(canvas.surface, disc(round(max(6.0, side * 0.17), 1), canvas.theme.scene[f"stone_{seat}"]), x, y)
    _write(canvas, str(count), x, y, max(8.0, side * 0.25), ink)


def _ring_chosen(canvas: Canvas, spot: Spot | None) -> None:
    if spot is None:
        return
    x, y, side = spot
    radius, width = round(side * 0.48, 1), max(2.0, round(side * 0.05, 1))
    stamp(canvas.surface, disc(radius + 1, canvas.theme.scene["ink"], width=width + 2), x, y)
    stamp(canvas.surface, disc(radius, BOARD_LAYERS["live"], width=width), x, y)


def _tile(canvas: Canvas, x: float, y: float, width: float, height: float, color: RGB, alpha: int) -> None:
    """A rectangle around (x, y)."""
    w, h = max(1, round(width)), max(1, round(height))
    canvas.surface.blit(_filled(w, h, color, alpha), (round(x - w / 2), round(y - h / 2)))


@lru_cache(maxsize=512)
def _filled(width: int, height: int, color: RGB, alpha: int) -> pygame.Surface:
    surface = pygame.Surface((width, height))
    surface.fill(color)
    surface.set_alpha(alpha)
    return surface


def _write(canvas: Canvas, text: str, x: float, y: float, size: float, color: RGB = WHITE) -> None:
    """A few characters, if they are large enough to be read."""
    if size >= 7.5:
        image = rendered(text, round(size), True, color)
        canvas.surface.blit(image, (round(x - image.get_width() / 2), round(y - image.get_height() / 2)))


def swatch(canvas: Canvas, rect: Rect, name: str) -> None:
    """The layer's shape in small, for the legend."""
    (x, y), side = rect.center, float(rect.h)
    if name == "policy":
        _tile(canvas, x, y, side * 0.8, side * 0.8, BOARD_LAYERS["policy"], 255)
    elif name == "visits":
        stamp(canvas.surface, disc(round(side * 0.44, 1), BOARD_LAYERS["visits"]), x, y)
    elif name == "q":
        _tile(canvas, x - side * 0.3, y, side * 0.6, side * 0.6, BOARD_LAYERS["loss"], 255)
        _tile(canvas, x + side * 0.3, y, side * 0.6, side * 0.6, BOARD_LAYERS["value"], 255)
    elif name == "line":
        stamp(canvas.surface, disc(round(side * 0.5, 1), canvas.theme["faint"]), x, y)
        stamp(canvas.surface, disc(round(side * 0.5 - 1, 1), canvas.theme.scene["stone_1"]), x, y)
        _write(canvas, "2", x, y, side * 0.75, canvas.theme.scene["stone_0"])
    else:
        for seat, shift in ((0, -0.26), (1, 0.26)):
            _tile(canvas, x + side * shift, y, side * 0.5 + 2, side * 0.5 + 2, canvas.theme["faint"], 255)
            _tile(canvas, x + side * shift, y, side * 0.5, side * 0.5, canvas.theme.scene[f"stone_{seat}"], 255)
