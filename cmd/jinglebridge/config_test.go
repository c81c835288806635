package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unsafe"
)

var update = flag.Bool("update", false, "rewrite testdata/refused.txt")

// TestRefused reads testdata/refused.txt: a name, a config.toml and what is said of it.
func TestRefused(t *testing.T) {
	const file = "testdata/refused.txt"
	golden, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	header, rest, _ := strings.Cut(string(golden), "== ")
	var rewritten strings.Builder
	rewritten.WriteString(header)
	seen := 0
	for text := range strings.SplitSeq(rest, "\n== ") {
		name, body, _ := strings.Cut(text, "\n")
		config, want, _ := strings.Cut(body, "--\n")
		want = strings.TrimSuffix(want, "\n")
		seen++
		t.Run(name, func(t *testing.T) {
			got := refusal(t, config)
			rewritten.WriteString("== " + name + "\n" + config + "--\n" + got + "\n")
			if got != want && !*update {
				t.Errorf("%s\ngot:\n%s\nwant:\n%s", config, got, want)
			}
		})
	}
	if seen < 60 {
		t.Errorf("%d bad configurations, want 60", seen)
	}
	if *update {
		if err := os.WriteFile(file, []byte(rewritten.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// refusal is what is said of a config.toml.
func refusal(t *testing.T, config string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("config.toml", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := load("config.toml", nil, nil)
	if err == nil {
		return "not refused"
	}
	if !errors.As(err, new(configError)) {
		t.Errorf("got %T, want a configError: %v", err, err)
	}
	return err.Error()
}

// TestReference holds the config.toml of the repository against the keys and defaults.
func TestReference(t *testing.T) {
	const file = "../../config.toml"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	l := &loader{cfg: defaults(), found: map[string]source{}}
	l.keys = l.cfg.keys()
	l.readFile(file, data)
	for _, p := range l.problems {
		t.Errorf("%s: %s", p.at, p.text)
	}
	byDefault := defaults().keys()
	line := 0
	for i, k := range l.keys {
		at := l.found[k.path]
		switch {
		case k.isTableSet():
			checkExample(t, string(data), k)
			continue
		case at.line == 0:
			t.Errorf("%s is not in config.toml", k.path)
		case at.line < line:
			t.Errorf("%s stands before what keys() has before it", k.path)
		case k.value.String() != byDefault[i].value.String():
			t.Errorf("%s: got %s in config.toml, want the default %s", k.path, k.value, byDefault[i].value)
		}
		line = at.line
	}
	checkExplained(t, data, l)
}

// checkExample wants a table of which there may be several to stand in config.toml as a
// comment that is good as it is, with each key and a sentence above it.
func checkExample(t *testing.T, data string, k key) {
	_, example, found := strings.Cut(data, "\n#[["+k.path+"]]\n")
	if !found {
		t.Errorf("#[[%s]] is not in config.toml", k.path)
		return
	}
	example, _, _ = strings.Cut(example, "\n\n")
	var said strings.Builder
	explained := false
	for line := range strings.Lines(example) {
		if line, commented := strings.CutPrefix(line, "#"); commented && !strings.HasPrefix(line, " ") {
			if said.WriteString(line); !explained {
				t.Errorf("%s: %q has no sentence above it", k.path, line)
			}
			explained = false
			continue
		}
		explained = true
	}
	l := &loader{cfg: defaults(), found: map[string]source{}}
	l.keys = l.cfg.keys()
	l.readFile("example", []byte("[["+k.path+"]]\n"+said.String()))
	for _, p := range l.problems {
		t.Errorf("%s: %s", p.at, p.text)
	}
	for _, name := range k.value.(tableSet).names() {
		if !strings.Contains("\n"+said.String(), "\n"+name+" = ") {
			t.Errorf("%s.%s is not in config.toml", k.path, name)
		}
	}
}

// checkExplained wants a comment above each key or table.
func checkExplained(t *testing.T, data []byte, l *loader) {
	for _, k := range l.keys {
		if k.isTableSet() {
			continue
		}
		if above := lineOf(data, l.found[k.path].line-1); !strings.HasPrefix(strings.TrimSpace(above), "#") {
			t.Errorf("%s: got %q above it, want a sentence", k.path, above)
		}
	}
}

// madeInServe are the fields that serve fills in by itself.
var madeInServe = map[string]bool{
	".XMPP.Name": true, ".XMPP.Version": true, ".XMPP.Namespaces": true, ".XMPP.Log": true, ".XMPP.Metrics": true, ".XMPP.Address": true,
	".Web.Handler": true, ".Web.Visits": true, ".Web.Page": true, ".Web.Log": true, ".Web.Metrics": true,
	".Bridge.Auth": true, ".Bridge.Accounts": true, ".Bridge.AsNames": true, ".Bridge.Store": true, ".Bridge.State": true,
	".Auth.Anonymous": true, ".Auth.AccountDomains": true, ".Auth.GuestKey": true, ".Auth.Fold": true, ".Auth.Now": true, ".Auth.Log": true, ".Auth.JWT.Transport": true,
	".Bridge.Domain": true, ".Bridge.Log": true, ".Bridge.Metrics": true,
}

// TestKeysReachEveryField wants no setting in Config that no key can change.
func TestKeysReachEveryField(t *testing.T) {
	c := defaults()
	reached := map[unsafe.Pointer]bool{}
	for _, k := range c.keys() {
		reached[reflect.ValueOf(k.value).FieldByName("p").UnsafePointer()] = true
	}
	var visit func(path string, v reflect.Value)
	visit = func(path string, v reflect.Value) {
		if reached[v.Addr().UnsafePointer()] && v.Kind() != reflect.Struct || madeInServe[path] {
			return
		}
		if v.Kind() != reflect.Struct {
			t.Errorf("no key sets Config%s", path)
			return
		}
		for i := range v.NumField() {
			visit(path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
	visit("", reflect.ValueOf(c).Elem())
}

func TestEnvironment(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("a secret of many letters\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "config.toml")
	if err := os.WriteFile(config, []byte("[xmpp]\ndomain = \"file.example.org\"\nserver = \"tcp://127.0.0.1:1\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := load(config, []string{"log.level=debug", "policy.call = a@example.org, example.net"}, []string{
		"PATH=/bin",
		"JINGLEBRIDGE_PORT=tcp://10.0.0.1:80", // Kubernetes
		"JINGLEBRIDGE_XMPP_DOMAIN=env.example.org",
		"JINGLEBRIDGE_XMPP_SECRET_FILE=" + secret,
		"JINGLEBRIDGE_AUTH_ANONYMOUS=true",
		"JINGLEBRIDGE_LOG_LEVEL=error",
		"JINGLEBRIDGE_LISTEN_ORIGINS=https://a.example, https://b.example",
		"JINGLEBRIDGE_CALL_RING_TIMEOUT_IN=20s",
		"JINGLEBRIDGE_LIMITS_CANDIDATES=50",
		`JINGLEBRIDGE_ICE_SERVERS=[{urls = ["turn:t.example.org"], username = "u", credential = "p"}]`,
	})
	if err != nil {
		t.Fatal(err)
	}
	shown := l.show()
	for _, want := range []string{
		`domain = "env.example.org" # JINGLEBRIDGE_XMPP_DOMAIN`,
		`server = "tcp://127.0.0.1:1" # ` + config + `:3`,
		`secret = "********" # ` + secret,
		`origins = ["https://a.example", "https://b.example"] # JINGLEBRIDGE_LISTEN_ORIGINS`,
		`call = ["a@example.org", "example.net"] # --set policy.call`,
		`servers = [{ urls = ["turn:t.example.org"], username = "u", credential = "********" }] # JINGLEBRIDGE_ICE_SERVERS`,
		`ring_timeout_in = "20s" # JINGLEBRIDGE_CALL_RING_TIMEOUT_IN`,
		`candidates = 50 # JINGLEBRIDGE_LIMITS_CANDIDATES`,
		`level = "debug" # --set log.level`,
		`format = "auto" # default`,
	} {
		if !strings.Contains(strings.Join(strings.Fields(shown), " "), want) {
			t.Errorf("got\n%s\nwant in it: %s", shown, want)
		}
	}
	if l.cfg.XMPP.Secret != "a secret of many letters" {
		t.Errorf("got secret %q", l.cfg.XMPP.Secret)
	}
}

// TestShowIsAConfig wants what --show prints to be read again as the same.
func TestShowIsAConfig(t *testing.T) {
	l := &loader{cfg: defaults(), found: map[string]source{}}
	l.keys = l.cfg.keys()
	again := &loader{cfg: defaults(), found: map[string]source{}}
	again.keys = again.cfg.keys()
	again.readFile("shown", []byte(l.show()))
	for _, p := range again.problems {
		t.Errorf("%s: %s", p.at, p.text)
	}
	if got, want := len(again.found), len(l.keys); got != want {
		t.Errorf("got %d keys, want %d", got, want)
	}
}

func TestEnvironmentRefused(t *testing.T) {
	good := []string{"JINGLEBRIDGE_XMPP_DOMAIN=call.example.org", "JINGLEBRIDGE_XMPP_SECRET=a secret of many letters", "JINGLEBRIDGE_AUTH_ANONYMOUS=true"}
	if _, err := load("", nil, good); err != nil {
		t.Fatalf("got %v, want the base to be good", err)
	}
	for _, test := range []struct{ variable, want string }{
		{"JINGLEBRIDGE_XMPP_DOMIAN=x", "JINGLEBRIDGE_XMPP_DOMIAN: no variable JINGLEBRIDGE_XMPP_DOMIAN; did you mean JINGLEBRIDGE_XMPP_DOMAIN?"},
		{"JINGLEBRIDGE_LIMITS_CANDIDATES=many", `JINGLEBRIDGE_LIMITS_CANDIDATES: limits.candidates: want a whole number from 1 to 10000, without quotes, got the text "many"`},
		{"JINGLEBRIDGE_LIMITS_CANDIDATES=1\nx = 2", `JINGLEBRIDGE_LIMITS_CANDIDATES: limits.candidates: want a whole number from 1 to 10000, without quotes, got the text "1\nx = 2"`},
		{"JINGLEBRIDGE_LOG_LEVEL_FILE=/does/not/exist", "JINGLEBRIDGE_LOG_LEVEL_FILE: open /does/not/exist: no such file or directory"},
		{"JINGLEBRIDGE_XMPP_SECRET_FILE=/does/not/exist", "JINGLEBRIDGE_XMPP_SECRET_FILE: xmpp.secret_file: want either secret or secret_file, not both"},
		{"JINGLEBRIDGE_XMPP_DOMAIN_FILE=/etc/hostname", "JINGLEBRIDGE_XMPP_DOMAIN_FILE: want only one of JINGLEBRIDGE_XMPP_DOMAIN and JINGLEBRIDGE_XMPP_DOMAIN_FILE"},
	} {
		_, err := load("", nil, append(good[:3:3], test.variable))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", test.variable, err, test.want)
		}
	}
}

func TestSecretSources(t *testing.T) {
	base := []string{"JINGLEBRIDGE_XMPP_DOMAIN=call.example.org", "JINGLEBRIDGE_AUTH_ANONYMOUS=true"}
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	open := write("open", "a secret of many letters", 0o644)
	closed := write("closed", "from the file of that name\n", 0o640)
	empty := write("empty", "\n", 0o600)
	inline := write("inline.toml", "[xmpp]\nsecret = \"inline, many letters\"\n", 0o600)
	inlineOpen := write("inline-open.toml", "[xmpp]\nsecret = \"inline, many letters\"\n", 0o644)
	write("component_secret", "handed over by systemd", 0o644)

	for _, test := range []struct {
		name, file, variable, want, err string
	}{
		{name: "no secret", err: "xmpp.secret: want the component_secret"},
		{name: "file open to all", variable: "JINGLEBRIDGE_XMPP_SECRET_FILE=" + open, err: "everybody on this machine may read " + open},
		{name: "empty file", variable: "JINGLEBRIDGE_XMPP_SECRET_FILE=" + empty, err: "want one line in " + empty},
		{name: "file", variable: "JINGLEBRIDGE_XMPP_SECRET_FILE=" + closed, want: "from the file of that name"},
		{name: "inline", file: inline, want: "inline, many letters"},
		{name: "inline, open to all", file: inlineOpen, err: "inline-open.toml:2: everybody on this machine may read the secret in here"},
		{name: "file of the environment beats inline", file: inline, variable: "JINGLEBRIDGE_XMPP_SECRET_FILE=" + closed, want: "from the file of that name"},
		{name: "systemd", variable: "CREDENTIALS_DIRECTORY=" + dir, want: "handed over by systemd"},
		{name: "inline beats systemd", file: inline, variable: "CREDENTIALS_DIRECTORY=" + dir, want: "inline, many letters"},
	} {
		l, err := load(test.file, nil, append(base[:2:2], test.variable))
		switch {
		case test.err == "" && err != nil:
			t.Errorf("%s: got %v", test.name, err)
		case test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)):
			t.Errorf("%s: got %v, want %s", test.name, err, test.err)
		case test.err == "" && l.cfg.XMPP.Secret != test.want:
			t.Errorf("%s: got %q, want %q", test.name, l.cfg.XMPP.Secret, test.want)
		}
	}
}

func TestSecretFlagRefused(t *testing.T) {
	for _, set := range []string{"xmpp.secret=abc", "ice.servers=[]"} {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), []string{"check-config", "--set", set}, &stdout, &stderr)
		if code != exitConfig || !strings.Contains(stderr.String(), "not safe in a flag") {
			t.Errorf("--set %s: got %d and %q, want 78 and why", set, code, stderr.String())
		}
	}
}

func TestNearest(t *testing.T) {
	l := &loader{cfg: defaults()}
	l.keys = l.cfg.keys()
	for got, want := range map[string]string{
		"xmpp.domian":       "xmpp.domain",
		"domain":            "xmpp.domain",
		"listen.adress":     "listen.address",
		"xmpp.secretfile":   "xmpp.secret_file",
		"call.ring_timeout": "call.ring_timeout_in",
		"log.colour":        "",
	} {
		if near := nearest(got, l.paths()); near != want {
			t.Errorf("nearest(%q): got %q, want %q", got, near, want)
		}
	}
}

// FuzzConfig wants any file to be read or refused, and never anything else.
func FuzzConfig(f *testing.F) {
	f.Add("[xmpp]\ndomain = \"a\"\n[[page]]\nname = 1\n")
	f.Add("xmpp.contact = { abuse = [\"mailto:a@b\"] }\nice.servers = [{ urls = [] }]")
	f.Add("\"a.b\".c = 1\n[listen.tls]\ncert = 1979-05-27\n")
	f.Fuzz(func(t *testing.T, config string) {
		l := &loader{cfg: defaults(), found: map[string]source{}}
		l.keys = l.cfg.keys()
		l.readFile("config.toml", []byte(config))
		if len(l.problems) > 0 && (configError{l.problems}).Error() == "" {
			t.Errorf("%q: refused without a word", config)
		}
	})
}
