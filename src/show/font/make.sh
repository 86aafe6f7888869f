#!/bin/sh
# Makes the embedded fonts: DejaVu Sans (book and bold) from Debian's fonts-dejavu-core, cut down by fontTools'
# pyftsubset to what figures write: Latin-1, Greek, sub- and superscripts, arrows, operators.
# Run by hand, from anywhere, only when a figure needs a sign that is missing here:
#     pip install fonttools && src/show/font/make.sh [FOLDER OF DejaVuSans.ttf]
set -eu
source=${1:-/usr/share/fonts/truetype/dejavu}
here=$(cd "$(dirname "$0")" && pwd)
# U+2212 is the true minus, U+2207 nabla, U+2016 the norm's bars, U+2264 and U+2265 comparisons.
text=U+0020-00FF,U+0391-03C9,U+2010-2016,U+2018-201F,U+2022,U+2026,U+2032,U+2070-209C,U+2190-2194,U+2212
signs=$text,U+0302-0304,U+03D1,U+03D5,U+03F5,U+211D,U+2113,U+213C,U+1D53C,U+2150-215E,U+21D0-21D4
signs=$signs,U+2200-221E,U+2220-222B,U+2240-2248,U+2260-226B,U+2282-2287,U+2295-2299,U+22A5,U+22C5,U+27E8-27E9
subset() { # face, characters: no hinting and no layout tables but kerning, as plotters rasterises outlines only
    pyftsubset "$source/$1.ttf" --unicodes="$2" --output-file="$here/$1.ttf" \
        --no-hinting --layout-features=kern --name-IDs=0,1,2,3,4,5,6,13,14 --notdef-outline --drop-tables+=FFTM
}
subset DejaVuSans "$signs"
subset DejaVuSans-Bold "$text" # titles only
ls -l "$here"/*.ttf
