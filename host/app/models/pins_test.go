package models_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/app/models"
)

func TestModelWithoutAHashGetsThatOfItsFileAndAWarning(t *testing.T) {
	var log bytes.Buffer
	pins := models.Pins{Log: hclog.New(&hclog.LoggerOptions{Output: &log})}
	file := filepath.Join(t.TempDir(), "m.wasm")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	first := pins.Of("web", file, "")
	if again := pins.Of("web", file, ""); len(first) != 64 || again != first {
		t.Errorf("got %q and %q, want the same hash twice", first, again)
	}
	if n := strings.Count(log.String(), "not pinned"); n != 1 {
		t.Errorf("%d warnings, want one:\n%s", n, log.String())
	}
	write("two")
	if other := pins.Of("web", file, ""); other == first || strings.Count(log.String(), "not pinned") != 2 {
		t.Errorf("after a change: %q, log\n%s", other, log.String())
	}
	if got := pins.Of("web", file, "abcd"); got != "abcd" {
		t.Errorf("got %q, want what the operator gave", got)
	}
	if got := pins.Of("web", file+".none", ""); got != "" {
		t.Errorf("got %q for no file", got)
	}
}
