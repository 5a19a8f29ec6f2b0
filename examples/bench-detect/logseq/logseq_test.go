package logseq

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/plugins/detector-logs/vector"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestVerdictsAreCounted(t *testing.T) {
	usual, odd := vector.Of([]uint32{1, 2, 3}), vector.Of([]uint32{1, 9})
	got := judge([]vector.Vector{usual, usual}, []vector.Vector{usual, odd}, []vector.Vector{odd, odd, usual})
	if want := (score{hits: 2, misses: 1, alarms: 1, quiet: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestABadLineIsNamed(t *testing.T) {
	for text, want := range map[string]string{"a,1 2\nb 3\n": "line 2: no comma", "a,1 x\n": `line 1: event "x"`} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := read(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}
