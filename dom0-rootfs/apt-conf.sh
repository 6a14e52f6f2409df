#!/bin/sh
# apt-conf.sh DIR: writes the configuration of the private apt state in DIR.
# The mirror is the build host's own (first address in its sources that serves
# Debian), or DEBIAN_MIRROR and DEBIAN_SECURITY_MIRROR.
set -eu

state=$1
unset APT_CONFIG
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror SUITE-PATTERN: the first address in the host's sources of that suite
mirror()
{
	for f in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
		case $f in *.list | *.sources) [ ! -r "$f" ] || cat "$f" ;; esac
		echo
	done | awk -v want="$1" '
	function consider(uri, suite) {
		if (!done && suite ~ want && uri !~ /^cdrom:/) { print uri; done = 1 }
	}
	/^deb(-src)?[ \t]/ { sub(/\[[^]]*\]/, ""); consider($2, $3); next }
	tolower($1) == "uris:" { uri = $2 }
	tolower($1) == "suites:" { suite = $2 }
	/^[ \t]*$/ { if (uri != "") consider(uri, suite); uri = suite = "" }'
}

release='^(bookworm|trixie|forky|sid|stable|testing|unstable)'
main=${DEBIAN_MIRROR:-$(mirror "$release(-updates)?/?\$")}
[ -n "$main" ] || {
	echo "apt-conf.sh: no Debian mirror in /etc/apt; set DEBIAN_MIRROR" >&2
	exit 1
}
sec=${DEBIAN_SECURITY_MIRROR:-$(mirror "$release-security/?\$")}
[ -n "$sec" ] || sec=${main%/}-security
opt="[signed-by=$keyring]"
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" \
    "$state/empty"
[ -e "$state/status" ] || : >"$state/status"
{
	for s in "$main trixie" "$main trixie-updates" \
	    "$sec trixie-security"; do
		echo "deb $opt $s main non-free-firmware"
		echo "deb-src $opt $s main non-free-firmware"
	done
	# the last C++ thin-pool tools; sources only
	echo "deb-src $opt $main bookworm main"
} >"$state/sources.list"
{
	# how the host reaches its mirrors stays; its hooks do not
	apt-config dump |
	    grep -E '^Acquire::|^Debug::Acquire' || :
	echo 'APT::Architecture "amd64";'
	echo 'APT::Architectures "amd64";'
	echo 'APT::Sandbox::User "root";'
	echo 'Acquire::Languages "none";'
	echo "Dir::State \"$state\";"
	echo "Dir::State::status \"$state/status\";"
	echo "Dir::Cache \"$state/cache\";"
	echo "Dir::Etc::sourcelist \"$state/sources.list\";"
	echo "Dir::Etc::sourceparts \"$state/empty\";"
	echo "Dir::Etc::preferencesparts \"$state/empty\";"
	echo 'Dir::Etc::preferences "/dev/null";'
	echo 'Dir::Etc::main "/dev/null";'
	echo "Dir::Etc::parts \"$state/empty\";"
} >"$state/apt.conf"
