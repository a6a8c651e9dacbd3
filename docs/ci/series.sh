#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# series.sh BASE [RUN-OPTION...]: does one of my commits make memcg dearer? To be run in a kernel tree, by hand or as a hook.
#
# MEMCGBENCH: the program (default: the one in PATH); RESULTS: folder that keeps what was measured (default: ~/.cache/memcgbench/series).
set -eu
base=${1:?which commit does the series begin at}
shift
exec "${MEMCGBENCH:-memcgbench}" series "$base..HEAD" --build --strict --output="${RESULTS:-$HOME/.cache/memcgbench/series}" -- "$@"
