# What a plugin in sh needs: $fn, answer TEXT, fail CODE [WORD...].
# shellcheck shell=sh

fn=${1#*<methodName>}
# shellcheck disable=SC2034 # for who reads this file
fn=${fn%%<*}

# As text in XML.
escape() {
	printf %s "$1" | sed 's/&/\&amp;/g; s/</\&lt;/g'
}

# respond STATUS NAME VALUE
respond() {
	printf '<methodResponse><params><param><value><struct>'
	printf '<member><name>Status</name><value>%s</value></member>' "$1"
	printf '<member><name>%s</name><value>%s</value></member>' "$2" "$3"
	printf '</struct></value></param></params></methodResponse>\n'
}

answer() {
	respond Success Value "$(escape "$1")"
}

fail() {
	words=
	for word; do
		words="$words<value>$(escape "$word")</value>"
	done
	respond Failure ErrorDescription "<array><data>$words</data></array>"
}
