"""What the machine is (`probe`) and what its meters read (`Meters`).

Knows drivers, kernel files and data sheets. Does not know models, plans or how the engine is started: the engine's
own device list is handed in. Nothing here raises because of the machine: what cannot be read is None, with a note.
"""

from launcher.hardware.inventory import probe
from launcher.hardware.meters import Meters

__all__ = ["Meters", "probe"]
