package trial

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestProofsAreCountedOverRestarts(t *testing.T) {
	count := &tally{}
	for _, now := range []float64{10, 12, 12, 3, 4, 0, 5} {
		count.take(now)
	}
	if count.total != 12+4+5 {
		t.Errorf("got %v proofs, want those of three processes: 12, 4 and 5", count.total)
	}
	begun := time.Now()
	if rate := (mark{begun, 10}).until(mark{begun.Add(30 * time.Second), 40}); rate != 60 {
		t.Errorf("30 proofs in 30 s: got %v a minute, want 60", rate)
	}
}

func TestFaultsAreChosenByName(t *testing.T) {
	if chosen, err := Choose("memory,crash"); err != nil || len(chosen) != 2 || chosen[0].Name != "memory" {
		t.Errorf("got %v, %v, want memory and crash", chosen, err)
	}
	if chosen, err := Choose(""); err != nil || len(chosen) != len(Names()) {
		t.Errorf("got %v, %v, want all", chosen, err)
	}
	if _, err := Choose("crash,flood"); err == nil || !strings.Contains(err.Error(), "slow-store") {
		t.Errorf("an unknown fault: got %v, want an error that lists the known ones", err)
	}
}

// TestTrialMovesTheShippedConfiguration: whatever the shipped file names must be
// in the scratch folder, or the trial would touch what a reader runs.
func TestTrialMovesTheShippedConfiguration(t *testing.T) {
	o := Options{Bin: "/bin-folder", Dir: t.TempDir(), Files: os.DirFS("..")}
	s := &stage{opt: o, dir: filepath.Join(o.Dir, "x")}
	ports := []string{"a:1", "b:2", "c:3", "d:4", "e:5", "f:6"}
	text, err := s.configuration(ports)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		for _, left := range []string{"127.0.0.1", "var/", "../", `"bin/`} {
			if strings.Contains(line, left) {
				t.Errorf("%q is left in %q", left, line)
			}
		}
	}
	if err := s.lay(ports); err != nil {
		t.Fatal(err)
	}
	p, err := s.setting()
	if err != nil || p.String() != "mixed, 1 s, 192 MiB, 2 workers" {
		t.Errorf("the engine is set to %v, %v", p, err)
	}
	b, err := os.ReadFile(s.engineFile())
	if err != nil || !strings.Contains(string(b), goodSetting) {
		t.Errorf("the settings lack %q, which faults replace: %v\n%s", goodSetting, err, b)
	}
}
