"""The engine in Settings and on This PC: every pack with its reason, a choice that is emitted once."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from launcher.core.engine_packs import BUILT_IN, PackChoice, PackState, PackUse
from launcher.store.settings import ENGINE_PACK
from launcher.ui.components import Text
from launcher.ui.settings import SettingsPage
from launcher.ui.thispc.device_cards import EngineCard

CUDA = PackState("cuda", ("cpu", "cuda"), PackUse.SKIPPED, "NVIDIA driver 470 is older than 525.60.", "/e/cuda")
VULKAN = PackState("vulkan", ("cpu", "vulkan"), PackUse.IN_USE, "Vulkan is the best that works here.", "/e/vulkan")
OWN = PackState(BUILT_IN, ("cpu", "rpc"), PackUse.READY, "vulkan comes first.", "/own")


def texts(page: SettingsPage | EngineCard) -> str:
    return "\n".join(label.text() for label in page.findChildren(Text))


def test_settings_list_every_engine_and_take_a_choice(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    page.set_values({ENGINE_PACK.key: "auto"})
    page.show_section("engine")
    page.engine.set_packs(PackChoice("auto", (VULKAN, OWN, CUDA)))
    assert "cuda: skipped. NVIDIA driver 470 is older than 525.60." in texts(page)
    assert "vulkan: in use. Vulkan is the best that works here." in texts(page)
    box = page.engine.findChild(QComboBox)
    assert box is not None
    assert [box.itemText(i) for i in range(box.count())] == ["Automatic", "vulkan", "Built-in"], "not what cannot work"
    seen: list[tuple[str, object]] = []
    page.setting_changed.connect(lambda key, value: seen.append((key, value)))
    box.setCurrentIndex(2)
    box.activated.emit(2)
    box.activated.emit(2)
    assert seen == [(ENGINE_PACK.key, BUILT_IN)]


def test_a_wanted_engine_that_is_gone_stays_visible(qtbot: QtBot) -> None:
    page = SettingsPage()
    qtbot.addWidget(page)
    page.set_values({ENGINE_PACK.key: "rocm"})
    page.engine.set_packs(PackChoice("rocm", (OWN,)))
    box = page.engine.findChild(QComboBox)
    assert box is not None
    assert box.currentText() == "rocm"


def test_this_pc_names_the_libraries_in_use(qtbot: QtBot) -> None:
    card = EngineCard()
    qtbot.addWidget(card)
    card.set_pack(VULKAN)
    assert "Libraries: vulkan. Vulkan is the best that works here." in texts(card)
