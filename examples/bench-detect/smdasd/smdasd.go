// Package smdasd measures the relations view of detector-behavior on the Server
// Machine Dataset and the Application Server Dataset.
//
// It owns the reading of the sets and the protocol: the model learns the
// training file only, scores come row by row without look-ahead, the same
// settings hold for every file, and what was tuned on (files of even index in
// sorted order) is shown apart from what is judged (odd ones). The mean of the
// average precision counts; point-adjusted figures are worthless and not shown.
package smdasd

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/bench-detect/figure"
	"github.com/homeostat/homeostat/plugins/detector-behavior/pca"
)

// Source is where the sets are published.
const Source = "https://github.com/zhhlee/InterFusion (data) and https://github.com/NetManAIOps/OmniAnomaly (SMD)"

const suffix = "_train.csv.gz"

// group is one of the two sets.
type group struct {
	name, prefix   string
	reference, bar float64
}

// groups are the sets with the average precision of a PCA residual (95 %,
// ten-row smoothing) as reference.
var groups = []group{{"SMD", "machine-", 0.596, 0.62}, {"ASD", "omi-", 0.389, 0.41}}

// Run measures both sets in the folder smd_asd of data.
func Run(data string) ([]figure.Row, error) {
	dir := filepath.Join(data, "smd_asd")
	var rows []figure.Row
	for _, g := range groups {
		files, err := filepath.Glob(filepath.Join(dir, g.prefix+"*"+suffix))
		if err != nil {
			return nil, fmt.Errorf("look for %s in %s: %w", g.name, dir, err)
		}
		if len(files) == 0 {
			return nil, &figure.MissingError{Set: g.name, Path: dir, Source: Source}
		}
		found, err := g.measure(files)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	return rows, nil
}

func (g group) measure(files []string) ([]figure.Row, error) {
	var sum, parity [2]float64 // by even and odd index
	var spent time.Duration
	points := 0
	var rows []figure.Row
	for i, file := range files {
		one, err := read(strings.TrimSuffix(file, suffix))
		if err != nil {
			return nil, err
		}
		began := time.Now()
		scores, err := one.scores()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
		spent += time.Since(began)
		points += len(one.train) + len(one.test)
		precision := figure.AveragePrecision(scores, one.labels)
		sum[i%2] += precision
		parity[i%2]++
		rows = append(rows, figure.Row{Set: g.name, Name: "average precision " + one.name, Value: precision})
	}
	ours := func(name string, value float64) figure.Row {
		return figure.Row{Set: g.name, Name: name, Value: value, Reference: g.reference, ReferenceName: "PCA 95 % residual", Bar: g.bar}
	}
	rows = append(rows, ours("mean average precision", (sum[0]+sum[1])/float64(len(files))))
	for i, name := range []string{"… of the files tuned on (even)", "… of the files judged on (odd)"} {
		if parity[i] > 0 {
			row := ours(name, sum[i]/parity[i])
			row.Bar = 0
			rows = append(rows, row)
		}
	}
	return append(rows, figure.Row{Set: g.name, Name: "time a row", Unit: "µs", Value: float64(spent.Microseconds()) / float64(points)}), nil
}

// machine is one file of a set with its three parts.
type machine struct {
	name        string
	train, test [][]float64
	labels      []bool
}

func read(base string) (machine, error) {
	m := machine{name: filepath.Base(base)}
	var err, failed, wrong error
	var labels [][]float64
	m.train, err = table(base + suffix)
	m.test, failed = table(base + "_test.csv.gz")
	labels, wrong = table(base + "_test_label.csv.gz")
	if err := errors.Join(err, failed, wrong); err != nil {
		return m, err
	}
	for _, row := range labels {
		m.labels = append(m.labels, row[0] != 0)
	}
	if len(m.labels) != len(m.test) {
		return m, fmt.Errorf("%s: %d labels for %d rows", base, len(m.labels), len(m.test))
	}
	return m, nil
}

// scores learns the training rows and scores the test rows in their order.
func (m machine) scores() ([]float64, error) {
	var moments pca.Moments
	moments.Grow(len(m.train[0]))
	for _, row := range m.train {
		moments.Add(row)
	}
	model, err := moments.Model()
	if err != nil {
		return nil, err
	}
	var scorer pca.Scorer
	out := make([]float64, len(m.test))
	for i, row := range m.test {
		out[i] = scorer.Score(model, row).Level
	}
	return out, nil
}

// table reads a compressed file of numbers without a header.
func table(path string) ([][]float64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open a table: %w", err)
	}
	defer f.Close()
	plain, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("unpack %s: %w", path, err)
	}
	in := csv.NewReader(plain)
	in.ReuseRecord = true
	var rows [][]float64
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) && len(rows) > 0 {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		row := make([]float64, len(record))
		for i, text := range record {
			if row[i], err = strconv.ParseFloat(text, 64); err != nil {
				return nil, fmt.Errorf("read %s, line %d: %w", path, len(rows)+1, err)
			}
		}
		rows = append(rows, row)
	}
}
