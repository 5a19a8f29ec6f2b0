// Package sockshop measures the root-cause ranking of detector-behavior on
// faults that were injected into a shop of thirteen services.
//
// It owns the reading of the cases and the figures: AC@1 is the share of cases
// whose true cause is ranked first, Avg@5 the mean over k = 1…5 of the share
// with the cause among the first k. No call graph is given, the ranking sees
// the metrics alone.
package sockshop

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-behavior/rootcause"
)

// Set is the benchmark. A case is a folder CAUSE-FAULT/RUN with normal.csv and
// anomalous.csv.
var Set = table.Set{Name: "rootcause", Folder: "sockshop", Source: "https://github.com/azamikram/rcd (data of the sock shop)", Run: run}

func run(_ context.Context, in table.Input) ([]table.Row, error) {
	cases, err := filepath.Glob(filepath.Join(in.Folder, "*", "*", "normal.csv"))
	if err != nil {
		return nil, fmt.Errorf("look for cases in %s: %w", in.Folder, err)
	}
	if len(cases) == 0 {
		return nil, fmt.Errorf("there is no CAUSE-FAULT/RUN/normal.csv in %s", in.Folder)
	}
	right, err := ranks(cases, 0)
	if err != nil {
		return nil, err
	}
	late, err := ranks(cases, lateOnset)
	if err != nil {
		return nil, err
	}
	first, five := right.accuracy()
	lateFirst, _ := late.accuracy()
	row := func(what string, got float64) table.Row { return table.Row{Set: "root cause", What: what, Got: got} }
	rows := []table.Row{
		row(fmt.Sprintf("AC@1 of %d cases", len(cases)), first), row("Avg@5", five),
		row(fmt.Sprintf("AC@1, onset taken %d s late", lateOnset), lateFirst), row("time of the slowest case, ms", right.slowest.Seconds()*1000),
	}
	rows[0].Reference, rows[0].Bar, rows[0].Want = "BARO .96, N-sigma .94 (of 50 cases)", 0.98, table.AtLeast
	rows[3].Bar, rows[3].Want = 5, table.AtMost
	return rows, nil
}

// lateOnset is by how many rows (seconds) the onset is wrong in the second run.
const lateOnset = 60

// result are the places of the true causes, 0 for the first.
type result struct {
	places  []int
	slowest time.Duration
}

func (r result) accuracy() (first, five float64) {
	for _, place := range r.places {
		if place == 0 {
			first++
		}
		five += float64(max(5-place, 0)) / 5
	}
	n := float64(len(r.places))
	return first / n, five / n
}

func ranks(cases []string, late int) (result, error) {
	var r result
	for _, normal := range cases {
		run := filepath.Dir(normal)
		cause, _, _ := strings.Cut(filepath.Base(filepath.Dir(run)), "-")
		series, err := read(run, late)
		if err != nil {
			return r, err
		}
		began := time.Now()
		ranked := rootcause.Rank(series, nil)
		r.slowest = max(r.slowest, time.Since(began))
		place := slices.IndexFunc(ranked, func(s rootcause.Suspect) bool { return s.Component == cause })
		if place < 0 {
			return r, fmt.Errorf("%s: there is no metric of %s", run, cause)
		}
		r.places = append(r.places, place)
	}
	return r, nil
}

// read returns the series of one case; the first late rows of the fault are
// taken as normal.
func read(run string, late int) ([]rootcause.Series, error) {
	normal, err := columns(filepath.Join(run, "normal.csv"))
	abnormal, failed := columns(filepath.Join(run, "anomalous.csv"))
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	var out []rootcause.Series
	for name, values := range normal {
		component, metric, found := strings.Cut(name, "_")
		fault := abnormal[name]
		if !found || len(fault) <= late {
			continue
		}
		out = append(out, rootcause.Series{
			Component: component, Metric: metric, Normal: append(values, fault[:late]...), Abnormal: fault[late:],
		})
	}
	return out, nil
}

// columns reads a file with a header into columns by name.
func columns(path string) (map[string][]float64, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the case is not whole: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("open a case: %w", err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	out := map[string][]float64{}
	for _, record := range records[min(1, len(records)):] {
		for i, text := range record {
			if v, err := strconv.ParseFloat(text, 64); err == nil { // an empty cell is a missing value
				out[records[0][i]] = append(out[records[0][i]], v)
			}
		}
	}
	return out, nil
}
