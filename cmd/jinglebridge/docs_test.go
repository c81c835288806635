package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jinglebridge/jinglebridge/internal/xmpptest"
)

var (
	described = regexp.MustCompile(`fqName: "(jinglebridge_\w+)".*variableLabels: \{([\w,]*)\}`)
	inTable   = regexp.MustCompile("(?m)^\\| `(\\w+)(?:\\{([\\w,]*)\\})?` \\|")
)

// TestMetricsAreDocumented holds the table of docs/operating.md against what there is.
func TestMetricsAreDocumented(t *testing.T) {
	c := defaults()
	c.XMPP.Domain, c.XMPP.Secret = "call.example.org", xmpptest.Secret
	c.Listen, c.Admin, c.Store = "127.0.0.1:0", "", filepath.Join(t.TempDir(), "store.db")
	c.Accounts = []Account{{Domain: "example.org", As: "itself"}}
	p, err := assemble(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.closeStore()
	defer p.listener.Close()

	descs := make(chan *prometheus.Desc, 1000)
	p.admin.registry.Describe(descs)
	close(descs)
	var got []string
	for d := range descs {
		if m := described.FindStringSubmatch(d.String()); m != nil {
			got = append(got, strings.TrimPrefix(m[1], "jinglebridge_")+"{"+m[2]+"}")
		}
	}
	doc, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(doc), "## Metrics")
	table, _, _ = strings.Cut(table, "\n## ")
	var want []string
	for _, m := range inTable.FindAllStringSubmatch(table, -1) {
		want = append(want, m[1]+"{"+m[2]+"}")
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("docs/operating.md has other metrics than there are:\ngot  %s\nwant %s", want, got)
	}
}

// TestReadmeKeys wants keys that README.md names in its table to exist.
func TestReadmeKeys(t *testing.T) {
	doc, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	l := &loader{cfg: defaults()}
	l.keys = l.cfg.keys()
	named := regexp.MustCompile("`((?:xmpp|listen|admin|auth|policy|ice|call|limits|log)\\.[a-z_.]+)`").FindAllStringSubmatch(string(doc), -1)
	if len(named) < 5 {
		t.Fatalf("got %d keys, want some", len(named))
	}
	for _, m := range named {
		if l.key(m[1]) == nil {
			t.Errorf("README.md names %s, which is no key", m[1])
		}
	}
}

var snippet = regexp.MustCompile("(?s)\n```toml\n(.*?)```")

// TestSnippets wants what docs/operating.md tells an operator to write to be taken.
func TestSnippets(t *testing.T) {
	doc, err := os.ReadFile("../../docs/operating.md")
	if err != nil {
		t.Fatal(err)
	}
	found := snippet.FindAllStringSubmatch(string(doc), -1)
	if len(found) == 0 {
		t.Fatal("no snippets")
	}
	for _, m := range found {
		l := &loader{cfg: defaults(), found: map[string]source{}}
		l.cfg.XMPP.Domain, l.cfg.XMPP.Secret = "call.example.org", xmpptest.Secret
		l.keys = l.cfg.keys()
		if l.readFile("snippet", []byte(m[1])); len(l.problems) == 0 {
			l.check()
		}
		for _, p := range l.problems {
			t.Errorf("%s\n%s: %s", m[1], p.at, p.text)
		}
	}
}
