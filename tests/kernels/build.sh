#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/kernels/build.sh SOURCE OUTPUT [CHANGE...]: kernels that differ in one known thing, to show what the suite sees.
#
# SOURCE is an unpacked tree of Linux 6.12 (Debian: package linux-source-6.12), which is only read. OUTPUT gets tree/, a git tree
# of it with a branch for each change, and a folder for "base" and each change that --kernel takes: base/bzImage, nop1/bzImage...
# A CHANGE is the name of a patch beside this script, "nop-FUNCTION" of one in the list beside it ("nops": all of that list at once), or all
# patches if none is named. MEMCGBENCH: the program, "memcgbench" if it is not set. The first build takes minutes, a change to one file less than one; 4 GB of disk.
set -eu
[ $# -ge 2 ] || { sed -n '3,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$1" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
shift 2
memcgbench=${MEMCGBENCH:-memcgbench}
tree=$output/tree
# Changes to one file of mm first: behind one of a header nearly everything is compiled again.
[ $# -gt 0 ] || set -- nop1 no-stock stat-walk batch-halved reclaim-batch uncharge-leak file-to-parent field-moved
# The same sources give the same commits, and with that the images that are kept by commit.
export GIT_AUTHOR_DATE='2024-01-01T00:00:00Z' GIT_COMMITTER_DATE='2024-01-01T00:00:00Z'

git_tree()
{
	git -C "$tree" -c user.name=memcgbench -c user.email=memcgbench@localhost -c core.compression=0 -c gc.auto=0 "$@"
}

# What nops has of a change: "FUNCTION FILE" lines.
nops()
{
	awk -v name="${1#nop-}" '!/^#/ && (name == "nops" || name == $1)' "$here/nops"
}

# One more instruction at the beginning of each of the functions.
plant_nops()
{
	nops "$1" | while read -r function file; do
		awk -v name="$function" -f "$here/nop.awk" "$tree/$file" >"$tree/$file.new"
		mv "$tree/$file.new" "$tree/$file"
	done
}

for change; do
	[ -e "$here/$change.patch" ] || [ -n "$(nops "$change")" ] || { echo "build.sh: there is no change called $change" >&2; exit 2; }
done
if [ ! -d "$tree/.git" ]; then
	# Whole or not at all: an interrupted copy begins again.
	rm -rf "$tree" "$output/tree.new"
	cp -a "$source" "$output/tree.new"
	rm -rf "$output/tree.new/.git"
	tree=$output/tree.new
	git_tree init -q -b base
	git_tree add -A -f .
	git_tree commit -q -m "the sources as they were unpacked"
	mv "$output/tree.new" "$output/tree"
	tree=$output/tree
fi
for change; do
	git_tree checkout -q -f -B "$change" base
	if [ -e "$here/$change.patch" ]; then
		git_tree apply "$here/$change.patch"
	else
		plant_nops "$change"
	fi
	git_tree commit -q -a -m "$change"
done
git_tree checkout -q -f base
for revision in base "$@"; do
	"$memcgbench" kernel build -o "$output/$revision" "$tree@$revision"
done
