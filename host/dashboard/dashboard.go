// Package dashboard serves the web page: its files, embedded as they were
// built, with the headers that keep a browser to them.
//
// It owns the files, how they are named, cached and compressed, and the
// content security policy. It shows nothing of the host: the page asks the API,
// as whoever signed in. Built files are not part of the repository: a program
// that was built without them serves a page that says how to build it. A Page
// is safe for concurrent use.
package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed all:dist placeholder.html
var files embed.FS

// policy lets a page load its own files and ask its own host, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// The start of the page as Vite writes it, and what stands in for it.
const (
	index       = "index.html"
	placeholder = "placeholder.html"
)

// Page serves the files of the dashboard at / and /assets/.
type Page struct {
	files map[string]*file // by the path of the request, without the first slash
	built bool
}

// New returns the page that is built into this program.
func New() *Page {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		panic(err) // the name is a constant
	}
	return of(dist)
}

// of reads the built files; without a start there is the placeholder alone.
func of(dist fs.FS) *Page {
	p := &Page{files: map[string]*file{}}
	start, err := fs.ReadFile(dist, index)
	if p.built = err == nil; !p.built {
		start, _ = files.ReadFile(placeholder)
	}
	p.files[""] = newFile(index, start)
	names, _ := fs.Glob(dist, "assets/*") // the pattern is well-formed
	for _, name := range names {
		if data, err := fs.ReadFile(dist, name); err == nil && p.built {
			p.files[name] = newFile(name, data)
		}
	}
	return p
}

// Built reports whether the page is there, and not the placeholder.
func (p *Page) Built() bool { return p.built }

// ServeHTTP answers GET and HEAD.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	f, ok := p.files[strings.TrimPrefix(r.URL.Path, "/")]
	if !ok {
		http.Error(w, "there is no such file in this version of the page; load / again", http.StatusNotFound)
		return
	}
	f.serve(w, r)
}

// file is one file with what is sent beside it.
type file struct {
	kind  string
	etag  string
	cache string
	data  []byte
	// small is the data in gzip, or nil where that is hardly smaller.
	small func() []byte
}

// kinds are the files that a build makes. The system's own table could call them something else.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

func newFile(name string, data []byte) *file {
	sum := sha256.Sum256(data)
	f := &file{kind: kinds[path.Ext(name)], etag: hex.EncodeToString(sum[:16]), data: data, cache: "no-cache"}
	if strings.HasPrefix(name, "assets/") {
		f.cache = "public, max-age=31536000, immutable" // the name holds a sum of the content
	}
	f.small = sync.OnceValue(func() []byte { return squeeze(data) })
	return f
}

// squeeze compresses what becomes smaller by a tenth at least.
func squeeze(data []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is valid
	_, _ = z.Write(data)                                    // a buffer takes everything
	_ = z.Close()
	if out.Len() > len(data)*9/10 {
		return nil
	}
	return out.Bytes()
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", f.cache)
	header.Add("Vary", "Accept-Encoding")
	body, etag := f.data, `"`+f.etag+`"`
	if small := f.small(); small != nil && takesGzip(r) {
		body, etag = small, `"`+f.etag+`-gzip"`
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", etag)
	if known(r.Header.Get("If-None-Match"), etag) {
		header.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // who left does not miss it
	}
}

// takesGzip reads Accept-Encoding; a weight of zero is a refusal.
func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			weight = strings.ReplaceAll(weight, " ", "")
			return !strings.HasPrefix(weight, "q=0") || strings.Trim(weight, "q=0.") != ""
		}
	}
	return false
}

// known says whether one of the tags that a browser has is this one.
func known(tags, etag string) bool {
	for tag := range strings.SplitSeq(tags, ",") {
		if strings.TrimPrefix(strings.TrimSpace(tag), "W/") == etag {
			return true
		}
	}
	return false
}
