"""A search on a Ray cluster of two nodes on this machine, one of which is killed in the middle.

Run by test_train_ray.py in an interpreter of its own. Prints what became of it as JSON.

Usage: ray_two_nodes.py FOLDER
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

# A busy machine would leave Ray's workers, which step back for all others, without any time.
os.environ.setdefault("RAY_worker_niceness", "0")

import ray
import yaml
from ray.cluster_utils import Cluster

from qwop_native.training import study, tune_ray

BASE = {
    "n_envs": 4,
    "max_episode_steps": 30,
    "env": {"frames_per_step": 4, "action_set": "essential"},
    "n_checkpoints": 40,
    "n_evaluations": 2,
    "n_reports": 0,
    "evaluation_episodes": 2,
    "log_tensorboard": False,
    "learner": {"n_steps": 16, "batch_size": 32, "n_epochs": 2, "net_arch": [8]},
}
STUDY = {
    "algorithm": "ppo",
    "config": "base.yml",
    "trials": 1,
    "seeds": [1, 2, 3],
    "settings": {"total_timesteps": 6000},
    "space": {"learner.gamma": {"choices": [0.98]}},
}


def reports(folder):
    """What each trial has reported, by its seed."""
    found = {}
    for path in sorted((folder / "study").glob("*/result.json")):
        lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
        if lines:
            found[lines[0]["config"]["seed"]] = lines
    return found


def kill_under_way(cluster, node, folder, killed):
    """Kills a node once a trial on it has saved, and not long before its end."""
    deadline = time.monotonic() + 1500
    while time.monotonic() < deadline:
        for seed, lines in reports(folder).items():
            last = lines[-1]
            if last["node"] == node.node_id and 500 < last["steps"] < 4000:
                cluster.remove_node(node, allow_graceful=False)
                killed.append({"seed": seed, "steps": last["steps"]})
                return
        time.sleep(0.1)


def main(folder):
    (folder / "base.yml").write_text(yaml.safe_dump(BASE))
    (folder / "study.yml").write_text(yaml.safe_dump(STUDY))
    search = study.load(folder / "study.yml")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address)
    killed = []
    killer = threading.Thread(target=kill_under_way, args=(cluster, node, folder, killed))
    killer.start()
    status = tune_ray.run_study(search, folder)
    killer.join()
    ray.shutdown()
    cluster.shutdown()
    found = reports(folder)
    trials = {
        seed: {
            "nodes": list(dict.fromkeys(line["node"] for line in lines)),
            "steps": [line["steps"] for line in lines],
        }
        for seed, lines in found.items()
    }
    print(json.dumps({"status": status, "killed": killed, "trials": trials}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
