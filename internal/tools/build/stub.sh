#!/bin/sh
# @NAME@ @VERSION@ (@TARGET@): self-extracting executable.
# This header unpacks a Deno runtime and the program once, into a cache folder
# of the user, and runs it with permissions scoped to this node.
set -eu
name=@NAME@
rt_off=@RT_OFF@ rt_len=@RT_LEN@ rt_sha=@RT_SHA@
app_off=@APP_OFF@ app_len=@APP_LEN@ app_sha=@APP_SHA@
code_off=@CODE_OFF@ code_len=@CODE_LEN@ code_sha=@CODE_SHA@
self=$0
die() { printf '%s: %s\n' "$name" "$1" >&2; exit 126; }

# --- where the unpacked parts live --------------------------------------------
try_dir() {
  [ -d "$1" ] || (umask 077 && mkdir -p -- "$1") 2>/dev/null || return 1
  # Another user who owns the folder, or a link to elsewhere, could swap what is run.
  # shellcheck disable=SC3067 # dash, busybox and bash know -O.
  [ ! -L "$1" ] && [ -O "$1" ] && [ -w "$1" ] || return 1
  cache=$1
}
cache=
if [ -n "${BZZZ_CACHE_DIR:-}" ]; then
  # A folder that a packager filled may be read-only: take it as it is.
  if [ -x "$BZZZ_CACHE_DIR/rt-$rt_sha/$name" ] && [ -r "$BZZZ_CACHE_DIR/app-$app_sha.js" ] &&
    [ -r "$BZZZ_CACHE_DIR/code-$code_sha.js" ]; then
    cache=$BZZZ_CACHE_DIR
  else
    try_dir "$BZZZ_CACHE_DIR" || die "BZZZ_CACHE_DIR=$BZZZ_CACHE_DIR is not a writable folder of this user"
  fi
else
  base=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
  { [ -n "$base" ] && try_dir "$base/bzzz"; } ||
    try_dir "${TMPDIR:-/tmp}/bzzz-cache-$(id -u)" ||
    die "no writable cache folder; set BZZZ_CACHE_DIR"
fi
rt=$cache/rt-$rt_sha/$name
# It loads the program; of that, .js is the text and .bin what was compiled.
app=$cache/app-$app_sha.js
code=$cache/code-$code_sha

# --- unpack once: write aside, check, then link ---------------------------------
sha() { if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi; }
unpack() { # offset length sha256 mode destination
  [ "$(wc -c <"$self")" -gt "$code_off" ] || die "$self is only a launcher; its BZZZ_CACHE_DIR is incomplete"
  for left in "$5".tmp.*; do # what a killed start left behind
    [ ! -e "$left" ] || kill -0 "${left##*.}" 2>/dev/null || rm -f -- "$left"
  done
  part=$5.tmp.$$
  trap 'rm -f -- "$part"' EXIT
  trap 'exit 130' INT TERM HUP
  tail -c +"$1" -- "$self" | head -c "$2" | gzip -dc >"$part" || die "cannot unpack into $cache"
  sum=$(sha <"$part") || die "cannot check $part"
  [ "${sum%% *}" = "$3" ] || die "$self is damaged (checksum mismatch)"
  chmod "$4" -- "$part"
  # The first one to finish wins; mv is for file systems without hard links.
  ln -- "$part" "$5" 2>/dev/null || [ -r "$5" ] || mv -- "$part" "$5" || die "cannot write $5"
  rm -f -- "$part"
  trap - EXIT INT TERM HUP
}
is_new=
if [ ! -x "$rt" ] || [ ! -r "$app" ] || [ ! -r "$code.js" ]; then
  umask_was=$(umask)
  umask 077
  if [ ! -x "$rt" ]; then
    base=$cache/rt-$rt_sha/deno
    mkdir -p -- "${base%/*}" || die "cannot write into $cache"
    [ -x "$base" ] || { unpack "$rt_off" "$rt_len" "$rt_sha" 0500 "$base" && is_new=1; }
    # One runtime, one name for each program, so that ps and top name it. A name
    # that exists is never replaced: another start may be running from it.
    ln -- "$base" "$rt" 2>/dev/null || [ -x "$rt" ] || cp -p -- "$base" "$rt" || die "cannot write $rt"
  fi
  [ -r "$app" ] || unpack "$app_off" "$app_len" "$app_sha" 0400 "$app"
  [ -r "$code.js" ] || { unpack "$code_off" "$code_len" "$code_sha" 0400 "$code.js" && is_new=1; }
  umask "$umask_was"
fi

# --- the files of this run --------------------------------------------------------
home=${BZZZ_HOME:-} config=${BZZZ_CONFIG_PATH:-${BZZZ_CONFIG:-}}
read='' write='' option='' verb=''
# Deno matches a path as it is written: allow it as given, and as $real.
# A fork costs as much as all the rest: only a path that is not its own real one takes one.
folder='' folder_real=''
# Absolute, and no part of it is a link.
is_real() {
  case $1/ in [!/]* | *//* | */./* | */../*) return 1 ;; esac
  up=$1
  while [ -n "$up" ]; do
    [ ! -L "$up" ] || return 1
    up=${up%/*}
  done
}
resolve() {
  at=$1 rest=
  while [ ! -d "$at" ]; do
    rest=/${at##*/}$rest
    case $at in */*) at=${at%/*} ;; *) at=. ;; esac
    [ -n "$at" ] || at=/
  done
  if [ "$at" != "$folder" ]; then
    folder=$at folder_real=$at
    # Where that fails, the program says it better.
    is_real "$at" || folder_real=$(CDPATH='' cd -P -- "$at" 2>/dev/null && pwd) || folder_real=$at
  fi
  real=${folder_real%/}$rest
  real=${real:-/}
}
may_read() {
  resolve "$1"
  # Also where a path is relative to, and where a link leads: Deno would take it for two paths.
  case $1$real in *,*) die "a path must not have a comma in it: $real" ;; esac
  read=$read,$1,$real
}
may_write() { may_read "$1" && write=$write,$1,$real; }
may_read "$code.js" && may_read "$code.bin"
for word in "$@"; do
  case $option in
    --home) home=$word option='' ; continue ;;
    --config) config=$word option='' ; continue ;;
    --passphrase-file | --shares-file) [ "$word" = - ] || may_read "$word" ; option='' ; continue ;;
    --from) may_read "$word" ; option='' ; continue ;;
    --log-level | --set) option='' ; continue ;;
  esac
  case $word in
    --) break ;;
    --home=*) home=${word#*=} ;;
    --config=*) config=${word#*=} ;;
    --passphrase-file=- | --shares-file=-) ;;
    --passphrase-file=* | --shares-file=*) may_read "${word#*=}" ;;
    --home | --config | --passphrase-file | --shares-file | --log-level | --set) option=$word ;;
    --from=*) [ "$verb" != setup ] || may_read "${word#*=}" ;;
    --from) [ "$verb" != setup ] || option=$word ;;
    --dev) may_write "${TMPDIR:-/tmp}/bzzz-dev-$(id -u)" ;;
    -* | '') ;;
    *) case $verb in
        validate | 'snapshot restore') may_read "$word" ;;
        'snapshot save') may_write "$word" ;;
        snapshot) verb="$verb $word" ;;
        *) verb=${verb:-$word} ;;
      esac ;;
  esac
done
if [ -z "$home" ]; then
  home=${XDG_DATA_HOME:-${HOME:+$HOME/.local/share}}
  home=${home:-/var/lib}/$name
fi
may_write "$home"
# By name as well: a view of a running node gives up the data folder with its keys, and keeps the socket and the libraries.
may_write "$home/run"
[ "$name" != bzzz-hap ] || { may_read "$home/templates" && may_read "$home/prompts" && may_read "$home/keys.yaml" && may_read "$home/policy.yaml"; }
[ -z "$config" ] || may_read "$config"
[ -z "${BZZZ_IDENTITY_PASSPHRASE_FILE:-}" ] || may_read "$BZZZ_IDENTITY_PASSPHRASE_FILE"

# --- the network of this run ---------------------------------------------------------
case ${BZZZ_NET:-any} in
  any) net=--allow-net ;;
  lan) net=--allow-net=@LAN_NET@,unix:$home/run/api.sock${BZZZ_NET_HOSTS:+,$BZZZ_NET_HOSTS} ;;
  *) die "BZZZ_NET is \"$BZZZ_NET\"; it can be \"any\" or \"lan\"" ;;
esac

# --- the one program of this run: the editor of a screen --------
run= editor=${BZZZ_EDITOR:-${BZZZ_INTERFACE_EDITOR:-}}
editor=${editor%% *}
case $name:$verb:$editor in
  *,*) ;; # it would be two
  bzzz-hap::?* | bzzz-hap:portal:?* | bzzz-hap:tui:?* | bzzz-hap:run:?*)
    ! command -v "$editor" >/dev/null 2>&1 || run=--allow-run=$editor ;;
esac

# --- the heap of this run: the profile's, or more where limits.memory_limit_mb is raised ---
heap=${BZZZ_HEAP_MB:-@HEAP_MB@}
case $heap in *[!0-9]* | 0*) die "BZZZ_HEAP_MB is \"$heap\"; it can be a number of MiB" ;; esac

# --- a clean environment for the runtime ----------------------------------------------
unset DENO_PERMISSION_BROKER_PATH DENO_V8_FLAGS DENO_CONDITIONS DENO_COMPAT DENO_COVERAGE_DIR \
  DENO_CONNECTED DENO_AUDIT_PERMISSIONS DENO_TRACE_PERMISSIONS NODE_OPTIONS BZZZ_NET BZZZ_NET_HOSTS BZZZ_HEAP_MB || :
# The shim would put a false "node" on the PATH of the commands an agent runs.
export DENO_DIR="$cache/state" DENO_NO_UPDATE_CHECK=1 DENO_DISABLE_NODE_SHIM=1
heap=--max-old-space-size=$heap v8=@ENGINE_FLAGS@
# Once unpacked, a start is rehearsed, apart from this node and its settings: what
# had to be compiled for it is kept, and every later start finds it ($code.bin).
if [ -n "$is_new" ] && [ -w "$cache" ]; then
  try=$cache/try.$$
  env -i PATH="$PATH" HOME="$try" TMPDIR="$try" DENO_DIR="$DENO_DIR" DENO_NO_UPDATE_CHECK=1 \
    "$rt" run @CLOSED_WORLD@ "--v8-flags=$v8,$heap" "--allow-read=$cache" "--allow-write=$cache" \
    "--allow-net=127.0.0.1,localhost,unix:$try/node/run/api.sock" @FIXED@ \
    "$app" run --dev --rehearse --home "$try/node" >/dev/null 2>&1 </dev/null || :
  rm -rf -- "$try"
fi
# A view of a node that runs stays open for days and hears much that is garbage soon.
case $name:$verb in
  bzzz-hap: | bzzz-hap:portal | bzzz-hap:tui)
    read -r line 2>/dev/null <"$home/run/endpoints.json" || line=
    pid=${line#*\"pid\":} pid=${pid%%[!0-9]*}
    if kill -0 "${pid:-none}" 2>/dev/null; then
      v8=@VIEW_FLAGS@
      export MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=1048576
    fi
    ;;
esac
exec "$rt" run @CLOSED_WORLD@ "--v8-flags=$v8,$heap" \
  "--allow-read=${read#,}" "--allow-write=${write#,}" "$net" ${run:+"$run"} \
  @FIXED@ "$app" "$@"
