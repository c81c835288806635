package tutorial

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jinglebridge/jinglebridge/web"
)

func fileServer(t *testing.T, newServer func(Config) (*Server, error), dir string) *Server {
	t.Helper()
	stage := newStage(t)
	s, err := newServer(Config{Web: stage.web, Files: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Shutdown(t.Context()) })
	return s
}

func ask(s *Server, method, path string) *http.Response {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Path = path // as it comes in, whatever it is
	s.ServeHTTP(w, r)
	return w.Result()
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		name = filepath.Join(dir, "public", name)
		os.MkdirAll(filepath.Dir(name), 0o700)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("index.html", "<h1>home</h1>")
	write("js/main.js", "main()")
	write("css/MAIN.CSS", "p {}")
	write("page/index.html", "<h1>page</h1>")
	write("empty/not.an/index.txt", "text")
	write("data.xyz", "data")
	write(".env", "secret")
	write(".git/config", "secret")
	write("js/.hidden.js", "secret")
	write("../secret.txt", "secret")
	for _, link := range [][2]string{{"../secret.txt", "link.txt"}, {"..", "up"}, {"index.html", "home.html"}} {
		if err := os.Symlink(link[0], filepath.Join(dir, "public", link[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "public", "pipe.txt"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := fileServer(t, NewCodelab, filepath.Join(dir, "public"))
	for _, test := range []struct {
		path   string
		status int
		kind   string
		body   string
	}{
		{"/", 200, "text/html; charset=utf-8", "<h1>home</h1>"},
		{"/index.html", 200, "text/html; charset=utf-8", "<h1>home</h1>"},
		{"/home.html", 200, "text/html; charset=utf-8", "<h1>home</h1>"},
		{"/js/main.js", 200, "text/javascript; charset=utf-8", "main()"},
		{"/js/../js//main.js", 200, "text/javascript; charset=utf-8", "main()"},
		{"/css/MAIN.CSS", 200, "text/css; charset=utf-8", "p {}"},
		{"/data.xyz", 200, "application/octet-stream", "data"},
		{"/page", 302, "", ""},
		{"//page", 302, "", ""},
		{"/page/", 200, "text/html; charset=utf-8", "<h1>page</h1>"},
		{"/js", 404, "", "no such file\n"},
		{"/js/", 404, "", "no such file\n"},
		{"/empty", 404, "", "no such file\n"},
		{"/index.html/", 404, "", "no such file\n"},
		{"/.env", 404, "", "no such file\n"},
		{"/.git/config", 404, "", "no such file\n"},
		{"/js/.hidden.js", 404, "", "no such file\n"},
		{"/js/../.env", 404, "", "no such file\n"},
		{"/../secret.txt", 404, "", "no such file\n"},
		{"/link.txt", 404, "", "no such file\n"},
		{"/up/secret.txt", 404, "", "no such file\n"},
		{"/pipe.txt", 404, "", "no such file\n"},
		{"/a\x00b", 404, "", "no such file\n"},
		{"", 200, "text/html; charset=utf-8", "<h1>home</h1>"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			resp := ask(s, method, test.path)
			body := make([]byte, 200)
			n, _ := resp.Body.Read(body)
			if got := string(body[:n]); resp.StatusCode != test.status || method == "GET" && test.status != 302 && got != test.body {
				t.Errorf("%s %q: got %d %q, want %d %q", method, test.path, resp.StatusCode, got, test.status, test.body)
			}
			if got := resp.Header.Get("Content-Type"); test.kind != "" && got != test.kind {
				t.Errorf("%s %q: got type %q, want %q", method, test.path, got, test.kind)
			}
			if resp.Header.Get("X-Content-Type-Options") != "nosniff" || resp.StatusCode == 200 && resp.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s %q: got header %v", method, test.path, resp.Header)
			}
			if got := resp.Header.Get("Location"); test.status == 302 && got != "/page/" {
				t.Errorf("%s %q: got location %q, want /page/", method, test.path, got)
			}
		}
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		if resp := ask(s, method, "/"); resp.StatusCode != http.StatusMethodNotAllowed || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, want 405", method, resp.StatusCode)
		}
	}
}

// Without files a port says what it is for.
func TestNoFiles(t *testing.T) {
	for want, newServer := range map[string]func(Config) (*Server, error){"codelab": NewCodelab, "Brave": NewBrave} {
		s := fileServer(t, newServer, "")
		for _, path := range []string{"/", "/index.html", "/socket.io"} {
			resp := ask(s, "GET", path)
			body := make([]byte, 500)
			n, _ := resp.Body.Read(body)
			text := string(body[:n])
			if resp.StatusCode != 404 || !strings.Contains(text, want) || !strings.Contains(text, "/socket.io/") || !strings.Contains(text, "tutorial.codelab_files") {
				t.Errorf("%s: got %d %q", path, resp.StatusCode, text)
			}
		}
	}
}

func TestBadConfig(t *testing.T) {
	stage := newStage(t)
	for want, try := range map[string]func() (*Server, error){
		"no web.Server":              func() (*Server, error) { return NewCodelab(Config{}) },
		"tutorial.codelab_files: ":   func() (*Server, error) { return NewCodelab(Config{Web: stage.web, Files: "/nowhere/at/all"}) },
		"only the codelab":           func() (*Server, error) { return NewBrave(Config{Web: stage.web, Files: t.TempDir()}) },
		"files_test.go: not a direc": func() (*Server, error) { return NewCodelab(Config{Web: stage.web, Files: "files_test.go"}) },
	} {
		if _, err := try(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// The server's own addresses are told to pages of this machine on this machine only, and one
// that is set to everybody.
func TestIPAddr(t *testing.T) {
	for _, test := range []struct {
		from, host, origin, ip string
		want                   []string
	}{
		{"127.0.0.1:4711", "", "", "", []string{"192.0.2.7"}},
		{"[::1]:4711", "http://[::1]:8080", "http://localhost:3000", "", []string{"192.0.2.7"}},
		{"127.0.0.1:4711", "http://127.0.0.1:8080", "http://[::1]:8080", "", []string{"192.0.2.7"}},
		{"127.0.0.1:4711", "", "https://shop.example", "", nil}, // any page of the web
		{"127.0.0.1:4711", "", "http://203.0.113.80", "", nil},
		{"127.0.0.1:4711", "", "null", "", nil},
		{"127.0.0.1:4711", "http://shop.example", "", "", nil}, // whose name leads here
		{"192.0.2.99:4711", "", "", "", nil},
		{"192.0.2.99:4711", "", "", "203.0.113.5", []string{"203.0.113.5"}},
		{"127.0.0.1:4711", "", "https://shop.example", "203.0.113.5", []string{"203.0.113.5"}},
	} {
		stage := newStage(t)
		stage.addr, stage.host, stage.origin = test.from, test.host, test.origin
		if err := stage.enter("codelab", Config{IP: test.ip}); err != nil {
			t.Fatal(err)
		}
		stage.page.Event("ipaddr", nil)
		var want []string
		for _, ip := range test.want {
			want = append(want, `ipaddr "`+ip+`"`)
		}
		if !slices.Equal(stage.toPage, want) {
			t.Errorf("%+v: got %q", test, stage.toPage)
		}
		stage.page.Closed()
	}
	// Behind a proxy, everybody comes from this machine, and nobody is on it.
	ws, err := web.New(web.Config{Handler: newStage(t), BehindProxy: true, AnyOrigin: true, Origins: []string{"*"}, Page: noPage})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Shutdown(t.Context())
	s, err := NewCodelab(Config{Web: ws})
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/socket.io/", nil)
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("X-Forwarded-For", "192.0.2.99")
	guest, ok := ws.Admit(httptest.NewRecorder(), r)
	if !ok {
		t.Fatal("not admitted")
	}
	if got := s.addresses(guest); got != nil {
		t.Errorf("got %q for a client behind a proxy, want nothing", got)
	}
	guest.Leave(nil)
}
