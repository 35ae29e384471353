"""One search on many processes or machines: islands of beams that exchange their best snapshots."""
