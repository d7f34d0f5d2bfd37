"""Into the image goes every package of the product, so that a new one is not forgotten."""

from __future__ import annotations

import tomllib


def test_each_package_is_let_into_the_image(texts: dict[str, str]):
    packages = tomllib.loads(texts["pyproject.toml"])["tool"]["setuptools"]["packages"]
    rooms = {package.split(".")[0] for package in packages}
    let_in = {line[1:] for line in texts[".dockerignore"].splitlines() if line.startswith("!")}
    assert rooms <= let_in
    assert {"pyproject.toml", "requirements.lock", "docker/healthy.py"} <= let_in
