"""Videos from pictures: MP4, GIF and WebP, by the ffmpeg that comes with imageio-ffmpeg."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.atomic import whole_file

Picture = npt.NDArray[np.uint8]

# Codec, its pixel format, and further arguments of ffmpeg, by the ending of the file's name.
_FORMATS: dict[str, tuple[str, str, list[str]]] = {
    ".mp4": ("libx264", "yuv420p", ["-crf", "18", "-preset", "fast", "-movflags", "+faststart"]),
    ".gif": (
        "gif",
        "pal8",
        ["-lavfi", "split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none", "-loop", "0"],
    ),
    ".webp": ("libwebp_anim", "yuv420p", ["-quality", "55", "-loop", "0"]),
}
_GIF_FPS = 100 / 6  # GIF counts hundredths of a second; players slow down what is under two


class VideoWriter:
    """Writes a video, picture by picture; the file appears under its name when it is whole.

    Use it in a ``with`` statement.

    Args:
        path: Its name, ending in .mp4, .gif or .webp. Its folder must exist.
        fps: Pictures per second. A GIF keeps about half of thirty.

    Raises:
        FileNotFoundError: The folder does not exist.
        ImportError: imageio-ffmpeg is missing.
        ValueError: The name ends differently.
    """

    def __init__(self, path: str | os.PathLike[str], fps: float = 30.0) -> None:
        self._path = Path(path)
        ending = self._path.suffix.lower()
        if ending not in _FORMATS:
            raise ValueError(f"a video's name ends in {', '.join(_FORMATS)}, not as {path}")
        if not self._path.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {self._path.parent} to write {path} into")
        try:
            import imageio_ffmpeg  # type: ignore[import-untyped]
        except ModuleNotFoundError as error:
            raise ImportError(
                "writing videos needs imageio-ffmpeg: pip install 'qwop-native[render]'"
            ) from error
        self._ffmpeg = imageio_ffmpeg
        self._codec, self._pixels, self._arguments = _FORMATS[ending]
        self._fps = fps
        self._every = max(1, round(fps / _GIF_FPS)) if ending == ".gif" else 1
        self._pictures = 0
        self._folder = tempfile.TemporaryDirectory(prefix="qwop-video-")
        self._file = Path(self._folder.name) / f"video{ending}"
        self._pipe: Generator[None, Any, None] | None = None

    def add(self, picture: Picture) -> None:
        """Appends a picture, uint8 of shape (height, width, 3), all of one size."""
        if self._pipe is None:
            height, width = picture.shape[:2]
            even = "crop=trunc(iw/2)*2:trunc(ih/2)*2"  # what 4:2:0 colors need
            crop = ["-vf", even] if self._pixels == "yuv420p" else []
            self._pipe = self._ffmpeg.write_frames(
                str(self._file),
                (width, height),
                fps=self._fps / self._every,
                codec=self._codec,
                pix_fmt_out=self._pixels,
                quality=None,
                macro_block_size=1,
                ffmpeg_log_level="error",
                output_params=[*crop, *self._arguments],
            )
            self._pipe.send(None)
        if self._pictures % self._every == 0:
            self._pipe.send(np.ascontiguousarray(picture))
        self._pictures += 1

    def __enter__(self) -> VideoWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._pipe is None:
                return
            self._pipe.close()
            if error is None:
                with self._file.open("rb") as source, whole_file(self._path) as target:
                    shutil.copyfileobj(source, target)
        finally:
            self._folder.cleanup()
