"""Where every byte of a model goes, how fast it will be and why: pure functions of a machine, a model and wishes."""

from __future__ import annotations

from launcher.planner.plans import plan, plan_file
from launcher.planner.ranking import points, rank_plans
from launcher.planner.recommend import recommend

__all__ = ["plan", "plan_file", "points", "rank_plans", "recommend"]
