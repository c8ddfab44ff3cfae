#!/bin/sh
# Adds this copy of the launcher to the desktop of the user who runs this: menu entry, icon, GGUF files. --remove takes all of it out.
set -eu
folder=$(cd "$(dirname "$0")" && pwd -P)
data=${XDG_DATA_HOME:-$HOME/.local/share}
name=launcher-for-deepseek
entry=$data/applications/$name.desktop
icon=$data/icons/hicolor/scalable/apps/$name.svg
mime_icon=$data/icons/hicolor/scalable/mimetypes/application-x-gguf.svg
mime=$data/mime/packages/$name.xml

# Desktops that keep lists of these are told; others look by themselves.
refresh() {
    if command -v update-desktop-database >/dev/null 2>&1; then update-desktop-database -q "$data/applications" || true; fi
    if command -v update-mime-database >/dev/null 2>&1; then update-mime-database "$data/mime" >/dev/null || true; fi
}

case "${1:-}" in
--remove)
    rm -f "$entry" "$icon" "$mime_icon" "$mime"
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

# Quoted as the desktop entry specification wants it: an argument in quotes (backslash, quote, backtick, dollar), in a string
# (backslash once more), with percent signs doubled; then for sed's own replacement text.
program=$(printf '%s' "$folder/launcher" | sed -e 's/[\\"`$]/\\&/g' -e 's/\\/\\\\/g' -e 's/%/%%/g' -e 's/[\\&|]/\\&/g')
mkdir -p "${entry%/*}" "${icon%/*}" "${mime_icon%/*}" "${mime%/*}"
sed -e "s|^Exec=launcher|Exec=\"$program\"|" -e '/^TryExec=/d' "$folder/desktop/$name.desktop" >"$entry"
cp "$folder/desktop/$name.mime.xml" "$mime"
cp "$folder/desktop/application-x-gguf.svg" "$mime_icon"
cp "$folder/_internal/resources/app/launcher.svg" "$icon"
refresh
echo "Added to the menu: $entry"
