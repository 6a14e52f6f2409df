#!/bin/sh
# npm.sh FOLDER: FOLDER/node_modules as package-lock.json says, which holds the
# hash of each package.  No script of a package is run.  FOLDER is complete once
# it is there.
set -eu

folder=$1
from=$(dirname "$0")
if [ ! -d "$folder" ]; then
	mkdir -p "$(dirname "$folder")"
	new=$(mktemp -d "$folder.XXXXXX")
	trap 'rm -rf "$new"' EXIT
	cp "$from/package.json" "$from/package-lock.json" "$new"
	(cd "$new" && npm ci --ignore-scripts --no-audit --no-fund \
	    --loglevel=error)
	# another build may have been first
	mv -T "$new" "$folder" 2>/dev/null || [ -d "$folder/node_modules" ]
fi
