"""`python -m train`."""

import sys

from train.program import main

sys.exit(main())
