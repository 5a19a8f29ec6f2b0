package table

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// small is a table in which the heuristic fast is better in family a, and sure
// everywhere; mad needs much memory.
const small = `# a comment
a-1 fast yes 0.1 10
a-1 sure yes 0.3 10
a-1 mad no 2 400
b-1 fast no 2 90
b-1 sure yes 0.2 10
b-1 mad yes 0.5 300
`

func read(t *testing.T, text string) *Table {
	t.Helper()
	table, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func cost(t *testing.T, table *Table, s Setting) (mean float64) {
	t.Helper()
	const seeds = 16
	for seed := range uint64(seeds) {
		c, err := table.Cost(s, seed)
		if err != nil {
			t.Fatal(err)
		}
		mean += c / seeds
	}
	return mean
}

func TestSureHeuristicIsCheapestOverManyDemands(t *testing.T) {
	table := read(t, small)
	s := func(heuristic int) Setting { return Setting{Heuristic: heuristic, Seconds: 1, Memory: 100, Workers: 2} }
	fast, sure, mad := cost(t, table, s(0)), cost(t, table, s(1)), cost(t, table, s(2))
	if sure >= fast || mad != hopeless {
		t.Errorf("fast costs %.1f, sure %.1f, mad %.1f; want sure below fast and mad hopeless", fast, sure, mad)
	}
	one, many := cost(t, table, Setting{1, 1, 100, 1}), cost(t, table, Setting{1, 1, 100, 4})
	if one <= sure || many < 0.8*sure {
		t.Errorf("one worker costs %.1f, two %.1f, four %.1f; want one dearer and four hardly better", one, sure, many)
	}
}

func TestLimitsDecideWhatARunWouldHaveBeen(t *testing.T) {
	for _, c := range []struct {
		run     Run
		limits  Setting
		seconds float64
		proved  bool
	}{
		{Run{Proved: true, Seconds: 1, Peak: 10}, Setting{Seconds: 2, Memory: 20}, 1, true},
		{Run{Proved: true, Seconds: 1, Peak: 10}, Setting{Seconds: 0.5, Memory: 20}, 0.5, false},
		{Run{Proved: true, Seconds: 1, Peak: 10}, Setting{Seconds: 2, Memory: 5}, 0.5, false},
		{Run{Seconds: 2, Peak: 10}, Setting{Seconds: 8, Memory: 20}, 8, false},
		{Run{Seconds: 2, Peak: 40}, Setting{Seconds: 8, Memory: 20}, 1, false},
	} {
		if seconds, proved := c.run.under(c.limits); seconds != c.seconds || proved != c.proved {
			t.Errorf("%+v under %+v: got %v s, %v, want %v s, %v", c.run, c.limits, seconds, proved, c.seconds, c.proved)
		}
	}
}

func TestTablesWithHolesAndNonsenseAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "a hole": small + "c-1 fast yes 1 1\n", "no family": "alone fast yes 1 1\n", "a word for a number": "a-1 fast yes soon 1\n",
		"not a number": "a-1 fast yes NaN 1\n", "maybe": "a-1 fast maybe 1 1\n", "too short": "a-1 fast\n", "negative": "a-1 fast yes -1 1\n",
	} {
		if table, err := Read(strings.NewReader(text)); err == nil {
			t.Errorf("%s: got %+v", name, table)
		}
	}
	table := read(t, small)
	for _, s := range []Setting{{}, {Heuristic: 3, Seconds: 1, Memory: 1, Workers: 1}, {Seconds: math.NaN(), Memory: 1, Workers: 1}, {Seconds: 1, Memory: 1}} {
		if c, err := table.Cost(s, 1); err == nil {
			t.Errorf("%+v costs %v", s, c)
		}
	}
}

func TestRunsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := Run{
			Problem: "a-" + rapid.StringMatching("[a-z0-9]{1,9}").Draw(t, "name"), Heuristic: rapid.StringMatching("[a-z]{1,9}").Draw(t, "heuristic"),
			Proved:  rapid.Bool().Draw(t, "proved"),
			Seconds: float64(rapid.IntRange(0, 99_999).Draw(t, "milliseconds")) / 1000, Peak: float64(rapid.IntRange(0, 9999).Draw(t, "tenths")) / 10,
		}
		var b bytes.Buffer
		if err := Write(&b, in); err != nil {
			t.Fatal(err)
		}
		out, err := parse(strings.TrimSpace(b.String()))
		if err != nil || out != in {
			t.Errorf("wrote %+v, read %+v, %v", in, out, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add(small)
	f.Add("a-1 fast yes 1e400 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		table, err := Read(strings.NewReader(text))
		if err != nil {
			return
		}
		if c, err := table.Cost(Setting{Seconds: 1, Memory: 100, Workers: 2}, 1); err != nil || math.IsNaN(c) || c < 0 {
			t.Errorf("%q: costs %v, %v", text, c, err)
		}
	})
}
