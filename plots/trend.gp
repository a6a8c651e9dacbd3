# SPDX-License-Identifier: GPL-2.0-or-later
# A metric over a history of kernels: a panel per memcg state with the interval of each kernel's boots, the level between
# changes, and the changes with their size.
#
# Expects: data (two data sets per series, columns: see its head), metric, unit, environment, better, arm_labels (quoted
# words), nr_series, nr_kernels, and what style.gp wants.
text = (format eq 'txt')
stats data index 2 * nr_series using (strlen(strcol(2))) nooutput
names = STATS_max
gaps = 0
do for [s = 0 : nr_series - 1] {
	stats data index 2 * s using 3 nooutput
	if (STATS_records < nr_kernels) { gaps = 1 }
}
label_room = 7.0 * names * 0.7 + 24
panel = text ? 300 : 210
pitch = nr_kernels > 24 ? 26 : 72
# A turned name reaches to the left of its kernel.
left = 112 > 5.4 * names - 20 ? 112 : 5.4 * names - 20
remarks = sprintf('%s; %s', environment, better)
meaning = 'point and bar: mean of the boots (in ns: median) and their spread; line: level; number: a change begins; the axis does not begin at 0' . (gaps ? '; a gap: not measured' : '')
if (text) { meaning = 'o: mean of the boots (in ns: median); line: level; number: a change begins' . (gaps ? '; a gap: not measured' : '') }
width = left + 40 + (nr_kernels * pitch > 560 ? nr_kernels * pitch : 560)
if (width > 2600) { width = 2600 }
longest = strlen(remarks) > strlen(meaning) ? strlen(remarks) : strlen(meaning)
if (width < 30 + 7.0 * longest) { width = 30 + 7.0 * longest }
if (text) { width = 960 }
head = text ? 96 : 92
height = head + nr_series * panel + label_room
load plots_dir . '/style.gp'
spacing = (width - left - 40.0) / nr_kernels
turn = spacing < 54
# Characters are not turned.
needs = text ? 8.0 * (names + 2) : 15
every_label = spacing < needs ? int(needs / spacing + 1) : 1

sizes = turn ? 'rotate by 90 left' : 'center'
set multiplot
set lmargin at screen left / (1.0 * width)
set rmargin at screen 1 - 30.0 / width
set xrange [-0.6 : nr_kernels - 0.4]
if (!text) { set grid ytics linestyle 100 }
set key off
set label 1 sprintf('%s over kernels', metric) at screen 14.0 / width, screen 1 - 20.0 / height left font ',14'
set label 2 remarks at screen 14.0 / width, screen 1 - 42.0 / height left textcolor rgb '#555555'
set label 4 meaning at screen 14.0 / width, screen 1 - 60.0 / height left textcolor rgb '#555555'

do for [s = 0 : nr_series - 1] {
	# The panel's range, which that of the panel above must not limit: all intervals, and a strip above them for the sizes of changes.
	set yrange [* : *]
	stats data index 2 * s using 3 nooutput
	low = STATS_min
	high = STATS_max
	stats data index 2 * s using (valid(4) ? $4 : $3) nooutput
	low = STATS_min < low ? STATS_min : low
	stats data index 2 * s using (valid(5) ? $5 : $3) nooutput
	high = STATS_max > high ? STATS_max : high
	span = high - low
	if (span <= 0) { span = abs(high) > 0 ? 0.02 * abs(high) : 1 }
	strip = turn ? 0.42 : 0.24
	set yrange [low - 0.1 * span : high + strip * span]
	top = high + (turn ? 0.08 : 0.13) * span

	set tmargin at screen 1 - (head + s * panel + 0.0) / height
	set bmargin at screen 1 - (head + (s + 1) * panel - 30.0) / height
	set ylabel sprintf('%s, %s', word(arm_labels, s + 1), unit) offset -0.5, 0
	set format y '%g'
	# Names stand below the last panel alone; those of the others are as wide as nothing.
	if (s == nr_series - 1) {
		set xtics scale 0.6 font ',11' rotate by 40 right textcolor rgb '#222222'
	} else {
		set xtics scale 0.6 font ',0.01' textcolor rgb '#ffffff'
	}
	if (text) {
		# Characters have no room for a title that runs upwards.
		set label 3 sprintf('%s, %s', word(arm_labels, s + 1), unit) at graph 0.01, graph 1.08 left
		# … nor for names of kernels between two panels.
		if (s < nr_series - 1) {
			unset xtics
			plot data index 2 * s + 1 using 1:3:($2 - $1):(0) with vectors nohead notitle, \
			     data index 2 * s using 1:3 with points pointtype 'o' notitle, \
			     data index 2 * s + 1 using ($5 == 0 ? NaN : $1):(top):6 with labels notitle
		} else {
			plot data index 2 * nr_series every every_label using 1:(NaN):xtic(2) with points notitle, \
			     data index 2 * s + 1 using 1:3:($2 - $1):(0) with vectors nohead notitle, \
			     data index 2 * s using 1:3 with points pointtype 'o' notitle, \
			     data index 2 * s + 1 using ($5 == 0 ? NaN : $1):(top):6 with labels notitle
		}
	} else {
		plot data index 2 * s using 1:4:5 with filledcurves fillstyle solid noborder fillcolor rgb '#d9e6ef' notitle, \
		     data index 2 * s using 1:3:4:5 with yerrorbars linecolor rgb '#7f9db3' pointsize 0 linewidth 1 dashtype solid notitle, \
		     data index 2 * s + 1 using 1:3:($2 - $1):(0) with vectors nohead linecolor rgb '#222222' linewidth 2 dashtype solid notitle, \
		     data index 2 * s + 1 using ($5 == 0 ? NaN : $1):($3 - $4):(0):4 with vectors nohead linecolor rgb '#222222' linewidth 1 dashtype (2, 2) notitle, \
		     data index 2 * s using 1:3 with points linetype 1 pointtype 7 pointsize 0.7 notitle, \
		     data index 2 * nr_series every every_label using 1:(NaN):xtic(2) with points notitle, \
		     data index 2 * s + 1 using ($5 == 1 ? $1 : NaN):(top):6 with labels @sizes textcolor rgb '#B04A00' notitle, \
		     data index 2 * s + 1 using ($5 == -1 ? $1 : NaN):(top):6 with labels @sizes textcolor rgb '#00588A' notitle
	}
	unset label 1
	unset label 2
	unset label 4
}
unset multiplot
