package logs

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
	"github.com/homeostat/homeostat/sdk/plugintest"
	"github.com/homeostat/homeostat/sdk/serve"
	"github.com/homeostat/homeostat/sdk/serve/settings"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench feeds one detector, a window each half minute.
type bench struct {
	t   testing.TB
	d   *Detector
	now time.Time
	n   int
}

func newBench(t testing.TB, config string) *bench {
	t.Helper()
	d, err := build(config)
	if err != nil {
		t.Fatalf("config %q: %v", config, err)
	}
	return &bench{t: t, d: d, now: plugintest.Epoch}
}

func build(config string) (*Detector, error) {
	var c Config
	if problems := settings.Decode([]byte(config), &c); len(problems) > 0 {
		return nil, fmt.Errorf("%v", problems)
	}
	d, err := New(c, sdk.Env{})
	if err != nil {
		return nil, err
	}
	return d.(*Detector), nil
}

const step = 30 * time.Second

// window lets half a minute pass in which the component logs the lines.
func (b *bench) window(component string, change func(*sdk.Window), lines ...string) []sdk.Anomaly {
	b.t.Helper()
	w := sdk.Window{
		Component: component, Start: b.now, End: b.now.Add(step), Status: sdk.ComponentStatus{Name: component, State: sdk.StateUp},
		Links: []sdk.Link{{From: "web", To: "store", Depends: true}},
	}
	for i, line := range lines {
		at := b.now.Add(time.Duration(i+1) * step / time.Duration(len(lines)+1))
		w.Logs = append(w.Logs, sdk.LogLine{Time: at, Component: component, Source: "x.log", Text: line})
	}
	if change != nil {
		change(&w)
	}
	found, err := b.d.Detect(b.t.Context(), w)
	if err != nil {
		b.t.Fatalf("detect: %v", err)
	}
	for i := range found {
		found[i] = found[i].WithDefaults(w)
		if err := found[i].Validate(); err != nil {
			b.t.Fatalf("not a valid anomaly: %v", err)
		}
	}
	return found
}

func (b *bench) logs(component string, lines ...string) []sdk.Anomaly {
	b.t.Helper()
	found := b.window(component, nil, lines...)
	b.now = b.now.Add(step)
	return found
}

// ordinary returns what a healthy service logs in half a minute.
func (b *bench) ordinary() []string {
	b.n++
	out := []string{fmt.Sprintf("2026-01-05 12:00:00 INFO pool: %d connections open", 3+b.n%4)}
	for i := range 8 + b.n*7%5 {
		out = append(out, fmt.Sprintf(`10.0.0.%d - - "GET /items/%d HTTP/1.1" 200 %d`, i, b.n*i, 500+i))
	}
	if b.n%10 == 0 {
		out = append(out, fmt.Sprintf("2026-01-05 12:00:00 WARN slow query took %d ms", 200+b.n))
	}
	return out
}

// quietHours lets the component be healthy for that long.
func (b *bench) quietHours(component string, hours int) {
	b.t.Helper()
	for range hours * int(time.Hour/step) {
		if found := b.logs(component, b.ordinary()...); len(found) > 0 {
			b.t.Fatalf("a healthy %s is reported: %s", component, found[0].Summary)
		}
	}
}

func only(t testing.TB, found []sdk.Anomaly, kind string) sdk.Anomaly {
	t.Helper()
	if len(found) != 1 || found[0].Kind != kind || found[0].Ended {
		t.Fatalf("got %+v, want one open anomaly of kind %s", found, kind)
	}
	return found[0]
}

func TestASignatureIsReportedAtOnceAndEnds(t *testing.T) {
	b := newBench(t, "")
	a := only(t, b.logs("store", "x", "FATAL:  sorry, too many clients already"), KindSignature)
	if a.Severity != sdk.SeverityMedium || a.Key != "signature/postgres/clients" || !strings.Contains(a.Summary, "no connection left") {
		t.Errorf("got %+v", a)
	}
	var last []sdk.Anomaly
	for range 6 {
		last = b.logs("store")
		if len(last) > 0 && last[0].Ended {
			return
		}
	}
	t.Errorf("it does not end: %+v", last)
}

func TestAnErrorNeverSeenIsReportedAfterTheWarmUp(t *testing.T) {
	const line = "2026-01-05 12:00:00 ERROR cannot reach ledger at 10.0.0.7:4000"
	b := newBench(t, "")
	b.logs("web", b.ordinary()...)
	if found := b.logs("web", "2026-01-05 12:00:00 ERROR early trouble"); len(found) > 0 {
		t.Errorf("reported while learning: %s", found[0].Summary)
	}
	b.quietHours("web", 2)
	a := only(t, b.logs("web", append(b.ordinary(), line)...), KindNew)
	if a.Severity != sdk.SeverityLow || !strings.Contains(a.Summary, "cannot reach ledger") {
		t.Errorf("got %+v", a)
	}
	for range 10 {
		b.logs("web", b.ordinary()...)
	}
	if found := b.logs("web", line); len(found) > 0 {
		t.Errorf("known by now, reported again: %s", found[0].Summary)
	}
}

func TestAStartDoesNotAlarm(t *testing.T) {
	b := newBench(t, "")
	b.quietHours("web", 2)
	started := func(w *sdk.Window) {
		w.Events = []sdk.Event{{Time: w.Start.Add(time.Second), Component: "web", Type: sdk.EventStarted}}
	}
	if found := b.window("web", started, "2026-01-05 12:00:00 ERROR no cache yet, going on"); len(found) > 0 {
		t.Errorf("reported within the grace: %s", found[0].Summary)
	}
}

func TestABurstOfErrorsIsReportedOnce(t *testing.T) {
	b := newBench(t, "")
	for range 3 {
		b.logs("web", "2026-01-05 12:00:00 ERROR timeout after 5 s")
	}
	b.quietHours("web", 2)
	var lines []string
	for i := range 40 {
		lines = append(lines, fmt.Sprintf("2026-01-05 12:00:00 ERROR timeout after %d s", i))
	}
	b.logs("web", lines...)
	b.logs("web", lines...)
	a := only(t, b.logs("web", b.ordinary()...), KindRate)
	if a.Key != "rate/errors" || !strings.Contains(a.Summary, "lines of level error in a minute") {
		t.Errorf("got key %s: %s", a.Key, a.Summary)
	}
}

func TestSilenceOfABusyComponentIsReportedAndALossOfLinesIsNot(t *testing.T) {
	for lost, want := range map[bool]bool{false: true, true: false} {
		b := newBench(t, "")
		b.quietHours("web", 2)
		silent := false
		for range 14 {
			found := b.window("web", func(w *sdk.Window) {
				if lost {
					w.Events = []sdk.Event{{Time: w.End, Component: "web", Type: sdk.EventGap}}
				}
			})
			b.now = b.now.Add(step)
			silent = silent || len(found) > 0 && found[0].Key == "silence"
		}
		if silent != want {
			t.Errorf("lines lost: %v; silence reported: %v, want %v", lost, silent, want)
		}
	}
}

func TestALineFarLongerThanItsLikeIsReported(t *testing.T) {
	b := newBench(t, "")
	b.quietHours("web", 2)
	long := `10.0.0.1 - - "GET /items/1` + strings.Repeat("a1", 4000) + ` HTTP/1.1" 200 512`
	a := only(t, b.logs("web", long), KindLength)
	if !strings.Contains(a.Summary, "bytes") || len(a.Summary) > sdk.MaxText {
		t.Errorf("got %s", a.Summary)
	}
}

func TestWhatHappensTogetherInLinkedComponentsIsOneAnomaly(t *testing.T) {
	b := newBench(t, "")
	store := only(t, b.window("store", nil, "x", "ERROR:  could not extend file \"a\": No space left on device"), KindSignature)
	b.now = b.now.Add(10 * time.Second)
	found := b.window("web", nil, "2026/01/05 12:00:00 http: panic serving 10.0.0.1:5: boom")
	a := only(t, found, KindSequence)
	if a.Component != "store" || a.Key != store.Key || a.Severity != sdk.SeverityHigh {
		t.Errorf("got %s of %s with severity %v, want the anomaly of the store", a.Key, a.Component, a.Severity)
	}
	if i, k := strings.Index(a.Summary, " store: "), strings.Index(a.Summary, " web: "); i < 0 || k < i {
		t.Errorf("the sequence is not told in order: %s", a.Summary)
	}
	if other := b.window("mail", nil, "panic: boom"); only(t, other, KindSignature).Component != "mail" {
		t.Error("a component without a link was joined")
	}
}

func TestATraceIsOneRecordAndItsSignaturesCount(t *testing.T) {
	b := newBench(t, "")
	a := only(t, b.logs("web", "2026-01-05 12:00:00 INFO x", "Exception in thread \"worker\" java.lang.RuntimeException: no",
		"\tat a.B.c(B.java:1)", "Caused by: java.lang.OutOfMemoryError: Java heap space"), KindSignature)
	if a.Key != "signature/java/memory" {
		t.Errorf("got %s", a.Key)
	}
	if got := b.d.memory.Profiles["web"].Lines; got != 2 {
		t.Errorf("%v records, want 2", got)
	}
}

func TestOneOddMixtureIsNothingAndALastingOneIsReported(t *testing.T) {
	b := newBench(t, "")
	b.quietHours("web", 3)
	kinds := map[string]bool{}
	for range 8 {
		for _, a := range b.logs("web", "2026-01-05 12:00:00 INFO pool: 3 connections open", "2026-01-05 12:00:00 WARN slow query took 5 ms") {
			kinds[a.Key] = true
		}
	}
	if !kinds["mixture"] {
		t.Errorf("requests vanished and only %v is reported", kinds)
	}
}

func TestAMarkSilencesAndCanBeTakenBack(t *testing.T) {
	b := newBench(t, "")
	const line = "http: panic serving 10.0.0.1:5: boom"
	a := only(t, b.logs("web", line), KindSignature)
	b.now = b.now.Add(time.Hour)
	b.logs("web")
	mark := func(right bool) {
		if err := b.d.Feedback(t.Context(), sdk.Mark{Anomaly: a, Right: right}); err != nil {
			t.Fatal(err)
		}
	}
	mark(false)
	if found := b.logs("web", line); len(found) > 0 {
		t.Errorf("marked as wrong, reported again: %s", found[0].Summary)
	}
	if text, err := b.d.Explain(t.Context(), "web"); err != nil || !strings.Contains(text, "signature/go/recovered") {
		t.Errorf("the explanation does not show the mark: %q, %v", text, err)
	}
	mark(true)
	only(t, b.logs("web", line), KindSignature)
}

func TestExplainSaysThatItLearns(t *testing.T) {
	b := newBench(t, "")
	b.logs("web", b.ordinary()...)
	b.logs("web", b.ordinary()...)
	if text, _ := b.d.Explain(t.Context(), "web"); !strings.Contains(text, "Learning, 30s of 30m") {
		t.Errorf("got %q", text)
	}
	if text, _ := b.d.Explain(t.Context(), "nobody"); !strings.Contains(text, "No window") {
		t.Errorf("got %q", text)
	}
}

// scores lets the detector judge a window of history and returns the answers to
// its lines.
func (b *bench) scores(times []sdk.Anomaly, lines ...string) []sdk.Anomaly {
	b.t.Helper()
	found := b.window("web", func(w *sdk.Window) {
		w.Reason = sdk.ReasonHistory
		for i := range min(len(times), len(w.Logs)) {
			w.Logs[i].Time = times[i].Start
		}
	}, lines...)
	return slices.DeleteFunc(found, func(a sdk.Anomaly) bool { return a.Kind != sdk.AnomalyScore })
}

func TestEachLineOfHistoryGetsItsTemplateAndScore(t *testing.T) {
	var lines []string
	for i := range 300 {
		lines = append(lines, fmt.Sprintf("request %d done in %d ms", i, i*7))
	}
	lines = append(lines, "disk on fire: ERROR", "\tand more of it")
	found := newBench(t, "").scores(nil, lines...)
	if len(found) != len(lines) {
		t.Fatalf("%d answers for %d lines", len(found), len(lines))
	}
	usual, odd, more := found[100], found[300], found[301]
	if usual.Signal != found[7].Signal || usual.Signal == odd.Signal || odd.Signal != more.Signal {
		t.Errorf("templates %s, %s and %s", usual.Signal, odd.Signal, more.Signal)
	}
	if odd.Score <= usual.Score {
		t.Errorf("the odd line scores %v, a usual one %v", odd.Score, usual.Score)
	}
	if live := newBench(t, "").logs("web", lines...); len(live) > 0 {
		t.Errorf("live, %d answers", len(live))
	}
	if many := newBench(t, "").scores(nil, make([]string, 3*sdk.MaxAnomalies)...); len(many) > maxScores {
		t.Errorf("%d answers to one window", len(many))
	}
}

func TestScoresDoNotDependOnWhatComesLater(t *testing.T) {
	source := newBench(t, "")
	var lines []string
	for len(lines) < 400 {
		lines = append(lines, source.ordinary()...)
	}
	lines[350] = "ERROR ledger unreachable"
	all := newBench(t, "").scores(nil, lines...)
	for _, n := range []int{1, 120, 351} {
		part := newBench(t, "").scores(all, lines[:n]...)
		for i := range part {
			if part[i].Score != all[i].Score {
				t.Fatalf("line %d scores %v before the end of the log is known and %v after", i, part[i].Score, all[i].Score)
			}
		}
	}
	if all[350].Score < 0.3 {
		t.Errorf("the odd line scores %v", all[350].Score)
	}
}

func TestBadConfigurationIsRefusedWithItsKey(t *testing.T) {
	for config, want := range map[string]string{
		"sets = [\"nginx\", \"ngnix\"]":                                         `sets[1]`,
		"[[signatures]]\nname = \"a\"\npattern = \"((\"":                        `signatures[0].pattern`,
		"[[signatures]]\nname = \"a\"\npattern = \"x*\"":                        `signatures[0].pattern`,
		"[[signatures]]\nname = \"go/panic\"\npattern = \"x\"":                  `signatures[0].name`,
		"[[signatures]]\nname = \"a\"\npattern = \"x\"\nseverity = \"unknown\"": `signatures[0].severity`,
		"sensitivity = 0": `sensitivity`,
	} {
		if _, err := build(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error at %s", config, err, want)
		}
	}
}

func TestConformance(t *testing.T) {
	var windows []sdk.Window
	for i := range 40 {
		w := plugintest.Window("web").At(time.Duration(i)*time.Minute).Log(
			fmt.Sprintf("session opened for user u%c by init", 'a'+i), "INFO fine", "panic: boom", "goroutine 1 [running]:").Build()
		windows = append(windows, w)
	}
	plugintest.Detector(t, serve.NewDetector("logs", "0.1.0", New), plugintest.Case{Config: "warmup = \"1m\"", Windows: windows})
}

func TestTheStateFitsWhateverIsLogged(t *testing.T) {
	b := newBench(t, "warmup = \"0s\"")
	r := rand.New(rand.NewPCG(1, 2))
	for c := range 300 {
		w := sdk.Window{Component: fmt.Sprintf("component%d", c), End: b.now.Add(time.Duration(c) * time.Second)}
		for range 120 {
			var line strings.Builder
			for range 8 {
				for range 12 {
					line.WriteByte(byte('g' + r.IntN(20)))
				}
				line.WriteByte(' ')
			}
			w.Logs = append(w.Logs, sdk.LogLine{Component: w.Component, Text: line.String()})
		}
		if _, err := b.d.Detect(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	state, err := b.d.SaveState()
	if err != nil || len(state) > sdk.MaxState {
		t.Fatalf("a state of %d bytes, %v; at most %d are kept", len(state), err, sdk.MaxState)
	}
	if len(b.d.memory.Profiles) > maxComponents {
		t.Errorf("%d profiles", len(b.d.memory.Profiles))
	}
	heir := newBench(t, "")
	if err := heir.d.LoadState(state); err != nil {
		t.Errorf("load it: %v", err)
	}
	state[len(state)/2] ^= 1
	if err := heir.d.LoadState(state); err == nil {
		t.Error("a damaged state was taken")
	}
}

// TestADayOfAHealthyHostIsQuiet lets a day pass with what a healthy host does:
// load that follows the hours, a nightly backup, rotation, restarts, a clock
// step, lines that were lost.
func TestADayOfAHealthyHostIsQuiet(t *testing.T) {
	b := newBench(t, "")
	b.quietHours("web", 24)
	r := rand.New(rand.NewPCG(3, 4))
	reported := map[string]string{}
	for i := range int(24 * time.Hour / step) {
		hour := float64(i) * step.Hours()
		var lines []string
		for range int(12 + 10*math.Sin(hour*math.Pi/12) + 4*r.Float64()) {
			lines = append(lines, b.ordinary()[1])
		}
		if r.IntN(200) == 0 {
			lines = append(lines, fmt.Sprintf("2026-01-05 12:00:00 WARN GC pause of %d ms", 100+r.IntN(900)))
		}
		if i == 360 || i == 361 {
			for k := range 25 {
				lines = append(lines, fmt.Sprintf("2026-01-05 03:00:00 INFO backup: copied file %d of 25", k))
			}
		}
		found := b.window("web", func(w *sdk.Window) {
			switch i {
			case 700:
				w.Events = []sdk.Event{{Time: w.Start, Component: "web", Type: sdk.EventStarted}}
				w.Logs = append(w.Logs, sdk.LogLine{Time: w.End, Component: "web", Text: "2026-01-05 12:00:00 ERROR no cache yet"})
			case 1000:
				w.Events = []sdk.Event{{Time: w.End, Component: "web", Type: sdk.EventClockStep}}
				b.now = b.now.Add(-time.Hour)
			case 2000:
				w.Events = []sdk.Event{{Time: w.End, Component: "web", Type: sdk.EventGap}}
				b.now = b.now.Add(3 * time.Hour) // suspended
			}
		}, lines...)
		b.now = b.now.Add(step)
		for _, a := range found {
			reported[a.Key] = a.Summary
			if a.Severity > sdk.SeverityLow {
				t.Errorf("window %d: severity %v: %s", i, a.Severity, a.Summary)
			}
		}
	}
	if len(reported) > 2 {
		t.Errorf("%d things were reported of a healthy day: %v", len(reported), reported)
	}
}

func FuzzDetect(f *testing.F) {
	f.Add("panic: boom\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1\nnext", uint8(3))
	f.Add("{\"msg\":\"x\",\"level\":60}\nlevel=error msg=y\n\xff\xfe\n"+strings.Repeat("x", 1<<20), uint8(0))
	f.Fuzz(func(t *testing.T, text string, minutes uint8) {
		b := newBench(t, "warmup = \"0s\"\ngrace = \"0s\"")
		for range 3 {
			b.logs("web", strings.Split(text, "\n")...)
			b.now = b.now.Add(time.Duration(minutes) * time.Minute)
		}
		state, err := b.d.SaveState()
		if err != nil {
			t.Fatal(err)
		}
		if err := newBench(t, "").d.LoadState(state); err != nil {
			t.Fatal(err)
		}
	})
}
