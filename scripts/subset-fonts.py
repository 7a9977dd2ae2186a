"""Cuts the fonts of printed documents down to the characters that names and titles need.

Chinese: GB 2312, the 8105 characters of the Table of General Standard Chinese Characters (with
those beyond the first plane), Big5's frequent ones, the international core set, and mainland
China's part of the Unihan core; the marks, numbers (① Ⅱ) and units (㎡) of Chinese titles. Latin
with its extensions, Vietnamese, Greek and Cyrillic come from the other font. The result does not
depend on when it is made.
"""

import argparse
import io
import pathlib

import brotli
from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

# Characters of names that none of the tables has.
ASKED_FOR = {ord(c) for c in "龘𠮷"}
# Punctuation that is set differently in Chinese than in Latin text, the numbers and units of
# titles, and the other dots people put between the parts of a name.
CHINESE_MARKS = (
    set(range(0x3000, 0x3040)) | set(range(0xFF01, 0xFF60)) | set(range(0x2460, 0x2474))
    | set(range(0x2160, 0x2180))
    | {ord(c) for c in "·‧・—…‘’“”•※→←↑↓○●□■△▲☆★√×÷≤≥∞℃№㎎㎏㎜㎝㎞㎡㏄"}
)
LATIN = (
    set(range(0x20, 0x7F)) | set(range(0xA0, 0x250)) | {0x259, 0x2BB, 0x2BC}
    | set(range(0x2C6, 0x2DE)) | set(range(0x300, 0x370)) | set(range(0x370, 0x400))
    | set(range(0x400, 0x530)) | set(range(0x1E00, 0x1F00)) | set(range(0x2010, 0x203B))
    | {0x2044, 0x20AC, 0x2116, 0x2122, 0x2126, 0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x2264, 0x2265}
)


def decoded(codec, firsts, seconds):
    """Every character that a two-byte encoding has in these rows."""
    found = set()
    for first in firsts:
        for second in seconds:
            try:
                found.add(ord(bytes([first, second]).decode(codec)))
            except UnicodeDecodeError:
                pass
    return found


def chinese(table):
    wanted = set(ASKED_FOR) | CHINESE_MARKS
    for line in pathlib.Path(table).read_text("utf-8").splitlines():
        if not line.startswith("U+"):
            continue
        point, key, value = line.split("\t")
        if key != "kUnihanCore2020" or "G" in value:
            wanted.add(int(point[2:], 16))
    wanted |= {c for c in decoded("gb2312", range(0xB0, 0xF8), range(0xA1, 0xFF))}
    wanted |= decoded("big5", range(0xA4, 0xC7), [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
    return wanted


def cut(font, characters, features, drop, family):
    options = subset.Options()
    options.layout_features = features
    options.hinting = False
    options.desubroutinize = True
    options.glyph_names = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    options.drop_tables += drop
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    if family:
        rename(font, family)
    return font


def rename(font, family):
    """The licence reserves the original's name for the original."""
    for record in font["name"].names:
        plain = family.replace(" ", "")
        named = {1: family, 4: family, 6: plain}.get(record.nameID)
        if named:
            record.string = named


def keep(font, path):
    plain = io.BytesIO()
    # Otherwise the moment of saving is written into the font.
    font.recalcTimestamp = False
    font.save(plain, reorderTables=True)
    packed = brotli.compress(plain.getvalue(), quality=11, lgwin=24)
    path.write_bytes(packed)
    glyphs = len(font.getGlyphOrder())
    print(f"{path.name}: {glyphs} glyphs, {len(plain.getvalue())} bytes, {len(packed)} packed")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("han", "latin", "latin-bold", "hanzi", "into"):
        parser.add_argument(f"--{name}", required=True)
    given = parser.parse_args()
    into = pathlib.Path(given.into)
    faces = TTCollection(given.han, lazy=True).fonts
    han = next(font for font in faces if font["name"].getDebugName(4) == "Noto Serif CJK SC")
    vertical = ["VORG", "vhea", "vmtx", "BASE", "GSUB", "GPOS", "GDEF"]
    keep(cut(han, chinese(given.hanzi), [], vertical, None), into / "han.otf.br")
    for path, name, family in (
        (given.latin, "latin.ttf.br", "Certificate Serif"),
        (given.latin_bold, "latin-bold.ttf.br", "Certificate Serif Bold"),
    ):
        latin = cut(TTFont(path), LATIN, ["kern", "mark", "mkmk", "ccmp", "locl"], [], family)
        keep(latin, into / name)


main()
