#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Each lint passes a small clean tree and catches what is planted in it.

setup()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	tree=$BATS_TEST_TMPDIR/tree
	mkdir -p "$tree"/bench "$tree"/harness/{base,data,core,machine,cmd,out,guest} "$tree/tools"
	cd "$tree"
	printf '%s\n' '/* list */' 'BENCH(alpha)' 'BENCH(beta)' >bench/list.h
	for name in alpha beta; do
		printf '%s\n' '#include <sys/mman.h>' '#include <numa.h>' '#include "bench.h"' \
			"/* no fork() and no printf() in here */" \
			"static const char *text = \"exit(2) of a process\";" \
			"const struct bench bench_$name = {0};" >"bench/$name.c"
	done
	printf '%s\n' '#include <string.h>' '#include "base/err.h"' '#include "data/stats.h"' \
		'void f(FILE *out) { fprintf(out, "x"); }' >harness/data/stats.c
	printf '%s\n' '#include <hwloc.h>' '#include "base/fs.h"' >harness/machine/topo.c
	printf '%s\n' '#include <jansson.h>' '#include "machine/topo.h"' '#include "bench.h"' \
		'#include "list.h"' 'void g(void) { _exit(0); }' >harness/core/plan.c
	printf '%s\n' '#include "out/table.h"' '#include "core/plan.h"' 'printf("x"); exit(1);' \
		>harness/cmd/run.c
	printf '%s\n' '#!/bin/sh' 'echo "$1"' >tools/hello
}

# catches LINT PLACE WORDS: it fails, and a line that begins with PLACE says WORDS.
catches()
{
	run "$TOP/tools/lint-$1" "$tree"
	[ "$status" -ne 0 ]
	[[ "$output" == *"$2:"*"$3"* ]]
}

@test "the clean tree passes every lint" {
	run "$TOP/tools/lint" "$tree"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ "$output" != *"failed"* ]]
}

@test "make lint fails when one lint fails" {
	echo 'BENCH(gamma)' >>bench/list.h
	run "$TOP/tools/lint" "$tree"
	[ "$status" -eq 1 ]
	[[ "$output" == *"list: failed"* ]]
}

@test "layers: data includes core" {
	echo '#include "core/plan.h"' >>harness/data/stats.c
	catches layers harness/data/stats.c:5 'harness/data must not include "core/plan.h"'
}

@test "layers: a bench includes a header of the harness" {
	echo '#include "machine/clock.h"' >>bench/alpha.c
	catches layers bench/alpha.c:7 'bench must not include "machine/clock.h"'
}

@test "layers: a bench includes another bench's file" {
	echo '#include "shared.h"' >>bench/alpha.c
	catches layers bench/alpha.c:7 'bench.h'
}

@test "layers: a bench includes pthread.h" {
	echo '#include <pthread.h>' >>bench/beta.c
	catches layers bench/beta.c:7 '<pthread.h>'
}

@test "layers: results pull in hwloc, machine pulls in GSL" {
	echo '#include <hwloc.h>' >>harness/data/stats.c
	catches layers harness/data/stats.c:5 '<hwloc.h>'
	echo '#  include <gsl/gsl_cdf.h>' >>harness/machine/topo.c
	catches layers harness/machine/topo.c:3 '<gsl/gsl_cdf.h>'
}

@test "layers: a header without its folder, one that climbs, a folder unknown" {
	echo '#include "stats.h"' >>harness/data/stats.c
	catches layers harness/data/stats.c:5 'write the folder too'
	echo '#include "../core/plan.h"' >harness/data/b.c
	catches layers harness/data/b.c:1 'climbs'
	mkdir harness/misc
	echo '#include "base/err.h"' >harness/misc/a.c
	catches layers harness/misc/a.c:1 'no rule knows'
}

@test "layers: an include inside a comment is none" {
	printf '%s\n' '/*' '#include "core/plan.h"' '*/' >>harness/data/stats.c
	"$TOP/tools/lint-layers" "$tree"
}

@test "circles: objects that call each other by a third one, and one that only calls" {
	local name

	echo 'int b(void); int a(void) { return b(); }' >a.c
	echo 'int c(void); int b(void) { return c(); }' >b.c
	echo 'int a(void); int c(void) { return a(); }' >c.c
	echo 'int a(void); int d(void) { return a(); }' >d.c
	for name in a b c d; do
		cc -c "$name.c"
	done
	ar rcs circle.a a.o b.o c.o d.o
	run "$TOP/tools/circles" circle.a
	[ "$status" -eq 1 ]
	[ "$(sort <<<"$output")" = "circle.a: a circle: a.o calls b() of b.o
circle.a: a circle: b.o calls c() of c.o
circle.a: a circle: c.o calls a() of a.o" ]
	ar d circle.a c.o
	"$TOP/tools/circles" circle.a
}

@test "list: a bench that is not listed, one without a file, one twice" {
	cp bench/alpha.c bench/gamma.c
	catches list bench/gamma.c:1 'is not in bench/list.h'
	rm bench/gamma.c
	echo 'BENCH(zeta)' >>bench/list.h
	catches list bench/list.h:1 'zeta has no bench/zeta.c'
	printf '%s\n' 'BENCH(alpha)' 'BENCH(alpha)' 'BENCH(beta)' >bench/list.h
	catches list bench/list.h:1 'alpha is listed twice'
}

@test "list: two benches on one line, and a bench under another name" {
	printf '%s\n' 'BENCH(alpha) BENCH(beta)' >bench/list.h
	catches list bench/list.h:1 'neither a comment nor'
	printf '%s\n' 'BENCH(alpha)' 'BENCH(beta)' >bench/list.h
	sed -i s/bench_beta/bench_other/ bench/beta.c
	catches list bench/beta.c:1 'does not define'
}

@test "bench: each thing that the harness does is caught" {
	while IFS='|' read -r code what; do
		printf '%s\n' '#include "bench.h"' "$code" 'const struct bench bench_alpha = {0};' >bench/alpha.c
		echo "$code"
		catches bench bench/alpha.c:2 "$what"
	done <<'END'
	clock_gettime(CLOCK_MONOTONIC, &ts);|a clock
	x = __rdtsc();|a clock
	printf("hello\n");|printing
	fprintf (f, "hello\n");|printing
	if (fork() == 0)|a process
	pthread_create(&t, NULL, f, NULL);|a thread
	fd = syscall(SYS_perf_event_open, &attr);|a counter
	while ((c = getopt_long(argc, argv, "x", o, NULL)) > 0)|an option
	{.offset = offsetof(struct alpha, pages)},|BENCH_FIELD() instead
	exit(1);|ending the process
	_exit(1);|ending the process
	assert(x);|ending the process
	fd = open("/sys/fs/cgroup/x/memory.max", O_RDONLY);|a cgroup file
END
}

@test "bench: more than 200 lines are caught, 200 are not" {
	{ printf '%s\n' '#include "bench.h"' 'const struct bench bench_alpha = {0};'; yes '/* x */' | head -n 198; } >bench/alpha.c
	"$TOP/tools/lint-bench" .
	echo '/* x */' >>bench/alpha.c
	catches bench bench/alpha.c:200 '201 lines'
}

@test "output: printing and exiting below cmd" {
	while IFS='|' read -r code what; do
		printf '%s\n' 'void f(void) {' "$code" '}' >harness/out/table.c
		echo "$code"
		catches output harness/out/table.c:2 "$what"
	done <<'END'
	printf("x");|prints
	fputs("x", stdout);|prints
	fprintf(stderr, "x");|prints
	perror("x");|prints
	exit(1);|ends the process
	abort();|ends the process
END
}

@test "words: paths of one machine, hosts and talk" {
	# Put together here, so that this file holds none of them.
	while IFS='|' read -r first second what; do
		echo "see $first$second" >note.md
		echo "$first$second"
		catches words note.md:1 "$what"
	done <<'END'
/wo|rk/main/x|a path
/tmp/|b-x/y|a path
/ho|me/me/x|a path
deb.deb|ian.org/debian|package registry
pypi|.org|package registry
an earlier sess|ion did this|talk
the foun|der merges|talk
END
}

@test "words: what only looks like it passes" {
	echo 'a/work/b, setsid starts a session, a helper function, /tmp/x, $HOME' >note.md
	"$TOP/tools/lint-words" "$tree"
}

@test "shell: a script with and without a suffix" {
	command -v shellcheck >/dev/null || skip "shellcheck is not here"
	echo 'echo $1' >>tools/hello
	catches shell tools/hello:3 SC2086
	printf '%s\n' '#!/bin/sh' 'cd /x' >run.sh
	catches shell run.sh:2 SC2164
}

@test "format: blanks at the end, blanks as indentation" {
	printf 'int a; \n' >harness/base/a.c
	catches format harness/base/a.c:1 'blank at the end'
	printf '        int a;\n' >harness/base/a.c
	catches format harness/base/a.c:1 'indented with blanks'
}

@test "a tree inside somebody's git repository is looked at whole" {
	git -C "$BATS_TEST_TMPDIR" init -q .
	echo 'BENCH(zeta)' >>bench/list.h
	catches list bench/list.h:1 'zeta'
}

@test "in git, what is ignored is not looked at, what is new is" {
	git init -q .
	echo 'ignored.c' >.gitignore
	printf 'int a; \n' >ignored.c
	"$TOP/tools/lint-format" "$tree"
	printf 'int a; \n' >new.c
	catches format new.c:1 'blank at the end'
}

@test "pins: a kernel of the archive by its release alone" {
	for text in 'run -k deb:6.12 null' 'new=deb:7.1' '`deb:6.12`' 'of deb:6.12. Then' 'deb:6.12.x'; do
		printf '%s\n' 'deb:6.12.117-1, deb:7.1.13 and deb:X.Y are none' "$text" >note.md
		catches pins note.md:2 'is another kernel next month'
		[[ "$output" != *"note.md:1:"* ]]
	done
	printf '%s\n' 'STOCK ?= deb:6.1' >Makefile
	catches pins Makefile:1 'deb:6.1 is another'
	echo 'deb:6.12.117-1 deb:6.1.192-3. deb:7.1.13' >note.md
	rm Makefile
	"$TOP/tools/lint-pins" "$tree"
}

# commit MESSAGE: an empty one.
commit()
{
	git -c user.name=A -c user.email=a@example.org commit -q --allow-empty -m "$1"
}

@test "commits: a long subject, one without its area, and a body that is missing or only signed; not those of before" {
	LINT_COMMITS_SINCE=none "$TOP/tools/lint-commits" "$tree"
	git init -q .
	commit 'no area and no body'
	LINT_COMMITS_SINCE=$(git rev-parse HEAD)
	export LINT_COMMITS_SINCE
	commit $'area, place: does it\n\nBecause it is wanted.\n\nSigned-off-by: A <a@example.org>'
	commit "area: $(printf '×%.0s' {1..66})"$'\n\nA subject of 72 characters.'
	"$TOP/tools/lint-commits" "$tree"
	commit "area: $(printf '×%.0s' {1..67})"$'\n\nOne more.'
	catches commits "commit $(git rev-parse --short HEAD)" 'a subject of 73 characters, of at most 72: area: ××'
	git reset -q --soft HEAD~1
	commit $'area: signed\n\nSigned-off-by: A <a@example.org>'
	catches commits "commit $(git rev-parse --short HEAD)" 'no body that says why: area: signed'
	git reset -q --soft HEAD~1
	commit $'says what\n\nBecause.'
	catches commits "commit $(git rev-parse --short HEAD)" 'a subject is "area: what it does now": says what'
	git reset -q --soft HEAD~1
	# A history that is cut behind the commit named here, as a shallow clone's may be.
	commit 'area: no body'
	LINT_COMMITS_SINCE=0123456789abcdef "$TOP/tools/lint-commits" "$tree"
	catches commits "commit $(git rev-parse --short HEAD)" 'no body'
}
