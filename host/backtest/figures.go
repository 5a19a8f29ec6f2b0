package backtest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Judged is a row with a score and a label.
type Judged struct {
	Time             time.Time
	Score            float64
	Alarm, Anomalous bool
}

// Figures compare scores and alarms with labels. Rows are added in the order of
// time. The zero value is ready.
type Figures struct {
	rows        []scored
	first, last time.Time

	// stretches are labelled ones, alarms those with an open anomaly; both count
	// runs of rows without a break.
	stretches, found, alarms, falseAlarms int
	delay                                 time.Duration
	inStretch, inAlarm                    bool
	began                                 time.Time // of the present stretch
	caught, justified                     bool
}

type scored struct {
	score     float64
	anomalous bool
}

// Add takes the next row.
func (f *Figures) Add(j Judged) {
	if f.first.IsZero() {
		f.first = j.Time
	}
	f.last = j.Time
	f.rows = append(f.rows, scored{j.Score, j.Anomalous})
	if j.Anomalous && !f.inStretch {
		f.stretches++
		f.began, f.caught = j.Time, false
	}
	f.inStretch = j.Anomalous
	if !j.Alarm && f.inAlarm {
		f.endAlarm()
	}
	if j.Alarm && !f.inAlarm {
		f.alarms++
		f.justified = false
	}
	f.inAlarm = j.Alarm
	if j.Alarm && j.Anomalous {
		f.justified = true
		if !f.caught {
			f.caught = true
			f.found++
			f.delay += j.Time.Sub(f.began)
		}
	}
}

func (f *Figures) endAlarm() {
	if !f.justified {
		f.falseAlarms++
	}
}

// Write writes the figures for people. Precision and recall count stretches:
// an alarm is right when a labelled row lies in it, a labelled stretch is found
// when an alarm is open in it. Average precision counts rows and needs no
// threshold.
func (f *Figures) Write(w io.Writer) {
	if f.inAlarm {
		f.endAlarm()
		f.inAlarm = false
	}
	share := func(n, of int) string {
		if of == 0 {
			return "none to judge"
		}
		return fmt.Sprintf("%.3f (%d of %d)", float64(n)/float64(of), n, of)
	}
	fmt.Fprintf(w, "precision           %s alarms\n", share(f.alarms-f.falseAlarms, f.alarms))
	fmt.Fprintf(w, "recall              %s labelled stretches\n", share(f.found, f.stretches))
	if f.found > 0 {
		fmt.Fprintf(w, "delay               %v on average\n", (f.delay / time.Duration(f.found)).Round(time.Second))
	}
	if weeks := f.last.Sub(f.first).Hours() / (24 * 7); weeks > 0 {
		fmt.Fprintf(w, "false alarms a week %.2f\n", float64(f.falseAlarms)/weeks)
	}
	fmt.Fprintf(w, "average precision   %.4f of rows\n", f.AveragePrecision())
}

// AveragePrecision is the area under the steps of precision over recall by the
// rows' scores, 0 without labelled rows. Rows of equal score count together.
func (f *Figures) AveragePrecision() float64 {
	rows := slices.Clone(f.rows)
	slices.SortStableFunc(rows, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	area, hits, before := 0.0, 0, 0
	for i, r := range rows {
		if r.anomalous {
			hits++
		}
		if i+1 == len(rows) || rows[i+1].score != r.score {
			area += float64(hits-before) * float64(hits) / float64(i+1)
			before = hits
		}
	}
	if hits == 0 {
		return 0
	}
	return area / float64(hits)
}

// labelFile reads one label for each row: the last cell of each line is 0 or 1.
type labelFile struct {
	name string
	in   *bufio.Scanner
	line int
	// pending is the first label, read to see whether there are names.
	pending *bool
}

// OpenLabels reads a file with a line of 0 or 1 for each row of the input, at
// will with a line of names first and other columns before the label.
func OpenLabels(in Input) (Labels, error) {
	plain, err := text(in.Name, in)
	if err != nil {
		return nil, err
	}
	l := &labelFile{name: in.Name, in: bufio.NewScanner(plain)}
	l.in.Scan()
	l.line = 1
	if first, err := parseLabel(l.in.Text()); err == nil {
		l.pending = &first
	}
	return l, nil
}

func (l *labelFile) Next(line int) (bool, error) {
	if l.pending != nil {
		first := *l.pending
		l.pending = nil
		return first, nil
	}
	if !l.in.Scan() {
		return false, fmt.Errorf("%s, line %d: the labels end here, the input goes on at its line %d", l.name, l.line, line)
	}
	l.line++
	label, err := parseLabel(l.in.Text())
	if err != nil {
		return false, fmt.Errorf("%s, line %d: %w", l.name, l.line, err)
	}
	return label, nil
}

func parseLabel(text string) (bool, error) {
	cell := strings.TrimSpace(text[strings.LastIndexByte(text, ',')+1:])
	switch v, err := strconv.ParseFloat(cell, 64); {
	case err == nil && (v == 0 || v == 1):
		return v == 1, nil
	}
	return false, fmt.Errorf("label %.40q: want 0 or 1", cell)
}
