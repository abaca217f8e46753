"""`python -m switchyard.admin`."""

import sys

from switchyard.admin.cli import main

sys.exit(main())
