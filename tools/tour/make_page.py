#!/usr/bin/env python3
"""Typesets src/app/hearth/tour/data/read/page.txt as page.pdf beside it, for the reading station of `hearth tour`.

The PDF carries its own font (a subset of DejaVu Serif, whose licence allows embedding), so it looks the same on a machine
without fonts. The page's content is not compressed: the tour's test shrinks it by changing the matrix in its first line.

Needs fonttools (PyPI) and DejaVu Serif (Debian: fonts-dejavu-core). The result is committed; the build does not run this.
"""

import io
import pathlib
import sys

from fontTools import subset
from fontTools.ttLib import TTFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"
PAGE = (595, 842)  # A4 in points
MARGIN = 72
BODY = (11.5, 17)  # size and line height in points
HEADING = (18, 30)


def subset_font(text: str) -> TTFont:
    options = subset.Options()
    options.name_IDs = [0, 13, 14]  # copyright and licence stay
    options.notdef_outline = True
    options.layout_features = []
    options.hinting = False
    font = subset.load_font(FONT, options)
    worker = subset.Subsetter(options)
    worker.populate(text=text)
    worker.subset(font)
    return font


def width_of(font: TTFont, text: str, size: float) -> float:
    cmap = font.getBestCmap()
    advances = font["hmtx"]
    return sum(advances[cmap[ord(c)]][0] for c in text) * size / font["head"].unitsPerEm


def break_lines(font: TTFont, paragraph: str, size: float) -> list[str]:
    room = PAGE[0] - 2 * MARGIN
    lines = [""]
    for word in paragraph.split():
        longer = (lines[-1] + " " + word).strip()
        if width_of(font, longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def content_of(font: TTFont, paragraphs: list[str]) -> bytes:
    out = ["1.00 0 0 1.00 0 0 cm", "BT"]
    y = PAGE[1] - MARGIN
    for number, paragraph in enumerate(paragraphs):
        size, leading = HEADING if number == 0 else BODY
        out.append(f"/F1 {size} Tf")
        for line in break_lines(font, paragraph, size):
            y -= leading
            out.append(f"1 0 0 1 {MARGIN} {y} Tm ({escape(line)}) Tj")
        y -= leading * 0.6
    out.append("ET")
    return "\n".join(out).encode("cp1252")


def font_objects(font: TTFont) -> tuple[str, str, bytes]:
    scale = 1000 / font["head"].unitsPerEm
    cmap = font.getBestCmap()
    advances = font["hmtx"]
    widths = []
    for code in range(32, 256):
        try:
            char = bytes([code]).decode("cp1252")
        except UnicodeDecodeError:
            char = ""
        widths.append(round(advances[cmap[ord(char)]][0] * scale) if char and ord(char) in cmap else 0)
    head, hhea = font["head"], font["hhea"]
    box = " ".join(str(round(v * scale)) for v in (head.xMin, head.yMin, head.xMax, head.yMax))
    name = "HEARTH+DejaVuSerif"
    data = io.BytesIO()
    font.save(data)
    face = (
        f"<< /Type /Font /Subtype /TrueType /BaseFont /{name} /FirstChar 32 /LastChar 255 "
        f"/Widths [{' '.join(map(str, widths))}] /Encoding /WinAnsiEncoding /FontDescriptor 5 0 R >>"
    )
    descriptor = (
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 32 /FontBBox [{box}] /ItalicAngle 0 "
        f"/Ascent {round(hhea.ascent * scale)} /Descent {round(hhea.descent * scale)} /CapHeight 729 /StemV 80 "
        f"/FontFile2 6 0 R >>"
    )
    return face, descriptor, data.getvalue()


def pdf(font: TTFont, content: bytes) -> bytes:
    face, descriptor, font_file = font_objects(font)

    def stream(data: bytes, extra: str = "") -> bytes:
        return f"<< /Length {len(data)}{extra} >>\nstream\n".encode() + data + b"\nendstream"

    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE[0]} {PAGE[1]}] "
        f"/Resources << /Font << /F1 4 0 R >> >> /Contents 7 0 R >>".encode(),
        face.encode(),
        descriptor.encode(),
        stream(font_file, f" /Length1 {len(font_file)}"),
        stream(content),
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    for offset in offsets:
        out.write(f"{offset:010d} 00000 n \n".encode())
    out.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def main() -> None:
    folder = pathlib.Path(__file__).resolve().parents[2] / "src/app/hearth/tour/data/read"
    text = (folder / "page.txt").read_text(encoding="utf-8")
    paragraphs = [p.replace("\n", " ") for p in text.strip().split("\n\n")]
    font = subset_font(text)
    (folder / "page.pdf").write_bytes(pdf(font, content_of(font, paragraphs)))
    print(f"{folder / 'page.pdf'}: {(folder / 'page.pdf').stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
