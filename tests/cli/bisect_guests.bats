#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck disable=SC2154 # what bats and verbs.bash set
# bisect-step with two kernels of Debian's in a real QEMU; bisect.bats has everything that takes no boot. Skips where they were not
# fetched.
load verbs

# cached_kernel SERIES: the image of a kernel of Debian's that an earlier run fetched.
cached_kernel()
{
	python3 - "$1" "${XDG_CACHE_HOME:-$HOME/.cache}"/memcgbench/kernels/*/vmlinuz <<-'END'
		import os, sys
		for path in filter(os.path.exists, sys.argv[2:]):
		    image = open(path, "rb").read(0x8000)
		    version = 0x200 + int.from_bytes(image[0x20e:0x210], "little")
		    if image[version:].startswith(sys.argv[1].encode() + b"."):
		        print(path)
		        break
	END
}

@test "bisect-step finds that dontneed is dearer on 6.12 than on 6.1" {
	command -v git >/dev/null || skip "there is no git"
	command -v qemu-system-x86_64 >/dev/null || skip "there is no qemu-system-x86_64"
	old=$(cached_kernel 6.1)
	new=$(cached_kernel 6.12)
	[ -n "$old" ] && [ -n "$new" ] || skip "Debian's 6.1 and 6.12 were not fetched (memcgbench kernel fetch 6.1 6.12)"
	cd "$BATS_TEST_TMPDIR"
	git init -q tree
	for image in "$old" "$new"; do
		echo "$image" >tree/image
		git -C tree add image
		git -C tree -c user.name=A -c user.email=a@example.org commit -q -m "$image"
	done
	run -1 memcgbench bisect-step --good=HEAD^ --tree=tree --build-command='mkdir -p out; cp "$(cat image)" out/bzImage' \
		--image=out/bzImage --metric=dontneed -o kept -- --blocks=2
	[[ $output == *dontneed*regression* ]]
}
