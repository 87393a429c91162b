#!/bin/sh
# Installs what Python cannot bring, by the package manager of the machine, and only what is missing.
#
#   install_system_packages.sh venv    the module that makes virtual environments
#   install_system_packages.sh tests   a Chromium, a PostgreSQL server, Node and npm
set -eu

has() { command -v "$1" >/dev/null 2>&1; }

# A freshly installed package is found without a new login.
PATH="$PATH:/usr/sbin:/sbin:/usr/local/bin:/opt/homebrew/bin"

has_browser() {
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        if has "$name"; then return 0; fi
    done
    [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ] ||
        [ -x "/Applications/Chromium.app/Contents/MacOS/Chromium" ]
}

has_postgres() {
    if has initdb; then return 0; fi
    for folder in /usr/lib/postgresql/*/bin /usr/libexec/postgresql* /usr/pgsql-*/bin \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
        if [ -x "$folder/initdb" ]; then return 0; fi
    done
    return 1
}

has_node() { has node && has npm; }

manager=
for name in apt-get dnf apk pacman brew; do
    if has "$name"; then manager=$name; break; fi
done

# The package names for one need, by package manager.
packages_for() {
    case "$manager:$1" in
        apt-get:venv) echo python3-venv ;;
        apt-get:browser)
            # On Ubuntu "chromium" does not exist and "chromium-browser" brings a snap.
            if apt-cache show chromium >/dev/null 2>&1; then echo chromium; else echo chromium-browser; fi ;;
        apt-get:postgres) echo postgresql ;;
        # Some archives pack npm with Node and refuse the separate package beside it.
        apt-get:node) if has node; then echo npm; else echo nodejs; fi ;;
        dnf:venv) echo python3-pip ;;
        dnf:browser) echo chromium ;;
        dnf:postgres) echo postgresql-server ;;
        dnf:node) echo nodejs npm ;;
        apk:venv) echo py3-pip ;;
        apk:browser) echo chromium ;;
        apk:postgres) echo postgresql ;;
        apk:node) echo nodejs npm ;;
        pacman:venv) echo python-pip ;;
        pacman:browser) echo chromium ;;
        pacman:postgres) echo postgresql ;;
        pacman:node) echo nodejs npm ;;
        brew:venv) echo python ;;
        brew:browser) echo --cask chromium ;;
        brew:postgres) echo postgresql@17 ;;
        brew:node) echo node ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif has sudo; then sudo "$@"; else
        echo "Needs root and finds no sudo: $*" >&2
        exit 1
    fi
}

refreshed=
install() {
    need=$1
    if [ -z "$manager" ]; then
        echo "Missing: $need. No known package manager here: please install it by hand." >&2
        exit 1
    fi
    if [ "$manager" = apt-get ] && [ -z "$refreshed" ]; then
        as_root apt-get update -qq >&2
        refreshed=yes
    fi
    packages=$(packages_for "$need")
    echo "Installing for the tests ($need): $packages" >&2
    # The words of $packages are meant to be split.
    # shellcheck disable=SC2086
    case "$manager" in
        apt-get) as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends $packages >&2 ;;
        dnf) as_root dnf install -y -q $packages >&2 ;;
        apk) as_root apk add --quiet $packages >&2 ;;
        pacman) as_root pacman -Sy --noconfirm --needed --quiet $packages >&2 ;;
        brew) brew install --quiet $packages >&2 ;;
    esac
}

case "${1-}" in
    venv) install venv ;;
    tests)
        has_browser || install browser
        has_postgres || install postgres
        has_node || install node
        has npm || install node   # where Node came without npm
        ;;
    *) echo "usage: $0 venv|tests" >&2; exit 2 ;;
esac
