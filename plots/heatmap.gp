# SPDX-License-Identifier: GPL-2.0-or-later
# All series of a history at a glance: how far each is from its first kernel, in percent of what the op costs. The number
# stands in every cell, so that nothing depends on the colour; a bar at the left of a cell is where a change begins.
#
# Expects: data (columns: see its head), environment, nr_rows, nr_kernels, most (the largest percentage), and what style.gp
# wants.
text = (format eq 'txt')
stats data index 0 using (strlen(strcol(3))) nooutput
left = 24 + (text ? 8.0 : 7.7) * STATS_max
stats data index 0 using (strlen(strcol(4))) nooutput
names = STATS_max
label_room = 7.0 * names * 0.7 + 24
pitch = nr_kernels > 24 ? 42 : 58
# One row that doubled must not make all others white.
limit = most > 20 ? 20 : most > 1 ? most : 1
remarks = sprintf('%s; a bar: a change begins here; colour is full at %.0f %%; grey and empty: not measured', environment, limit)
cell = 26
# A turned name reaches to the left of its kernel.
if (!text && left < 5.4 * names - 20) { left = 5.4 * names - 20 }
width = left + 30 + (nr_kernels * pitch > 420 ? nr_kernels * pitch : 420)
if (width > 3200) { width = 3200 }
if (width < 700) { width = 700 }
if (width < 30 + 7.7 * strlen(remarks)) { width = 30 + 7.7 * strlen(remarks) }
height = 76 + nr_rows * cell + label_room
if (text) { width = left + 30 + nr_kernels * 80 }
load plots_dir . '/style.gp'
spacing = (width - left - 30.0) / nr_kernels
# Characters are not turned.
needs = text ? 8.0 * (names + 2) : 15
every_label = spacing < needs ? int(needs / spacing + 1) : 1
numbers = spacing >= 36 || text

set lmargin at screen left / (1.0 * width)
set rmargin at screen 1 - 30.0 / width
set tmargin at screen 1 - 66.0 / height
set bmargin at screen label_room / height
set label 1 'Change since the first kernel, % of what the op costs' at screen 14.0 / width, screen 1 - 20.0 / height left font ',14'
set label 2 remarks at screen 14.0 / width, screen 1 - 42.0 / height left textcolor rgb '#555555'
set xrange [-0.5 : nr_kernels - 0.5]
set yrange [-nr_rows + 0.5 : 0.5]
set border 0
set tics scale 0
set xtics rotate by 40 right
set key off
unset colorbox
# Light enough at both ends for black numbers.
set palette defined (-1 '#7db7e8', 0 '#ffffff', 1 '#f2a35e')
set cbrange [-limit : limit]
if (text) {
	plot data index 0 using 2:(-$1):8:ytic(3) with labels notitle, \
	     data index 1 every every_label using 1:(NaN):xtic(2) with points notitle
} else {
	set object 1 rectangle from graph 0, graph 0 to graph 1, graph 1 behind fillstyle solid noborder fillcolor rgb '#e4e4e4'
	plot data index 0 using 2:(-$1):($2 - 0.49):($2 + 0.49):(-$1 - 0.47):(-$1 + 0.47):6 with boxxyerror fillstyle solid noborder linecolor palette notitle, \
	     data index 0 using ($7 == 1 ? $2 - 0.47 : NaN):(-$1 - 0.47):(0):(0.94) with vectors nohead linewidth 3 linecolor rgb '#222222' dashtype solid notitle, \
	     data index 0 using 2:(-$1):(numbers ? strcol(8) : '') with labels font ',9' notitle, \
	     data index 0 using (NaN):(-$1):ytic(3) with points notitle, \
	     data index 1 every every_label using 1:(NaN):xtic(2) with points notitle
}
