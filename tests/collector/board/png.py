"""Pictures as arrays of pixels: read what Chromium writes, and write it small (PNG, third edition, W3C)."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Rows, columns, and red, green, blue."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MOST_COLOURS = 256


def pixels(png: bytes) -> Pixels:
    """The pixels of a PNG of eight bits a channel, with or without transparency, not interlaced."""
    assert png.startswith(_SIGNATURE)
    at, data, header = len(_SIGNATURE), b"", b""
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        content = png[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            header = content
        elif kind == b"IDAT":
            data += content
        at += length + 12
    width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", header)
    channels = {2: 3, 6: 4}[colour]
    assert (depth, interlaced) == (8, 0)
    rows = np.frombuffer(zlib.decompress(data), np.uint8).reshape(height, 1 + width * channels)
    return _unfiltered(rows, channels).reshape(height, width, channels)[:, :, :3]


def _unfiltered(rows: Pixels, channels: int) -> Pixels:
    """Undo the filter that the first byte of each row names (section 9)."""
    width = (rows.shape[1] - 1) // channels
    above = np.zeros((width, channels), np.int64)
    found = np.empty((rows.shape[0], width * channels), np.uint8)
    for number, row in enumerate(rows):
        given = row[1:].reshape(width, channels).astype(np.int64)
        match row[0]:
            case 0:
                line = given
            case 1:
                line = np.cumsum(given, axis=0) % 256
            case 2:
                line = (given + above) % 256
            case kind:
                line = _averaged_or_paeth(given, above, paeth=kind == 4)
        found[number] = line.reshape(-1)
        above = line
    return found


def _averaged_or_paeth(given: NDArray[np.int64], above: NDArray[np.int64], *, paeth: bool) -> NDArray[np.int64]:
    """Filters whose every pixel hangs on the one before it."""
    line = []
    for channel in range(given.shape[1]):
        left = upper_left = 0
        column = []
        for value, up in zip(given[:, channel].tolist(), above[:, channel].tolist(), strict=True):
            if paeth:
                guess = left + up - upper_left
                far = (abs(guess - left), abs(guess - up), abs(guess - upper_left))
                predicted = (left, up, upper_left)[far.index(min(far))]
            else:
                predicted = (left + up) // 2
            left, upper_left = (value + predicted) % 256, up
            column.append(left)
        line.append(column)
    return np.array(line, np.int64).T


def small(picture: Pixels) -> bytes:
    """A PNG with a palette: the commonest colours as they are, every other as the nearest of them. Every corner of the
    colour space that is used has one first, so that a single word in amber does not turn red."""
    height, width, _ = picture.shape
    found, place, counts = np.unique(_packed(picture), return_inverse=True, return_counts=True)
    every = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1).astype(np.int64)
    commonest = np.argsort(-counts)
    corners = (every[commonest] >> 6) @ np.array([16, 4, 1])
    firsts = np.unique(corners, return_index=True)[1]
    kept = np.concatenate([commonest[firsts], np.delete(commonest, firsts)])
    palette = every[kept[:MOST_COLOURS]]
    nearest = np.concatenate(
        [np.argmin(((part[:, None] - palette) ** 2).sum(axis=2), axis=1) for part in np.array_split(every, 64)]
    ).astype(np.uint8)
    indexed = nearest[place.reshape(height, width)]
    rows = np.concatenate([np.zeros((height, 1), np.uint8), indexed], axis=1)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", palette.astype(np.uint8).tobytes())
        + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def colours(picture: Pixels) -> NDArray[np.uint32]:
    """Each colour that is in `picture`, once."""
    return np.unique(_packed(picture))


def _packed(picture: Pixels) -> NDArray[np.uint32]:
    """A number for each pixel, because numbers are sorted much faster than triples."""
    red, green, blue = (picture[:, :, channel].astype(np.uint32) for channel in range(3))
    packed: NDArray[np.uint32] = (red << 16 | green << 8 | blue).astype(np.uint32)
    return packed


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
