/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trend_git.h - kernels in the order of a kernel tree's history, as git tells it. Private to cmd/. */
#ifndef CMD_TREND_GIT_H
#define CMD_TREND_GIT_H

#include "base/util.h"
#include "data/history.h"

/*
 * Set the rank of every kernel of @history (not finished yet) to its commit's place in `git rev-list --topo-order` of the tree @dir. A
 * kernel's commit is the one in its release ("6.13.0-rc1-00012-gabcdef123456", a "+" or "-dirty" behind it does not
 * matter), else its tag: v6.12.94. -ENOENT: git, the tree or a commit is not there; the sentence names the kernel.
 */
int trend_git_rank(struct history *history, const char *dir) __must_check;

#endif
