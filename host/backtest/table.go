package backtest

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Form is how a table is to be read.
type Form struct {
	// Headless tables have no line of names.
	Headless bool
	// Timeless tables have no time in the first column; rows are Every apart.
	Timeless bool
	Every    time.Duration
	// After is the time of the last row that was seen before, zero for none.
	After time.Time
	// Ranges are the bounds of columns by name; "" holds for all others.
	Ranges map[string]sdk.Range
	// LabelColumn names a column with 0 or 1 that is no signal; empty for none.
	LabelColumn string
}

// table reads rows one after the other.
type table struct {
	name  string
	form  Form
	in    *csv.Reader
	names []string
	label int // its column, -1 for none
	// first is a row that was read to learn the number of columns.
	first []string
	last  time.Time
	rows  int
}

// tableRow is one row of a table. Values has a NaN where a value is missing.
type tableRow struct {
	line   int
	number int // from 1, of the rows that can be used
	cells  []string
	time   time.Time
	values []float64
	label  bool
}

// rowError is a row, or a part of it, that cannot be used.
type rowError struct {
	table string
	line  int
	why   string
}

func (e *rowError) Error() string { return fmt.Sprintf("%s, line %d: %s", e.table, e.line, e.why) }

// beginning is where the time of a table without times begins.
var beginning = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// sniffed is how much of an input is looked at to see whether it is text.
const sniffed = 4096

// text returns a reader of an input, or an error when it is empty or no text.
func text(name string, in io.Reader) (*bufio.Reader, error) {
	r := bufio.NewReaderSize(in, 64<<10)
	head, err := r.Peek(sniffed)
	if len(head) == 0 {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		return nil, fmt.Errorf("%s, line 1: the input is empty", name)
	}
	if at := bytes.IndexByte(head, 0); at >= 0 {
		line := 1 + bytes.Count(head[:at], []byte("\n"))
		return nil, fmt.Errorf("%s, line %d: byte %d is zero: this is a binary file; unpack or export it first", name, line, at+1)
	}
	return r, nil
}

// openTable reads the names, or the first row where there are none.
func openTable(name string, in io.Reader, form Form) (*table, error) {
	plain, err := text(name, in)
	if err != nil {
		return nil, err
	}
	t := &table{name: name, form: form, in: csv.NewReader(plain), label: -1, last: time.Time{}}
	t.in.FieldsPerRecord, t.in.LazyQuotes, t.in.TrimLeadingSpace = -1, true, true
	head, err := t.in.Read()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	t.names = head
	if form.Headless {
		t.first = head
		t.names = make([]string, len(head))
		for i := range head {
			t.names[i] = fmt.Sprintf("column_%d", i+1)
		}
	} else if !form.Timeless && len(head) > 0 && allNumbers(head) {
		return nil, fmt.Errorf("%s, line 1: all of it are numbers where names of columns are expected; --no-header reads tables without names", name)
	}
	if len(t.signals()) == 0 {
		return nil, fmt.Errorf("%s, line 1: there is no column of values beside the time; --no-time reads tables without times", name)
	}
	return t, t.checkNames()
}

func allNumbers(cells []string) bool {
	return !slices.ContainsFunc(cells, func(c string) bool {
		_, err := strconv.ParseFloat(strings.TrimSpace(c), 64)
		return err != nil
	})
}

// checkNames looks up the columns that the form names.
func (t *table) checkNames() error {
	known := strings.Join(t.names, ", ")
	if c := t.form.LabelColumn; c != "" {
		if t.label = slices.Index(t.names, c); t.label < 0 {
			return fmt.Errorf("%s, line 1: there is no column %q for the labels; the columns are %s", t.name, c, known)
		}
	}
	for c := range t.form.Ranges {
		if c != "" && !slices.Contains(t.names, c) {
			return fmt.Errorf("%s, line 1: there is no column %q for the range; the columns are %s", t.name, c, known)
		}
	}
	return nil
}

// signals returns the numbers of the columns with values.
func (t *table) signals() []int {
	var out []int
	for i := range t.names {
		if i != t.label && (i > 0 || t.form.Timeless) {
			out = append(out, i)
		}
	}
	return out
}

// next returns the next row. A *rowError means that the row, or a value of it,
// cannot be used and reading goes on; without a time in the row all of it is
// left out.
func (t *table) next() (tableRow, error) {
	cells := t.first
	t.first = nil
	if cells == nil {
		var err error
		if cells, err = t.in.Read(); err != nil {
			return t.broken(err)
		}
	}
	line, _ := t.in.FieldPos(0)
	r := tableRow{line: line, cells: cells}
	wrong := func(format string, args ...any) (tableRow, error) {
		return r, &rowError{t.name, line, fmt.Sprintf(format, args...)}
	}
	if len(cells) != len(t.names) {
		return wrong("%d cells where there are %d columns; the row is left out", len(cells), len(t.names))
	}
	at, err := t.time(cells[0])
	if err != nil {
		return wrong("%v; the row is left out", err)
	}
	if !t.last.IsZero() && !at.After(t.last) {
		return wrong("the time %s is not after %s of the row before; the row is left out", at.Format(time.RFC3339), t.last.Format(time.RFC3339))
	}
	r.time, t.last = at, at
	t.rows++
	r.number = t.rows
	return r, t.parse(&r)
}

// broken turns an error of the reader into one of the row, where it can go on.
func (t *table) broken(err error) (tableRow, error) {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return tableRow{line: syntax.Line}, &rowError{t.name, syntax.Line, syntax.Err.Error() + "; the row is left out"}
	}
	if errors.Is(err, io.EOF) {
		return tableRow{}, io.EOF
	}
	return tableRow{}, fmt.Errorf("read %s: %w", t.name, err)
}

func (t *table) time(cell string) (time.Time, error) {
	if t.form.Timeless {
		begin := beginning
		if !t.form.After.IsZero() {
			begin = t.form.After.Add(t.form.Every)
		}
		return begin.Add(time.Duration(t.rows) * t.form.Every), nil
	}
	return parseTime(strings.TrimSpace(cell))
}

// parse reads the values and the label of a row.
func (t *table) parse(r *tableRow) error {
	var first error
	for _, i := range t.signals() {
		v, err := parseValue(r.cells[i])
		if err != nil && first == nil {
			first = &rowError{t.name, r.line, fmt.Sprintf("column %s: %v; the value counts as missing", t.names[i], err)}
		}
		r.values = append(r.values, v)
	}
	if t.label >= 0 {
		v, err := parseValue(r.cells[t.label])
		if (err != nil || math.IsNaN(v)) && first == nil {
			first = &rowError{t.name, r.line, fmt.Sprintf("label %q: want 0 or 1; it counts as 0", r.cells[t.label])}
		}
		r.label = err == nil && v > 0
	}
	return first
}

// parseValue reads a number; NaN stands for a missing one.
func parseValue(cell string) (float64, error) {
	cell = strings.TrimSpace(cell)
	switch strings.ToLower(cell) {
	case "", "nan", "null", "na", "none", "-":
		return math.NaN(), nil
	}
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil || math.IsInf(v, 0) {
		return math.NaN(), fmt.Errorf("%.40q is not a finite number", cell)
	}
	return v, nil
}

var timeLayouts = []string{time.RFC3339Nano, time.DateTime, "2006-01-02T15:04:05", "2006/01/02 15:04:05", "2006-01-02 15:04", time.DateOnly}

// A number is a Unix time; its size tells the unit.
const (
	leastMilliseconds = 1e11
	leastMicroseconds = 1e14
	leastNanoseconds  = 1e17
	mostNanoseconds   = 9e18
)

// parseTime reads a date with a time, in UTC without a zone, or a Unix time in
// seconds, milliseconds, microseconds or nanoseconds.
func parseTime(cell string) (time.Time, error) {
	if v, err := strconv.ParseFloat(cell, 64); err == nil && math.Abs(v) < mostNanoseconds {
		switch size := math.Abs(v); {
		case size < leastMilliseconds:
			return time.UnixMicro(int64(math.Round(v * 1e6))).UTC(), nil
		case size < leastMicroseconds:
			return time.UnixMilli(int64(v)).UTC(), nil
		case size < leastNanoseconds:
			return time.UnixMicro(int64(v)).UTC(), nil
		}
		return time.Unix(0, int64(v)).UTC(), nil
	}
	for _, layout := range timeLayouts {
		if at, err := time.Parse(layout, cell); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time: want 2006-01-02T15:04:05Z, 2006-01-02 15:04:05 or a Unix time", cell)
}
