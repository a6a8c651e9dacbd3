# SPDX-License-Identifier: GPL-2.0-or-later
# What an op costs in each memcg state, over a history of kernels.
#
# Expects: data (a data set per state, columns: see its head), metric, unit, environment, state_labels (quoted words),
# nr_states, nr_kernels, and what style.gp wants.
text = (format eq 'txt')
stats data index nr_states using (strlen(strcol(2))) nooutput
names = STATS_max
gaps = 0
do for [s = 0 : nr_states - 1] {
	stats data index s using 3 nooutput
	if (STATS_records < nr_kernels) { gaps = 1 }
}
label_room = 7.0 * names * 0.7 + 24
pitch = nr_kernels > 24 ? 26 : 72
# A turned name reaches to the left of its kernel.
left = 108 > 5.4 * names - 20 ? 108 : 5.4 * names - 20
meaning = (text ? 'mean of the boots (in ns: median)' : 'mean of the boots (in ns: median) and their spread') . '; the axis does not begin at 0' . (gaps ? '; a gap: not measured' : '')
# Names of states stand at the end of their lines' key, on the right.
width = left + 150 + (nr_kernels * pitch > 560 ? nr_kernels * pitch : 560)
if (width > 2600) { width = 2600 }
longest = strlen(environment) > strlen(meaning) ? strlen(environment) : strlen(meaning)
if (width < 30 + 7.0 * longest) { width = 30 + 7.0 * longest }
if (text) { width = 960 }
height = 92 + 330 + label_room
load plots_dir . '/style.gp'
spacing = (width - left - 150.0) / nr_kernels
# Characters are not turned.
needs = text ? 8.0 * (names + 2) : 15
every_label = spacing < needs ? int(needs / spacing + 1) : 1

set lmargin at screen left / (1.0 * width)
set rmargin at screen 1 - 140.0 / width
set tmargin at screen 1 - 78.0 / height
set bmargin at screen label_room / height
set label 1 sprintf('%s in each memcg state, over kernels', metric) at screen 14.0 / width, screen 1 - 20.0 / height left font ',14'
set label 2 environment at screen 14.0 / width, screen 1 - 42.0 / height left textcolor rgb '#555555'
set label 3 meaning at screen 14.0 / width, screen 1 - 60.0 / height left textcolor rgb '#555555'
set xrange [-0.6 : nr_kernels - 0.4]
if (!text) { set grid ytics linestyle 100 }
set ylabel sprintf('cost per op, %s', unit) offset -0.5, 0
set format y '%g'
set xtics rotate by 40 right
set key at screen 1 - 132.0 / width, screen 1 - 78.0 / height left top reverse Left samplen 3
set offsets 0, 0, graph 0.05, graph 0.05
if (text) {
	# "off" is an o, "depth 4" a 4.
	first_character(label) = words(label) > 1 ? substr(word(label, 2), 1, 1) : substr(label, 1, 1)
	plot for [s = 0 : nr_states - 1] data index s using 1:3 with points pointtype first_character(word(state_labels, s + 1)) title word(state_labels, s + 1), \
	     data index nr_states every every_label using 1:(NaN):xtic(2) with points notitle
} else {
	plot for [s = 0 : nr_states - 1] data index s using 1:3:4:5 with yerrorbars linetype s + 1 dashtype solid linewidth 1 pointsize 0 notitle, \
	     for [s = 0 : nr_states - 1] data index s using 1:3 with linespoints linetype s + 1 title word(state_labels, s + 1), \
	     data index nr_states every every_label using 1:(NaN):xtic(2) with points notitle
}
