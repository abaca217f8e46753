"""Messages to the human who watches: lines on standard error."""

import sys
import time


def say(text: str) -> None:
    """Print a line with the time of day to standard error."""
    # One write for the line and its end: lines of several threads, or of a signal's handler, stay apart.
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stderr.flush()
