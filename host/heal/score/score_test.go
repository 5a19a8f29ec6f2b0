package score

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/host/heal/record"
	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func at(d time.Duration) *time.Time { return record.Time(noon.Add(d)) }

// incident is one of the web, opened at noon and over after the given time.
func incident(id string, over time.Duration, recs ...record.Recovery) record.Incident {
	for i := range recs {
		recs[i].Component, recs[i].Strategy = "web", "restart"
		if recs[i].ProposedAt.IsZero() {
			recs[i].ProposedAt = noon
		}
	}
	return record.Incident{ID: id, Component: "web", Opened: noon, Resolved: at(over), Recoveries: recs}
}

func only(t *testing.T, b *Book) Row {
	t.Helper()
	rows := b.Rows()
	if len(rows) != 1 {
		t.Fatalf("%d rows, want one: %+v", len(rows), rows)
	}
	return rows[0]
}

func TestHealedOnesSaveTheTimeThatTroubleLastsAlone(t *testing.T) {
	b := &Book{}
	healed := record.Recovery{Result: sdk.ResultHealed, StartedAt: at(0), HealthyAt: at(10 * time.Second), EndedAt: at(time.Minute)}
	b.Put(incident("1", 2*time.Minute, healed))
	if got := only(t, b); got.Tried != 1 || got.Healed != 1 || got.Saved != Alone-10*time.Second {
		t.Errorf("%+v, want one healed that saved what a person takes, less 10 s", got)
	}
	for n := range 3 {
		b.Put(incident(fmt.Sprint("alone", n), 5*time.Minute))
	}
	if got := only(t, b); got.Saved != 5*time.Minute-10*time.Second {
		t.Errorf("saved %v once three ended alone after 5 min, want 5 min less 10 s", got.Saved)
	}
	b.Put(incident("1", 2*time.Minute, healed))
	if got := only(t, b); got.Tried != 1 {
		t.Errorf("the same incident again counts %d times", got.Tried)
	}
}

func TestRecordedOnesAreFalseWhenTheTroublePassedByItself(t *testing.T) {
	recorded := record.Recovery{Result: sdk.ResultRecorded}
	b := &Book{}
	b.Put(incident("short", 20*time.Second, recorded))
	again := recorded
	again.ProposedAt = noon.Add(10 * time.Minute)
	b.Put(incident("long", 20*time.Minute, recorded, again))
	open := incident("open", 0, recorded)
	open.Resolved = nil
	b.Put(open)
	if got := only(t, b); got.Recorded != 2 || got.False != 1 || got.Saveable != 20*time.Minute-Vain {
		t.Errorf("%+v, want two recorded, one of them false, and the other would have saved 20 min less a restart", got)
	}
}

func TestHarmAndANoAreFalse(t *testing.T) {
	b := &Book{}
	b.Put(incident("1", time.Hour,
		record.Recovery{Result: sdk.ResultFailed, Harmed: true, StartedAt: at(0)},
		record.Recovery{Result: sdk.ResultRejected},
		record.Recovery{Result: sdk.ResultFailed, StartedAt: at(0)},
		record.Recovery{Result: sdk.ResultAborted},
		record.Recovery{Result: sdk.ResultRunning, StartedAt: at(0)},
	))
	if got := only(t, b); got.Tried != 2 || got.Failed != 2 || got.Rejected != 1 || got.False != 2 || got.Saved != 0 {
		t.Errorf("%+v, want two that failed, one rejected, two false", got)
	}
}

func TestQuestionThatTheEndOfTheTroubleAnsweredIsCounted(t *testing.T) {
	for over, wrong := range map[time.Duration]int{10 * time.Second: 1, time.Hour: 0} {
		inc := incident("1", over)
		inc.Approvals = []record.Approval{{Strategy: "restart", Component: "web", State: record.ApprovalSuperseded, Created: noon, Answered: inc.Resolved}}
		b := &Book{}
		b.Put(inc)
		if got := only(t, b); got.Recorded != 1 || got.False != wrong {
			t.Errorf("over after %v: %+v, want %d false", over, got, wrong)
		}
	}
}

func TestBarWantsEnoughOverADayWithHardlyAFalseOne(t *testing.T) {
	good := Row{Tried: 6, Healed: 6, Recorded: 14, False: 1, First: noon, Last: noon.Add(25 * time.Hour)}
	if ok, lacks := good.Passes(); !ok {
		t.Errorf("%+v lacks %s", good, lacks)
	}
	worse := map[string]func(*Row){
		"4 of 10 decisions":    func(r *Row) { r.Tried, r.Healed, r.Recorded, r.False = 4, 4, 0, 0 },
		"seen over 1h0m0s":     func(r *Row) { r.Last = noon.Add(time.Hour) },
		"2 of 20 were false":   func(r *Row) { r.False = 2 },
		"4 of 6 healed":        func(r *Row) { r.Healed, r.Failed = 4, 2 },
		"0 of 10 decisions":    func(r *Row) { *r = Row{} },
		"19 of 20 were false":  func(r *Row) { r.False = 19 },
		"seen over 0s of 24h":  func(r *Row) { r.Last = r.First },
		"1 of 10 decisions; s": func(r *Row) { *r = Row{Recorded: 1} },
	}
	for want, spoil := range worse {
		r := good
		spoil(&r)
		if ok, lacks := r.Passes(); ok || !strings.Contains(lacks, want) {
			t.Errorf("%+v passes: %v, lacks %q; want %q", r, ok, lacks, want)
		}
	}
}

func TestCountsNeverContradictEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := &Book{}
		results := []sdk.Result{sdk.ResultRunning, sdk.ResultHealed, sdk.ResultFailed, sdk.ResultRejected, sdk.ResultExpired, sdk.ResultAborted, sdk.ResultRecorded}
		for n := range rapid.IntRange(0, 20).Draw(t, "incidents") {
			var recs []record.Recovery
			for range rapid.IntRange(0, 4).Draw(t, "recoveries") {
				rec := record.Recovery{Result: rapid.SampledFrom(results).Draw(t, "result"), Harmed: rapid.Bool().Draw(t, "harmed")}
				if rapid.Bool().Draw(t, "started") {
					rec.StartedAt, rec.HealthyAt = at(time.Second), at(2*time.Second)
				}
				recs = append(recs, rec)
			}
			inc := incident(fmt.Sprint(n%7), time.Duration(rapid.IntRange(0, 10_000).Draw(t, "seconds"))*time.Second, recs...)
			if rapid.Bool().Draw(t, "open") {
				inc.Resolved = nil
			}
			b.Put(inc)
		}
		for _, r := range b.Rows() {
			if r.Healed+r.Failed > r.Tried || r.False > r.Decisions() || r.Saved < 0 || r.Saveable < 0 || r.Last.Before(r.First) {
				t.Fatalf("%+v contradicts itself", r)
			}
		}
	})
}
