package main

import (
	"os"
	"strings"
)

const envPrefix = "JINGLEBRIDGE_"

// envName is JINGLEBRIDGE_XMPP_DOMAIN for xmpp.domain.
func envName(path string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
}

// readEnv takes JINGLEBRIDGE_<KEY>, and JINGLEBRIDGE_<KEY>_FILE for the name of a file
// with the value inside.
func (l *loader) readEnv(environ []string) {
	for _, entry := range environ {
		name, v, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) {
			continue
		}
		l.readVariable(source{kind: fromEnv, name: name}, v)
	}
}

func (l *loader) readVariable(from source, v string) {
	path := l.pathOfEnv(from.name)
	if path == "" {
		path = l.pathOfEnv(strings.TrimSuffix(from.name, "_FILE"))
		if path != "" {
			data, err := os.ReadFile(v)
			if err != nil {
				l.refuse(from, "%v", err)
				return
			}
			v = strings.TrimRight(string(data), "\r\n")
		}
	}
	switch other := l.found[path]; {
	case path == "" && l.lookLikeOurs(from.name):
		l.refuseUnknown("variable", from.name, l.envNames(), from)
	case path == "":
	case other.kind == fromEnv:
		l.refuse(from, "want only one of %s and %s", other, from)
	default:
		l.setText(path, v, from)
	}
}

func (l *loader) setText(path, s string, from source) {
	l.set(path, fromText(l.key(path).value, s), from)
}

func (l *loader) pathOfEnv(name string) string {
	for _, k := range l.keys {
		if envName(k.path) == name {
			return k.path
		}
	}
	return ""
}

// lookLikeOurs tells a slip of the pen from what others put there: Kubernetes has
// JINGLEBRIDGE_PORT and JINGLEBRIDGE_SERVICE_HOST for a service of our name.
func (l *loader) lookLikeOurs(name string) bool {
	for _, t := range l.tables() {
		if strings.HasPrefix(name, envName(t)+"_") {
			return true
		}
	}
	return false
}

func (l *loader) envNames() []string {
	var all []string
	for _, k := range l.keys {
		all = append(all, envName(k.path))
	}
	return all
}

// readFlags takes each --set KEY=VALUE.
func (l *loader) readFlags(sets []string) {
	for _, s := range sets {
		path, v, ok := strings.Cut(s, "=")
		path = strings.TrimSpace(path)
		from := source{kind: fromFlag, name: "--set " + path}
		switch k := l.key(path); {
		case !ok:
			l.refuse(source{kind: fromFlag, name: "--set"}, "want KEY=VALUE, got %q", s)
		case k == nil:
			l.refuseUnknown("key", path, l.paths(), from)
		case k.secret || strings.HasPrefix(path, "ice.servers"):
			// Everybody on the machine can read the arguments of every process.
			l.refuse(from, "a secret is not safe in a flag; use a file or %s", envName(path))
		default:
			l.setText(path, strings.TrimSpace(v), from)
		}
	}
}
