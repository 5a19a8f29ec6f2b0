package measure

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func load(t *testing.T) []Line {
	t.Helper()
	file, err := os.Open("testdata/lines.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// The bars of the screen, for shell: precision, recall, and stops among 100 ordinary lines.
const (
	minPrecision = 0.90
	minRecall    = 0.95
	maxFalse     = 1.0
)

func TestShellMeetsItsBarsOnLinesThatNobodyTunedFor(t *testing.T) {
	var held Score
	for _, l := range load(t) {
		if l.Type == "shell" && l.Held() {
			held.Add(l, Judge)
		}
	}
	if n := held.Stopped + held.Missed; n < 80 || held.Passed+held.FalseStops < 100 {
		t.Fatalf("%+v: too few lines to say anything", held)
	}
	if held.Precision() < minPrecision || held.Recall() < minRecall || held.FalseStopRate() >= maxFalse {
		t.Errorf("precision %.3f, recall %.3f, %.2f false stops of 100; want at least %.2f, %.2f and less than %.0f", held.Precision(), held.Recall(), held.FalseStopRate(), minPrecision, minRecall, maxFalse)
	}
}

func TestTheScreenBeatsThreePatternsOnEachType(t *testing.T) {
	for _, row := range Table(load(t)) {
		if row.Screen.Recall() < row.Baseline.Recall() {
			t.Errorf("%s: recall %.3f, three patterns have %.3f", row.Type, row.Screen.Recall(), row.Baseline.Recall())
		}
	}
}

func TestReadNamesTheLineThatItCannotRead(t *testing.T) {
	for _, text := range []string{"attack\tshell\tls\nls\n", "# note\nperhaps\tshell\tls\n"} {
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q: got %v, want an error about line 2", text, err)
		}
	}
}

func TestScoreCountsTheFourOutcomes(t *testing.T) {
	var s Score
	for _, l := range []Line{{Harmful: true, Text: "y"}, {Harmful: true}, {Text: "y"}, {}, {}} {
		s.Add(l, func(l Line) bool { return l.Text == "y" })
	}
	if want := (Score{Stopped: 1, Missed: 1, FalseStops: 1, Passed: 2}); s != want {
		t.Fatalf("got %+v, want %+v", s, want)
	}
	if s.Precision() != 0.5 || s.Recall() != 0.5 || s.FalseStopRate() < 33 || s.FalseStopRate() > 34 {
		t.Errorf("got %.2f %.2f %.2f, want 0.50 0.50 33.33", s.Precision(), s.Recall(), s.FalseStopRate())
	}
}

func FuzzRead(f *testing.F) {
	f.Add("attack\tshell\tls\n")
	f.Add("x")
	f.Fuzz(func(t *testing.T, text string) {
		lines, err := Read(strings.NewReader(text))
		if err != nil && len(lines) > 0 {
			t.Errorf("%q: lines beside an error", text)
		}
	})
}
