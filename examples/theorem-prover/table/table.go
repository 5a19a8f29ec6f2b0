// Package table is the measured times of all problems under all heuristics: how
// they are written and read, and what a setting costs by them. It measures nothing
// and is pure: the model of the engine is built from it.
//
// A Table does not change after Read and is safe for use by several goroutines.
package table

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Run is one measured run.
type Run struct {
	// Problem is FAMILY-REST.
	Problem, Heuristic string
	// Proved says whether there was a proof within the limit of the measurement.
	Proved bool
	// Seconds of CPU time and Peak MiB were spent.
	Seconds, Peak float64
}

// form is a line of the file: problem, heuristic, yes or no, seconds, MiB.
const form = "%s %s %s %.3f %.1f\n"

// Write writes one run.
func Write(w io.Writer, r Run) error {
	proved := "no"
	if r.Proved {
		proved = "yes"
	}
	_, err := fmt.Fprintf(w, form, r.Problem, r.Heuristic, proved, r.Seconds, r.Peak)
	return err
}

// Table is all runs. Read is the only way to one.
type Table struct {
	// Families and Heuristics are in the order in which the file names them first.
	Families   []string
	Heuristics []string
	// runs are those of one family under one heuristic.
	runs map[[2]string][]Run
}

// Read reads what Write wrote; lines that begin with # are comments. It refuses a
// table with holes.
func Read(r io.Reader) (*Table, error) {
	t := &Table{runs: map[[2]string][]Run{}}
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		if line := strings.TrimSpace(lines.Text()); line != "" && line[0] != '#' {
			run, err := parse(line)
			if err != nil {
				return nil, fmt.Errorf("read the times, line %d: %w", n, err)
			}
			t.add(run)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the times: %w", err)
	}
	return t, t.whole()
}

func parse(line string) (Run, error) {
	f := strings.Fields(line)
	const columns = 5
	if len(f) != columns || f[2] != "yes" && f[2] != "no" || !strings.Contains(f[0], "-") {
		return Run{}, fmt.Errorf("want problem, heuristic, yes or no, seconds and MiB, got %.80q", line)
	}
	seconds, err := strconv.ParseFloat(f[3], 64)
	peak, errPeak := strconv.ParseFloat(f[4], 64)
	if err := errors.Join(err, errPeak); err != nil {
		return Run{}, err
	}
	if !(seconds >= 0 && seconds < 1e6 && peak >= 0 && peak < 1e6) { // refuses NaN too
		return Run{}, fmt.Errorf("want seconds and MiB from 0 to a million, got %v and %v", seconds, peak)
	}
	return Run{Problem: f[0], Heuristic: f[1], Proved: f[2] == "yes", Seconds: seconds, Peak: peak}, nil
}

func (t *Table) add(r Run) {
	family, _, _ := strings.Cut(r.Problem, "-")
	for list, name := range map[*[]string]string{&t.Families: family, &t.Heuristics: r.Heuristic} {
		if !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	key := [2]string{family, r.Heuristic}
	t.runs[key] = append(t.runs[key], r)
}

// whole refuses a table in which a family was not measured under a heuristic.
func (t *Table) whole() error {
	if len(t.runs) == 0 {
		return errors.New("read the times: there are none")
	}
	for _, family := range t.Families {
		for _, h := range t.Heuristics {
			if n, want := len(t.runs[[2]string{family, h}]), len(t.runs[[2]string{family, t.Heuristics[0]}]); n == 0 || n != want {
				return fmt.Errorf("read the times: %s under %s has %d problems, want %d", family, h, n, want)
			}
		}
	}
	return nil
}
