"""What a program tells the human who watches: lines on standard error."""

import sys
import time


def say(text: str) -> None:
    """Print a line with the time of day to standard error."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)
