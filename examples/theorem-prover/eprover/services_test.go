//go:build services

package eprover

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func prover(t *testing.T) *Prover {
	t.Helper()
	p, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func run(t *testing.T, p *Prover, file string, l Limits) Outcome {
	t.Helper()
	o, err := p.Run(t.Context(), file, "weight", l)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return o
}

func TestRealProverEndsInEachVerdict(t *testing.T) {
	p, problems := prover(t), filepath.Join("..", "problems")
	wrong := filepath.Join(t.TempDir(), "wrong.p")
	refuted := filepath.Join(t.TempDir(), "refuted.p")
	for file, text := range map[string]string{wrong: "cnf(a", refuted: "fof(a, axiom, p).\nfof(g, conjecture, q).\n"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		file   string
		limits Limits
		want   Verdict
	}{
		{filepath.Join(problems, "puzzles-barber.p"), Limits{10, 200}, Proved},
		{filepath.Join(problems, "groups-commuting-squares.p"), Limits{10, 200}, Proved},
		{filepath.Join(problems, "logic-symmetric-difference.p"), Limits{1, 500}, TimedOut},
		{filepath.Join(problems, "puzzles-barber.p"), Limits{10, 2}, OutOfMemory},
		{refuted, Limits{10, 200}, Refuted},
		{wrong, Limits{10, 200}, Failed},
		{wrong + ".gone", Limits{10, 200}, Failed},
	} {
		if o := run(t, p, c.file, c.limits); o.Verdict != c.want {
			t.Errorf("%s within %+v: got %+v, want %s", c.file, c.limits, o, c.want)
		}
	}
}

func TestProverEndsWithItsContext(t *testing.T) {
	p := prover(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := p.Run(ctx, filepath.Join("..", "problems", "logic-symmetric-difference.p"), "weight", Limits{60, 500})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the end of the context", err)
	}
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), "--cpu-limit=60") && strings.Contains(string(b), "eprover") {
			t.Errorf("%s is still there: %q", path, b)
		}
	}
}
