// Package isolation compares the isolation forest with scikit-learn's, over the
// same sets, seeds and machine, in the same run.
//
// It owns the reading of the sets, the area under the curve and the call of
// Python, and nothing of the forest. Its functions are for one goroutine.
package isolation

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-timeseries/iforest"
)

// Set is the benchmark.
var Set = table.Set{Name: "iforest", Folder: "adbench", Source: "https://github.com/Minqi824/ADBench (datasets/Classical), as csv.gz with a last column \"label\"", Run: run}

const (
	seeds  = 5
	python = "/usr/bin/python3"
)

//go:embed reference.py
var reference string

// figures are what one forest reached on one set.
type figures struct {
	// AUC is the area under the curve for each seed.
	AUC []float64 `json:"auc"`
	// Seconds is the processor time of the fastest scoring of all rows.
	Seconds float64 `json:"seconds"`
}

func run(ctx context.Context, in table.Input) ([]table.Row, error) {
	files, err := filepath.Glob(filepath.Join(in.Folder, "*.csv.gz"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no csv.gz in %s", in.Folder))
	}
	theirs, err := sklearn(ctx, files)
	if err != nil {
		fmt.Fprintf(in.Out, "iforest: the comparison is left out: %v (Debian: apt-get install python3-sklearn)\n", err)
	}
	var rows []table.Row
	ratio, sets := 0.0, 0.0
	for _, name := range files {
		s, err := load(name)
		if err != nil {
			return rows, err
		}
		ours, err := measure(s)
		if err != nil {
			return rows, fmt.Errorf("%s: %w", name, err)
		}
		set := strings.TrimSuffix(filepath.Base(name), ".csv.gz")
		row := table.Row{Set: "iforest", What: set + ": ROC-AUC, mean of 5 seeds", Got: mean(ours.AUC)}
		if their, ok := theirs[set]; ok {
			row.Bar, row.Want = mean(their.AUC)-2*deviation(their.AUC), table.AtLeast
			row.Reference = fmt.Sprintf("scikit-learn %.4f ± %.4f, %.3g rows/s; here %.3g rows/s", mean(their.AUC), deviation(their.AUC),
				float64(s.m.Rows())/their.Seconds, float64(s.m.Rows())/ours.Seconds)
			ratio += math.Log(their.Seconds / ours.Seconds)
			sets++
		}
		rows = append(rows, row)
	}
	if sets > 0 {
		rows = append(rows, table.Row{Set: "iforest", What: "times scikit-learn's scoring speed, geometric mean", Got: math.Exp(ratio / sets),
			Bar: 8, Want: table.AtLeast, Reference: "same run, one core each"})
	}
	return rows, nil
}

// sklearn measures the reference on all files in one process of one thread.
func sklearn(ctx context.Context, files []string) (map[string]figures, error) {
	cmd := exec.CommandContext(ctx, python, append([]string{"-c", reference}, files...)...)
	cmd.Env = append(os.Environ(), "OMP_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(errs.String()), "\n")
		return nil, fmt.Errorf("%s: %w: %s", python, err, lines[len(lines)-1])
	}
	var all map[string]figures
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("%s answers %.60q: %w", python, out, err)
	}
	return all, nil
}

func measure(s set) (figures, error) {
	f := figures{Seconds: math.Inf(1)}
	out := make([]float64, 0, s.m.Rows())
	for seed := range seeds {
		forest, err := iforest.Fit(s.m, iforest.Options{Seed: uint64(seed)})
		if err != nil {
			return f, err
		}
		seconds, err := scoring(func() error {
			out, err = forest.Scores(s.m, out[:0])
			return err
		})
		if err != nil {
			return f, err
		}
		f.Seconds = min(f.Seconds, seconds)
		f.AUC = append(f.AUC, auc(out, s.outlier))
	}
	return f, nil
}

// scoring is the processor time in seconds of the fastest of five runs.
func scoring(run func() error) (float64, error) {
	const runs = 5
	best := math.Inf(1)
	for range runs {
		begun, err := table.CPU()
		if err == nil {
			err = run()
		}
		if err != nil {
			return 0, err
		}
		ended, err := table.CPU()
		if err != nil {
			return 0, err
		}
		best = min(best, (ended - begun).Seconds())
	}
	return best, nil
}

// set is a table of rows and which of them are outliers.
type set struct {
	m       iforest.Matrix
	outlier []bool
}

func load(name string) (set, error) {
	var s set
	in, err := os.Open(name)
	if err != nil {
		return s, err
	}
	defer in.Close()
	plain, err := gzip.NewReader(in)
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	rows := csv.NewReader(plain)
	header, err := rows.Read()
	if err != nil {
		return s, fmt.Errorf("%s: %w", name, err)
	}
	s.m.Columns = len(header) - 1
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return s, nil
		}
		if err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
		for _, cell := range row[:s.m.Columns] {
			v, err := strconv.ParseFloat(cell, 32)
			if err != nil {
				return s, fmt.Errorf("%s: %w", name, err)
			}
			s.m.Values = append(s.m.Values, float32(v))
		}
		s.outlier = append(s.outlier, strings.TrimSpace(row[s.m.Columns]) == "1")
	}
}

// auc is the area under the receiver's curve: the share of pairs of an outlier
// and an inlier in which the outlier scores more; equals count half.
func auc(scores []float64, outlier []bool) float64 {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	pairs, below, outliers := 0.0, 0.0, 0.0
	for i := 0; i < len(order); {
		in, out := 0.0, 0.0
		j := i
		for ; j < len(order) && scores[order[j]] == scores[order[i]]; j++ {
			if outlier[order[j]] {
				out++
			} else {
				in++
			}
		}
		pairs += out * (below + in/2)
		below, outliers, i = below+in, outliers+out, j
	}
	return pairs / (below * outliers)
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// deviation is the standard deviation of a sample.
func deviation(x []float64) float64 {
	m, sum := mean(x), 0.0
	for _, v := range x {
		sum += (v - m) * (v - m)
	}
	return math.Sqrt(sum / float64(len(x)-1))
}
