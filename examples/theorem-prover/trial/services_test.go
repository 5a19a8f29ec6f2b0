//go:build services

package trial

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLowMemoryIsHealed (a short name, for sockets live in its folder) is one fault of the trial with the
// real prover. How fast proofs come is not judged, only that they come again.
func TestLowMemoryIsHealed(t *testing.T) {
	bin, err := filepath.Abs(filepath.Join("..", "..", "..", "bin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "prover-engine")); err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	faults, err := Choose("memory")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	rows, err := Run(ctx, Options{Bin: bin, Dir: t.TempDir(), Files: os.DirFS(".."), Say: func(text string) { t.Log(text) }}, faults)
	if err != nil || len(rows) != 1 {
		t.Fatalf("got %+v, %v", rows, err)
	}
	if r := rows[0]; r.Healer != "reconfigure" || r.Action == "" || r.Seconds <= 0 || r.After <= 0 {
		t.Errorf("got %+v, want it healed by reconfigure and proofs afterwards", r)
	}
}
