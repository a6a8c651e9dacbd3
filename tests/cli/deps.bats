#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tools/deps on machines that this one is not: bare, half equipped, not root, not Debian. The package tools are
# stand-ins that keep what is installed in files.

setup()
{
	TOP=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
	state=$BATS_TEST_TMPDIR/state
	bin=$BATS_TEST_TMPDIR/bin
	mkdir "$state" "$bin"
	for tool in sh sed tr mktemp tail sort rm cat touch grep mv; do
		ln -s "$(command -v $tool)" "$bin/$tool"
	done
	stand_in id <<<'cat "$STATE/uid"'
	echo 0 >"$state/uid"
	stand_in apt-cache <<'END'
[ -e "$STATE/lists" ] || exit 0
[ -e "$STATE/unknown.$2" ] && exit 0
printf '%s:\n  Installed: (none)\n  Candidate: 1.0-1\n' "$2"
END
	stand_in apt-get <<'END'
echo "apt-get $*" >>"$STATE/log"
echo "DEBIAN_FRONTEND=$DEBIAN_FRONTEND" >>"$STATE/log"
case " $* " in
*" update "*) touch "$STATE/lists" ;;
*" install "*)
	if [ -e "$STATE/fails" ]; then
		echo "E: 404 Not Found"
		exit 100
	fi
	for word in "$@"; do
		touch "$STATE/installed.$word"
		case $word in
		pkg-config | pkgconf) mv "$BIN/pkg-config.later" "$BIN/pkg-config" ;;
		esac
	done
	;;
esac
END
	stand_in dpkg-query <<'END'
for last; do :; done
[ -e "$STATE/installed.$last" ] && echo installed
END
	stand_in gcc <<<'[ -e "$STATE/installed.libc6-dev" ]'
	# A command that is not there before its package is.
	stand_in pkg-config.later <<'END'
case $2 in
zlib) package=zlib1g-dev ;;
*) package=lib${2#lib}-dev ;;
esac
[ -e "$STATE/installed.$package" ]
END
}

# stand_in NAME: a command from the script on stdin.
stand_in()
{
	{ printf '#!%s/sh\nSTATE=%s BIN=%s\n' "$bin" "$state" "$bin"; cat; } >"$bin/$1"
	chmod +x "$bin/$1"
}

install_all_of_build()
{
	for package in libc6-dev libhwloc-dev libnuma-dev libjansson-dev libyajl-dev zlib1g-dev libmd-dev \
		libarchive-dev libgsl-dev libbpf-dev; do
		touch "$state/installed.$package"
	done
	mv "$bin/pkg-config.later" "$bin/pkg-config"
}

deps()
{
	PATH=$bin run "$bin/sh" "$TOP/tools/deps" "$@"
	echo "$output"
	cat "$state/log" 2>/dev/null || true
}

@test "nothing missing: no word, no apt-get" {
	install_all_of_build
	deps build
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ ! -e "$state/log" ]
}

@test "a bare machine as root: lists are fetched, what is missing is said and installed" {
	deps build
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "memcgbench: apt-get update" ]
	[[ "${lines[1]}" == "memcgbench: apt-get install --no-install-recommends "*"libhwloc-dev"* ]]
	[[ "$output" == *" libc6-dev "* ]]
	[[ "$output" != *" gcc "* ]]
	grep -q 'apt-get .*install --no-install-recommends .*libnuma-dev' "$state/log"
	grep -q '^DEBIAN_FRONTEND=noninteractive$' "$state/log"
	deps build
	[ "$status" -eq 0 ]
	[ -z "$output" ]
}

@test "only what is missing is installed, without an update where the lists are there" {
	install_all_of_build
	touch "$state/lists"
	rm "$state/installed.libgsl-dev"
	deps build
	[ "$status" -eq 0 ]
	[ "$output" = "memcgbench: apt-get install --no-install-recommends libgsl-dev " ]
	[ "$(grep -c update "$state/log")" -eq 0 ]
}

@test "an alternative name where apt does not know the first" {
	touch "$state/lists" "$state/unknown.pkg-config"
	deps build
	[ "$status" -eq 0 ]
	[[ "$output" == *" pkgconf "* ]]
	[[ "$output" != *" pkg-config "* ]]
}

@test "apt-get fails: its words, and failure" {
	touch "$state/fails" "$state/lists"
	deps build
	[ "$status" -eq 1 ]
	[[ "$output" == *"apt-get install failed"*"404 Not Found"* ]]
	# Old lists are the usual reason: they are fetched anew and it is tried again, once.
	[ "$(grep -c ' install ' "$state/log")" -eq 2 ]
	[ "$(grep -c ' update' "$state/log")" -eq 1 ]
}

@test "not root: the one line that does it, and failure" {
	echo 1000 >"$state/uid"
	install_all_of_build
	rm "$state/installed.libhwloc-dev" "$state/installed.libnuma-dev"
	deps build
	[ "$status" -eq 1 ]
	[ "$output" = "memcgbench: \`make\` lacks libhwloc-dev libnuma-dev; install it with: sudo apt-get install --no-install-recommends libhwloc-dev libnuma-dev" ]
	[ ! -e "$state/log" ]
}

@test "--print as root changes nothing" {
	deps build --print
	[ "$status" -eq 1 ]
	[[ "$output" == *"apt-get install"* ]]
	[ ! -e "$state/log" ]
}

@test "no apt-get: the Debian names, and failure" {
	rm "$bin/apt-get"
	deps build
	[ "$status" -eq 1 ]
	[[ "$output" == *"libhwloc-dev"*"names that this system has"* ]]
}

@test "installed, and still not found, is said" {
	stand_in gcc <<<'exit 1'
	deps build
	[ "$status" -eq 1 ]
	[[ "$output" == *"still not found: libc6-dev" ]]
}

@test "bench works without perf and says so; build is silent about it" {
	install_all_of_build
	stand_in gnuplot </dev/null
	deps bench
	[ "$status" -eq 0 ]
	[ "$output" = "memcgbench: there is no perf here: all but --perf-record works (Debian: linux-perf)" ]
	stand_in perf </dev/null
	deps bench
	[ -z "$output" ]
}

@test "a wished-for package that is missing is no reason to call apt-get" {
	install_all_of_build
	for tool in gnuplot qemu-system-x86_64 bats clang python3 mandoc shellcheck jq git setpriv; do
		stand_in "$tool" </dev/null
	done
	touch "$state/installed.libcmocka-dev"
	deps check
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	rm "$state/installed.libcmocka-dev"
	deps check
	[ "$status" -eq 0 ]
	# One is needed: the wished-for come with it.
	for package in clang-format libclang-rt-dev libcmocka-dev; do
		[[ "$output" == *" $package "* ]]
	done
}

@test "a set or option that is none" {
	deps everything
	[ "$status" -eq 2 ]
	[[ "$output" == usage:* ]]
	deps build --force
	[ "$status" -eq 2 ]
	[[ "$output" == *'"--force"'* ]]
}
