"""The data files' checksum, as engines/embed/src/checksum.h defines it."""

import struct

BASIS, PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def checksum(data: bytes) -> int:
    padded = data + b"\0" * (-len(data) % 8)
    words = struct.unpack(f"<{len(padded) // 8}Q", padded)
    lanes = []
    for lane in range(4):
        h = BASIS + lane
        for word in words[lane::4]:
            h = ((h ^ word) * PRIME) & MASK
        lanes.append(h)
    total = ((BASIS ^ len(data)) * PRIME) & MASK
    for h in lanes:
        total = ((total ^ h) * PRIME) & MASK
    return total
