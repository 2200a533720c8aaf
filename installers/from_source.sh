#!/bin/sh
# Sets Fin-R1 Desk up in this folder and starts it, or runs its tests:
#
#     sh installers/from_source.sh run  [--yes] [arguments of finr1-desk]
#     sh installers/from_source.sh test [--yes] [arguments of pytest]
#
# Works on Debian 12+, Ubuntu 22.04+, Fedora and macOS, as root or with sudo. System libraries that are missing are
# installed; everything else stays in this folder (.venv, .tools) and in uv's cache. It may be run again at any time:
# what is finished is kept, and when nothing has changed it goes straight to the application.
#
# Plain POSIX sh, because it has to run before anything is installed. Its own words go to standard error, so that the
# output of a command given after `run` can be piped.

set -u

UV_VERSION=0.13.9
UV_OLDEST_MINOR=9 # the first uv 0.x that reinstalls a package when its build settings change
LLAMA=llama-cpp-python
STEPS=4
NOT_INSTALLED="note: not installed, and a window may need them:"
CHECK_CONNECTION="If the last lines name an address, check the connection; then run the same command again: finished steps are kept."

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
log=$root/.build-log
stamp=$root/.venv/.from-source
tools=$root/.tools
system=$(uname -s)
step=0
title=''
ticker=''

say() { printf '%s\n' "$*" >&2; }

usage() {
    say "usage: sh installers/from_source.sh run|test [--yes] [arguments passed on]"
    say "  run   set up what is missing, then open Fin-R1 Desk (or its terminal chat where there is no display)"
    say "  test  set up what is missing, then run the tests"
    say "  --yes ask nothing"
}

# ---------------------------------------------------------------------------------------------- steps and their log

minutes() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# The last «[12/345]» or «[ 3%]» of the log, which is how ninja and make say how far they are.
build_position() {
    tail -n 40 "$log" 2>/dev/null | sed -nE 's/^[^[]*\[ *([0-9]+(\/[0-9]+|%))\].*/\1/p' | tail -n 1
}

# Says every second (on a terminal) or every half minute (elsewhere) that the step still runs, as long as this shell lives.
tick() {
    began=$(date +%s)
    while kill -0 $$ 2>/dev/null; do
        # With this shell's streams, a `sleep` left behind would hold a reader's pipe open.
        sleep 1 >/dev/null 2>&1
        elapsed=$(($(date +%s 2>/dev/null) - began))
        if [ -t 2 ]; then
            printf '\r\033[K      %s  %s' "$(minutes "$elapsed")" "$(build_position)" >&2
        elif [ $((elapsed % 30)) -eq 0 ] && [ "$elapsed" -gt 0 ]; then
            printf '      %s  %s\n' "$(minutes "$elapsed")" "$(build_position)" >&2
        fi
    done
}

stop_ticker() {
    [ -n "$ticker" ] || return 0
    # Not TERM: between its fork and its first command a subshell of dash still has our trap, and loses the signal.
    kill -KILL "$ticker" 2>/dev/null
    { wait "$ticker"; } 2>/dev/null
    ticker=''
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

begin_step() {
    step=$((step + 1))
    title=$1
    printf '\n==== step %s of %s: %s\n' "$step" "$STEPS" "$title" >>"$log"
    say "[$step/$STEPS] $title"
}

# Runs a command with its output in the log. The command is in the foreground and the clock behind it, so that Ctrl+C
# reaches the whole build.
logged() {
    printf '$ %s\n' "$*" >>"$log"
    tick &
    ticker=$!
    "$@" </dev/null >>"$log" 2>&1
    result=$?
    stop_ticker
    return "$result"
}

fail() {
    stop_ticker
    say ""
    say "error: step $step of $STEPS failed: $title"
    say "hint: ${1:-Mend what the last lines name and run the same command again: finished steps are kept.}"
    if [ -s "$log" ]; then
        say "The log is $log, and it ends with:"
        tail -n 15 "$log" | cut -c 1-300 | sed 's/^/    /' >&2
    fi
    exit 1
}

stopped() {
    stop_ticker
    say ""
    say "Stopped. Run the same command again to go on: finished steps are kept."
    exit "$1"
}

# ------------------------------------------------------------------------------------------------- what is missing

# Shared libraries that Qt loads. Columns: library, Debian's package, Fedora's package, and whether Qt needs it always
# or for a window only.
QT_LIBRARIES='
libglib-2.0.so.0      libglib2.0-0        glib2              always
libfontconfig.so.1    libfontconfig1      fontconfig         always
libdbus-1.so.3        libdbus-1-3         dbus-libs          always
libGL.so.1            libgl1              libglvnd-glx       always
libEGL.so.1           libegl1             libglvnd-egl       always
libxkbcommon.so.0     libxkbcommon0       libxkbcommon       always
libxkbcommon-x11.so.0 libxkbcommon-x11-0  libxkbcommon-x11   window
libX11-xcb.so.1       libx11-xcb1         libX11-xcb         window
libxcb-cursor.so.0    libxcb-cursor0      xcb-util-cursor    window
libxcb-icccm.so.4     libxcb-icccm4       xcb-util-wm        window
libxcb-image.so.0     libxcb-image0       xcb-util-image     window
libxcb-keysyms.so.1   libxcb-keysyms1     xcb-util-keysyms   window
libxcb-randr.so.0     libxcb-randr0       libxcb             window
libxcb-render-util.so.0 libxcb-render-util0 xcb-util-renderutil window
libxcb-shape.so.0     libxcb-shape0       libxcb             window
libxcb-xkb.so.1       libxcb-xkb1         libxcb             window
libwayland-cursor.so.0 libwayland-cursor0 libwayland-cursor  window
libwayland-egl.so.1   libwayland-egl1     libwayland-egl     window
'

package_manager() {
    if command -v apt-get >/dev/null 2>&1; then
        echo apt
    elif command -v dnf >/dev/null 2>&1; then
        echo dnf
    else
        echo none
    fi
}

choose() { # the package's name for the manager: apt's, dnf's
    case $manager in apt) echo "$1" ;; dnf) echo "$2" ;; *) echo "$3" ;; esac
}

suits() { # a Python that the application runs on
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    for candidate in python3 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 && suits "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

can_make_venv() { python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; }

has_chinese_font() {
    if command -v fc-list >/dev/null 2>&1; then
        [ -n "$(fc-list :lang=zh-cn family 2>/dev/null)" ]
    else
        find /usr/share/fonts /usr/local/share/fonts "${HOME:-/}/.local/share/fonts" \
            \( -iname '*cjk*' -o -iname 'wqy*' -o -iname 'sourcehan*' \) -type f 2>/dev/null | grep -q .
    fi
}

# Fills `needed` (without them nothing works) and `useful` (for the window) with packages, in the manager's names.
find_missing() {
    needed=''
    useful=''
    [ "$system" = Linux ] || return 0
    manager=$(package_manager)
    command -v "${CC:-cc}" >/dev/null 2>&1 || needed="$needed $(choose gcc gcc gcc)"
    command -v "${CXX:-c++}" >/dev/null 2>&1 || needed="$needed $(choose g++ gcc-c++ g++)"
    if ! find_uv; then
        can_make_venv || needed="$needed $(choose 'python3 python3-venv' python3 'python3 (with venv)')"
    fi
    # Elsewhere uv fetches a Python; Fedora has the older ones beside its newest.
    find_python >/dev/null || [ "$manager" != dnf ] || needed="$needed python3.13"
    [ "$manager" != apt ] || [ -e /etc/ssl/certs/ca-certificates.crt ] || needed="$needed ca-certificates"

    present=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null)
    while read -r library debian fedora when; do
        [ -n "$library" ] || continue
        case $present in *"$library "*) continue ;; esac
        package=$(choose "$debian" "$fedora" "$library")
        case " $needed $useful " in *" $package "*) continue ;; esac
        if [ "$when" = always ]; then needed="$needed $package"; else useful="$useful $package"; fi
    done <<EOT
$QT_LIBRARIES
EOT
    has_chinese_font || useful="$useful $(choose fonts-noto-cjk google-noto-sans-cjk-fonts 'a Chinese font')"
    if [ "$action" = test ] && ! command -v Xvfb >/dev/null 2>&1; then
        useful="$useful $(choose xvfb xorg-x11-server-Xvfb Xvfb)"
    fi
}

find_uv() {
    for candidate in "$tools/uv/bin/uv" uv "${HOME:-/nonexistent}/.local/bin/uv"; do
        # A Python version manager's placeholder for a uv that it does not have fails here.
        if "$candidate" --version 2>/dev/null | awk -v oldest="$UV_OLDEST_MINOR" '
            $1 == "uv" { split($2, v, "."); found = (v[1] > 0 || v[2] >= oldest) }
            END { exit !found }'; then
            uv=$candidate
            return 0
        fi
    done
    return 1
}

find_accelerator() { # cuda, metal or cpu; CUDA's compiler may lie outside the search path
    if [ "$system" = Darwin ]; then
        accelerator=metal
        return
    fi
    accelerator=cpu
    nvcc=$(command -v nvcc || ls /usr/local/cuda/bin/nvcc 2>/dev/null) || return 0
    if command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L 2>/dev/null | grep -q '^GPU'; then
        accelerator=cuda
    fi
}

# Everything that decides what .venv must hold, cheap enough to ask at every start.
fingerprint() {
    {
        cat "$root/uv.lock" "$root/pyproject.toml" "$root/installers/from_source.sh"
        printf '%s\n' "$root" "$system" "$(uname -m)" "$(command -v nvcc)" "$(command -v nvidia-smi)" \
            "${CC-}" "${CXX-}" "${CFLAGS-}" "${CXXFLAGS-}" "${CMAKE_ARGS-}"
        # llama.cpp is built for this very processor; a folder that moved to another one is built again.
        [ ! -r /proc/cpuinfo ] || sed -n '/^flags/{p;q;}
/^Features/{p;q;}' /proc/cpuinfo
    } | cksum
}

stamped() { sed -n "s/^$1=//p" "$stamp" 2>/dev/null; }

is_ready() { # for the action asked for; an environment for tests serves to run, too
    [ "$(stamped fingerprint)" = "$(fingerprint)" ] || return 1
    case $action:$(stamped ready) in run:* | test:test) ;; *) return 1 ;; esac
    [ -x "$root/.venv/bin/finr1-desk" ] && [ -x "$root/.venv/bin/python" ]
}

# --------------------------------------------------------------------------------------------------- asking, installing

find_privilege() {
    if [ "$(id -u)" -eq 0 ]; then
        privilege=''
    elif command -v sudo >/dev/null 2>&1; then
        privilege=sudo
    else
        return 1
    fi
}

announce() {
    say "Fin-R1 Desk, from source in $root"
    say "This will"
    if [ -n "$needed$useful" ]; then
        case $manager in
            none) say "  - need these, which you have to install yourself:$needed$useful" ;;
            *) say "  - install with $(choose apt-get dnf ''):$needed$useful" ;;
        esac
    fi
    find_uv || say "  - put uv $UV_VERSION, which installs Python packages, into .tools"
    case " $needed " in
        *' python3'*) ;; # which version that brings is not known yet
        *) find_python >/dev/null || say "  - let uv fetch a Python, as this system has none from 3.11 to 3.13" ;;
    esac
    if [ -x "$root/.venv/bin/python" ]; then
        say "  - bring .venv and its llama.cpp ($accelerator) up to date with uv.lock and this machine"
    else
        say "  - install the packages of uv.lock into .venv (about 400 MB)"
        say "  - build llama.cpp for this machine ($accelerator): some minutes, with CUDA up to forty"
    fi
    free=$(df -Pk "$root" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "${free:-9999}" -ge 1500 ] || say "note: only $free MB are free here, and about 1500 MB are needed"
}

ask() {
    [ "$yes" = no ] || return 0
    [ -n "$needed$useful" ] || [ ! -x "$root/.venv/bin/python" ] || return 0
    if [ ! -t 0 ] || [ ! -t 2 ]; then
        # Nobody can be asked: what stays inside this folder needs no answer, what changes the system does.
        [ -n "$needed$useful" ] || return 0
        say "error: nobody to ask here, and system packages would be installed"
        say "hint: run it again with --yes"
        exit 1
    fi
    printf 'Go on? [Y/n] ' >&2
    read -r answer || answer=n
    case $answer in '' | [Yy]*) ;; *) say "Nothing was changed." && exit 1 ;; esac
}

install_system_packages() {
    begin_step "System libraries"
    if [ "$system" = Darwin ]; then
        xcode-select -p >/dev/null 2>&1 ||
            fail "Install Apple's command-line tools with «xcode-select --install», then run the same command again."
        return
    fi
    [ -n "$needed$useful" ] || return 0
    if [ "$manager" = none ] || ! find_privilege; then
        [ -z "$needed" ] || fail "Ask the administrator of this machine to install:$needed$useful"
        say "$NOT_INSTALLED$useful"
        return
    fi
    # The password is asked for here, before the clock starts to write.
    if [ -n "$privilege" ] && ! if [ -t 0 ]; then sudo -v; else sudo -n -v 2>/dev/null; fi; then
        [ -z "$needed" ] || fail "sudo was refused. Ask the administrator of this machine to install:$needed$useful"
        say "$NOT_INSTALLED$useful"
        return
    fi
    # shellcheck disable=SC2086  # nothing, or sudo
    # A broken third-party source must not stop an installation from the good ones.
    [ "$manager" != apt ] || logged $privilege apt-get -q update || true
    [ -z "$needed" ] || install_with_manager "$needed" || fail
    [ -z "$useful" ] || install_with_manager "$useful" || say "$NOT_INSTALLED$useful"
}

install_with_manager() { # a list of packages
    # shellcheck disable=SC2086  # lists of package names
    case $manager in
        apt)
            logged $privilege env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
                -o DPkg::Lock::Timeout=180 $1
            ;;
        dnf) logged $privilege dnf install -y --setopt=install_weak_deps=False $1 ;;
    esac
}

provide_uv() {
    begin_step "uv"
    find_uv && return 0
    rm -rf "$tools/uv"
    logged python3 -m venv "$tools/uv" || fail
    logged "$tools/uv/bin/python" -m pip install --disable-pip-version-check "uv==$UV_VERSION" ||
        fail "$CHECK_CONNECTION"
    find_uv || fail "uv was installed but does not start."
}

# uv does not read pip's settings. Where the user has told pip of a mirror, a certificate, a proxy or patience, tell uv.
adopt_pip_settings() {
    if [ -z "${UV_DEFAULT_INDEX-}${UV_INDEX_URL-}" ]; then
        mirror=${PIP_INDEX_URL:-$(python3 -m pip config get global.index-url 2>/dev/null)}
        [ -z "$mirror" ] || export UV_DEFAULT_INDEX="$mirror"
    fi
    [ -z "${PIP_CERT-}" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$PIP_CERT}"
    [ -z "${PIP_PROXY-}" ] || export ALL_PROXY="${ALL_PROXY:-$PIP_PROXY}"
    [ -z "${PIP_DEFAULT_TIMEOUT-}" ] || export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-$PIP_DEFAULT_TIMEOUT}"
    export UV_PROJECT_ENVIRONMENT="$root/.venv"
    export UV_LOCK_TIMEOUT="${UV_LOCK_TIMEOUT:-3600}" # another build of llama.cpp on this machine is waited for
    unset VIRTUAL_ENV # another project's, if one is active
}

# Installs from the lock; further arguments are uv's. What is there beyond it stays, so that `run` keeps what `test` needs.
install_locked() {
    part=$1
    shift
    groups=''
    [ "$action" = run ] || groups='--group dev'
    # shellcheck disable=SC2086  # words of options
    if [ -z "${UV_DEFAULT_INDEX-}${UV_INDEX_URL-}" ]; then
        skip=''
        [ "$part" = all ] || skip="--no-install-package $LLAMA"
        logged "$uv" sync --frozen --inexact $groups $skip "$@"
    else
        # The lock names each file's address, and a synchronisation would go there. The same versions, still checked
        # against the lock's hashes, come from the mirror that the user has chosen in this way.
        skip=''
        [ "$part" = all ] || skip="--no-emit-package $LLAMA"
        logged "$uv" venv --allow-existing "$root/.venv" &&
            logged "$uv" export --quiet --frozen --no-emit-project $groups $skip --output-file "$tools/requirements.txt" &&
            logged "$uv" pip install --python "$root/.venv" --require-hashes -r "$tools/requirements.txt" "$@" &&
            logged "$uv" pip install --python "$root/.venv" --no-deps --editable "$root"
    fi
}

install_packages() {
    begin_step "Python packages"
    home=$(stamped root)
    if [ -n "$home" ] && [ "$home" != "$root" ]; then
        say "      This folder has moved: .venv is made anew."
        rm -rf "$root/.venv"
    fi
    rm -f "$stamp"
    install_locked rest || fail "$CHECK_CONNECTION"
}

# ------------------------------------------------------------------------------------------------------- llama.cpp

count_jobs() { # one compiler a core, as far as memory goes: a large file of llama.cpp takes over a gigabyte
    cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
    room=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo 2>/dev/null)
    [ -n "$room" ] || room=$cores
    [ "$room" -ge 1 ] || room=1
    if [ "$room" -lt "$cores" ]; then echo "$room"; else echo "$cores"; fi
}

# GCC 12 compiles llama.cpp's AMX kernels into something that crashes; what AMX would gain is small at batch size one.
amx_flags() {
    case $(uname -m) in x86_64 | amd64) ;; *) return 0 ;; esac
    flags='-mno-amx-tile -mno-amx-int8 -mno-amx-bf16'
    # shellcheck disable=SC2086  # words of options
    if echo 'int main(void) { return 0; }' | "${CC:-cc}" $flags -x c -c -o /dev/null - 2>/dev/null; then
        echo "$flags"
    fi
}

# What the compiler makes of «this machine», so that uv's cache never gives one processor the build of another.
machine_key() {
    {
        "${CC:-cc}" -march=native -dM -E -x c /dev/null 2>/dev/null | grep '^#define __[A-Z0-9_]*__ 1$'
        printf '%s\n' "${CMAKE_ARGS-}" "${CFLAGS-}" "${CXXFLAGS-}"
    } | cksum | tr ' ' '-'
}

build_llama_for() { # cuda, metal or cpu
    set -- "$1" "FINR1_DESK_BUILT_FOR=$(machine_key)"
    case $1 in
        cuda) set -- "$@" GGML_CUDA=ON "CMAKE_CUDA_COMPILER=$nvcc" ;;
        metal) set -- "$@" GGML_METAL=ON ;;
    esac
    amx=$(amx_flags)
    if [ -n "$amx" ]; then
        set -- "$@" "CMAKE_C_FLAGS=${CFLAGS:+$CFLAGS }$amx" "CMAKE_CXX_FLAGS=${CXXFLAGS:+$CXXFLAGS }$amx"
    fi
    shift
    count=$#
    for define in "$@"; do
        set -- "$@" --config-settings-package "$LLAMA:cmake.define.$define"
    done
    shift "$count"
    # uv shows the build's own lines, which tell how far it is, when it is verbose.
    install_locked all --verbose "$@" && logged "$root/.venv/bin/python" -c 'import llama_cpp'
}

build_llama() {
    begin_step "llama.cpp ($accelerator)"
    CMAKE_BUILD_PARALLEL_LEVEL=${CMAKE_BUILD_PARALLEL_LEVEL:-$(count_jobs)}
    export CMAKE_BUILD_PARALLEL_LEVEL
    if [ "$accelerator" = cuda ]; then
        build_llama_for cuda && return 0
        cp "$log" "$log-cuda"
        say "      The build with CUDA failed (its log is $log-cuda)."
        say "      Building for the processor instead: answers will be slower."
        accelerator=cpu
    fi
    build_llama_for "$accelerator" || fail
}

write_stamp() {
    printf '%s\n' "fingerprint=$(fingerprint)" "ready=$action" "root=$root" "accelerator=$accelerator" >"$stamp.new" &&
        mv "$stamp.new" "$stamp"
}

set_up() {
    find_accelerator
    # A build with CUDA that failed is not tried again until something that it depends on changes.
    if [ "$(stamped fingerprint)" = "$(fingerprint)" ] && [ -n "$(stamped accelerator)" ]; then
        accelerator=$(stamped accelerator)
    fi
    find_missing
    announce
    ask
    mkdir -p "$tools" && : >"$log" || exit 1
    cd "$root" || exit 1
    adopt_pip_settings
    install_system_packages
    provide_uv
    install_packages
    build_llama
    write_stamp || fail
    say "Ready."
}

# -------------------------------------------------------------------------------------------------------- starting

has_display() {
    if [ "$system" = Darwin ]; then
        [ -z "${SSH_CONNECTION-}" ]
        return
    fi
    case ${WAYLAND_DISPLAY-} in
        '') ;;
        /*) [ ! -S "$WAYLAND_DISPLAY" ] || return 0 ;;
        *) [ ! -S "${XDG_RUNTIME_DIR-}/$WAYLAND_DISPLAY" ] || return 0 ;;
    esac
    case ${DISPLAY-} in
        '') return 1 ;;
        # A local display that is gone leaves its variable behind, and Qt would abort. Its socket tells, in the file
        # system or (without /tmp/.X11-unix) in the abstract name space.
        :*)
            number=${DISPLAY#:}
            number=${number%%.*}
            [ -S "/tmp/.X11-unix/X$number" ] || grep -q "@/tmp/.X11-unix/X$number\$" /proc/net/unix 2>/dev/null
            ;;
        *) return 0 ;;
    esac
}

start() {
    desk=$root/.venv/bin/finr1-desk
    case ${1-} in
        '' | -*) ;;
        *) exec "$desk" "$@" ;; # a command of its own
    esac
    if has_display; then exec "$desk" "$@"; fi
    if [ -t 0 ] && [ -t 1 ]; then exec "$desk" chat "$@"; fi
    exec "$desk" example "$@"
}

main() {
    yes=no
    count=$#
    passing=no
    while [ "$count" -gt 0 ]; do
        word=$1
        shift
        count=$((count - 1))
        if [ "$passing" = no ]; then
            case $word in
                --yes) yes=yes && continue ;;
                --) passing=yes && continue ;;
            esac
        fi
        set -- "$@" "$word"
    done
    action=${1-}
    case $action in
        run | test) shift ;;
        -h | --help) usage && exit 0 ;;
        *) usage && exit 2 ;;
    esac
    trap 'stopped 130' INT
    trap 'stopped 143' TERM
    trap 'stopped 129' HUP
    is_ready || set_up
    trap - INT TERM HUP
    if [ "$action" = run ]; then
        start "$@"
    fi
    cd "$root" || exit 1
    QT_QPA_PLATFORM=${QT_QPA_PLATFORM:-offscreen}
    export QT_QPA_PLATFORM
    exec "$root/.venv/bin/python" -m pytest "$@"
}

main "$@"
