//go:build services

package trial

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRulesUndoWhatAHandHasSet is one drift of the trial, for as long as it takes.
func TestRulesUndoWhatAHandHasSet(t *testing.T) {
	bin, err := filepath.Abs(filepath.Join("..", "..", "..", "bin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "homeostat")); err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	row, err := Run(ctx, Reconfigure, Options{
		Bin: bin, Dir: t.TempDir(), Seed: 1, Drifts: []string{"edit"}, Drift: 4 * time.Minute, Calm: 2 * time.Second,
		EndWhenHealed: true, Say: func(line string) { t.Log(line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	// How long it took is judged by `make tune-redis`: no test depends on speed.
	if row.Healed < 1 || row.Violations() > 0 {
		t.Errorf("got %+v, want at least one remedy that healed and no violation", row)
	}
}
