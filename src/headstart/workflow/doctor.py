"""What this machine has, and what is missing."""

from __future__ import annotations

import os
import platform
import sys

from headstart.types.errors import InputError
from headstart.types.version import VERSION
from headstart.workflow.extras import GROUPS, installed


def examine() -> tuple[str, bool]:
    """(report, sound): sound where texts or images can be run here."""
    lines = [
        f"headstart {VERSION}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    ]
    missing: dict[str, list[str]] = {}
    for group, packages in GROUPS.items():
        found = {name: installed(name) for name in packages}
        missing[group] = [name for name, number in found.items() if number is None]
        said = ", ".join(f"{name} {number or 'MISSING'}" for name, number in found.items())
        lines.append(f"{'ok' if not missing[group] else '--'}  {group}: {said}")
        if missing[group] and group != "base":
            lines.append(f"      to add it: pip install 'headstart[{group}]'")
    lines += [_cache_line(), _device_line(missing), f"    executable: {sys.executable}"]
    sound = not missing["base"] and (not missing["text"] or not missing["image"])
    return "\n".join(lines), sound


def _device_line(missing: dict[str, list[str]]) -> str:
    if "torch" in {name for names in missing.values() for name in names}:
        return "    training device: none without torch"
    from headstart.adapt.device import device_name, training_device

    try:
        return f"    training device: {device_name(training_device())}"
    except InputError as error:
        return f"--  training device: {error.message}; {error.tip}"


def _cache_line() -> str:
    from headstart.backbones import cache_folder

    folder = cache_folder()
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) if folder.is_dir() else 0
    return f"    cache: {folder} ({size / 1e6:.0f} MB)"
