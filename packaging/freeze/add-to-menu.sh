#!/bin/sh
# Adds this copy of the launcher to the menu of the desktop, for the user who runs this; --remove takes it out again.
set -eu
folder=$(cd "$(dirname "$0")" && pwd -P)
data=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$data/applications/launcher-for-deepseek.desktop
icon=$data/icons/hicolor/scalable/apps/launcher-for-deepseek.svg

refresh() {
    if command -v update-desktop-database >/dev/null 2>&1; then
        update-desktop-database -q "$data/applications" || true
    fi
}

case "${1:-}" in
--remove)
    rm -f "$entry" "$icon"
    refresh
    echo "Removed from the menu."
    exit 0
    ;;
"") ;;
*)
    echo "usage: $0 [--remove]" >&2
    exit 2
    ;;
esac

# The specification's two levels of quoting: a quoted argument (backslash, quote, backtick, dollar), inside a string (backslash again).
program=$(printf '%s' "$folder/launcher" | sed -e 's/[\\"`$]/\\&/g' -e 's/\\/\\\\/g' -e 's/%/%%/g')
mkdir -p "${entry%/*}" "${icon%/*}"
cp "$folder/_internal/resources/app/launcher.svg" "$icon"
cat >"$entry" <<END
[Desktop Entry]
Type=Application
Version=1.5
Name=Launcher
Name[zh_CN]=Launcher
GenericName=Local AI chat
GenericName[zh_CN]=本地 AI 聊天
Comment=DeepSeek models on this computer
Comment[zh_CN]=在这台电脑上运行 DeepSeek 模型
Exec="$program" %F
Icon=launcher-for-deepseek
Categories=Utility;
StartupNotify=true
StartupWMClass=launcher-for-deepseek
END
refresh
echo "Added to the menu: $entry"
