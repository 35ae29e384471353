"""A snapshot taken apart and put together again, so that tests can write their own.

Layout, little endian: magic, version (u32), sincos flavor (u8), length of the payload (u32),
payload, checksum (u64) of all that comes before it.
"""

import struct
from dataclasses import dataclass, replace

HEADER = struct.Struct("<8sIBI")
CHECKSUM = struct.Struct("<Q")
_64_BITS = (1 << 64) - 1


def checksum(data):
    """Mixes the length, then the data word by word; what is left over counts as one more word."""
    words = len(data) // 8
    value = 0xCBF29CE484222325
    rest = int.from_bytes(data[words * 8 :], "little")
    for word in (len(data), *struct.unpack_from(f"<{words}Q", data), rest):
        value = ((value ^ word) * 0x9E3779B97F4A7C15) & _64_BITS
        value ^= value >> 32
    return value


@dataclass(frozen=True)
class Snapshot:
    magic: bytes
    version: int
    flavor: int
    payload: bytes

    @classmethod
    def parse(cls, data):
        magic, version, flavor, length = HEADER.unpack_from(data)
        payload = data[HEADER.size : -CHECKSUM.size]
        assert len(payload) == length
        assert CHECKSUM.unpack(data[-CHECKSUM.size :]) == (checksum(data[: -CHECKSUM.size]),)
        return cls(magic, version, flavor, payload)

    def sealed(self):
        """The bytes, with the length and the checksum that belong to them."""
        header = HEADER.pack(self.magic, self.version, self.flavor, len(self.payload))
        data = header + self.payload
        return data + CHECKSUM.pack(checksum(data))

    def changed(self, **fields):
        return replace(self, **fields)
