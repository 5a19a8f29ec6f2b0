//go:build services

package trial

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestFourBadChangesAreUndoneAndTheGoodOneIsKept is the whole trial, with a late fault that sets in early.
func TestFourBadChangesAreUndoneAndTheGoodOneIsKept(t *testing.T) {
	bin, err := filepath.Abs(filepath.Join("..", "..", "..", "bin"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(bin, "homeostat")); err != nil {
		t.Fatalf("%v: run `make build` first", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	rows, err := Run(ctx, Options{Bin: bin, Dir: t.TempDir(), Late: 5 * time.Second, Say: func(line string) { t.Log(line) }})
	if err != nil || len(rows) != 5 {
		t.Fatalf("got %d rows, %v, want 5", len(rows), err)
	}
	for _, r := range rows {
		// How long it took is judged by `make safe-nginx`: no test depends on speed.
		if want := map[bool]string{true: "kept"}[r.Good]; r.State != want && (r.Good || r.State != "rolled_back" && r.State != "failed") {
			t.Errorf("%s: ended as %s, want it kept if it is good, else undone", r.Name, r.State)
		}
	}
}
