# shellcheck shell=bash disable=SC2034,SC2016 # sourced by runtests and quickstart, which use the lists
# Debian packages (12 and 13) that the project needs, and how to install what is missing of them.

build_packages=(autoconf automake make gcc libc6-dev pkg-config libpq-dev libjansson-dev libssl-dev libinih-dev
	libpg-query-dev libprotobuf-c-dev libncurses-dev libreadline-dev libsqlite3-dev libmicrohttpd-dev
	mandoc)
# pgsluice runs these programs itself: initdb, postgres, pg_dump and pg_restore, with the contrib extensions.
server_packages=(postgresql postgresql-contrib)
test_packages=("${server_packages[@]}" libcmocka-dev libvterm-dev pgbouncer valgrind shellcheck locales python3
	python3-pytest python3-pytest-xdist python3-psycopg2 curl)

# packages_run COMMAND...: as root, by sudo where we are not.
packages_run() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		echo "need root for: $* (not root, and there is no sudo)" >&2
		return 1
	fi
}

# What it says is shown only when it fails. Another apt-get or dpkg that is at work is waited for.
packages_apt() {
	local said code=0
	said=$(packages_run env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 "$@" 2>&1) || code=$?
	[ "$code" -eq 0 ] || printf '%s\n' "$said" | tail -n 30 >&2
	return "$code"
}

packages_update() {
	local said tries=0
	until said=$(packages_run apt-get -q update 2>&1); do
		tries=$((tries + 1))
		case $tries,$said in
		[1-9],*'Could not get lock'* | [1-9][0-9],*'Could not get lock'*) sleep 5 ;;
		*)
			printf '%s\n' "$said" | tail -n 10 >&2
			return 1
			;;
		esac
	done
}

# Installed, or provided by an installed one (as postgresql-contrib is on Debian 13).
packages_has() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ||
		dpkg-query -W -f '${db:Status-Status}, ${Provides},\n' | grep -E "^installed,.* $1( \\(.*\\))?," >/dev/null
}

# A package that installs a server must not start one, nor make the cluster "main": we use private ones.
packages_no_main_cluster() {
	local conf=/etc/postgresql-common/createcluster.conf
	packages_has postgresql-common || packages_apt install --no-install-recommends postgresql-common || return 1
	grep -qs '^create_main_cluster = false' "$conf" && return 0
	echo "writing create_main_cluster = false into $conf: installing PostgreSQL shall not start a server"
	packages_run sed -i '/^#* *create_main_cluster/d; $a create_main_cluster = false' "$conf"
}

# The version that a Debian package without one in its name stands for: clang -> 14, postgresql -> 15.
packages_version() {
	apt-cache show "$1" >/dev/null 2>&1 || packages_update
	apt-cache depends "$1" 2>/dev/null | sed -n "s/.*Depends: $1-\\([0-9][0-9]*\\)\$/\\1/p" | head -n 1
}

# The packages that a compiler needs, by the name of its program.
packages_compiler() {
	local version=${1#clang}
	case $1 in
	clang*)
		version=${version#-}
		echo "$1" "libclang-rt-${version:-$(packages_version clang)}-dev"
		;;
	*) echo "$1" ;;
	esac
}

# What libpg-query-dev needs beside it: from version 18 on the parse tree's C structures are made at build.
packages_parser() {
	[ -e /usr/include/pg_query/pg_query.pb-c.h ] || packages_install protobuf-c-compiler
}

# Extensions that tests and demo use where they can be had, for the server of that version.
packages_extensions() {
	local version
	version=$(packages_version postgresql)
	packages_offer "postgresql-$version-pgvector" "postgresql-$version-hypopg"
}

# packages_offer PACKAGE...: installs what can be had; what cannot is said, and is no failure.
packages_offer() {
	local package
	for package in "$@"; do
		packages_has "$package" && continue
		if apt-cache show "$package" >/dev/null 2>&1 && packages_install "$package"; then
			continue
		fi
		echo "packages: going on without $package, which cannot be had here; what needs it is left out" >&2
	done
}

# packages_install PACKAGE...: installs what is missing and says what cannot be had; then it fails.
packages_install() {
	local package missing=() absent=()
	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		echo "no apt-get here: this installs packages on Debian only. Needed, by their Debian names: $*" >&2
		return 0
	fi
	for package in "$@"; do
		packages_has "$package" || missing+=("$package")
	done
	if [ ${#missing[@]} -eq 0 ]; then
		echo "packages: all there"
		return 0
	fi
	echo "packages: installing ${missing[*]}; this can take minutes"
	# A dpkg that was killed has to be ended first.
	packages_run dpkg --configure -a >/dev/null 2>&1 || true
	packages_update || echo 'apt-get update failed; trying with the lists that are there' >&2
	case " ${missing[*]} " in *" postgresql "*) packages_no_main_cluster || return 1 ;; esac
	packages_apt install --no-install-recommends "${missing[@]}" && return 0
	for package in "${missing[@]}"; do
		packages_apt install --no-install-recommends "$package" || absent+=("$package")
	done
	[ ${#absent[@]} -eq 0 ] && return 0
	echo "packages: cannot be had: ${absent[*]}" >&2
	return 1
}
