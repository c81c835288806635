package web

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// pages are the files we serve, read once: they are few and small.
type pages struct {
	files  map[string]*file // by path
	index  *file
	visits map[string]*file // the index of each page that has visitors, by its name
}

type file struct {
	kind      string // Content-Type
	plain, gz []byte // gz is nil when it would not be smaller
	tag       string // for the ETag
}

// kinds are the files we know; others are not served.
var kinds = map[string]string{
	".html":        "text/html; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".svg":         "image/svg+xml",
	".png":         "image/png",
	".ts":          "text/plain; charset=utf-8",
	".webmanifest": "application/manifest+json",
}

func newPages(files fs.FS, visits map[string]string) (*pages, error) {
	p := &pages{files: make(map[string]*file), visits: make(map[string]*file)}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		kind := kinds[path.Ext(name)]
		if err != nil || entry.IsDir() || kind == "" {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		p.files["/"+name] = newFile(kind, data)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("page: %w", err)
	}
	if p.index = p.files["/index.html"]; p.index == nil {
		return nil, errors.New("page: no index.html")
	}
	for name, title := range visits {
		p.visits[name] = newFile(p.index.kind, visited(p.index.plain, name, title))
	}
	return p, nil
}

func newFile(kind string, data []byte) *file {
	sum := sha256.Sum256(data)
	return &file{kind, data, compressed(data), base64.RawURLEncoding.EncodeToString(sum[:12])}
}

// visited returns the index as the visitors of a page get it: it has the page's title, and
// says in a meta element which page it is.
func visited(index []byte, name, title string) []byte {
	from := bytes.Index(index, []byte("<title>"))
	to := bytes.Index(index, []byte("</title>"))
	if from < 0 || to < from {
		return index
	}
	var out bytes.Buffer
	out.Write(index[:from])
	fmt.Fprintf(&out, "<title>%s</title>\n<meta name=\"page\" content=\"%s\">",
		html.EscapeString(cmp.Or(title, name)), html.EscapeString(name))
	out.Write(index[to+len("</title>"):])
	return out.Bytes()
}

func compressed(data []byte) []byte {
	var buf bytes.Buffer
	w, _ := gzip.NewWriterLevel(&buf, gzip.BestCompression) // the level exists
	w.Write(data)                                           // a Buffer takes all
	w.Close()
	if buf.Len() >= len(data) {
		return nil
	}
	return buf.Bytes()
}

// find returns the file of a path. The page reads from /call/<name> whom to call; there
// the visitors of a page arrive, too.
func (p *pages) find(urlPath string) *file {
	if name, ok := strings.CutPrefix(urlPath, "/call/"); ok {
		return cmp.Or(p.visits[strings.ToLower(name)], p.index)
	}
	if urlPath == "/" {
		return p.index
	}
	return p.files[urlPath]
}

func (p *pages) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	p.protect(h, r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	f := p.find(r.URL.Path)
	if f == nil {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	body, tag := f.plain, `"`+f.tag+`"`
	if f.gz != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			body, tag = f.gz, `"`+f.tag+`-gz"`
			h.Set("Content-Encoding", "gzip")
		}
	}
	h.Set("Content-Type", f.kind)
	h.Set("ETag", tag)
	// The names carry no version, so a browser asks each time, and mostly hears 304.
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(f.kind, "text/javascript") {
		// Modules of other sites may import the library.
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	if seen(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodGet {
		w.Write(body)
	}
}

// protect sets what keeps a page of ours to itself (docs/operating.md).
func (p *pages) protect(h http.Header, r *http.Request) {
	connect := "'self'"
	if plainHost(r.Host) {
		// COMPAT Safari before 15.4: 'self' does not cover WebSockets.
		connect += " ws://" + r.Host + " wss://" + r.Host
	}
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; "+
		"img-src 'self' data:; media-src 'self' blob:; manifest-src 'self'; connect-src "+connect+"; "+
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), "+
		"screen-wake-lock=(self), geolocation=(), payment=(), usb=()")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// plainHost says whether a Host can stand in a policy without changing it.
func plainHost(host string) bool {
	for i := 0; i < len(host); i++ {
		c := host[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte(".-:[]", c) >= 0) {
			return false
		}
	}
	return host != ""
}

func acceptsGzip(r *http.Request) bool {
	for _, coding := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.ReplaceAll(coding, " ", ""), ";")
		if strings.EqualFold(name, "gzip") && quality != "q=0" {
			return true
		}
	}
	return false
}

// seen says whether a list of ETags has this one (RFC 9110 §13.1.2).
func seen(list, tag string) bool {
	for _, t := range strings.Split(list, ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == tag {
			return true
		}
	}
	return false
}
