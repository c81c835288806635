# shellcheck shell=bash
# Installs Debian packages without starting, now or at the next boot, the services they bring. Sourced by demo and test.

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null; then sudo "$@"
	else
		echo "installing needs root: run as root, or install sudo, or install yourself: $*" >&2
		return 1
	fi
}

# policy-rc.d answering 101 forbids maintainer scripts to start services (invoke-rc.d(8)). One that is there already stays.
forbid_starts() {
	policy_made=
	[ -e /usr/sbin/policy-rc.d ] && return
	printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
	as_root chmod 755 /usr/sbin/policy-rc.d
	policy_made=yes
}

allow_starts() {
	[ -z "${policy_made:-}" ] || as_root rm -f /usr/sbin/policy-rc.d
	policy_made=
}

# install_packages PACKAGE... installs what is not installed yet.
install_packages() {
	local package missing=() service
	for package in "$@"; do
		dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	echo "installing ${missing[*]} ..."
	forbid_starts
	local failed='' log
	log=$(mktemp)
	{
		as_root apt-get update -qq &&
			as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
	} >"$log" 2>&1 || failed=yes
	allow_starts
	[ -z "$failed" ] || tail -n 20 "$log" >&2
	rm -f "$log"
	[ -z "$failed" ] || { echo "could not install ${missing[*]}" >&2; return 1; }
	for service in prosody ejabberd; do
		[[ " ${missing[*]} " != *" $service "* ]] || keep_down "$service"
	done
}

# keep_down disables a service that came with a package nobody asked for as a service.
keep_down() {
	if command -v systemctl >/dev/null; then as_root systemctl disable "$1" >/dev/null 2>&1 || true
	elif command -v update-rc.d >/dev/null; then as_root update-rc.d "$1" disable >/dev/null 2>&1 || true
	fi
	echo "the system service $1 stays off; 'systemctl enable --now $1' turns it on"
}
