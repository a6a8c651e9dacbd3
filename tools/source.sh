# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# source.sh - what the lints share: which files there are, and C without its comments. To be sourced.
#
# tools_enter FOLDER: go there. tools_files [PATTERN…]: the project's files there, one a line, that match one of
# the shell patterns (all, without one).

tools_enter()
{
	cd "${1:-$(dirname "$0")/..}" || exit 2
}

tools_list()
{
	# Tracked and about-to-be-tracked files; without git, or in a folder of somebody else's tree, all.
	if prefix=$(git -c safe.directory='*' rev-parse --show-prefix 2>/dev/null) && [ -z "$prefix" ]; then
		git -c safe.directory='*' ls-files --cached --others --exclude-standard
	else
		find . -type f ! -path './.git/*' ! -path './build/*' ! -path './results/*' | sed 's,^\./,,'
	fi | sort
}

tools_files()
{
	tools_list | while IFS= read -r file; do
		[ -e "$file" ] || continue
		[ $# -gt 0 ] || printf '%s\n' "$file"
		for pattern in "$@"; do
			# shellcheck disable=SC2254
			case "$file" in
			$pattern)
				printf '%s\n' "$file"
				break
				;;
			esac
		done
	done
}

# The C file $1 as "file:line:text", comments blanked out; with a second argument strings too.
tools_code()
{
	awk -v file="$1" -v drop_strings="${2:+1}" '
	{
		out = ""
		n = length($0)
		for (i = 1; i <= n; i++) {
			c = substr($0, i, 1)
			two = substr($0, i, 2)
			if (in_comment) {
				if (two == "*/") {
					in_comment = 0
					i++
				}
			} else if (quote != "") {
				if (c == "\\") {
					if (!drop_strings)
						out = out two
					i++
				} else {
					if (c == quote)
						quote = ""
					if (!drop_strings || quote == "")
						out = out c
				}
			} else if (two == "/*") {
				in_comment = 1
				i++
				out = out " "
			} else if (two == "//") {
				break
			} else {
				if (c == "\"" || c == "'\''")
					quote = c
				out = out c
			}
		}
		# A string that goes on in the next line does so behind a backslash only.
		if (quote != "" && substr($0, n, 1) != "\\")
			quote = ""
		print file ":" NR ":" out
	}' "$1"
}
