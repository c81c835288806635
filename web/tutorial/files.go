package tutorial

import (
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// kinds are the types of files; others are for download.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".htm": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".json": "application/json", ".map": "application/json",
	".txt": "text/plain; charset=utf-8", ".md": "text/plain; charset=utf-8", ".wasm": "application/wasm",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif",
	".ico": "image/x-icon", ".webp": "image/webp", ".mp3": "audio/mpeg", ".mp4": "video/mp4", ".webm": "video/webm",
	".woff2": "font/woff2",
}

// serveFile serves the directory of Config.Files, as the codelab's server does: its pages
// load what they like from where they like, so no policy is set for them. What begins with a
// dot is nobody's business, and symbolic links do not lead out of the directory.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-cache") // who follows a tutorial edits its files
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	if s.files == nil {
		http.Error(w, s.hello, http.StatusNotFound)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" || strings.HasSuffix(r.URL.Path, "/") {
		name = path.Join(name, "index.html")
	}
	if hidden(name) || !fs.ValidPath(name) || !s.serveFound(w, r, name) {
		http.Error(w, "no such file", http.StatusNotFound)
	}
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") || strings.Contains(name, "/.") }

// serveFound serves a regular file; others, like pipes, might keep us waiting.
func (s *Server) serveFound(w http.ResponseWriter, r *http.Request, name string) bool {
	found, err := s.files.Stat(name)
	if err != nil {
		return false
	}
	if found.IsDir() { // relative links in its page need the slash
		if _, err := s.files.Stat(path.Join(name, "index.html")); err != nil {
			return false
		}
		http.Redirect(w, r, (&url.URL{Path: "/" + name + "/"}).String(), http.StatusFound)
		return true
	}
	if !found.Mode().IsRegular() {
		return false
	}
	file, err := s.files.Open(name)
	if err != nil {
		return false
	}
	defer file.Close()
	kind := kinds[strings.ToLower(path.Ext(name))]
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	http.ServeContent(w, r, name, found.ModTime(), io.ReadSeeker(file))
	return true
}
