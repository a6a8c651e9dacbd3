# SPDX-License-Identifier: GPL-2.0-or-later
# What memcg costs: cost per op of both arms with 95 % intervals, and the difference in percent with its own.
#
# Expects: data (columns: see its head; its first data set is drawn), kernel, unit, base_label, arm_label, nr_rows, nr_counts
# (rows of the second, which have units of their own and are not drawn), cost_log (1: the costs need a
# logarithmic axis), percent_low, percent_high (what the axis of differences has to hold), and what style.gp wants.

# The panels keep their size in pixels; names and numbers in words get the room that they need.
stats data index 0 using (strlen(strcol(2))) nooutput
cost_left = 40 + 8.0 * STATS_max
cost_right = cost_left + 430
diff_left = cost_right + 34
diff_right = diff_left + 380
stats data index 0 using (strlen(strcol(17))) nooutput
width = diff_right + 44 + 7.6 * STATS_max
height = 150 + (nr_rows > 12 ? 30 : 42) * nr_rows
load plots_dir . '/style.gp'

# An end at 0 or below has no place on a logarithmic axis: an arrow to its beginning stands for it.
nr_below = left = 0
if (cost_log) {
	stats data index 0 using ($4 > 0 ? $4 : $3) nooutput
	left = STATS_min
	stats data index 0 using ($7 > 0 ? $7 : $6) nooutput
	left = 10 ** floor(log10(STATS_min < left ? STATS_min : left))
	stats data index 0 using (($4 <= 0) + ($7 <= 0)) nooutput
	nr_below = STATS_sum
}

top = 1 - 78.0 / height
heads = 1 - 56.0 / height

set multiplot
set tmargin at screen top
set bmargin at screen 58.0 / height
set yrange [-nr_rows + 0.5 : 0.5]
set ytics scale 0
set grid xtics linestyle 100

# Cost per op.
set lmargin at screen cost_left / width
set rmargin at screen cost_right / width
if (cost_log) {
	set logscale x 10
	set xrange [left : *]
	set format x '%g'
	set xlabel sprintf('cost per op, %s (log scale)', unit)
	if (unit eq 'ns') {
		set xtics @time_tics
		set xlabel 'cost per op (log scale)'
	}
} else {
	set xrange [0 : *]
	set xlabel sprintf('cost per op, %s', unit)
}
set label 1 sprintf('What memcg costs on %s', kernel) at screen 14 / width, screen (1 - 22.0 / height) left font ',14'
if (nr_counts) {
	set label 4 sprintf('%d row%s of counts, in units of their own, are in the table alone', nr_counts, nr_counts == 1 ? '' : 's') at screen 14 / width, screen 14.0 / height left
}
set label 2 'median, 95 % interval'.(nr_below > 0 ? '; arrow: below 0' : '') at screen cost_left / width, screen heads left
set key at screen cost_right / width, screen (heads + 8.0 / height) right top horizontal samplen 1 width -1
in_range(low, x) = cost_log == 0 || low > 0 ? x : NaN
below(low, x) = cost_log != 0 && low <= 0 ? x : NaN
plot data index 0 using (in_range($4, $3)):(-$1 + 0.14):4:5 with xerrorbars linetype 1 pointsize 0 notitle, \
     data index 0 using (in_range($7, $6)):(-$1 - 0.14):7:8 with xerrorbars linetype 2 dashtype solid pointsize 0 notitle, \
     data index 0 using (below($4, $5)):(-$1 + 0.14):(left - $5):(0) with vectors head filled size graph 0.012, 20 linetype 1 notitle, \
     data index 0 using (below($7, $8)):(-$1 - 0.14):(left - $8):(0) with vectors head filled size graph 0.012, 20 linetype 2 dashtype solid notitle, \
     data index 0 using 3:(-$1 + 0.14) with points linetype 1 title base_label, \
     data index 0 using 6:(-$1 - 0.14) with points linetype 2 title arm_label, \
     data index 0 using (NaN):(-$1):ytic(2) with points notitle

# Difference.
unset label 1
unset label 4
unset logscale x
set lmargin at screen diff_left / width
set rmargin at screen diff_right / width
room = percent_high > percent_low ? 0.06 * (percent_high - percent_low) : 1
low = percent_low - room
high = percent_high + room
clip(x) = x < low ? low : x > high ? high : x
set xrange [low : high]
set format x '%+g'
set xtics autofreq
set xtics add ('0' 0)
set xlabel sprintf('%s - %s, %% of %s', arm_label, base_label, base_label)
set format y ''
set key off
set arrow 1 from 0, graph 0 to 0, graph 1 nohead linestyle 101
set label 2 'difference, 95 % interval; grey: too small to count' at screen diff_left / width, screen heads left
set label 3 'per op' at screen (diff_right + 12) / width, screen heads left
plot data index 0 using (0):(-$1):(clip(-$15)):(clip($15)):(-$1 - 0.3):(-$1 + 0.3) with boxxyerror fillstyle solid noborder fillcolor rgb '#ececec' notitle, \
     data index 0 using 12:(-$1):13:14 with xerrorbars linetype 1 linecolor rgb '#222222' pointsize 0 notitle, \
     data index 0 using ($16 == 1 ? $12 : NaN):(-$1) with points pointtype 7 pointsize 0.9 linecolor rgb '#222222' notitle, \
     data index 0 using ($16 == 1 ? NaN : $12):(-$1) with points pointtype 6 pointsize 0.9 linecolor rgb '#222222' notitle, \
     data index 0 using (high):(-$1):17 with labels left offset 1.2, 0 notitle
unset multiplot
