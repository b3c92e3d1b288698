"""Writes a scene as SVG text: the same list of primitives that paint.py paints, in the same order."""

from __future__ import annotations

import base64
import struct
import zlib
from xml.sax.saxutils import escape

import numpy as np

from envs.faces.paint import PALETTE, Palette, resolve
from envs.games.scene import Circle, Image, Label, Line, Polygon, Primitive, Scene


def svg(scene: Scene, palette: Palette = PALETTE, unit: float = 48.0) -> str:
    """The scene as an SVG document, `unit` pixels to a board unit; a thin rim lets white stones show on white."""
    width, height = scene.width * unit, scene.height * unit
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {scene.width:g} {scene.height:g}" font-family="Noto Sans, DejaVu Sans, sans-serif">'
    )
    return "\n".join([head, *(svg_element(item, palette) for item in scene.items), "</svg>"]) + "\n"


def _png(item: Image) -> bytes:
    """The picture as a PNG file (W3C, Portable Network Graphics): header, rows and end, each with its checksum."""
    width, height = item.size
    rows = np.frombuffer(item.pixels, np.uint8).reshape(height, 3 * width)
    filtered = np.zeros((height, 1 + 3 * width), np.uint8)  # each row begins with the number of its filter, 0: none
    filtered[:, 1:] = rows
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(filtered.tobytes())),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def svg_element(item: Primitive, palette: Palette = PALETTE) -> str:
    """One primitive as an SVG element, in board units."""
    if isinstance(item, Image):
        place = f'x="{item.x:g}" y="{item.y:g}" width="{item.w:g}" height="{item.h:g}"'
        return f'<image {place} href="data:image/png;base64,{base64.b64encode(_png(item)).decode()}"/>'
    color = "#{:02x}{:02x}{:02x}".format(*resolve(palette, item.color))
    if isinstance(item, Line):
        ends = f'x1="{item.x0:g}" y1="{item.y0:g}" x2="{item.x1:g}" y2="{item.y1:g}"'
        return f'<line {ends} stroke="{color}" stroke-width="{item.width:g}" stroke-linecap="round"/>'
    if isinstance(item, Label):
        at = f'x="{item.x:g}" y="{item.y:g}" font-size="{item.size:g}"'
        middle = 'text-anchor="middle" dominant-baseline="central"'
        return f'<text {at} {middle} fill="{color}">{escape(item.text)}</text>'
    if item.width:
        style = f'fill="none" stroke="{color}" stroke-width="{item.width:g}"'
    elif isinstance(item, Circle) and item.color.startswith("stone"):
        style = f'fill="{color}" stroke="#000" stroke-opacity="0.35" stroke-width="0.02"'
    else:
        style = f'fill="{color}"'
    if isinstance(item, Polygon):
        points = " ".join(f"{x:.6g},{y:.6g}" for x, y in item.points)
        return f'<polygon points="{points}" {style} stroke-linejoin="round"/>'
    if isinstance(item, Circle):
        return f'<circle cx="{item.x:g}" cy="{item.y:g}" r="{item.radius:g}" {style}/>'
    return f'<rect x="{item.x:g}" y="{item.y:g}" width="{item.w:g}" height="{item.h:g}" {style}/>'
