#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
# kernel config and build, and which boots a run makes of a kernel: without building or booting one.
load verbs

setup()
{
	export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
}

# fake_kernel FOLDER: what passes for a bzImage of 6.12 as long as nobody boots it, with a configuration from standard input.
fake_kernel()
{
	mkdir -p "$1"
	cat >"$1/config"
	python3 - "$1/bzImage" <<'END'
import sys
image = bytearray(4096)
image[0x1f1] = 1
image[0x1f4] = (4096 - 1024) // 16
image[0x1fe:0x200] = b"\x55\xaa"
image[0x202:0x206] = b"HdrS"
image[0x206:0x208] = b"\x0f\x02"
image[0x20e:0x210] = b"\x00\x01"
image[0x236] = 1
image[0x300:0x30b] = b"6.12.0-fake"
open(sys.argv[1], "wb").write(image)
END
}

@test "kernel config prints what a build is made with" {
	run --separate-stderr memcgbench kernel config
	[ "$status" -eq 0 ]
	grep -qx 'CONFIG_MEMCG=y' <<<"$output"
	grep -qx 'CONFIG_SERIAL_8250_CONSOLE=y' <<<"$output"
	! grep -v -e '^CONFIG_[A-Z0-9_]*=y$' -e '^#' -e '^$' <<<"$output"
}

@test "kernel build: what is no source tree is one line" {
	fails_with 5 "memcgbench kernel: /nowhere: there is no such folder" memcgbench kernel build /nowhere
	mkdir "$BATS_TEST_TMPDIR/empty"
	fails_with 5 "memcgbench kernel: $BATS_TEST_TMPDIR/empty: no sources of Linux in it (there is no Kconfig and arch/x86/Kconfig)" \
		memcgbench kernel build "$BATS_TEST_TMPDIR/empty"
	run memcgbench kernel build
	[ "$status" -eq 2 ]
}

@test "a build that fails is status 5, with the end of its log and where the log is" {
	tree=$BATS_TEST_TMPDIR/linux
	mkdir -p "$tree/arch/x86"
	touch "$tree/Kconfig" "$tree/arch/x86/Kconfig"
	printf 'allnoconfig:\n\t@echo one; echo "mm/memcontrol.c:1:1: error: what"; exit 3\n' >"$tree/Makefile"
	run memcgbench kernel build "$tree" --quiet
	[ "$status" -eq 5 ]
	[[ $output == *"make allnoconfig in $tree ended with status 2:"* ]]
	[[ $output == *"error: what"* ]]
	log=$(sed -n 's/^(the whole log: \(.*\))$/\1/p' <<<"$output")
	[ -s "$log" ]
	run memcgbench run --build "x=$tree" --quiet null
	[ "$status" -eq 5 ]
	[[ $output == *"--kernel=x=build:$tree"* ]]
	# Nothing was written to the tree.
	[ "$(cd "$tree" && find . -type f | sort | tr '\n' ' ')" = "./Kconfig ./Makefile ./arch/x86/Kconfig " ]
}

@test "a revision: its sources are taken out of the repository, which is not written to" {
	tree=$BATS_TEST_TMPDIR/linux
	mkdir -p "$tree/arch/x86"
	touch "$tree/Kconfig" "$tree/arch/x86/Kconfig"
	git -C "$tree" init -q
	printf 'allnoconfig:\n\t@echo first: error: x; exit 3\n' >"$tree/Makefile"
	git -C "$tree" add .
	git -C "$tree" -c user.name=a -c user.email=a@b commit -qm first
	git -C "$tree" tag v1
	printf 'allnoconfig:\n\t@echo second: error: x; exit 3\n' >"$tree/Makefile"
	# Also where the tree was built in place.
	touch "$tree/.config"
	before=$(cd "$tree" && find . -type f -printf '%p %T@ %s\n' | sort)
	run memcgbench kernel build "$tree@v1" --quiet
	[ "$status" -eq 5 ]
	[[ $output == *"first: error"* ]]
	[ "$before" = "$(cd "$tree" && find . -type f -printf '%p %T@ %s\n' | sort)" ]
	run memcgbench kernel build "$tree@v2" --quiet
	[ "$status" -eq 5 ]
	[[ $output == *"$tree@v2: "* ]]
	run memcgbench kernel build "$tree" --quiet
	[ "$status" -eq 5 ]
	[[ $output == *"built or configured in place (.config)"* ]]
}

@test "--boot-arg: two more boots a kernel and seed, with memcg off and on" {
	fake_kernel "$BATS_TEST_TMPDIR/k" <<<"CONFIG_MEMCG=y"
	run --separate-stderr memcgbench run -k k="$BATS_TEST_TMPDIR/k" --boot-arg=cgroup.memory=nokmem,nosocket \
		--boot-arg 'two:a=b c' --seeds=2 --dry-run null
	[ "$status" -eq 0 ]
	[ "$(grep '^# kernel' <<<"$output" | head -n 6)" = "# kernel k, memcg off, seed 1
# kernel k, memcg on, seed 1
# kernel k,cgroup.memory=nokmem+nosocket, memcg off, seed 1
# kernel k,cgroup.memory=nokmem+nosocket, memcg on, seed 1
# kernel k,two, memcg off, seed 1
# kernel k,two, memcg on, seed 1" ]
	[ "$(grep -c '^# kernel' <<<"$output")" -eq 12 ]
	[ "$(grep -c " cgroup.memory=nokmem,nosocket'" <<<"$output")" -eq 4 ]
	[ "$(grep -c " a=b c'" <<<"$output")" -eq 4 ]
}

# What the kernel of the variant is booted with, behind the pad that the seed makes; and what the variant is called.
boot_arg()
{
	local plan
	plan=$(memcgbench run -k k="$BATS_TEST_TMPDIR/k" --append=loglevel=7 --boot-arg="$1" --seeds=1 --dry-run null)
	[ "$(sed -n 's/^# kernel k,\(.*\), memcg on, seed 1/\1/p' <<<"$plan")" = "$3" ]
	[[ $(tail -n 1 <<<"$plan") == *" memcgbench.pad="*" loglevel=7 $2'" ]]
}

@test "--boot-arg: the argument reaches the kernel whole, last, and NAME: is the only other thing before it" {
	fake_kernel "$BATS_TEST_TMPDIR/k" <<<"CONFIG_MEMCG=y"
	boot_arg mitigations=off mitigations=off mitigations=off
	boot_arg psi=0 psi=0 psi=0
	boot_arg nosmt nosmt nosmt
	boot_arg transparent_hugepage=always transparent_hugepage=always transparent_hugepage=always
	boot_arg "psi=1 mitigations=off" "psi=1 mitigations=off" "psi=1+mitigations=off"
	boot_arg fast:mitigations=off mitigations=off fast
	boot_arg "v1.2:numa=fake=4 nosmt" "numa=fake=4 nosmt" v1.2
	boot_arg :root=UUID=3 root=UUID=3 root=UUID=3
	# As it was written before NAME: a value that begins with a module's name belongs to no argument of the kernel.
	boot_arg zswap=zswap.enabled=1 zswap.enabled=1 zswap
	for wrong in numa=fake=4 "two=a=b c"; do
		run memcgbench run -k k="$BATS_TEST_TMPDIR/k" --boot-arg="$wrong" --dry-run null
		[ "$status" -eq 2 ]
		[[ $output == *"--boot-arg=$wrong: is ${wrong%%=*} a name? Then say ${wrong%%=*}:${wrong#*=}, else give it one: NAME:$wrong"* ]]
	done
	for wrong in fast: "fast: " :; do
		run memcgbench run -k k="$BATS_TEST_TMPDIR/k" --boot-arg="$wrong" --dry-run null
		[ "$status" -eq 2 ]
		[[ $output == *"ARGS or NAME:ARGS is wanted"* ]]
	done
	run memcgbench run -k k="$BATS_TEST_TMPDIR/k" --boot-arg=a:b=1 --boot-arg=a:c=1 --dry-run null
	[ "$status" -eq 2 ]
	[[ $output == *'two are called "a"'* ]]
}

@test "a kernel built without memcg is booted with it off alone, and that is said" {
	fake_kernel "$BATS_TEST_TMPDIR/k" <<<"# CONFIG_MEMCG is not set"
	run --separate-stderr memcgbench run -k k="$BATS_TEST_TMPDIR/k" --boot-arg=cgroup.memory=nokmem --seeds=2 --dry-run null
	[ "$status" -eq 0 ]
	[ "$(grep -c '^# kernel' <<<"$output")" -eq 4 ]
	[ "$(grep -c '^# kernel k, memcg off' <<<"$output")" -eq 2 ]
	[ "$(grep -c '^# kernel k,cgroup.memory=nokmem, memcg off' <<<"$output")" -eq 2 ]
	[ "$stderr" = "memcgbench run: kernel k is built without CONFIG_MEMCG: it counts as memcg off, and has no other boot" ]
}

@test "--accel: what a boot is run by" {
	fake_kernel "$BATS_TEST_TMPDIR/k" <<<"CONFIG_MEMCG=y"
	run --separate-stderr memcgbench run -k k="$BATS_TEST_TMPDIR/k" --accel=kvm --seeds=1 --dry-run null
	[ "$status" -eq 0 ]
	[[ $output == *"-accel kvm -cpu host"* ]]
	[[ $output != *icount* ]]
	run --separate-stderr memcgbench run -k k="$BATS_TEST_TMPDIR/k" --accel=tcg --seeds=1 --dry-run null
	[[ $output == *"-accel tcg "* ]]
	[[ $output != *icount* ]]
	run --separate-stderr memcgbench run -k k="$BATS_TEST_TMPDIR/k" --accel=auto --seeds=1 --dry-run null
	[[ $output == *"-icount shift=0,sleep=off"* ]]
	[ "${#stderr_lines[@]}" -eq 1 ]
}

# fake_qemu: hangs with KVM, as some processors do there; fails with anything else.
fake_qemu()
{
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/qemu-system-x86_64" <<'END'
#!/bin/sh
case "$*" in
*--version*) echo "QEMU emulator version 7.2.0"; exit ;;
*"-accel kvm"*) exec sleep 60 ;;
esac
exit 1
END
	chmod +x "$BATS_TEST_TMPDIR/bin/qemu-system-x86_64"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

@test "--accel=auto: a KVM that hangs is given up after 5 s, and that is said once" {
	fake_kernel "$BATS_TEST_TMPDIR/k" <<<"CONFIG_MEMCG=y"
	fake_qemu
	begin=$SECONDS
	run memcgbench run -k k="$BATS_TEST_TMPDIR/k" -k l="$BATS_TEST_TMPDIR/k" --accel=auto --seeds=2 -o "$BATS_TEST_TMPDIR/results" null
	[ $((SECONDS - begin)) -lt 20 ]
	[ "$status" -eq 5 ]
	if [ -w /dev/kvm ]; then
		[ "$(grep -c 'memcgbench run: /dev/kvm does not run this kernel: .*after 5.0 s; instructions are counted' <<<"$output")" -eq 1 ]
	else
		[ "$(grep -c 'memcgbench run: no KVM: .*; instructions are counted' <<<"$output")" -eq 1 ]
	fi
	[ "$(jq -r .clock "$BATS_TEST_TMPDIR"/results/*/run.json)" = insn ]
}

# fake_apt: a cache with fresh lists, and an apt that knows one kernel and marks in asked/ that it was asked.
fake_apt()
{
	grep -rqs 'debian' /etc/apt/sources.list /etc/apt/sources.list.d || skip "this machine's apt has no Debian source"
	mkdir -p "$BATS_TEST_TMPDIR/bin" "$BATS_TEST_TMPDIR/asked" "$XDG_CACHE_HOME/memcgbench/apt/lists"
	touch "$XDG_CACHE_HOME/memcgbench/apt/updated" "$XDG_CACHE_HOME/memcgbench/apt/lists/a_Packages"
	cat >"$BATS_TEST_TMPDIR/bin/apt-cache" <<-END
		#!/bin/sh
		: >"$BATS_TEST_TMPDIR/asked/apt-cache"
		cat "$BATS_TEST_TMPDIR/dump"
	END
	printf '#!/bin/sh\necho x\n' >"$BATS_TEST_TMPDIR/bin/apt-config"
	printf '#!/bin/sh\nexit 1\n' >"$BATS_TEST_TMPDIR/bin/apt-get"
	chmod +x "$BATS_TEST_TMPDIR"/bin/*
	dump 6.12.1
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

# dump VERSION: what apt knows from now on.
dump()
{
	printf 'Package: linux-image-%s+deb13-cloud-amd64\nVersion: %s-1\nFilename: a/b.deb\nSize: 1\nSHA256: aa\n\n' \
		"$1" "$1" >"$BATS_TEST_TMPDIR/dump"
}

# lists VERSION [COMMAND…]: kernel list, by way of COMMAND, prints this version alone; $asked: apt-cache was run for it.
lists()
{
	local version=$1
	shift
	rm -f "$BATS_TEST_TMPDIR/asked/apt-cache"
	"$@" memcgbench kernel list >"$BATS_TEST_TMPDIR/list"
	[ "$(sed 1d "$BATS_TEST_TMPDIR/list" | cut -d' ' -f1)" = "deb:$version" ]
	asked=$([ -e "$BATS_TEST_TMPDIR/asked/apt-cache" ] && echo yes || echo no)
}

@test "kernel list names an older package of a point release by its own version" {
	fake_apt
	while read -r abi version; do
		printf 'Package: linux-image-%s-cloud-amd64\nVersion: %s\nFilename: a/b.deb\nSize: 1\nSHA256: aa\n\n' \
			"$abi" "$version"
	done >"$BATS_TEST_TMPDIR/dump" <<-END
		6.12.1+deb12 6.12.1-1~deb12u1
		6.12.1+deb13 6.12.1-1
		6.12.2+deb13 6.12.2-1
	END
	[ "$(memcgbench kernel list | sed 1d | cut -d' ' -f1 | xargs)" = "deb:6.12.1-1~deb12u1 deb:6.12.1 deb:6.12.2" ]
}

@test "a flavour is part of the spec: in what list prints, in what fetch and run take" {
	fake_apt
	sed -i 's/-cloud-amd64/-amd64/' "$BATS_TEST_TMPDIR/dump"
	[ "$(memcgbench kernel list --flavour=amd64 | sed 1d | cut -d' ' -f1)" = deb:6.12.1/amd64 ]
	run memcgbench kernel fetch 6.12.2/amd64
	[[ "$status" -eq 5 && "$output" = *"no such kernel of flavour amd64; the newest 6.12 there is deb:6.12.1-1/amd64" ]]
	run memcgbench run -k deb:6.12.2 -n null
	[[ "$status" -ne 0 && "$output" = *"no such kernel of flavour cloud-amd64; it has none" ]]
	run memcgbench kernel fetch --flavour=amd64 6.12.1
	[[ "$status" -eq 2 && "$output" = *"--flavour is of list"* ]]
}

@test "kernel list asks apt-cache again when a list changed or what was kept is damaged, and then alone" {
	fake_apt
	lists 6.12.1
	[ "$asked" = yes ]
	lists 6.12.1
	[ "$asked" = no ]
	dump 6.12.2
	echo >>"$XDG_CACHE_HOME/memcgbench/apt/lists/a_Packages"
	lists 6.12.2
	[ "$asked" = yes ]
	sed -i 's/6\.12\.2/6.12.3/' "$XDG_CACHE_HOME/memcgbench/apt/kernels"
	lists 6.12.2
	[ "$asked" = yes ]
	lists 6.12.2
	[ "$asked" = no ]
	[ "$(cd "$XDG_CACHE_HOME/memcgbench/apt" && echo *)" = "cache debs dump.log kernels lists lock sources.list updated" ]
}

# mounted SETUP COMMAND…: COMMAND where the shell line SETUP has changed the mounts.
mounted()
{
	local setup=$1
	shift
	unshare -m sh -c "$setup"' && exec "$@"' sh "$@"
}

@test "a cache that cannot be written to is read, and its lists are looked up anew" {
	fake_apt
	lists 6.12.1
	read_only="mount --bind '$XDG_CACHE_HOME' '$XDG_CACHE_HOME' && mount -o remount,ro,bind '$XDG_CACHE_HOME'"
	mounted "$read_only" true || skip "cannot mount here"
	lists 6.12.1 mounted "$read_only"
	[ "$asked" = no ]
	dump 6.12.2
	rm "$XDG_CACHE_HOME/memcgbench/apt/kernels" "$XDG_CACHE_HOME/memcgbench/apt/dump.log"
	for _ in 1 2; do
		lists 6.12.2 mounted "$read_only"
		[ "$asked" = yes ]
	done
	[ ! -e "$XDG_CACHE_HOME/memcgbench/apt/kernels" ]
}

@test "on a full disk the lists are looked up anew" {
	fake_apt
	lists 6.12.1
	rm "$XDG_CACHE_HOME/memcgbench/apt/kernels"
	full="cp -a '$XDG_CACHE_HOME' '$BATS_TEST_TMPDIR/copy' && mount -t tmpfs -o size=64k none '$XDG_CACHE_HOME' &&
		cp -a '$BATS_TEST_TMPDIR/copy/.' '$XDG_CACHE_HOME' && rm -r '$BATS_TEST_TMPDIR/copy' &&
		! cat /dev/zero >'$XDG_CACHE_HOME/rest' 2>/dev/null"
	mounted "$full" true || skip "cannot mount here"
	for _ in 1 2; do
		lists 6.12.1 mounted "$full"
		[ "$asked" = yes ]
	done
	[ "$(mounted "$full" sh -c 'memcgbench kernel list >/dev/null; cd "$XDG_CACHE_HOME/memcgbench/apt" && echo *')" = \
		"cache debs dump.log lists lock sources.list updated" ]
}

@test "a guest that could not begin says why in place of a boot record, and leaves no sample" {
	fake_kernel "$BATS_TEST_TMPDIR/k" <<<"CONFIG_MEMCG=y"
	mkdir "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/qemu-system-x86_64" <<'END'
#!/bin/sh
case "$*" in
*--version*) echo "QEMU emulator version 7.2.0"; exit ;;
esac
results=${*#*id=results,path=}
printf '{"type":"error","text":"it lacks CONFIG_X"}\n{"type":"end","status":"failed"}\n' >"${results%% *}"
END
	chmod +x "$BATS_TEST_TMPDIR/bin/qemu-system-x86_64"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
	run memcgbench run -k k="$BATS_TEST_TMPDIR/k" --seeds=1 --accel=tcg --quiet -o "$BATS_TEST_TMPDIR/results" null
	[ "$status" -eq 5 ]
	[ "${lines[0]}" = "memcgbench run: kernel k, memcg off, seed 1: it lacks CONFIG_X" ]
	[ "$(jq -r .type "$BATS_TEST_TMPDIR"/results/*/samples.jsonl | sort | uniq -c | tr -s ' ')" = " 2 error" ]
	[[ $(jq -r 'select(.boot == 1).text' "$BATS_TEST_TMPDIR"/results/*/samples.jsonl) == *"memcg on, seed 1: it lacks CONFIG_X" ]]
}
