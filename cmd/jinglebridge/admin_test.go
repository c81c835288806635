package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
)

func TestAdmin(t *testing.T) {
	now := time.Now()
	up, twin, proven := true, true, now.Add(-59*time.Second)
	stopping := make(chan struct{})
	var disk error
	a := &admin{
		store:    func() error { return disk },
		link:     func() (bool, time.Time) { return up, proven },
		twin:     func() bool { return twin },
		now:      func() time.Time { return now },
		stopping: stopping,
		registry: newRegistry(),
	}
	handler := a.handler()
	ask := func(method, path string) (int, string) {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	want := func(path string, code int, body string) {
		t.Helper()
		if gotCode, gotBody := ask("GET", path); gotCode != code || gotBody != body {
			t.Errorf("%s: got %d %s, want %d %s", path, gotCode, gotBody, code, body)
		}
	}

	want("/healthz", http.StatusOK, `{"status":"ok"}`)
	want("/readyz", http.StatusServiceUnavailable, `{"reason":"another bridge uses the same domain","status":"not ready"}`)
	twin = false
	want("/readyz", http.StatusOK, `{"status":"ready"}`)
	disk = errors.New("no space left")
	want("/readyz", http.StatusServiceUnavailable, `{"reason":"the store cannot be written: no space left","status":"not ready"}`)
	disk = nil
	proven = now.Add(-61 * time.Second)
	want("/readyz", http.StatusServiceUnavailable, `{"reason":"the XMPP server has not answered for 1m1s","status":"not ready"}`)
	up = false
	want("/readyz", http.StatusServiceUnavailable, `{"reason":"not attached to the XMPP server","status":"not ready"}`)
	close(stopping)
	want("/readyz", http.StatusServiceUnavailable, `{"reason":"stopping","status":"not ready"}`)

	code, body := ask("GET", "/version")
	var b build
	if err := json.Unmarshal([]byte(body), &b); code != http.StatusOK || err != nil || b.Version != version {
		t.Errorf("/version: got %d %s, %v", code, body, err)
	}
	if code, body = ask("GET", "/metrics"); code != http.StatusOK || !strings.Contains(body, "jinglebridge_build_info{") {
		t.Errorf("/metrics: got %d %s, want the build in it", code, body)
	}
	if code, _ = ask("POST", "/readyz"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST: got %d", code)
	}
	if code, _ = ask("GET", "/debug/pprof/"); code != http.StatusNotFound {
		t.Errorf("pprof: got %d", code)
	}
}

func TestMetricsAreWellNamed(t *testing.T) {
	problems, err := testutil.GatherAndLint(newRegistry())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		// The Go collector's own names are not ours to choose.
		if strings.HasPrefix(p.Metric, "jinglebridge_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}
