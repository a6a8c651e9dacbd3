# SPDX-License-Identifier: GPL-2.0-or-later
"""kinds.py - all kinds of faults, in the order in which they are made."""
import kinds_signals  # noqa: F401
import kinds_limits  # noqa: F401
import kinds_machine  # noqa: F401
import kinds_guests  # noqa: F401
from kind import KINDS  # noqa: F401
