package tape

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// at is a reading of clocks that agree, so long after the epoch.
func at(d time.Duration) Reading { return Reading{Wall: epoch.Add(d), Mono: d, Boot: d} }

func sample(name string, v float64) Sample {
	return Sample{Signal: Signal{Name: name, Unit: "bytes", Kind: sdk.Gauge}, Value: v}
}

func newTape(keep time.Duration) *Tape {
	t := New(keep)
	t.Components([]string{"web", "store", sdk.HostComponent}, []sdk.Link{{From: "web", To: "store"}})
	return t
}

// reader is a model of one feed: what it has taken of each component.
type reader struct {
	cursors map[string]Cursor
	samples map[string][]float64 // by window's component, series' component and name
	lines   map[string][]string
	events  map[string][]int
}

func newReader() *reader {
	return &reader{map[string]Cursor{}, map[string][]float64{}, map[string][]string{}, map[string][]int{}}
}

func (r *reader) take(w sdk.Window) {
	for _, s := range w.Series {
		key := w.Component + "<" + s.Component + "/" + s.Name
		r.samples[key] = append(r.samples[key], s.Values[s.Fresh:]...)
	}
	for _, l := range w.Logs {
		r.lines[w.Component] = append(r.lines[w.Component], l.Text)
	}
	for _, e := range w.Events {
		r.events[w.Component] = append(r.events[w.Component], e.PID)
	}
}

// model is a tape beside plain lists of all that was put on it.
type model struct {
	tape    *Tape
	now     time.Duration
	n       int
	samples map[string][]float64
	lines   map[string][]string
	events  map[string][]int
	readers []*reader
}

var (
	components = []string{"host", "store", "web"}
	names      = []string{"a", "b"}
	around     = map[string][]string{"web": components, "store": components, "host": {"host"}}
)

func TestEverythingIsFreshExactlyOnceForEachReader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &model{
			tape: newTape(time.Hour), readers: []*reader{newReader(), newReader()},
			samples: map[string][]float64{}, lines: map[string][]string{}, events: map[string][]int{},
		}
		t.Repeat(map[string]func(*rapid.T){
			"add":  m.add,
			"wait": func(t *rapid.T) { m.now += time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond },
			"deliver": func(t *rapid.T) {
				m.deliver(t, rapid.SampledFrom(m.readers).Draw(t, "reader"), rapid.SampledFrom(components).Draw(t, "of"), rapid.Bool().Draw(t, "taken"))
			},
		})
		for _, r := range m.readers {
			for _, c := range components {
				m.deliver(t, r, c, true)
				m.compare(t, r, c)
			}
		}
	})
}

// add puts one thing of any kind on the tape and into the lists.
func (m *model) add(t *rapid.T) {
	c := rapid.SampledFrom(components).Draw(t, "component")
	m.n++
	switch rapid.SampledFrom([]string{"sample", "line", "event"}).Draw(t, "what") {
	case "sample":
		name := rapid.SampledFrom(names).Draw(t, "name")
		m.tape.Add(at(m.now), Batch{c, []Sample{sample(name, float64(m.n))}})
		m.samples[c+"/"+name] = append(m.samples[c+"/"+name], float64(m.n))
	case "line":
		m.tape.AddLines(at(m.now), c, []sdk.LogLine{{Text: fmt.Sprint(m.n)}})
		m.lines[c] = append(m.lines[c], fmt.Sprint(m.n))
	case "event":
		m.tape.AddEvent(at(m.now), sdk.Event{Time: epoch.Add(m.now), Component: c, Type: sdk.EventReady, PID: m.n})
		m.events[c] = append(m.events[c], m.n)
	}
}

// deliver cuts a window. One that is not taken leaves the cursor where it was.
func (m *model) deliver(t *rapid.T, r *reader, c string, taken bool) {
	w, next, more, ok := m.tape.Cut(at(m.now), Request{Component: c, From: r.cursors[c], Lookback: 10 * time.Second})
	if !ok || more || w.End.Before(w.Start) {
		t.Fatalf("cut of %s: ok %v, more %v, from %v to %v", c, ok, more, w.Start, w.End)
	}
	for _, s := range w.Series {
		if !slices.IsSorted(s.Times) {
			t.Fatalf("times fall: %v", s.Times)
		}
		for _, at := range s.Times[s.Fresh:] {
			if !r.cursors[c].end.IsZero() && at < w.Start.UnixMilli() || at > w.End.UnixMilli() {
				t.Fatalf("fresh sample of %d is outside %d to %d", at, w.Start.UnixMilli(), w.End.UnixMilli())
			}
		}
	}
	if taken {
		r.take(w)
		r.cursors[c] = next
	}
}

// compare holds what a reader has taken against the lists.
func (m *model) compare(t *rapid.T, r *reader, c string) {
	if !slices.Equal(r.lines[c], m.lines[c]) || !slices.Equal(r.events[c], m.events[c]) {
		t.Fatalf("%s: got lines %v, events %v, want %v, %v", c, r.lines[c], r.events[c], m.lines[c], m.events[c])
	}
	for _, other := range around[c] {
		for _, name := range names {
			key := other + "/" + name
			if got, want := r.samples[c+"<"+key], m.samples[key]; !slices.Equal(got, want) {
				t.Fatalf("%s in the window of %s: got %v, want %v", key, c, got, want)
			}
		}
	}
}

func TestLookBackComesBeforeTheFreshPart(t *testing.T) {
	tape := newTape(time.Hour)
	for i := range 60 {
		tape.Add(at(time.Duration(i)*time.Second), Batch{"web", []Sample{sample("a", float64(i))}})
	}
	cursor := tape.Start(at(59 * time.Second))
	tape.Add(at(60*time.Second), Batch{"web", []Sample{sample("a", 60)}})
	w, _, _, _ := tape.Cut(at(60*time.Second), Request{Component: "web", From: cursor, Lookback: 10 * time.Second})
	s := w.Series[0]
	if len(s.Values) != 11 || s.Fresh != 10 || s.Values[0] != 50 || s.Values[10] != 60 {
		t.Errorf("got %d values from %v on, fresh from %d, want ten of look-back and one fresh", len(s.Values), s.Values[0], s.Fresh)
	}
}

func TestSamplesThatNobodyReadInTimeAreReportedAsGap(t *testing.T) {
	tape := newTape(10 * time.Second)
	cursor := tape.Start(at(0))
	for i := range 100 {
		tape.Add(at(time.Duration(i)*time.Second), Batch{"web", []Sample{sample("a", float64(i))}})
	}
	w, next, _, _ := tape.Cut(at(100*time.Second), Request{Component: "web", From: cursor})
	if len(w.Events) != 1 || w.Events[0].Type != sdk.EventGap {
		t.Fatalf("got events %v, want a gap", w.Events)
	}
	if n := len(w.Series[0].Values); n < 10 || n > 12 {
		t.Errorf("got %d samples, want those of ten seconds", n)
	}
	if w, _, _, _ := tape.Cut(at(101*time.Second), Request{Component: "web", From: next}); len(w.Events) != 0 {
		t.Errorf("got events %v, want the gap reported once", w.Events)
	}
}

func TestMoreLinesThanFitComeInFurtherWindows(t *testing.T) {
	tape := newTape(time.Hour)
	long := strings.Repeat("x", 1<<10)
	const total = 3*MaxWindowLineBytes/(1<<10) + 7
	for range total {
		tape.AddLines(at(0), "web", []sdk.LogLine{{Text: long}})
	}
	var cursor Cursor
	got, windows := 0, 0
	for more := true; more; windows++ {
		var w sdk.Window
		w, cursor, more, _ = tape.Cut(at(0), Request{Component: "web", From: cursor})
		got += len(w.Logs)
		if len(w.Events) > 0 {
			t.Fatalf("got %v", w.Events)
		}
	}
	if got != total || windows != 4 {
		t.Errorf("got %d lines in %d windows, want %d in 4", got, windows, total)
	}
}

func TestFloodOfLinesIsBoundedAndReported(t *testing.T) {
	tape := newTape(time.Hour)
	cursor := tape.Start(at(0))
	line := sdk.LogLine{Text: strings.Repeat("y", 60<<10)}
	for range 2 * MaxLineBytes / len(line.Text) {
		tape.AddLines(at(0), "web", []sdk.LogLine{line})
	}
	if kept := tape.shelves["web"].lineBytes; kept > MaxLineBytes {
		t.Errorf("%d bytes are kept, at most %d are allowed", kept, MaxLineBytes)
	}
	w, _, _, _ := tape.Cut(at(0), Request{Component: "web", From: cursor})
	if len(w.Events) != 1 || w.Events[0].Type != sdk.EventGap {
		t.Errorf("got events %v, want a gap", w.Events)
	}
}

func TestStepOfTheWallClockIsAnEventOnEveryComponent(t *testing.T) {
	cases := map[string]struct {
		wall, mono, boot time.Duration
		text             string
	}{
		"forward":   {time.Hour + time.Second, time.Second, time.Second, "moved by 1h0m0s"},
		"backward":  {-time.Hour, time.Second, time.Second, "moved by -1h0m1s"},
		"suspended": {time.Hour, time.Second, time.Hour, "suspended for 59m59s"},
		"slewed":    {time.Second + StepLimit, time.Second, time.Second, ""},
	}
	for name, c := range cases {
		tape := newTape(time.Hour)
		cursor := tape.Start(at(0))
		tape.Add(at(0), Batch{"web", []Sample{sample("a", 1)}})
		stepped := Reading{Wall: epoch.Add(c.wall), Mono: c.mono, Boot: c.boot}
		tape.Add(stepped, Batch{"web", []Sample{sample("a", 2)}})
		for _, component := range []string{"web", "store", sdk.HostComponent} {
			w, _, _, _ := tape.Cut(stepped, Request{Component: component, From: cursor})
			text := ""
			for _, e := range w.Events {
				if e.Type == sdk.EventClockStep {
					text += e.Text
				}
			}
			if c.text == "" && text != "" || !strings.Contains(text, c.text) {
				t.Errorf("%s: %s got %q, want %q", name, component, text, c.text)
			}
			for _, s := range w.Series {
				if !slices.IsSorted(s.Times) {
					t.Errorf("%s: times fall: %v", name, s.Times)
				}
			}
		}
	}
}

func TestSmallStepsBackDoNotLetTimesFall(t *testing.T) {
	tape := newTape(time.Hour)
	for i := range 50 {
		wobble := time.Duration(i%7) * 50 * time.Millisecond
		tape.Add(Reading{Wall: epoch.Add(time.Duration(i)*100*time.Millisecond - wobble), Mono: time.Duration(i) * 100 * time.Millisecond},
			Batch{"web", []Sample{sample("a", float64(i))}})
	}
	w, _, _, _ := tape.Cut(at(5*time.Second), Request{Component: "web"})
	if s := w.Series[0]; len(s.Times) != 50 || !slices.IsSorted(s.Times) {
		t.Errorf("got %d samples, in order %v", len(s.Times), slices.IsSorted(s.Times))
	}
}

func TestNaNAndUnknownComponentsAreDropped(t *testing.T) {
	tape := newTape(time.Hour)
	var zero float64
	tape.Add(at(0), Batch{"web", []Sample{sample("a", zero/zero), sample("a", 1/zero)}}, Batch{"nobody", []Sample{sample("a", 1)}})
	if got := tape.Latest("web"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	if tape.AddEvent(at(0), sdk.Event{Component: "nobody"}) {
		t.Error("an event of an unknown component was taken")
	}
	if _, _, _, ok := tape.Cut(at(0), Request{Component: "nobody"}); ok {
		t.Error("a window of an unknown component was cut")
	}
}

func TestRemovedComponentIsForgottenAndOthersStay(t *testing.T) {
	tape := newTape(time.Hour)
	tape.Add(at(0), Batch{"web", []Sample{sample("a", 1)}}, Batch{"store", []Sample{sample("a", 2)}})
	tape.Components([]string{"web"}, nil)
	if len(tape.Latest("store")) != 0 || len(tape.Latest("web")) != 1 || tape.Latest("web")[0].Value != 1 {
		t.Errorf("got store %v, web %v", tape.Latest("store"), tape.Latest("web"))
	}
}
