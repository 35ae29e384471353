"""`python -m train.wandb_agent`."""

import sys

from qwop_native.training.wandb_agent import main

if __name__ == "__main__":
    sys.exit(main())
