"""Films as files: .mp4 through ffmpeg (the extra `video`), .gif through pillow. A file appears whole or not at all."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from agents.files import sync_folder
from envs.errors import LabError

Frame = NDArray[np.uint8]
RGB = tuple[int, ...]
KINDS = (".mp4", ".gif")
LITTLE_SPACE = 1 << 20
"""Bytes: with less room on the disk, that is why ffmpeg has failed."""


@dataclass(frozen=True)
class Film:
    """Frames uint8[H, W, 3], all of one size with even sides, that are drawn as they are asked for."""

    frames: Iterable[Frame]
    """The same array once more stays on for another frame."""
    fps: float
    palette: Sequence[RGB] | None = None
    """At most 255 colours of a .gif; without them every frame has its own, which takes longer and more room."""


def has_ffmpeg() -> bool:
    """Whether an .mp4 can be written."""
    return importlib.util.find_spec("imageio_ffmpeg") is not None


def film_kind() -> str:
    """The better kind of film that can be written here."""
    return ".mp4" if has_ffmpeg() else ".gif"


def even(frame: Any) -> Frame:
    """The frame without its last row or column where their number is odd: video encoders want pairs."""
    height, width = (size - size % 2 for size in frame.shape[:2])
    return np.ascontiguousarray(frame[:height, :width, :3], np.uint8)


def check_film(path: Path, kinds: Sequence[str] = KINDS) -> None:
    """Makes the folder of a film; raises LabError if it cannot be written, or the kind of file is not to be had."""
    kind = path.suffix.lower()
    if kind not in kinds:
        raise LabError(f"A film ends in {', '.join(kinds[:-1])} or {kinds[-1]}, so '{path}' cannot be one.")
    if kind == ".mp4" and not has_ffmpeg():
        raise LabError(f"'{path}' needs ffmpeg: pip install 'rl-lab[video]', or name a .gif.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}.") from None
    if not os.access(path.parent, os.W_OK) or path.is_dir():
        raise LabError(f"{path} cannot be written: it is a folder, or its folder is closed to you.")


def write_film(film: Film, path: Path) -> None:
    """Writes a film as the kind of file that `path` names; it appears whole or not at all. Raises LabError as above."""
    check_film(path)
    write: Callable[[Film, Path], None] = _write_mp4 if path.suffix.lower() == ".mp4" else _write_gif
    with whole_file(path) as temporary:
        write(film, temporary)


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A name to write to, with the ending of `path`; what was written replaces `path` at the end, if all went well.

    Whatever goes wrong inside, an interrupt included, `path` is as before and nothing is left beside it; failures to
    write become a LabError.
    """
    temporary = path.with_name(f".part-{os.getpid()}-{path.name}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except (OSError, RuntimeError) as error:  # imageio_ffmpeg raises both when ffmpeg fails or is not there
        raise LabError(f"{path} cannot be written: {_reason(error, path.parent)}.") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _reason(error: Exception, folder: Path) -> str:
    """Why nothing could be written, in a few words: ffmpeg's own are many lines."""
    if told := getattr(error, "strerror", None):
        return str(told)
    if shutil.disk_usage(folder).free < LITTLE_SPACE:
        return "no space is left on the device"
    return next(iter(str(error).splitlines()), type(error).__name__).rstrip(".")


def _write_mp4(film: Film, path: Path) -> None:
    import imageio_ffmpeg

    frames = iter(film.frames)
    first = next(frames)
    height, width, _ = first.shape
    writer = imageio_ffmpeg.write_frames(
        str(path), (width, height), fps=film.fps, macro_block_size=1, quality=6, ffmpeg_log_level="error"
    )
    writer.send(None)
    sent = 0
    try:
        for frame in chain([first], frames):
            writer.send(frame)
            sent += 1
    finally:
        writer.close()
    # The writer does not look at what becomes of ffmpeg's last bytes, such as the index without which nothing plays.
    written, _ = imageio_ffmpeg.count_frames_and_secs(str(path))
    if written != sent:
        raise RuntimeError(f"ffmpeg has written {written} of {sent} pictures")


def cell(color: RGB) -> RGB:
    """What pillow looks up for a colour; of colours in one cell it finds but one."""
    return tuple(channel & ~3 for channel in color)


def _write_gif(film: Film, path: Path) -> None:
    """With `optimize` only the pixels that differ between two frames are stored, for the rest a transparent one."""
    images = (_coded(frame, film.palette, held / film.fps) for frame, held in _held(film.frames))
    next(images).save(path, "GIF", save_all=True, append_images=images, loop=0, disposal=1, optimize=True)


def _coded(frame: Frame, palette: Sequence[RGB] | None, seconds: float) -> Image.Image:
    if palette is None:
        image = Image.fromarray(frame).quantize(dither=Image.Dither.NONE)
    else:
        image = Image.fromarray(frame).quantize(palette=_sheet(map(cell, palette)), dither=Image.Dither.NONE)
        image.putpalette(_flat(palette))
    image.info["duration"] = round(1000 * seconds)
    return image


def _sheet(colors: Iterable[RGB]) -> Image.Image:
    """A picture that has but a palette."""
    sheet = Image.new("P", (1, 1))
    sheet.putpalette(_flat(colors))
    return sheet


def _flat(colors: Iterable[RGB]) -> list[int]:
    return list(chain.from_iterable(colors))


def _held(frames: Iterable[Frame]) -> Iterator[tuple[Frame, int]]:
    """Every frame once, with for how long it stays."""
    last, held = None, 0
    for frame in frames:
        if last is not None and frame is not last:
            yield last, held
            held = 0
        last, held = frame, held + 1
    if last is not None:
        yield last, held
