# SPDX-License-Identifier: GPL-2.0-or-later
# p-values of comparisons of a run with itself: flat where the test keeps its level.
#
# Expects: data (columns: see its head), kernel, clock, nr_rows, nr_bars, nr_comparisons, and what style.gp wants.
width = 760
height = 420
load plots_dir . '/style.gp'

expected = nr_rows / nr_bars
set title sprintf('%s with itself, clock %s: p-values of %d rows in %d comparisons', kernel, clock, nr_rows, nr_comparisons) font ',13'
set grid ytics linestyle 100
set xrange [0 : 1]
set yrange [0 : *]
set xtics 0.1
set xlabel 'p of "no difference"'
set ylabel 'rows'
set key outside top right horizontal samplen 2
plot data using (($1 + $2) / 2):3:(0.92 * ($2 - $1)) with boxes fillstyle solid 0.55 noborder linetype 1 title 'seen', \
     expected with lines linetype 2 title 'expected where every p is as likely'
