#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Makefile: what is rebuilt when, builds outside the tree and without git, and what install puts where.

setup()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	cd "$TOP"
	out=$BATS_TEST_TMPDIR/o
	built=${O-}
	unset O
}

# The quickest target that goes through everything: flags, an object, version.c, an archive.
build()
{
	run make O="$out" "$@" "$out/harness/base.a"
	echo "$output"
	[ "$status" -eq 0 ]
}

@test "a second build does nothing" {
	build
	[[ "$output" == *"CC      harness/base/err.o"* ]]
	build
	[[ "$output" != *CC* ]]
}

@test "other flags build anew, each kind of them" {
	build
	for flags in CC=clang CFLAGS=-O1 WERROR=1 SANITIZE=undefined prefix=/usr; do
		build "$flags"
		[[ "$output" == *"CC      harness/base/err.o"* ]]
		build "$flags"
		[[ "$output" != *CC* ]]
	done
}

@test "a header that changed builds what includes it" {
	cp -r Makefile tools harness bench "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	build
	touch -d 'now + 1 minute' harness/base/units.h
	build
	[[ "$output" == *"CC      harness/base/units.o"* ]]
	[[ "$output" != *"CC      harness/base/err.o"* ]]
}

@test "a source that is gone is gone from its archive" {
	cp -r Makefile tools harness bench "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	echo 'extern int base_extra; int base_extra;' >harness/base/extra.c
	build
	ar t "$out/harness/base.a" | grep -q extra.o
	rm harness/base/extra.c
	build
	[ "$(ar t "$out/harness/base.a" | grep -c extra.o)" -eq 0 ]
}

@test "V=1 shows the commands, a build without it does not" {
	build
	[[ "$output" != *gcc* ]]
	build V=1 CFLAGS=-O1
	[[ "$output" == *"gcc "*"-O1"*"-c harness/base/err.c"* ]]
}

@test "the benches' flags are not those of the harness, and both are recorded" {
	cp -r Makefile tools harness bench "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	echo 'extern int nothing; int nothing;' >bench/nothing.c
	build CFLAGS=-O1
	grep -q 'memcgbench_cflags\[\] = "-O2 -g (harness: -O1)"' "$out/version.c"
	run make -n O="$out" CFLAGS=-O0 V=1 "$out/bench/nothing.o"
	[[ "$output" == *" -O2 -g -MMD"* ]]
	[[ "$output" != *" -O0 -MMD"* ]]
}

@test "a parameter whose field has not 64 bits does not compile, and says which type it has" {
	cc=("${CC:-cc}" -std=gnu11 -Ibench -c -o /dev/null)
	for type in uint64_t uint32_t int64_t "unsigned int" bool "uint64_t *" "struct { uint64_t x; }"; do
		printf '%s\n' '#include <stdbool.h>' '#include "bench.h"' "struct state { uint64_t before; $type pages; };" \
			'const struct bench_param params[] = {{.name = "pages", .offset = BENCH_FIELD(struct state, pages)}};' \
			>"$BATS_TEST_TMPDIR/x.c"
		run "${cc[@]}" "$BATS_TEST_TMPDIR/x.c"
		echo "$type: $output"
		if [ "$type" = uint64_t ]; then
			[ "$status" -eq 0 ]
		else
			[ "$status" -ne 0 ]
			[[ "$output" == *error*_Generic* ]]
		fi
	done
}

@test "without git, and inside somebody's repository, the revision is unknown" {
	cp -r Makefile tools harness bench "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	build
	grep -q 'memcgbench_revision\[\] = "unknown"' "$out/version.c"
	mkdir outer
	cp -r Makefile tools harness bench outer
	git init -q .
	git -c user.name=x -c user.email=x@x commit -q --allow-empty -m x
	cd outer
	build
	grep -q 'memcgbench_revision\[\] = "unknown"' "$out/version.c"
}

@test "in git, the revision, and -dirty behind it after a change" {
	cp -r Makefile tools harness bench "$BATS_TEST_TMPDIR"
	cd "$BATS_TEST_TMPDIR"
	git init -q .
	git add Makefile
	git -c user.name=x -c user.email=x@x commit -q -m x
	build
	hash=$(git rev-parse --short=12 HEAD)
	grep -q "memcgbench_revision\[\] = \"$hash\"" "$out/version.c"
	echo '# more' >>Makefile
	build
	grep -q "memcgbench_revision\[\] = \"$hash-dirty\"" "$out/version.c"
}

@test "help names every target and variable" {
	run make help
	[ "$status" -eq 0 ]
	for word in all bench bench-self check lint install uninstall clean O= CC= V=1 WERROR=1 SANITIZE= \
		QUICK=1 KERNELS= DESTDIR=; do
		[[ "$output" == *"  $word"* || "$output" == *"$word"* ]]
	done
}

@test "without pkg-config: one sentence with the package's name, and help still works" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	for tool in sh make gcc ar sed tr sort mkdir cmp mv rm id expand nproc head git printf apt-get mktemp; do
		path=$(command -v $tool) && [[ $path == /* ]] && ln -s "$path" "$BATS_TEST_TMPDIR/bin/$tool"
	done
	PATH=$BATS_TEST_TMPDIR/bin run make O="$out" "$out/harness/base.a"
	echo "$output"
	[ "$status" -eq 2 ]
	[[ "$output" == *'`make` lacks '*pkg-config* ]]
	PATH=$BATS_TEST_TMPDIR/bin run make O="$out" help
	[ "$status" -eq 0 ]
}

@test "clean removes what was built and nothing else" {
	mkdir "$out"
	echo mine >"$out/notes"
	build
	run make O="$out" clean
	[ "$status" -eq 0 ]
	[ "$(ls -A "$out")" = notes ]
}

@test "the runner needs hwloc, libnuma, jansson, zlib, libmd and libc only" {
	[ -x "$built/memcgbench-runner" ] || skip "nothing is built (\$O is not set)"
	needed=$(objdump -p "$built/memcgbench-runner" | sed -n 's/^ *NEEDED *\(lib[a-z_]*\).*/\1/p' | sort -u)
	echo "$needed"
	for lib in $needed; do
		case $lib in
		libhwloc | libnuma | libjansson | libz | libmd | libc | libm | libpthread) ;;
		*) false ;;
		esac
	done
}

@test "install and uninstall" {
	[ -x "$built/memcgbench" ] || skip "nothing is built (\$O is not set)"
	dest=$BATS_TEST_TMPDIR/dest
	run make O="$built" WERROR=1 DESTDIR="$dest" install
	echo "$output"
	[ "$status" -eq 0 ]
	for file in bin/memcgbench libexec/memcgbench/memcgbench-runner share/man/man1/memcgbench.1 \
		share/bash-completion/completions/memcgbench; do
		[ -s "$dest/usr/local/$file" ]
	done
	for plot in plots/*.gp; do
		[ -s "$dest/usr/local/share/memcgbench/$plot" ]
	done
	bash -n "$dest/usr/local/share/bash-completion/completions/memcgbench"
	run make O="$built" WERROR=1 DESTDIR="$dest" uninstall
	[ "$status" -eq 0 ]
	[ -z "$(find "$dest" -type f)" ]
}

@test "make bench profiles two kernels of the archive, and leaves other kernels and one alone to the user" {
	cd "$TOP"
	profiled()
	{
		make -n V=1 bench "$@" | grep -c -e ' --profile ' || :
	}
	[ "$(profiled KERNELS='old=deb:6.1.192-3 new=deb:6.12.117-1')" -eq 1 ]
	[ "$(profiled KERNELS='old=bzImage new=deb:6.12.117-1')" -eq 0 ]
	[ "$(profiled KERNELS=deb:6.12.117-1)" -eq 0 ]
	[ "$(profiled QUICK=1 KERNELS='old=deb:6.1.192-3 new=deb:6.12.117-1')" -eq 0 ]
}
