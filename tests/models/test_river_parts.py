"""River is loaded without the library that only other parts of it need, which still work."""

import subprocess
import sys

LOADED = """
import sys
import models.learn
assert "river.linear_model" in sys.modules
assert "scipy.stats" not in sys.modules, "loaded for nothing"
"""

USED = """
import models.learn
from river import drift, proba
detector = drift.KSWIN(window_size=20, stat_size=5, seed=1)
for i in range(60):
    detector.update(float(i % 7) + (50.0 if i > 40 else 0.0))
normal = proba.MultivariateGaussian()
for i in range(10):
    normal.update({"a": float(i), "b": float(i * i)})
assert normal({"a": 1.0, "b": 2.0}) > 0.0
import scipy.stats
assert scipy.stats.norm.cdf(0.0) == 0.5
"""

LATE = """
import scipy.stats
import models.learn
assert scipy.stats.norm.cdf(0.0) == 0.5
"""


def ran(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True, timeout=300)


def test_what_is_not_used_is_not_loaded():
    ran(LOADED)


def test_parts_of_river_that_need_it_work_all_the_same():
    ran(USED)


def test_whoever_has_loaded_it_before_keeps_it():
    ran(LATE)
