# SPDX-License-Identifier: GPL-2.0-or-later
# What memcg costs over kernels: a small panel for each bench, all from zero, with the names at the ends of the lines.
#
# Expects: data (panels, axis, names of lines, then a data set per line: see its head), environment, line_counts (lines of each panel, as
# words), nr_panels, nr_kernels, and what style.gp wants. PANEL_PIXELS of trend_overview.c is the height of a plot here.
text = (format eq 'txt')
most = text ? 2 : 3
columns = nr_panels < most ? nr_panels : most
rows = (nr_panels + columns - 1) / columns
stats data index 1 using (strlen(strcol(2))) nooutput
names = STATS_max
label_room = 6.2 * names + 16
# A name of every kernel, up to thirty.
pitch = nr_kernels > 13 ? 150.0 + 12.2 * (nr_kernels > 30 ? 30 : nr_kernels) : 312.0
plot_height = 150.0
row_height = plot_height + 80
head = 62
width = columns * pitch + 12
if (width < 640) { width = 640 }
height = head + rows * row_height + label_room + 12
right_room = text ? 190 : 92
if (text) { width = columns * 560; height = head + rows * 420 + label_room; pitch = 560.0; row_height = 420.0; plot_height = 300.0 }
load plots_dir . '/style.gp'
spacing = (pitch - 58 - right_room) / nr_kernels
# Characters are not turned, and a line of them takes 18 pixels.
needs = text ? 8.0 * (names + 2) : 12.0
every_label = spacing < needs ? int(needs / spacing + 1) : 1
line_height = text ? 18 : 15.5
plot_top = text ? 72 : 52

marks = 'ABCDEF'

# Titles and axes, one panel after the other.
array low[nr_panels]
array high[nr_panels]
array metric[nr_panels]
array words[nr_panels]
array unit[nr_panels]
stats data index 0 using (low[int($1)] = $2, high[int($1)] = $3, metric[int($1)] = strcol(4), words[int($1)] = strcol(5), unit[int($1)] = strcol(6), 0) nooutput

set multiplot
set label 1 'What memcg costs, by kernel' at screen 14.0 / width, screen 1 - 20.0 / height left font ',15'
meaning = 'what an op costs more than with memcg off: mean of the boots (in ns: median)'
if (!text) { meaning = meaning . ' and their spread; a large point: a change begins; a gap: not measured' }
set label 2 meaning at screen 14.0 / width, screen 1 - 42.0 / height left textcolor rgb '#555555' font ',10'
set label 5 environment at screen 14.0 / width, screen 12.0 / height left textcolor rgb '#555555' font ',9'
set xrange [-0.5 : nr_kernels - 0.5]
set key off
set format y '%g'
set ytics font ',9' scale 0.4 autofreq
set clip points
line = 0
do for [p = 1 : nr_panels] {
	column = (p - 1) % columns
	row = (p - 1) / columns
	lines = int(word(line_counts, p))
	set lmargin at screen (column * pitch + 52) / width
	set rmargin at screen (column * pitch + pitch - right_room) / width
	set tmargin at screen 1 - (head + row * row_height + plot_top) / height
	set bmargin at screen 1 - (head + row * row_height + plot_top + plot_height) / height
	set label 3 metric[p] at screen (column * pitch + 14) / width, screen 1 - (head + row * row_height + 6) / height left font ',11'
	set label 4 words[p] at screen (column * pitch + 14) / width, screen 1 - (head + row * row_height + 7 + line_height) / height left font ',9' textcolor rgb '#555555'
	set label 6 unit[p] at screen (column * pitch + 14) / width, screen 1 - (head + row * row_height + 6 + 2 * line_height) / height left font ',9' textcolor rgb '#555555'
	set yrange [low[p] : high[p]]
	if (!text) { set grid ytics linestyle 100 }
	if (low[p] < 0) { set arrow 1 from graph 0, first 0 to graph 1, first 0 nohead linestyle 101 } else { unset arrow 1 }
	# Names of kernels stand under the lowest panel of each column.
	last = (p + columns > nr_panels)
	if (text && !last) {
		unset xtics
	}
	if (text && last) {
		set xtics
	}
	if (!text && last) {
		set xtics scale 0.4 rotate by 90 right font ',9' textcolor rgb '#222222'
	}
	if (!text && !last) {
		set xtics scale 0.4 font ',0.01' textcolor rgb '#ffffff'
	}
	if (text && last) {
		plot for [l = 1 : lines] data index 2 + line + l using 1:3 with points pointtype marks[l:l] notitle, \
		     for [l = 1 : lines] data index 2 using ($1 == p && $2 == l ? nr_kernels - 0.5 : NaN):3:(marks[l:l] . '  ' . strcol(4)) with labels left offset 0.6, 0 notitle, \
		     data index 1 every every_label using 1:(NaN):xtic(2) with points notitle
	}
	if (text && !last) {
		plot for [l = 1 : lines] data index 2 + line + l using 1:3 with points pointtype marks[l:l] notitle, \
		     for [l = 1 : lines] data index 2 using ($1 == p && $2 == l ? nr_kernels - 0.5 : NaN):3:(marks[l:l] . '  ' . strcol(4)) with labels left offset 0.6, 0 notitle
	}
	if (!text) {
		plot for [l = 1 : lines] data index 2 + line + l using 1:3:4:5 with yerrorbars linetype l dashtype solid linewidth 1 pointsize 0 notitle, \
		     for [l = 1 : lines] data index 2 + line + l using 1:3 with linespoints linetype l pointsize 0.45 notitle, \
		     for [l = 1 : lines] data index 2 + line + l using ($7 == 1 ? $1 : NaN):3 with points linetype l pointtype 7 pointsize 0.85 notitle, \
		     for [l = 1 : lines] data index 2 using ($1 == p && $2 == l ? nr_kernels - 0.5 : NaN):3:4 with labels left offset 0.6, 0 font ',9' textcolor linetype l notitle, \
		     data index 1 every every_label using 1:(NaN):xtic(2) with points notitle
	}
	line = line + lines
	unset label 1
	unset label 2
	unset label 5
}
unset multiplot
