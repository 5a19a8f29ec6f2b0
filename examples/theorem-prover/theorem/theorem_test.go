package theorem

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func example(seconds float64) Theorem {
	return Theorem{Hash: strings.Repeat("ab", hashBytes), Name: "groups-example", Status: "Theorem", Heuristic: "auto", Seconds: seconds}
}

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func put(t *testing.T, s *Store, theorem Theorem, want bool) {
	t.Helper()
	if news, err := s.Put(theorem); err != nil || news != want {
		t.Fatalf("put %+v: got %v, %v, want %v", theorem, news, err, want)
	}
}

func TestTheoremsOutliveTheStoreAndOnlyMuchShorterProofsReplaceThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "theorems.jsonl")
	s := open(t, path)
	put(t, s, example(1), true)
	put(t, s, example(0.9), false)
	put(t, s, example(0.2), true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	defer s.Close()
	if got, known := s.Find(example(0).Hash); !known || got.Seconds != 0.2 || s.Count() != 1 {
		t.Errorf("after opening again: got %+v, %v of %d, want the proof of 0.2 s alone", got, known, s.Count())
	}
}

func TestTornEndIsDroppedAndDamageIsNot(t *testing.T) {
	path := filepath.Join(t.TempDir(), "theorems.jsonl")
	s := open(t, path)
	put(t, s, example(1), true)
	whole, err := os.ReadFile(path)
	if err := errors.Join(err, s.Close(), os.WriteFile(path, append(whole, whole[:20]...), 0o600)); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if b, err := os.ReadFile(path); err != nil || !bytes.Equal(b, whole) || s.Count() != 1 {
		t.Errorf("torn end: got %q, %v, want %q", b, err, whole)
	}
	if err := errors.Join(s.Close(), os.WriteFile(path, append([]byte("?\n"), whole...), 0o600)); err != nil {
		t.Fatal(err)
	}
	if s, err := Open(path); err == nil {
		t.Errorf("a damaged file was opened, with %d theorems", s.Count())
	}
}

func TestPagesRefuseWhatIsNoTheorem(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "theorems.jsonl"))
	defer s.Close()
	pages := Pages(s, hclog.NewNullLogger())
	whole, err := json.Marshal(example(1))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"half an object", http.MethodPost, "/theorems", "{", http.StatusBadRequest},
		{"too long", http.MethodPost, "/theorems", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, http.StatusBadRequest},
		{"no hash", http.MethodPost, "/theorems", `{"name":"x"}`, http.StatusUnprocessableEntity},
		{"unknown problem", http.MethodGet, "/theorems/" + example(1).Hash, "", http.StatusNotFound},
		{"a theorem", http.MethodPost, "/theorems", string(whole), http.StatusCreated},
		{"the same again", http.MethodPost, "/theorems", string(whole), http.StatusOK},
		{"known problem", http.MethodGet, "/theorems/" + example(1).Hash, "", http.StatusOK},
		{"health", http.MethodGet, "/health", "", http.StatusOK},
	} {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body)))
		if w.Code != c.want {
			t.Errorf("%s: got status %d (%s), want %d", c.name, w.Code, w.Body, c.want)
		}
	}
}
