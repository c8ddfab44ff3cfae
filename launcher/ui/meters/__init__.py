"""Live meters beside the chat, and alarms in words."""

from __future__ import annotations

from launcher.ui.meters.alarm_banner import AlarmBanner
from launcher.ui.meters.panel import MeterPanel

__all__ = ["AlarmBanner", "MeterPanel"]
