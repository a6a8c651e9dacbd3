# SPDX-License-Identifier: GPL-2.0-or-later
# Read what one test program printed (TAP, as cmocka and bats write it) and report it.
#
#   awk -v name=unit/test_x -v status=0 -v counts=FILE -f tests/tap.awk OUTPUT [ERRORS]
#
# Prints each failing test with its output, and each skip with its sentence; writes "passed failed skipped" to
# FILE. A program that crashed, printed no plan, or did not do what it planned has failed, whatever else it says.

function say_failure(text,    i)
{
	print "FAILED " name ": " text
	for (i = 1; i <= nr_lines; i++)
		print "    " lines[i]
	forget()
}

function forget()
{
	nr_lines = 0
	split("", lines)
}

# A test is reported when the next begins: bats explains a failure below its line, cmocka a skip above it.
function finish()
{
	if (pending != "")
		say_failure(pending)
	pending = ""
}

function skip_sentence(text,    i)
{
	sub(/^.*# *[sS][kK][iI][pP][: ]*/, "", text)
	for (i = 1; i <= nr_lines; i++) {
		sub(/^# */, "", lines[i])
		text = text ": " lines[i]
	}
	return text
}

FNR == 1 { file_nr++ }

file_nr == 2 {
	errors[++nr_errors] = $0
	next
}

/^TAP version / { next }

# cmocka prints one plan per group of tests.
/^1\.\.[0-9]+/ {
	finish()
	sub(/^1\.\./, "")
	planned += $0
	plans++
	forget()
	next
}

# A program may have printed half a line before; cmocka 1.1 says "not ok 3 # SKIP name" of a skipped test.
match($0, /(not )?ok [0-9]+/) && $0 !~ /^[ \t]*#/ && (RSTART == 1 || $0 ~ /ok [0-9]+ (- |# SKIP)/) {
	if (pending != "")
		finish()
	if (RSTART > 1)
		lines[++nr_lines] = substr($0, 1, RSTART - 1)
	line = substr($0, RSTART)
	what = line
	sub(/^(not )?ok [0-9]+ *(- *)?/, "", what)
	if (line ~ /# *[sS][kK][iI][pP]/) {
		skipped++
		print "skipped " name ": " (what ~ /^#/ ? "" : substr(what, 1, match(what, / *#/) - 1) ": ") skip_sentence(what)
		forget()
	} else if (line ~ /^not /) {
		failed++
		pending = what
	} else {
		passed++
		forget()
	}
	next
}

{ lines[++nr_lines] = $0 }

END {
	finish()
	ran = passed + failed + skipped
	if (status == 124 || status == 137)
		reason = "was stopped: it took too long"
	else if (status > 128)
		reason = "was ended by signal " (status - 128)
	else if (!plans)
		reason = "printed no plan (exit status " status ")"
	else if (ran != planned)
		reason = "planned " planned " tests and ran " ran + 0
	else if (!ran)
		reason = "has no tests"
	else if (status && !failed)
		reason = "ended with exit status " status ", though no test failed"
	if (reason != "") {
		failed++
		say_failure("the program " reason)
	}
	if (failed)
		for (i = 1; i <= nr_errors && i <= 40; i++)
			print "    stderr: " errors[i]
	if (failed && nr_errors > 40)
		print "    stderr: … " nr_errors - 40 " lines more"
	print passed + 0, failed + 0, skipped + 0 >counts
}
