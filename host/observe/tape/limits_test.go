package tape

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

func TestLimitsHold(t *testing.T) {
	tape := newTape(24 * time.Hour)
	for i := range MaxSeries + 5 {
		tape.Add(at(0), Batch{"web", []Sample{sample(fmt.Sprintf("s%05d", i), 1)}})
	}
	for i := range MaxSamples + 100 {
		tape.Add(at(time.Duration(i)*time.Second), Batch{"store", []Sample{sample("a", float64(i))}})
	}
	for range MaxEvents + 10 {
		tape.AddEvent(at(0), sdk.Event{Component: "web"})
	}
	web, store := tape.shelves["web"], tape.shelves["store"]
	if len(web.series) != MaxSeries || tape.Refused() != 5 {
		t.Errorf("got %d series and %d refused", len(web.series), tape.Refused())
	}
	if n := store.series["a"].samples.len(); n != MaxSamples {
		t.Errorf("got %d samples, want %d", n, MaxSamples)
	}
	if n := web.events.len(); n != MaxEvents {
		t.Errorf("got %d events, want %d", n, MaxEvents)
	}
}

func TestWindowTooLargeForItsLookBackKeepsTheFreshPart(t *testing.T) {
	tape := newTape(24 * time.Hour)
	var batch []Sample
	for i := range 200 {
		batch = append(batch, sample(fmt.Sprintf("s%03d", i), 1))
	}
	var cursor Cursor
	for i := range 2100 { // 420,000 samples
		if i == 2095 {
			cursor = tape.Start(at(time.Duration(i) * time.Second))
		}
		tape.Add(at(time.Duration(i)*time.Second), Batch{"web", batch})
	}
	w, _, _, _ := tape.Cut(at(2100*time.Second), Request{Component: "web", From: cursor, Lookback: time.Hour})
	for _, s := range w.Series {
		if s.Fresh != 0 || len(s.Values) != 5 {
			t.Fatalf("%s: got %d values, fresh from %d, want the five fresh ones alone", s.Name, len(s.Values), s.Fresh)
		}
	}
}

func TestMemoryOfAThousandSignalsIsBounded(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	tape := newTape(5 * time.Minute)
	var batch []Sample
	for i := range 1000 {
		batch = append(batch, sample(fmt.Sprintf("s%04d", i), 1))
	}
	for i := range 1200 { // 20 minutes at 1 Hz
		tape.Add(at(time.Duration(i)*time.Second), Batch{"web", batch})
	}
	const limit = 20 << 20
	if used := heap() - before; used > limit {
		t.Errorf("1,000 signals with five minutes each take %d bytes, want at most %d", used, limit)
	} else {
		t.Logf("1,000 signals with five minutes each take %.1f MB", float64(used)/1e6)
	}
	runtime.KeepAlive(tape)
}
