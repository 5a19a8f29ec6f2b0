package replay

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/heal/odds"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func cases(count int) []Case {
	out := make([]Case, count)
	for n := range out {
		at := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC).Add(time.Duration(n*n%97) * time.Hour)
		out[n] = Case{Component: fmt.Sprint("web", n%2), Signature: fmt.Sprintf("web%d:exit", n%2), Kind: "exit", Opened: at}
	}
	return out
}

// told is a book in which each strategy was tried so often, and healed so often.
func told(counts map[string][2]int) odds.Book {
	var b odds.Book
	for strategy, c := range counts {
		for n := range c[0] {
			for _, one := range cases(2) {
				b.Tell(odds.Trial{Case: odds.Case{Signature: one.Signature, Kind: one.Kind}, Strategy: strategy, Healed: n < c[1]})
			}
		}
	}
	return b
}

func config(book odds.Book) Config {
	return Config{
		Cases: cases(30), A: "restart", B: "start", Book: book, Rounds: 40, Seed: 1, Longest: 5 * time.Minute, Level: 0.95,
		Spans: map[string]Spans{"restart": {4 * time.Second, 10 * time.Second}, "start": {4 * time.Second, 10 * time.Second}},
	}
}

func TestTheOneThatHelpsMoreOftenLeavesLessDowntime(t *testing.T) {
	got, err := Run(t.Context(), config(told(map[string][2]int{"restart": {20, 4}, "start": {20, 19}})))
	if err != nil {
		t.Fatal(err)
	}
	if got.Downtime.High >= 0 || got.Healed.Low <= 0 || got.SoonerB < 0.9 || got.DowntimeB >= got.DowntimeA || got.High >= 0 {
		t.Errorf("got %+v, want start clearly better", got)
	}
	if got.DowntimeB < 4*time.Second || got.DowntimeA > 45*time.Second {
		t.Errorf("got %v and %v, want little more than some remedies, for both may fail", got.DowntimeB, got.DowntimeA)
	}
}

// With common random numbers what is the same makes no difference at all.
func TestTheSameTwiceDiffersByNothing(t *testing.T) {
	book := told(map[string][2]int{"restart": {20, 20}, "start": {20, 20}})
	c := config(book)
	for range 400 {
		for _, one := range cases(2) {
			for _, s := range []string{"restart", "start"} {
				c.Book.Tell(odds.Trial{Case: odds.Case{Signature: one.Signature, Kind: one.Kind}, Strategy: s, Healed: true})
			}
		}
	}
	got, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got.Downtime.Low > 0 || got.Downtime.High < 0 || got.Low > 0 || got.High < 0 || got.SoonerA+got.SoonerB > 0.5 {
		t.Errorf("got %+v, want no difference", got)
	}
}

func TestWhatIsNotKnownStaysOpen(t *testing.T) {
	got, err := Run(t.Context(), config(odds.Book{}))
	if err != nil {
		t.Fatal(err)
	}
	if got.Low >= 0 || got.High <= 0 || got.Downtime.Low > 0 || got.Downtime.High < 0 {
		t.Errorf("got %+v of an empty book, want both directions possible", got)
	}
}

func TestASeedGivesTheSameReport(t *testing.T) {
	c := config(told(map[string][2]int{"restart": {9, 4}, "start": {7, 6}}))
	one, err := Run(t.Context(), c)
	two, err2 := Run(t.Context(), c)
	if err = errors.Join(err, err2); err != nil || one != two {
		t.Errorf("got %+v and %+v, %v", one, two, err)
	}
}

// A person is called where both fail, and such an incident counts as the longest.
func TestBothFailing(t *testing.T) {
	c := config(told(map[string][2]int{"restart": {400, 0}, "start": {400, 0}}))
	c.Spans = map[string]Spans{"restart": {time.Second, time.Second}, "start": {time.Second, time.Second}}
	got, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if got.DowntimeA < 4*time.Minute || got.DowntimeA > 5*time.Minute {
		t.Errorf("got %v an incident, want nearly the longest that counts", got.DowntimeA)
	}
}

func TestWrongConfigurationsAndAnEndAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(c *Config){
		"no cases":       func(c *Config) { c.Cases = nil },
		"too many cases": func(c *Config) { c.Cases = cases(MaxCases + 1) },
		"no rounds":      func(c *Config) { c.Rounds = 0 },
		"too many":       func(c *Config) { c.Rounds = MaxRounds + 1 },
		"one strategy":   func(c *Config) { c.B = c.A },
		"no longest":     func(c *Config) { c.Longest = 0 },
		"a level of one": func(c *Config) { c.Level = 1 },
	} {
		c := config(odds.Book{})
		spoil(&c)
		if got, err := Run(t.Context(), c); err == nil {
			t.Errorf("%s: got %+v, want it refused", name, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, config(odds.Book{})); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
}
