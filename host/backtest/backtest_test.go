package backtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/sdk"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ceiling reports a column above its limit and answers with the share of it.
type ceiling struct {
	limit   float64
	trained int
	windows []sdk.Window
}

func (c *ceiling) Train(_ context.Context, history []sdk.Window) error {
	c.trained += len(history)
	return nil
}

func (c *ceiling) Detect(_ context.Context, w sdk.Window) ([]sdk.Anomaly, error) {
	c.windows = append(c.windows, w)
	var out []sdk.Anomaly
	for _, line := range w.Logs {
		out = append(out, sdk.Anomaly{Component: w.Component, Kind: "score", Signal: fmt.Sprint(len(line.Text)), Score: 0.5, Start: line.Time, Ended: true})
	}
	for _, s := range w.Series {
		if s.Fresh == len(s.Values) {
			continue
		}
		v := s.Values[len(s.Values)-1]
		a := sdk.Anomaly{Component: w.Component, Key: s.Name, Kind: "ceiling", Severity: sdk.SeverityLow, Score: min(1, v/c.limit/2), TTL: time.Hour}
		a.Ended = v <= c.limit
		score := a
		score.Kind, score.Key, score.Ended = "score", "score", true
		out = append(out, a, score)
	}
	return out, nil
}

// scoreTable runs a table and returns the result and what was told.
func scoreTable(t *testing.T, d Detector, form Form, text string) (string, string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	err := Score(t.Context(), options(d, form, &out, &errs), Input{"in.csv", strings.NewReader(text)}, nil)
	return out.String(), errs.String(), err
}

func options(d Detector, form Form, out, errs *bytes.Buffer) Options {
	if form.Every == 0 {
		form.Every = time.Minute
	}
	return Options{Detector: d, Form: form, Out: out, Errs: errs, Clock: func() time.Time { return beginning }}
}

func TestRowsComeBackWithScoreAndAnomaly(t *testing.T) {
	got, _, err := scoreTable(t, &ceiling{limit: 10}, Form{}, "time,cpu\n2026-01-01 00:00:00,5\n2026-01-01 00:01:00,20\n2026-01-01 00:02:00,5\n")
	want := "time,cpu,anomaly_score,anomaly\n2026-01-01 00:00:00,5,0.250000,0\n2026-01-01 00:01:00,20,1.000000,1\n2026-01-01 00:02:00,5,0.250000,0\n"
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestWrongInputIsNamedWithItsLineAndTheRestGoesOn(t *testing.T) {
	cases := map[string]struct {
		text, said string
		rows       int
	}{
		"time goes back":   {"time,a\n10,1\n5,2\n20,3\n", "line 3: the time 1970-01-01T00:00:05Z is not after", 2},
		"the same time":    {"time,a\n10,1\n10,2\n20,3\n", "line 3: the time", 2},
		"no time":          {"time,a\n10,1\nyesterday,2\n20,3\n", `line 3: "yesterday" is no time`, 2},
		"no number":        {"time,a\n10,1\n15,much\n20,3\n", `line 3: column a: "much" is not a finite number`, 3},
		"too few cells":    {"time,a\n10,1\n15\n20,3\n", "line 3: 1 cells where there are 2 columns", 2},
		"infinite value":   {"time,a\n10,1\n15,Inf\n", "line 3: column a", 2},
		"missing is right": {"time,a\n10,1\n15,\n20,3\n", "0 problems", 3},
	}
	for name, c := range cases {
		got, errs, err := scoreTable(t, &ceiling{limit: 10}, Form{}, c.text)
		if err != nil || !strings.Contains(errs, c.said) || strings.Count(got, "\n") != c.rows+1 {
			t.Errorf("%s: got %v, said %q, wrote\n%s\nwant %q and %d rows", name, err, errs, got, c.said, c.rows)
		}
	}
}

func TestInputThatCannotBeReadAtAllEndsTheRun(t *testing.T) {
	cases := map[string]struct {
		text, want string
		form       Form
	}{
		"empty":           {"", "line 1: the input is empty", Form{}},
		"binary":          {"time,a\n\x00\x01", "line 2: byte 8 is zero: this is a binary file", Form{}},
		"no header":       {"10,1\n20,2\n", "--no-header", Form{}},
		"no values":       {"time\n10\n", "--no-time", Form{}},
		"unknown label":   {"time,a\n10,1\n", `no column "b" for the labels; the columns are time, a`, Form{LabelColumn: "b"}},
		"unknown bounded": {"time,a\n10,1\n", `no column "b" for the range`, Form{Ranges: map[string]sdk.Range{"b": {Min: 0, Max: 1}}}},
	}
	for name, c := range cases {
		if _, _, err := scoreTable(t, &ceiling{limit: 10}, c.form, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestAWindowHoldsTheRowAsFreshAndTheLookBackBeforeIt(t *testing.T) {
	d := &ceiling{limit: 10}
	var out, errs bytes.Buffer
	o := options(d, Form{Ranges: map[string]sdk.Range{"": {Min: 0, Max: 100}}}, &out, &errs)
	o.LookBack = 90 * time.Second
	text := "time,a,b\n60,1,1\n120,2,\n180,3,3\n240,4,4\n"
	if err := Score(t.Context(), o, Input{"in.csv", strings.NewReader(text)}, nil); err != nil {
		t.Fatal(err)
	}
	last := d.windows[3].Series
	if got := fmt.Sprint(last[0].Values, last[0].Fresh, last[1].Values, last[1].Fresh); got != "[3 4] 1 [3 4] 1" {
		t.Errorf("got %s, want [3 4] 1 [3 4] 1", got)
	}
	second := d.windows[1]
	if got := fmt.Sprint(second.Series[1].Values, second.Series[1].Fresh); got != "[1] 1" || second.Series[0].Range.Max != 100 {
		t.Errorf("a missing value: got %s and range %v, want look-back alone", got, second.Series[0].Range)
	}
	if !second.Start.Equal(d.windows[0].End) || second.Reason != sdk.ReasonHistory {
		t.Errorf("got a window from %v for %q, want one from %v for history", second.Start, second.Reason, d.windows[0].End)
	}
}

func TestTrainingComesFirstAndATimelessTableGoesOnAfterIt(t *testing.T) {
	d := &ceiling{limit: 10}
	var out, errs bytes.Buffer
	o := options(d, Form{Timeless: true, Headless: true}, &out, &errs)
	end, err := Train(t.Context(), o, Input{"train.csv", strings.NewReader("1\n2\n3\n")})
	if err != nil || d.trained != 3 || !end.Equal(beginning.Add(2*time.Minute)) {
		t.Fatalf("got %d rows until %v, %v; want 3 until %v", d.trained, end, err, beginning.Add(2*time.Minute))
	}
	o.Form.After = end
	if err := Score(t.Context(), o, Input{"in.csv", strings.NewReader("1\n2\n")}, nil); err != nil {
		t.Fatal(err)
	}
	if got := d.windows[0].End; !got.Equal(end.Add(time.Minute)) {
		t.Errorf("the table begins at %v, want a minute after the training", got)
	}
	if strings.Contains(out.String(), ScoreColumn) || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("a table without names came back as\n%s", out.String())
	}
}

// shy does not train.
type shy struct{ ceiling }

func (s *shy) Train(context.Context, []sdk.Window) error { return ErrUntrained }

func TestADetectorThatDoesNotTrainSeesTheTraining(t *testing.T) {
	d := &shy{ceiling{limit: 10}}
	var out, errs bytes.Buffer
	if _, err := Train(t.Context(), options(d, Form{}, &out, &errs), Input{"train.csv", strings.NewReader("time,a\n1,1\n2,2\n")}); err != nil || len(d.windows) != 2 {
		t.Errorf("got %d windows, %v, want 2", len(d.windows), err)
	}
}

// blind always fails.
type blind struct{ ceiling }

var errBlind = errors.New("no eyes")

func (b *blind) Detect(context.Context, sdk.Window) ([]sdk.Anomaly, error) { return nil, errBlind }

func TestABlindDetectorEndsTheRun(t *testing.T) {
	got, errs, err := scoreTable(t, &blind{}, Form{}, "time,a\n1,1\n2,1\n3,1\n4,1\n5,1\n6,1\n7,1\n8,1\n9,1\n10,1\n11,1\n12,1\n")
	if !errors.Is(err, errBlind) || !strings.Contains(errs, "line 2: no eyes") || strings.Count(got, ",,\n")+strings.Count(got, "1,,") < mostBlind-1 {
		t.Errorf("got %v, said %q, wrote\n%s", err, errs, got)
	}
}

func TestLabelsGiveFigures(t *testing.T) {
	text := "time,a,fault\n0,1,0\n60,1,0\n120,20,1\n180,20,1\n240,1,0\n300,20,0\n360,1,0\n420,1,1\n"
	_, errs, err := scoreTable(t, &ceiling{limit: 10}, Form{LabelColumn: "fault"}, text)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"precision           0.500 (1 of 2) alarms", "recall              0.500 (1 of 2) labelled", "delay               0s", "false alarms a week 1440.00", "average precision"} {
		if !strings.Contains(errs, want) {
			t.Errorf("%q is not in\n%s", want, errs)
		}
	}
}

func TestLabelsOfAFileEndWithTheInput(t *testing.T) {
	run := func(labels string) error {
		var out, errs bytes.Buffer
		l, err := OpenLabels(Input{"labels.csv", strings.NewReader(labels)})
		if err != nil {
			return err
		}
		return Score(t.Context(), options(&ceiling{limit: 10}, Form{}, &out, &errs), Input{"in.csv", strings.NewReader("time,a\n1,1\n2,1\n3,1\n")}, l)
	}
	if err := run("label\n0\n1\n0\n"); err != nil {
		t.Errorf("with a name: %v", err)
	}
	if err := run("0\n1\n"); err == nil || !strings.Contains(err.Error(), "labels.csv, line 2: the labels end here") {
		t.Errorf("too short: got %v", err)
	}
	if err := run("0\n1\n7\n"); err == nil || !strings.Contains(err.Error(), "labels.csv, line 3: label \"7\": want 0 or 1") {
		t.Errorf("no label: got %v", err)
	}
}

func TestAveragePrecisionOfAKnownOrder(t *testing.T) {
	var f Figures
	for i, anomalous := range []bool{true, false, true, false} {
		f.Add(Judged{Time: beginning.Add(time.Duration(i)), Score: float64(4 - i), Anomalous: anomalous})
	}
	if got, want := f.AveragePrecision(), 0.5*1+0.5*2/3; math.Abs(got-want) > 1e-12 {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEachLineGetsItsTemplateAndScore(t *testing.T) {
	var out, errs bytes.Buffer
	long := strings.Repeat("x", longestLine+100)
	in := Input{"web.log", strings.NewReader("abc\n\xff\xfe\n\n" + long + "\nlast")}
	if err := Lines(t.Context(), options(&ceiling{limit: 1}, Form{}, &out, &errs), in); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("template_id,anomaly_score\n3,0.500000\n3,0.500000\n0,0.500000\n%d,0.500000\n4,0.500000\n", longestLine)
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func FuzzTableIsReadToItsEnd(f *testing.F) {
	f.Add("time,a,b\n1,2,3\n\"x\n")
	f.Add("t,a\n9999999999999999999,1\n-1,\n")
	f.Add("a\"b,c\n1,\"2\"\n\xff,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<12 {
			return
		}
		_, _, _ = scoreTable(t, &ceiling{limit: 1}, Form{}, text)
		_, _, _ = scoreTable(t, &ceiling{limit: 1}, Form{Headless: true, Timeless: true}, text)
	})
}
