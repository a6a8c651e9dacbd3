# SPDX-License-Identifier: GPL-2.0-or-later
# The look that all figures share. Expects: format ("svg", "png", or "txt": drawn with characters), picture, width and height in pixels.
#
# Colours: Okabe and Ito's set for every kind of colour vision; each arm has a point and a line type of its own
# too, for prints in grey.
set encoding utf8
set datafile missing "NaN"

font = "DejaVu Sans,11"
if (format eq 'png') {
	if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {
		set terminal pngcairo size 1.5 * width, 1.5 * height fontscale 1.5 linewidth 1.5 pointscale 1.5 noenhanced font font background '#ffffff'
	} else {
		set terminal png size width, height noenhanced truecolor
	}
} else {
	if (format eq 'txt') {
		set terminal dumb size int(width / 8), int(height / 18) mono noenhanced
	} else {
		set terminal svg size width, height noenhanced font "DejaVu Sans,sans-serif,11" background '#ffffff'
	}
}
set output picture

set linetype 1 linecolor rgb '#0072B2' linewidth 1.6 pointtype 6 pointsize 0.8 dashtype solid
set linetype 2 linecolor rgb '#D55E00' linewidth 1.6 pointtype 9 pointsize 0.9 dashtype (10, 4)
set linetype 3 linecolor rgb '#009E73' linewidth 1.6 pointtype 5 pointsize 0.8 dashtype (3, 3)
set linetype 4 linecolor rgb '#CC79A7' linewidth 1.6 pointtype 11 pointsize 0.9 dashtype (12, 3, 2, 3)
set linetype 5 linecolor rgb '#E69F00' linewidth 1.6 pointtype 13 pointsize 0.9 dashtype (6, 2)
set linetype 6 linecolor rgb '#56B4E9' linewidth 2.2 pointtype 4 pointsize 0.8 dashtype (8, 2, 2, 2)
set linetype cycle 6

set style line 100 linecolor rgb '#d8d8d8' linewidth 0.7 dashtype solid   # grid
set style line 101 linecolor rgb '#555555' linewidth 1.0 dashtype solid   # zero
set border 3 linecolor rgb '#555555' linewidth 1
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set key textcolor rgb '#222222'

# Decades of time for logarithmic axes in ns: "set xtics @time_tics".
time_tics = "('0.01 ns' 0.01, '0.1 ns' 0.1, '1 ns' 1, '10 ns' 10, '100 ns' 1e2, '1 us' 1e3, '10 us' 1e4, '100 us' 1e5, '1 ms' 1e6, '10 ms' 1e7, '100 ms' 1e8, '1 s' 1e9, '10 s' 1e10)"
# What to add where the axis is short.
time_tics_between = "('2 ns' 2, '5 ns' 5, '20 ns' 20, '50 ns' 50, '200 ns' 200, '500 ns' 500, '2 us' 2e3, '5 us' 5e3, '20 us' 2e4, '50 us' 5e4, '200 us' 2e5, '500 us' 5e5, '2 ms' 2e6, '5 ms' 5e6, '20 ms' 2e7, '50 ms' 5e7)"
