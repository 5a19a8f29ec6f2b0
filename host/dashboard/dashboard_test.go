package dashboard

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var script = strings.Repeat("let it = be;\n", 100)

var built = fstest.MapFS{
	"index.html":         {Data: []byte(`<script type="module" src="/assets/app-1a2b.js"></script>`)},
	"assets/app-1a2b.js": {Data: []byte(script)},
	"secret.txt":         {Data: []byte("not served")},
}

func ask(p *Page, line string, headers ...string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, path, nil)
	for n := 0; n < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w
}

func TestProgramWithoutThePageSaysHowToBuildIt(t *testing.T) {
	p := of(fstest.MapFS{".gitignore": {Data: []byte("*")}})
	w := ask(p, "GET /")
	if p.Built() || w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "make dashboard") {
		t.Errorf("got built %v, %d %s, want the placeholder", p.Built(), w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "style=") || strings.Contains(w.Body.String(), "<script") {
		t.Error("the placeholder has what its own policy forbids")
	}
}

func TestOnlyThePageIsServedAndEverythingUnderThePolicy(t *testing.T) {
	p := of(built)
	for path, want := range map[string]int{
		"/": 200, "/assets/app-1a2b.js": 200, "/assets/app-0000.js": 404, "/assets/": 404, "/secret.txt": 404, "/index.html": 404,
		"/assets/../secret.txt": 404, "/assets/%2e%2e/secret.txt": 404, "/placeholder.html": 404, "//": 404,
	} {
		w := ask(p, "GET "+path)
		if w.Code != want {
			t.Errorf("%s: got %d, want %d", path, w.Code, want)
		}
		if got := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(got, "default-src 'none'") || strings.Contains(got, "unsafe") {
			t.Errorf("%s: got policy %q", path, got)
		}
	}
}

func TestNamedFilesAreKeptAndTheStartIsAskedForAnew(t *testing.T) {
	p := of(built)
	if got := ask(p, "GET /assets/app-1a2b.js").Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
		t.Errorf("asset: got %q, want it kept for good", got)
	}
	w := ask(p, "GET /")
	if got := w.Header().Get("Cache-Control"); got != "no-cache" {
		t.Errorf("start: got %q, want no-cache", got)
	}
	etag := w.Header().Get("ETag")
	for tags, want := range map[string]int{etag: 304, "W/" + etag: 304, `"x", ` + etag: 304, `"x"`: 200, "": 200} {
		if got := ask(p, "GET /", "If-None-Match", tags); got.Code != want || (want == 304 && got.Body.Len() > 0) {
			t.Errorf("%q: got %d with %d bytes, want %d", tags, got.Code, got.Body.Len(), want)
		}
	}
}

func TestFilesAreCompressedForThoseWhoTakeIt(t *testing.T) {
	p := of(built)
	plain := ask(p, "GET /assets/app-1a2b.js")
	if plain.Body.String() != script || plain.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("got %s %q", plain.Header().Get("Content-Type"), plain.Body)
	}
	for accept, want := range map[string]bool{
		"gzip": true, "br, GZIP;q=0.5": true, "": false, "br": false, "gzip;q=0": false, "gzip; q=0.000, br": false,
	} {
		w := ask(p, "GET /assets/app-1a2b.js", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding") == "gzip"; got != want {
			t.Errorf("%q: got gzip %v, want %v", accept, got, want)
		}
		if want && w.Header().Get("ETag") == plain.Header().Get("ETag") {
			t.Error("both forms have the same tag")
		}
	}
	z, err := gzip.NewReader(ask(p, "GET /assets/app-1a2b.js", "Accept-Encoding", "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(z); err != nil || string(data) != script {
		t.Errorf("got %d bytes, %v, want the script", len(data), err)
	}
	if w := ask(p, "HEAD /assets/app-1a2b.js"); w.Code != http.StatusOK || w.Body.Len() > 0 {
		t.Errorf("HEAD: got %d and %d bytes", w.Code, w.Body.Len())
	}
}
