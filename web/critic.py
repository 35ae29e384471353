#!/usr/bin/env python3
"""Writes the critic of the shipped policy as the page's planner reads it: web/page/critic.bin.

The file: for each layer two little-endian uint16, inputs and outputs, then float16 weights, all
outputs of the first input first, then float16 biases.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np

from qwop_native.champion import POLICY

TO = Path(__file__).with_name("page") / "critic.bin"
LAYERS = ("mlp_extractor.value_net.0", "mlp_extractor.value_net.2", "mlp_extractor.value_net.4")


def critic_bytes(policy: Path = POLICY) -> bytes:
    """The critic of a zip of PPO with three hidden layers of ReLU."""
    import torch

    with zipfile.ZipFile(policy) as file:
        state = torch.load(io.BytesIO(file.read("policy.pth")), map_location="cpu")
    parts = []
    for name in (*LAYERS, "value_net"):
        weight, bias = (state[f"{name}.{kind}"].numpy() for kind in ("weight", "bias"))
        parts.append(np.array(weight.shape[::-1], "<u2").tobytes())
        parts.append(weight.T.astype("<f2").tobytes() + bias.astype("<f2").tobytes())
    return b"".join(parts)


if __name__ == "__main__":
    TO.write_bytes(critic_bytes())
    print(f"wrote {TO}")
