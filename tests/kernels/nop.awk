# SPDX-License-Identifier: GPL-2.0-or-later
# awk -v name=FUNCTION -f nop.awk FILE.c: the file with one instruction more, a nop, at the beginning of the function.
# A definition begins in the first column, and its body with a brace there, as the kernel's style has it.
$0 ~ "^[a-z].*[ *]" name "\\(" && !/;/ { inside = 1 }
{ print }
inside && /^\{/ { print "\tasm volatile(\"nop\");"; inside = 0; nr++ }
END { if (nr != 1) { print "nop.awk: " name " is defined " nr + 0 " times" > "/dev/stderr"; exit 1 } }
