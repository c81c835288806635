package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func newPageServer(t *testing.T) *Server {
	t.Helper()
	s, err := New(Config{Handler: newBridge(), Page: fstest.MapFS{
		"index.html":        {Data: []byte("<!doctype html>" + strings.Repeat("index ", 100))},
		"jinglebridge.js":   {Data: []byte("export {}")},
		"page.css":          {Data: []byte("a{}")},
		"icon.svg":          {Data: []byte("<svg/>")},
		"page.go":           {Data: []byte("package page")},
		"jinglebridge.d.ts": {Data: []byte("export {}")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(s *Server, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "http://call.example.org"+path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestPages(t *testing.T) {
	s := newPageServer(t)
	for _, row := range []struct {
		method, path string
		code         int
		kind         string
	}{
		{"GET", "/", 200, "text/html; charset=utf-8"},
		{"HEAD", "/", 200, "text/html; charset=utf-8"},
		{"GET", "/call/frontdoor", 200, "text/html; charset=utf-8"},
		{"GET", "/index.html", 200, "text/html; charset=utf-8"},
		{"GET", "/jinglebridge.js", 200, "text/javascript; charset=utf-8"},
		{"GET", "/page.css", 200, "text/css; charset=utf-8"},
		{"GET", "/icon.svg", 200, "image/svg+xml"},
		{"GET", "/page.go", 404, "text/plain; charset=utf-8"},
		{"GET", "/../page.go", 404, "text/plain; charset=utf-8"},
		{"GET", "/nothing", 404, "text/plain; charset=utf-8"},
		{"GET", "/call", 404, "text/plain; charset=utf-8"},
		{"POST", "/", 405, "text/plain; charset=utf-8"},
		{"GET", "/ws", 426, "text/plain; charset=utf-8"},
	} {
		resp := get(s, row.method, row.path)
		if resp.StatusCode != row.code || resp.Header.Get("Content-Type") != row.kind {
			t.Errorf("%s %s: got %d %s, want %d %s", row.method, row.path, resp.StatusCode, resp.Header.Get("Content-Type"), row.code, row.kind)
		}
		if row.path != "/ws" && resp.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: no nosniff", row.path)
		}
	}
	if body, _ := io.ReadAll(get(s, "HEAD", "/").Body); len(body) != 0 {
		t.Errorf("HEAD got %q", body)
	}
}

func TestPageHeaders(t *testing.T) {
	s := newPageServer(t)
	h := get(s, "GET", "/").Header
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self' blob:; " +
			"manifest-src 'self'; connect-src 'self' ws://call.example.org wss://call.example.org; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"Permissions-Policy":           "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), screen-wake-lock=(self), geolocation=(), payment=(), usb=()",
		"Referrer-Policy":              "no-referrer",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Access-Control-Allow-Origin":  "",
		"Cache-Control":                "no-cache",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if h := get(s, "GET", "/jinglebridge.js").Header; h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
		t.Errorf("other sites may not import the library: %v", h)
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.Host = "x; script-src *"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if csp := w.Header().Get("Content-Security-Policy"); strings.Contains(csp, "*") {
		t.Errorf("a Host changed the policy: %s", csp)
	}
}

func TestPageCaching(t *testing.T) {
	s := newPageServer(t)
	plain := get(s, "GET", "/")
	packed := get(s, "GET", "/", "Accept-Encoding", "br, gzip")
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("got %v", packed.Header)
	}
	r, err := gzip.NewReader(packed.Body)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(r)
	want, _ := io.ReadAll(plain.Body)
	if !bytes.Equal(got, want) || len(want) == 0 {
		t.Errorf("packed %q, plain %q", got, want)
	}
	if get(s, "GET", "/", "Accept-Encoding", "gzip;q=0").Header.Get("Content-Encoding") != "" {
		t.Error("packed for one who refuses it")
	}
	tag := plain.Header.Get("ETag")
	for list, code := range map[string]int{tag: 304, `"x", W/` + tag: 304, "*": 304, `"x"`: 200, packed.Header.Get("ETag"): 200} {
		if resp := get(s, "GET", "/", "If-None-Match", list); resp.StatusCode != code {
			t.Errorf("If-None-Match %s: got %d, want %d", list, resp.StatusCode, code)
		}
	}
}

// TestOwnPage: what is embedded is served whole, and small.
func TestOwnPage(t *testing.T) {
	s, err := New(Config{Handler: newBridge()})
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for path, f := range s.pages.files {
		if strings.HasSuffix(path, ".d.ts") {
			continue
		}
		if f.gz != nil {
			total += len(f.gz)
		} else {
			total += len(f.plain)
		}
	}
	if total > 60<<10 {
		t.Errorf("the page takes %d bytes, over 60 KiB", total)
	}
}

// TestVisits: the page of visitors has its title before anything is run, and only as text.
func TestVisits(t *testing.T) {
	s, err := New(Config{Handler: newBridge(), Visits: map[string]string{"frontdoor": `Front <door> & "more"`, "plain": ""}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/call/frontdoor": "<title>Front &lt;door&gt; &amp; &#34;more&#34;</title>\n<meta name=\"page\" content=\"frontdoor\">",
		"/call/FrontDoor": `<meta name="page" content="frontdoor">`,
		"/call/plain":     "<title>plain</title>",
		"/call/other":     "<title>jinglebridge</title>\n<meta name=\"viewport\"",
		"/":               "<title>jinglebridge</title>\n<meta name=\"viewport\"",
	} {
		resp := get(s, "GET", path)
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 || !strings.Contains(string(body), want) || !strings.Contains(string(body), `<main id="app"`) {
			t.Errorf("%s: got %d %.400s, want %s in it", path, resp.StatusCode, body, want)
		}
	}
	if a, b := get(s, "GET", "/call/frontdoor").Header.Get("ETag"), get(s, "GET", "/").Header.Get("ETag"); a == b {
		t.Errorf("two pages have the ETag %s", a)
	}
}
