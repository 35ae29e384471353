"""A search on islands on a Ray cluster of two nodes, one of which is killed while both play.

Run by test_islands_ray.py in an interpreter of its own. Then a third node joins. Prints what became
of it as JSON.

Usage: ray_islands.py FOLDER
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
from island_searches import Stopped, facts
from ray.cluster_utils import Cluster

from qwop_native.search.islands.crew import Crew
from qwop_native.search.islands.ray_workers import RayWorkers

_LEGS = 12
_PATIENCE = 300.0  # seconds for a node that joins on a busy machine


class UntilReplaced(Stopped):
    """Goes on until a third worker has come up, too."""

    def _over(self):
        late = time.monotonic() - self._started > _PATIENCE
        replaced = any(line.startswith("worker 3") for line in self.lines)
        return super()._over() and (replaced or late)


class Lines(list):
    """Lets another node join when a worker is lost."""

    def __init__(self, cluster):
        super().__init__()
        self._cluster = cluster

    def append(self, line):
        super().append(line)
        if "a worker was lost" in line:
            self._cluster.add_node(num_cpus=1)


def kill_in_the_middle(cluster, node, workers, lines):
    """Kills a node while its worker and the other one play, after the first exchange."""
    while not (len(workers._playing) == 2 and any(line.startswith("pass") for line in lines)):
        time.sleep(0.001)
    cluster.remove_node(node, allow_graceful=False)


def what_a_plan_that_cannot_be_read_comes_to(crew, workers):
    """The sentence with which a search ends of which no worker can start."""
    workers._plan = ray.put(b"no pickle")
    try:
        crew.play([None])
    except RuntimeError as error:
        return str(error)
    return ""


def main(folder):
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    node = cluster.add_node(num_cpus=1)
    cluster.wait_for_nodes()
    lines = Lines(cluster)
    workers = RayWorkers(cluster.address, lines.append)
    crew = Crew(workers, lines.append)
    refused = what_a_plan_that_cannot_be_read_comes_to(crew, workers)
    search = UntilReplaced(folder, lines, _LEGS, crew)
    killer = threading.Thread(target=kill_in_the_middle, args=(cluster, node, workers, lines))
    killer.start()
    search.searched()
    killer.join()
    crew.close()
    ray.shutdown()
    cluster.shutdown()
    print(json.dumps({"facts": facts(search), "lines": lines, "refused": refused}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
