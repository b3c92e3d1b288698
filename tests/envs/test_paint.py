"""Every primitive lands where it should, on a surface and in SVG."""

import base64
import io
import subprocess
import sys
import xml.etree.ElementTree as ET

import pygame
import pytest

from envs.faces.paint import PALETTE, Placement, fit, paint
from envs.faces.svg import svg
from envs.games.registry import GAMES, make_game
from envs.games.scene import Box, Circle, Image, Label, Line, Polygon, Primitive, Scene

RED, GREEN, BLUE, INK, GROUND = (200, 0, 0), (0, 200, 0), (0, 0, 200), (9, 9, 9), (250, 250, 250)
ROLES = {"red": RED, "green": GREEN, "blue": BLUE, "ink": INK, "stone_0": (20, 20, 20), "stone_1": (240, 240, 240)}


def painted(*items: Primitive, scale: float = 20.0) -> pygame.Surface:
    surface = pygame.Surface((round(4 * scale), round(4 * scale)))
    surface.fill(GROUND)
    paint(surface, Scene(4, 4, list(items)), Placement(scale, 0, 0), ROLES)
    return surface


def color(surface: pygame.Surface, x: float, y: float) -> tuple[int, ...]:
    return tuple(surface.get_at((int(x * 20), int(y * 20))))[:3]


def test_box_and_outline() -> None:
    surface = painted(Box(1, 1, 2, 1, "red"))
    assert color(surface, 2, 1.5) == RED and color(surface, 2, 2.5) == GROUND == color(surface, 0.9, 1.5)
    surface = painted(Box(1, 1, 2, 2, "red", width=0.1))
    assert color(surface, 1.05, 2) == RED and color(surface, 2, 2) == GROUND


def test_lines_level_and_slanting() -> None:
    surface = painted(Line(0, 2, 4, 2, "green", 0.2), Line(0, 0, 4, 4, "blue", 0.3))
    assert color(surface, 3, 2) == GREEN and color(surface, 3, 2.4) == GROUND
    assert color(surface, 1, 1) == BLUE == color(surface, 3.5, 3.5) and color(surface, 1, 1.5) == GROUND


def test_disc_ring_and_stone() -> None:
    surface = painted(Circle(2, 2, 1, "red"))
    assert color(surface, 2, 2) == RED == color(surface, 2.9, 2) and color(surface, 3.1, 2) == GROUND
    surface = painted(Circle(2, 2, 1, "red", width=0.2))
    assert color(surface, 2, 2) == GROUND and color(surface, 3, 2) == RED == color(surface, 2, 1)
    surface = painted(Circle(2, 2, 1, "stone_0"))
    assert max(color(surface, 2, 2)) < 110 and color(surface, 2, 0.5) == GROUND
    assert sum(color(surface, 2.2, 3.15)) < sum(GROUND), "a stone throws a shadow to the lower right"


TRIANGLE = ((0.5, 0.5), (3.5, 1.0), (1.0, 3.5))
QUADRANGLE = ((0.3, 0.5), (3.7, 1.1), (3.1, 3.4), (0.9, 2.9))


def test_polygon_and_outline() -> None:
    surface = painted(Polygon(TRIANGLE, "red"))
    assert color(surface, 1.5, 1.5) == RED == color(surface, 3, 1.1)
    assert color(surface, 3, 3) == GROUND == color(surface, 0.4, 2) == color(surface, 2, 0.5)
    surface = painted(Polygon(TRIANGLE, "red", width=0.2))
    assert color(surface, 1.6, 1.6) == GROUND
    for (x0, y0), (x1, y1) in zip(TRIANGLE, (*TRIANGLE[1:], TRIANGLE[0]), strict=True):
        assert color(surface, (x0 + x1) / 2, (y0 + y1) / 2) == RED, "every side has its line, the last one too"


@pytest.mark.parametrize("item", [Circle(2, 2, 1.3, "red"), Polygon(QUADRANGLE, "red")], ids=["circle", "polygon"])
def test_edges_are_smooth(item: Primitive) -> None:
    surface = painted(item)
    shades = {tuple(surface.get_at((x, y)))[:3] for x in range(80) for y in range(80)}
    assert len(shades) > 10


def test_label_is_centred() -> None:
    surface = painted(Label(2, 2, "H", "ink", 1.5))
    dark = [(x, y) for x in range(80) for y in range(80) if surface.get_at((x, y)).r < 100]
    assert (
        dark and abs(sum(x for x, _ in dark) / len(dark) - 40) < 4 and abs(sum(y for _, y in dark) / len(dark) - 40) < 5
    )


def test_pixels_are_painted_and_written() -> None:
    pixels = bytes([200, 0, 0, 0, 200, 0])  # one red, one green
    surface = painted(Image(1, 1, 2, 1, pixels, (2, 1)))
    assert color(surface, 0.9, 1.5) == GROUND and color(surface, 3.1, 1.5) == GROUND
    left, right = color(surface, 1.1, 1.5), color(surface, 2.9, 1.5)
    assert left[0] > 150 > 50 > left[1] and right[1] > 150 > 50 > right[0]
    (image,) = ET.fromstring(svg(Scene(4, 4, [Image(1, 1, 2, 1, pixels, (2, 1))])))
    picture = base64.b64decode(image.attrib["href"].removeprefix("data:image/png;base64,"))
    read = pygame.image.load(io.BytesIO(picture), "png")
    assert read.get_size() == (2, 1) and pygame.image.tobytes(read, "RGB") == pixels


def test_letters_are_painted_after_another_library_has_quit_pygame() -> None:
    """Gymnasium's own environments do so when they close; the fonts made before are then void."""
    letter = Label(2, 2, "H", "ink", 1.5)
    before = pygame.image.tobytes(painted(letter), "RGB")
    pygame.quit()
    pygame.font.init()
    assert pygame.image.tobytes(painted(letter), "RGB") == before


def test_an_unknown_role_is_painted_in_ink() -> None:
    assert color(painted(Box(1, 1, 2, 2, "never heard of")), 2, 2) == INK


def test_fit_centres_the_scene() -> None:
    place = fit(Scene(4, 2), 100, 50, 400, 400)
    assert place == Placement(100, 100, 150)
    assert place.to_board(*place.to_pixels(1.5, 0.5)) == pytest.approx((1.5, 0.5))


def test_svg_is_well_formed_and_complete() -> None:
    items = [Line(0, 0, 1, 1, "red"), Circle(1, 1, 0.4, "stone_1"), Box(0, 0, 1, 1, "blue", 0.1), Label(1, 1, "a<&b")]
    items += [Polygon(TRIANGLE, "stone_0"), Polygon(TRIANGLE, "green", 0.1)]
    root = ET.fromstring(svg(Scene(4, 3, list(items)), ROLES, unit=10))
    assert [child.tag.rpartition("}")[2] for child in root] == ["line", "circle", "rect", "text", "polygon", "polygon"]
    assert root.attrib["width"] == "40" and root[3].text == "a<&b" and root[0].attrib["stroke"] == "#c80000"
    filled, outline = root[4].attrib, root[5].attrib
    assert filled["points"] == "0.5,0.5 3.5,1 1,3.5" and filled["fill"] == "#141414" and "stroke" not in filled
    assert outline["fill"] == "none" and outline["stroke"] == "#00c800" and outline["stroke-width"] == "0.1"


@pytest.mark.parametrize("name", sorted(GAMES))
def test_every_game_is_painted_and_written(name: str) -> None:
    game = make_game(name)
    scene = game.scene(game.init(1)[0])
    surface = pygame.Surface((300, 300))
    paint(surface, scene, fit(scene, 0, 0, 300, 300))
    assert tuple(surface.get_at((150, 12)))[:3] == PALETTE["board"] or len(scene.items) > 3
    assert len(ET.fromstring(svg(scene))) == len(scene.items)


def test_importing_the_painter_needs_no_graphics_library() -> None:
    code = "import sys, envs.faces.paint; sys.exit('pygame' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
