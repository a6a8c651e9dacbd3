# SPDX-License-Identifier: GPL-2.0-or-later
# Latency of single ops: on the left where most ops are, on the right the tail.
#
# Expects: data (two data sets per arm, columns: see its head), kernel, unit, item, metric, op, arm_labels (quoted words),
# nr_arms, bulk_low, bulk_high (the left panel's axis), tail_high (the largest value),
# share_low (the smallest share: one op of all), and what style.gp wants.
width = 1100
height = 480
load plots_dir . '/style.gp'

top = 1 - 66.0 / height
bottom = 58.0 / height

set multiplot
set label 1 sprintf('%s, %s: latency per %s on %s', item, metric, op, kernel) at screen 14.0 / width, screen (1 - 22.0 / height) left font ',14'
set tmargin at screen top
set bmargin at screen bottom
set grid xtics ytics linestyle 100

# Where most ops are.
set lmargin at screen 0.07
set rmargin at screen 0.44
set xrange [bulk_low : bulk_high]
set yrange [0 : 100]
# Five or so tics: numbers of four digits and more run into each other with gnuplot's own choice.
fifth = (bulk_high - bulk_low) / 5.0
decade = 10 ** floor(log10(fifth))
set xtics decade * (fifth <= 2 * decade ? 2 : fifth <= 5 * decade ? 5 : 10)
set xlabel sprintf('latency of one op, %s', unit)
set ylabel '% of ops that take less' offset 0.5, 0
set y2tics ('p50' 50, 'p90' 90) scale 0
set y2range [0 : 100]
set key at graph 0.98, graph 0.06 right bottom samplen 4
plot for [a = 0 : nr_arms - 1] data index 2 * a using 1:(100 * $4) with lines linetype a + 1 notitle, \
     for [a = 0 : nr_arms - 1] data index 2 * a + 1 using 2:(100 * $3) with points linetype a + 1 notitle, \
     for [a = 0 : nr_arms - 1] NaN with linespoints linetype a + 1 title word(arm_labels, a + 1)

# The tail.
unset label 1
set lmargin at screen 0.615
set rmargin at screen 0.945
set logscale xy 10
set xtics autofreq
set xrange [(bulk_low > 0 ? bulk_low : 1) : 1.3 * tail_high]
floor_share = 0.7 * share_low
set yrange [floor_share : 1]
set format x '%g'
if (unit eq 'ns') {
	set xtics @time_tics
	if (tail_high < 60 * (bulk_low > 1 ? bulk_low : 1)) {
		set xtics add @time_tics_between
	}
	set xlabel 'latency of one op (log scale)'
} else {
	set xlabel sprintf('latency of one op, %s (log scale)', unit)
}
set ytics ('all' 1, '1 in 10' 1e-1, '1 in 100' 1e-2, '1 in 1000' 1e-3, '1 in 10^4' 1e-4, '1 in 10^5' 1e-5, '1 in 10^6' 1e-6, '1 in 10^7' 1e-7, '1 in 10^8' 1e-8, '1 in 10^9' 1e-9)
set ylabel 'ops that take this long or longer (log scale)' offset 0.5, 0
set key at graph 0.98, graph 0.98 right top samplen 4
unset y2tics
set y2tics ('p50' 0.5, 'p90' 0.1, 'p99' 0.01, 'p99.9' 0.001) scale 0
set logscale y2 10
set y2range [floor_share : 1]
plot for [a = 0 : nr_arms - 1] data index 2 * a using 1:($5 > 0 ? $5 : floor_share) with lines linetype a + 1 notitle, \
     for [a = 0 : nr_arms - 1] data index 2 * a + 1 using 2:4 with points linetype a + 1 notitle, \
     for [a = 0 : nr_arms - 1] NaN with linespoints linetype a + 1 title word(arm_labels, a + 1)
unset multiplot
