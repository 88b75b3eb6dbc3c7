"""How fast opsnb is, as ratios of medians measured in one run; see docs/performance.md."""
