package eprover

import (
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestVerdictIsReadFromWhatTheProverSays(t *testing.T) {
	for said, want := range map[string]Verdict{
		"\n# Proof found!\n# SZS status Theorem\n":                                Proved,
		"\n# Proof found!\n# SZS status Unsatisfiable\n":                          Proved,
		"# Proof found!\n# SZS status ContradictoryAxioms":                        Proved,
		"# No proof found!\n# SZS status CounterSatisfiable\n":                    Refuted,
		"# Failure: Resource limit exceeded (time)\n# SZS status ResourceOut\n":   TimedOut,
		"eprover: CPU time limit exceeded, terminating\n":                         TimedOut,
		"# Failure: Resource limit exceeded (memory)\n# SZS status ResourceOut\n": OutOfMemory,
		"eprover: Out of Memory\n":                                                OutOfMemory,
		"eprover: x.p:2:(Column 1):(just read ''): Comma (',') expected":          Failed,
		"": Failed,
		"% a comment of the problem: SZS status Theorem":                                            Failed,
		"# Failure: User resource limit exceeded!\n# SZS status GaveUp":                             Failed,
		"# SZS status ResourceOut\n# Failure: Resource limit exceeded (memory)\n# and then nothing": OutOfMemory,
	} {
		if got := judge(said); got.Verdict != want {
			t.Errorf("%q: got %s, want %s", said, got.Verdict, want)
		}
	}
}

func TestUnknownHeuristicIsRefusedWithTheKnownOnes(t *testing.T) {
	err := Heuristic("guess").Check()
	if err == nil || !strings.Contains(err.Error(), "refined") {
		t.Errorf("got %v, want an error that lists the heuristics", err)
	}
	for _, h := range Heuristics() {
		if err := h.Check(); err != nil {
			t.Errorf("%s: %v", h, err)
		}
	}
}

func TestOnlyTheHeadOfAnOutputIsKept(t *testing.T) {
	h := &head{most: 5}
	for _, part := range []string{"abc", "def", "ghi"} {
		if n, err := h.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("write %q: got %d, %v", part, n, err)
		}
	}
	if h.String() != "abcde" {
		t.Errorf("got %q, want the first 5 bytes", h.String())
	}
}

func FuzzJudge(f *testing.F) {
	f.Add("# SZS status Theorem")
	f.Add("# SZS status ResourceOut\nexceeded (time)")
	f.Fuzz(func(t *testing.T, said string) {
		if o := judge(said); o.Verdict == "" || len(o.Said) > 1024 {
			t.Errorf("%q: got %+v", said, o)
		}
	})
}
