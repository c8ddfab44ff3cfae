"""Settings of the network: the server, the way to it, and who we are there. Everything is checked before it is taken."""

from __future__ import annotations

from urllib.parse import quote

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from launcher.catalog.network import check_endpoint, check_proxy
from launcher.catalog.proxies import DIRECT, parse
from launcher.core.errors import UserError
from launcher.store.settings import CA_FILE, HUB_ENDPOINT, OFFLINE, PROXY
from launcher.ui.components import (
    ButtonSize,
    FocusRing,
    LinkButton,
    SecondaryButton,
    SegmentedButtons,
    Text,
    ToggleSwitch,
    show_checked,
)
from launcher.ui.settings.controls import AddressField, SecretField
from launcher.ui.settings.rows import SectionCard, SettingRow
from launcher.ui.theme import Role, Tone, font, px

_SYSTEM, _NONE, _OWN = "system", "none", "own"


class NetworkSection(SectionCard):
    """Server, proxy, certificates, offline mode, access token.

    Signals:
        setting_changed(str, object): key and value.
        rows_changed(): other rows are wanted than before.
        test_requested(): try the connection.
        proxy_entered(str): "", "direct" or an address, with user:password@ where they were entered; it may hold a secret.
        ca_file_requested(): choose a file of certificates.
        token_requested(), token_forgotten(): enter an access token; forget the one kept here.
    """

    setting_changed = Signal(str, object)
    rows_changed = Signal()
    test_requested = Signal()
    proxy_entered = Signal(str)
    ca_file_requested = Signal()
    token_requested = Signal()
    token_forgotten = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent=parent)
        self.set_title(self.tr("Network"))
        self._build_server()
        self._build_proxy()
        self._build_certificates()
        self._build_offline()
        self._build_token()

    # --- values ---

    def set_values(self, values: dict[str, object]) -> None:
        """Show values by key."""
        self._endpoint.set_value(str(values.get(HUB_ENDPOINT.key, "")))
        self._show_proxy(str(values.get(PROXY.key, "")))
        ca_file = str(values.get(CA_FILE.key, ""))
        self._ca_file.set_text(ca_file or self.tr("None"))
        self._ca_forget.setVisible(bool(ca_file))
        show_checked(self._offline, bool(values.get(OFFLINE.key, False)))

    def set_default_endpoint(self, address: str, *, from_environment: bool) -> None:
        """What an empty server field means: HF_ENDPOINT's value, or the built-in one."""
        self._endpoint.set_placeholder(address)
        text = (
            self.tr("If empty, HF_ENDPOINT of the environment is used: {address}")
            if from_environment
            else self.tr("If empty, {address} is used. A mirror speaks the same protocol.")
        )
        self.keyed[HUB_ENDPOINT.key].set_help(text.format(address=address))

    def set_proxy_in_use(self, words: str) -> None:
        """Which way requests take now, in words."""
        self.keyed[PROXY.key].set_help(words)

    def set_password_kept(self, words: str) -> None:
        """Where the proxy's password is kept, or that there is none."""
        self._own.set_help(words)

    def set_token(self, words: str, *, can_forget: bool) -> None:
        """Which access token is used, in words; only one that was entered here can be forgotten here."""
        self._token.set_help(words)
        self._forget.setVisible(can_forget)

    # --- building ---

    def _build_server(self) -> None:
        name = self.tr("Download server")
        box = QWidget(self)
        column = QVBoxLayout(box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._endpoint = AddressField(name, box, check_endpoint)
        self._endpoint.changed.connect(self._on_endpoint_changed)
        test = SecondaryButton(self.tr("Test connection"), box, size=ButtonSize.SMALL)
        test.clicked.connect(self.test_requested)
        column.addWidget(self._endpoint)
        column.addWidget(test)
        box.setFocusProxy(self._endpoint)
        self.add(SettingRow(name, self.tr("Address of a Hugging Face mirror."), box), HUB_ENDPOINT.key)

    def _build_proxy(self) -> None:
        name = self.tr("Proxy")
        choices = ((_SYSTEM, self.tr("As the system")), (_NONE, self.tr("None")), (_OWN, self.tr("Own address")))
        self._mode = SegmentedButtons(name, choices, self)
        self._mode.chosen.connect(self._on_mode_chosen)
        self.add(
            SettingRow(name, self.tr("The way to the server, where a network asks for one."), self._mode), PROXY.key
        )
        fields = QWidget(self)
        column = QVBoxLayout(fields)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._address = AddressField(self.tr("Proxy address"), fields, _check_address)
        self._address.set_placeholder("http://proxy.example:3128")
        self._address.changed.connect(self._on_address_changed)
        column.addWidget(self._address)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._user = QLineEdit(fields)
        self._user.setAccessibleName(self.tr("Proxy user"))
        self._user.setPlaceholderText(self.tr("User, if it asks for one"))
        self._user.setFont(font(Role.SMALL))
        self._user.setMinimumHeight(px(32))
        self._user.editingFinished.connect(self._on_user_finished)
        FocusRing(self._user, 8, reach=2)
        self._password = SecretField(self.tr("Proxy password"), fields)
        self._password.setPlaceholderText(self.tr("Password"))
        self._password.entered.connect(self._on_password_entered)
        row.addWidget(self._user, 1)
        row.addWidget(self._password, 1)
        column.addLayout(row)
        help_text = self.tr("http, https or socks5. The password is kept apart from the settings file.")
        self._own = SettingRow(self.tr("Proxy address"), help_text, fields, below=True)
        self._own.is_wanted = False
        self.add(self._own)

    def _build_certificates(self) -> None:
        box = QWidget(self)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        choose = SecondaryButton(self.tr("Choose a file…"), box, size=ButtonSize.SMALL)
        choose.setAccessibleName(self.tr("Choose a file of certificates"))
        choose.clicked.connect(self.ca_file_requested)
        self._ca_forget = LinkButton(self.tr("Use none"), box)
        self._ca_forget.setAccessibleName(self.tr("Use no extra certificates"))
        self._ca_forget.clicked.connect(self._on_ca_forget_clicked)
        row.addWidget(choose)
        row.addWidget(self._ca_forget)
        row.addStretch(1)
        column_box = QWidget(self)
        column = QVBoxLayout(column_box)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._ca_file = Text("", Role.MONO_SMALL, Tone.MUTED, column_box, wrap=True)
        column.addWidget(self._ca_file)
        column.addWidget(box)
        help_text = self.tr("A PEM file beside the system's own certificates, for networks that inspect traffic.")
        self.add(SettingRow(self.tr("Extra certificates"), help_text, column_box, below=True), CA_FILE.key)

    def _build_offline(self) -> None:
        name = self.tr("Offline mode")
        self._offline = ToggleSwitch(name, self)
        self._offline.toggled.connect(self._on_offline_toggled)
        help_text = self.tr("Nothing goes to the network until this is switched off.")
        self.add(SettingRow(name, help_text, self._offline), OFFLINE.key)

    def _build_token(self) -> None:
        box = QWidget(self)
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        enter = SecondaryButton(self.tr("Enter…"), box, size=ButtonSize.SMALL)
        enter.setAccessibleName(self.tr("Enter an access token"))
        enter.clicked.connect(self.token_requested)
        self._forget = LinkButton(self.tr("Forget"), box)
        self._forget.setAccessibleName(self.tr("Forget the access token"))
        self._forget.clicked.connect(self.token_forgotten)
        self._forget.hide()
        row.addWidget(enter)
        row.addWidget(self._forget)
        self._token = self.add(SettingRow(self.tr("Access token"), "…", box))

    # --- proxy ---

    def _show_proxy(self, setting: str) -> None:
        mode = _SYSTEM if not setting else _NONE if setting == DIRECT else _OWN
        address, user = "", ""
        if mode == _OWN:
            try:
                proxy = parse(setting)
                address, user = proxy.address, proxy.user
            except ValueError:
                address = setting
        self._mode.set_key(mode)
        self._address.set_value(address)
        self._user.setText(user)
        self._user.setModified(False)
        self._own.is_wanted = mode == _OWN

    def _on_mode_chosen(self, mode: str) -> None:
        self._own.is_wanted = mode == _OWN
        self.rows_changed.emit()
        if mode == _OWN:
            self._address.setFocus()
            self._tell_proxy()
        else:
            self.proxy_entered.emit("" if mode == _SYSTEM else DIRECT)

    def _on_address_changed(self) -> None:
        self._tell_proxy()

    def _on_user_finished(self) -> None:
        if self._user.isModified():
            self._user.setModified(False)
            self._tell_proxy()

    def _on_password_entered(self, password: str) -> None:
        self._tell_proxy(password)

    def _tell_proxy(self, password: str = "") -> None:
        """Put the fields together; one that was pasted whole has user and password in it."""
        try:
            found = parse(self._address.text)
        except ValueError:
            return  # empty, or the field says what is wrong
        user = self._user.text().strip() or found.user
        password = password or found.password
        if password and not user:
            self._own.set_problem(self.tr("A password needs a user."))
            return
        self._own.set_problem("")
        scheme, _, host = found.address.partition("://")
        secret = f":{quote(password, safe='')}" if password else ""
        self.proxy_entered.emit(f"{scheme}://{quote(user, safe='')}{secret}@{host}" if user else found.address)

    # --- the rest ---

    def _on_endpoint_changed(self, value: str) -> None:
        self.setting_changed.emit(HUB_ENDPOINT.key, value)

    def _on_ca_forget_clicked(self) -> None:
        self.setting_changed.emit(CA_FILE.key, "")

    def _on_offline_toggled(self, checked: bool) -> None:
        self.setting_changed.emit(OFFLINE.key, checked)


def _check_address(text: str) -> None:
    """As `check_proxy`, but "direct" is a choice of its own here.

    Raises:
        UserError: "bad_proxy".
    """
    if text.strip() == DIRECT:
        raise UserError("bad_proxy", "This is not the address of a proxy.")
    check_proxy(text)
