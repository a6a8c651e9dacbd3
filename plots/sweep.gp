# SPDX-License-Identifier: GPL-2.0-or-later
# How costs grow over an axis: a panel for each metric, a curve for each arm and kernel, with intervals; of workers also efficiency.
#
# Expects: data (a data set per curve, columns: see its head), title, kernel ("" where curves name it), unit, axis, axis_log (1: logarithmic),
# has_efficiency, intervals (what they are, in words), first_metric, metrics (quoted words, one per panel), panels and styles (panel and type of line of each curve), labels and
# slopes (quoted words, one per curve; "-": no line), nr_panels, nr_curves, and what style.gp wants.
all_panels = nr_panels + (has_efficiency ? 1 : 0)
panel_width = 470
most = 1
do for [p = 1 : nr_panels] {
	here = 0
	do for [c = 1 : nr_curves] {
		here = here + (int(word(panels, c)) == p)
	}
	if (here > most) { most = here }
}
width = panel_width * all_panels + 20
key_room = 18 * most + 16
height = 400 + key_room
load plots_dir . '/style.gp'

set multiplot
set tmargin at screen 1 - (64.0 + key_room) / height
set bmargin at screen 58.0 / height
set grid xtics ytics linestyle 100
set label 1 title . (kernel eq '' ? '' : ' on ' . kernel) at screen 14.0 / width, screen (1 - 22.0 / height) left font ',14'
set xlabel axis eq 'depth' ? 'depth, levels below the root memcg' : axis
if (axis_log) {
	set logscale x 2
	set xtics 2
}
set offsets 0, graph 0.04, graph 0.06, graph 0.06
set format y '%g'

stats data using 1 nooutput
if (axis eq 'depth' || axis eq 'workers') {
	set xrange [0 : *]
}
if (!axis_log && STATS_max <= 12) {
	set xtics 1
}

# What belongs to another panel is drawn as nothing: "0 curves" is no plot. A column is chosen by its number: gnuplot drops a line
# of data that holds a missing number in any column that is named.
shown(c) = int(word(panels, c)) == p
fitted(c) = word(slopes, c) ne '-'
do for [p = 1 : nr_panels] {
	# Room below the least, but not below zero where nothing is.
	low = NaN
	do for [c = 1 : nr_curves] {
		if (shown(c)) {
			stats data index c - 1 using (valid(3) ? $3 : $2) nooutput
			low = low < STATS_min ? low : STATS_min
			stats data index c - 1 using (fitted(c) ? $5 : $2) nooutput
			low = low < STATS_min ? low : STATS_min
		}
	}
	if (low == 0) { set yrange [0 : *] } else { set yrange [* : *] }
	set lmargin at screen (panel_width * (p - 1) + 76.0) / width
	set rmargin at screen (panel_width * p - 4.0) / width
	set label 2 word(metrics, p) . ' (' . intervals . ')' at screen (panel_width * (p - 1) + 76.0) / width, screen (1 - 46.0 / height) left
	set key at screen (panel_width * (p - 1) + 76.0) / width, screen (1 - 56.0 / height) left top reverse Left vertical maxrows most samplen 3
	plot for [c = 1 : nr_curves] data index c - 1 using 1:(shown(c) ? $2 : NaN):3:4 with yerrorbars linetype int(word(styles, c)) dashtype solid pointsize 0 notitle, \
	     for [c = 1 : nr_curves] data index c - 1 using 1:(shown(c) ? $2 : NaN) with points linetype int(word(styles, c)) notitle, \
	     for [c = 1 : nr_curves] data index c - 1 using 1:(shown(c) ? column(fitted(c) ? 5 : 2) : NaN) with lines linetype int(word(styles, c)) notitle, \
	     for [c = 1 : nr_curves] NaN with linespoints linetype int(word(styles, c)) title shown(c) ? word(labels, c) . (fitted(c) ? ': ' . word(slopes, c) : '') : ''
	unset label 1
}
if (has_efficiency) {
	p = 1
	set lmargin at screen (panel_width * (all_panels - 1) + 76.0) / width
	set rmargin at screen (panel_width * all_panels - 4.0) / width
	set label 2 'efficiency of ' . first_metric . ', % (' . intervals . ')' at screen (panel_width * (all_panels - 1) + 76.0) / width, screen (1 - 46.0 / height) left
	set key off
	set yrange [0 : *]
	plot for [c = 1 : nr_curves] data index c - 1 using 1:(shown(c) ? $6 : NaN):7:8 with yerrorbars linetype int(word(styles, c)) dashtype solid pointsize 0 notitle, \
	     for [c = 1 : nr_curves] data index c - 1 using 1:(shown(c) ? $6 : NaN) with linespoints linetype int(word(styles, c)) notitle
}
unset multiplot
