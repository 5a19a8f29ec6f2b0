package history

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"pgregory.net/rapid"

	"github.com/homeostat/homeostat/sdk"
)

// open opens the metrics in a folder, which is a new one when it is empty.
func open(t *testing.T, dir string, o Options) *Metrics {
	t.Helper()
	if dir == "" {
		dir = t.TempDir()
	}
	if o.Log == nil {
		o.Log = hclog.NewNullLogger()
	}
	m, err := OpenMetrics(t.Context(), filepath.Join(dir, "metrics.db"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

// ramp is a series of n samples, one a second, from the given second on.
func ramp(component, name string, from, n int) sdk.Series {
	s := sdk.Series{Component: component, Name: name, Unit: "bytes", Kind: sdk.Gauge, Range: &sdk.Range{Min: 0, Max: 1e9}}
	for i := from; i < from+n; i++ {
		s.Times = append(s.Times, day.UnixMilli()+int64(i)*1000)
		s.Values = append(s.Values, float64(i)*1.25)
	}
	return s
}

func TestSamplesComeBackAcrossHoursAndRestarts(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	const step, steps = 300, 30 // two and a half hours
	for i := range steps {
		if err := s.AppendSeries([]sdk.Series{ramp("web", "rss_bytes", i*step, step), ramp("web", "fds", i*step, step)}); err != nil {
			t.Fatal(err)
		}
		if i == steps/2 {
			s.Close()
			s = open(t, dir, Options{})
		}
	}
	got, err := s.Series(t.Context(), Query{Component: "web", Name: "rss_bytes", From: day, To: day.Add(24 * time.Hour)})
	want := ramp("web", "rss_bytes", 0, steps*step)
	if err != nil || len(got) != 1 || !slices.Equal(got[0].Times, want.Times) || !slices.Equal(got[0].Values, want.Values) {
		t.Fatalf("got %d series, %v, want the %d samples that were appended", len(got), err, len(want.Times))
	}
	if got[0].Unit != "bytes" || got[0].Kind != sdk.Gauge || *got[0].Range != (sdk.Range{Min: 0, Max: 1e9}) {
		t.Errorf("got description %+v", got[0])
	}
	part, err := s.Series(t.Context(), Query{Component: "web", From: day.Add(3590 * time.Second), To: day.Add(3610 * time.Second)})
	if err != nil || len(part) != 2 || part[0].Name != "fds" || len(part[0].Times) != 21 {
		t.Errorf("got %+v, %v, want 21 samples of both signals around the hour", part, err)
	}
	var chunks, rows int
	if err := s.file.Read.QueryRow("SELECT (SELECT count(*) FROM chunks), (SELECT count(*) FROM tail)").Scan(&chunks, &rows); err != nil {
		t.Fatal(err)
	}
	if chunks != 4 || rows > 12 {
		t.Errorf("got %d chunks and %d rows in the tail, want 4 chunks of two full hours and the rows of half an hour", chunks, rows)
	}
}

func TestHistoryEqualsAModel(t *testing.T) {
	m := open(t, "", Options{Keep: 1e6 * time.Hour})
	n, at := 0, day.UnixMilli()
	rapid.Check(t, func(t *rapid.T) {
		n++
		component := fmt.Sprint("web", n) // each run has its own, so that one file does for all
		model := map[string]sdk.Series{}
		for range rapid.IntRange(1, 12).Draw(t, "appends") {
			var series []sdk.Series
			for _, name := range rapid.SliceOfDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), rapid.ID).Draw(t, "names") {
				s := sdk.Series{Component: component, Name: name}
				for i := range rapid.IntRange(0, 4).Draw(t, "samples") {
					s.Times = append(s.Times, at+int64(i))
					s.Values = append(s.Values, rapid.Float64().Draw(t, "value"))
				}
				kept := model[name]
				kept.Times, kept.Values = append(kept.Times, s.Times...), append(kept.Values, s.Values...)
				model[name] = kept
				series = append(series, s)
			}
			if err := m.AppendSeries(series); err != nil {
				t.Fatal(err)
			}
			at += rapid.Int64Range(10, 2*chunkSpan.Milliseconds()).Draw(t, "pause")
		}
		for name, want := range model {
			got, err := m.Series(t.Context(), Query{Component: component, Name: name, From: day, To: time.UnixMilli(at)})
			if err != nil {
				t.Fatal(err)
			}
			if len(want.Times) == 0 && len(got) == 0 {
				continue
			}
			if len(got) != 1 || !slices.Equal(got[0].Times, want.Times) || !slices.Equal(got[0].Values, want.Values) {
				t.Fatalf("%s: got %+v, want %+v", name, got, want)
			}
		}
	})
}

func TestOldSamplesExpire(t *testing.T) {
	s := open(t, "", Options{Keep: 3 * time.Hour})
	for i := range 10 {
		if err := s.AppendSeries([]sdk.Series{ramp("web", "fds", i*3600, 100)}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := s.Series(t.Context(), Query{Component: "web", From: day, To: day.Add(24 * time.Hour)})
	if err != nil || len(got) != 1 || got[0].Times[0] < day.Add(6*time.Hour).UnixMilli() || len(got[0].Times) < 300 {
		t.Errorf("got %+v, %v, want the last three hours and what began them", got, err)
	}
}

func TestOldestHoursGoWhenTheFileIsTooLarge(t *testing.T) {
	const limit = 300 << 10
	s := open(t, "", Options{MaxBytes: limit})
	for i := range 40 {
		noisy := ramp("web", "noise", i*3600, 3000)
		for j := range noisy.Values {
			noisy.Values[j] = float64((j*2654435761+i)%1_000_003) / 7
		}
		if err := s.AppendSeries([]sdk.Series{noisy}); err != nil {
			t.Fatal(err)
		}
	}
	used, err := size(t.Context(), s.file)
	if err != nil || used > limit+100<<10 {
		t.Errorf("the file uses %d bytes, %v, want about %d", used, err, limit)
	}
	got, err := s.Series(t.Context(), Query{Component: "web", From: day.Add(39 * time.Hour), To: day.Add(41 * time.Hour)})
	if err != nil || len(got) != 1 || len(got[0].Times) != 3000 {
		t.Errorf("got %d series, %v, want the newest hour whole", len(got), err)
	}
}

func TestDamagedMetricsAreSetAsideAndANewFileIsBegun(t *testing.T) {
	for name, spoil := range map[string]func(*os.File) error{
		"header": func(f *os.File) error { _, err := f.WriteAt(make([]byte, 512), 0); return err },
		"middle": func(f *os.File) error {
			_, err := f.WriteAt([]byte(strings.Repeat("damage! ", 1000)), 2048)
			return err
		},
		"cut": func(f *os.File) error { return f.Truncate(3000) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir, Options{})
			for i := range 3 {
				if err := s.AppendSeries([]sdk.Series{ramp("web", "fds", i*3600, 3000)}); err != nil {
					t.Fatal(err)
				}
			}
			s.Close()
			f, err := os.OpenFile(filepath.Join(dir, "metrics.db"), os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			if err := spoil(f); err != nil {
				t.Fatal(err)
			}
			f.Close()
			var log strings.Builder
			s = open(t, dir, Options{Log: hclog.New(&hclog.LoggerOptions{Output: &log})})
			if err := s.AppendSeries([]sdk.Series{ramp("web", "fds", 20000, 5)}); err != nil {
				t.Fatal(err)
			}
			aside, _ := filepath.Glob(filepath.Join(dir, "metrics.db.damaged-*"))
			if len(aside) == 0 || !strings.Contains(log.String(), "set aside") {
				t.Errorf("got %v set aside and the log %q", aside, log.String())
			}
			got, err := s.Series(t.Context(), Query{Component: "web", From: day, To: day.Add(24 * time.Hour)})
			if err != nil || len(got) != 1 || len(got[0].Times) != 5 {
				t.Errorf("got %+v, %v, want the five samples of the new file", got, err)
			}
		})
	}
}

func TestDamageMetWhileRunningBeginsANewFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	if err := s.AppendSeries([]sdk.Series{ramp("web", "fds", 0, 3000)}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.file.Write.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	damage := []byte(strings.Repeat("damage! ", 4096))
	if err := os.WriteFile(filepath.Join(dir, "metrics.db"), damage, 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	for i := range 4 { // the call that meets the damage fails, the ones after it find the new file
		var got []sdk.Series
		err = s.AppendSeries([]sdk.Series{ramp("web", "fds", 10000+i, 1)})
		if err == nil {
			got, err = s.Series(t.Context(), Query{Component: "web", From: day, To: day.Add(24 * time.Hour)})
		}
		if err == nil && len(got) == 1 {
			return
		}
	}
	t.Fatalf("still refused after the damage was met: %v", err)
}

func TestFullDiskLosesNothingThatIsAppendedAgain(t *testing.T) {
	s := open(t, "", Options{})
	if _, err := s.file.Write.Exec("PRAGMA max_page_count = 20"); err != nil {
		t.Fatal(err)
	}
	taken, n := 0, 0
	var err error
	for ; err == nil && n < 1000; n++ {
		if err = s.AppendSeries([]sdk.Series{ramp("web", fmt.Sprint("s", n), 0, 50)}); err == nil {
			taken++
		}
	}
	if err == nil {
		t.Fatal("the limit was never reached")
	}
	if _, err := s.file.Write.Exec("PRAGMA max_page_count = 100000"); err != nil {
		t.Fatal(err)
	}
	if err := s.AppendSeries([]sdk.Series{ramp("web", fmt.Sprint("s", n-1), 0, 50)}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Series(t.Context(), Query{Component: "web", From: day, To: day.Add(time.Hour)})
	if err != nil || len(got) != taken+1 {
		t.Errorf("got %d signals, %v, want %d", len(got), err, taken+1)
	}
	if names, err := s.Signals(t.Context(), "web"); err != nil || len(names) != taken+1 || names[0].Unit != "bytes" {
		t.Errorf("got %d names, %v, want %d", len(names), err, taken+1)
	}
}

func TestBucketsKeepMinMeanAndMax(t *testing.T) {
	s := sdk.Series{Times: []int64{0, 500, 1000, 5000}, Values: []float64{1, 3, 7, 5}}
	got := Downsample(s, time.Second)
	want := []Bucket{{time.UnixMilli(0), 1, 3, 2, 2}, {time.UnixMilli(1000), 7, 7, 7, 1}, {time.UnixMilli(5000), 5, 5, 5, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReplayGivesEverySampleOnce(t *testing.T) {
	s := open(t, "", Options{})
	if err := s.AppendSeries([]sdk.Series{ramp("web", "fds", 1, 600), ramp(sdk.HostComponent, "load1", 1, 600)}); err != nil {
		t.Fatal(err)
	}
	r := openRecords(t, filepath.Join(t.TempDir(), "records.db"))
	if err := r.AppendEvents([]sdk.Event{{Time: day.Add(90 * time.Second), Component: "web", Type: sdk.EventExited}}); err != nil {
		t.Fatal(err)
	}
	windows, err := Replay{s, r}.Windows(t.Context(), Query{Component: "web", From: day, To: day.Add(time.Hour)}, 30*time.Second)
	if err != nil || len(windows) != 20 {
		t.Fatalf("got %d windows, %v, want 20", len(windows), err)
	}
	samples := 0
	for i, w := range windows {
		for _, series := range w.Series {
			samples += len(series.Times)
			if series.Times[0] <= w.Start.UnixMilli() || series.Times[len(series.Times)-1] > w.End.UnixMilli() {
				t.Errorf("window %d: samples lie outside it", i)
			}
		}
		if has := len(w.Events) > 0; has != (i == 2) {
			t.Errorf("window %d: got events %v", i, w.Events)
		}
	}
	if samples != 1200 {
		t.Errorf("got %d samples in all windows, want 1200", samples)
	}
}
