"""Small image files of every kind that src/data/decode.rs reads, for `measure fuzz` to damage.

    python src/measure/fuzz/seeds.py     # needs Pillow; writes src/measure/fuzz/seeds/

Made with Pillow 13.0.0. Two colours and a gradient: few bytes, but every part of a format.
"""

from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parent / "seeds"
WIDTH, HEIGHT = 20, 14


def picture(mode):
    image = Image.new("RGBA", (WIDTH, HEIGHT))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            stripe = 255 if (x // 5 + y // 5) % 2 else 30
            image.putpixel((x, y), (stripe, 12 * x, 17 * y, 255 - 8 * x))
    return image.convert("RGB").convert(mode) if mode != "RGBA" else image


def exif(orientation):
    block = Image.Exif()
    block[274] = orientation
    return block.tobytes()


FOLDER.mkdir(exist_ok=True)
for name, mode, options in [
    ("rgb.png", "RGB", {"exif": exif(6)}),
    ("rgba.png", "RGBA", {}),
    ("palette.png", "P", {}),
    ("grey16.png", "I;16", {}),
    ("one-bit.png", "1", {}),
    ("baseline.jpg", "RGB", {"quality": 60, "exif": exif(8)}),
    ("progressive.jpg", "RGB", {"quality": 60, "progressive": True, "subsampling": 0}),
    ("grey.jpg", "L", {"quality": 60, "optimize": True}),
    ("cmyk.jpg", "CMYK", {"quality": 60}),
    ("restarts.jpg", "RGB", {"quality": 60, "restart_marker_blocks": 1}),
    ("lossy.webp", "RGB", {"quality": 60}),
    ("lossless.webp", "RGB", {"lossless": True, "exif": exif(3)}),
    ("alpha.webp", "RGBA", {"quality": 60}),
    ("moving.webp", "RGB", {"save_all": True, "append_images": [picture("RGB").rotate(90)]}),
    ("rgb.bmp", "RGB", {}),
    ("rgba.bmp", "RGBA", {}),
    ("palette.bmp", "P", {}),
    ("one-bit.bmp", "1", {}),
    ("palette.gif", "P", {}),
    ("moving.gif", "P", {"save_all": True, "append_images": [picture("P").rotate(90)]}),
    ("interlaced.gif", "P", {"interlace": True, "transparency": 3}),
]:
    image = Image.new("I;16", (WIDTH, HEIGHT)) if mode == "I;16" else picture(mode)
    if mode == "P":
        image = image.quantize(16)
        if "append_images" in options:
            options["append_images"] = [image.rotate(90)]
    image.save(FOLDER / name, **options)
