// Package smdasd measures the relations view of detector-behavior on the Server
// Machine Dataset and the Application Server Dataset.
//
// It owns the reading of the sets and the protocol: the model learns the
// training file only, scores come row by row without look-ahead, the same
// settings hold for every file, and files of even and of odd index in sorted order
// are shown apart. The settings were chosen with all files in view. The mean of the
// average precision counts; point-adjusted figures are worthless and not shown.
package smdasd

import (
	"cmp"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-behavior/pca"
)

// Set is both sets as one benchmark.
var Set = table.Set{
	Name: "relations", Folder: "smd_asd", Run: run,
	Source: "https://github.com/zhhlee/InterFusion (data) and https://github.com/NetManAIOps/OmniAnomaly (SMD)",
}

const suffix = "_train.csv.gz"

// group is one of the two sets.
type group struct {
	name, prefix, reference string
	bar                     float64
}

// groups are the sets with the average precision of a PCA residual (95 %,
// ten-row smoothing) as reference.
var groups = []group{{"SMD", "machine-", "PCA 95 % residual .596", 0.62}, {"ASD", "omi-", "PCA 95 % residual .389", 0.41}}

func run(ctx context.Context, in table.Input) ([]table.Row, error) {
	var rows []table.Row
	for _, g := range groups {
		files, err := filepath.Glob(filepath.Join(in.Folder, g.prefix+"*"+suffix))
		if err != nil {
			return nil, fmt.Errorf("look for %s in %s: %w", g.name, in.Folder, err)
		}
		if len(files) == 0 {
			return rows, fmt.Errorf("%s: there is no %s*%s in %s", g.name, g.prefix, suffix, in.Folder)
		}
		found, err := g.measure(ctx, files)
		rows = append(rows, found...)
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (g group) measure(ctx context.Context, files []string) ([]table.Row, error) {
	var sum, parity [2]float64 // by even and odd index
	var spent time.Duration
	points := 0
	var rows []table.Row
	for i, file := range files {
		if err := ctx.Err(); err != nil {
			return rows, err
		}
		one, err := read(strings.TrimSuffix(file, suffix))
		if err != nil {
			return rows, err
		}
		began := time.Now()
		scores, err := one.scores()
		if err != nil {
			return rows, fmt.Errorf("%s: %w", one.name, err)
		}
		spent += time.Since(began)
		points += len(one.train) + len(one.test)
		precision := averagePrecision(scores, one.labels)
		sum[i%2] += precision
		parity[i%2]++
		rows = append(rows, table.Row{Set: g.name, What: "average precision of " + one.name, Got: precision})
	}
	rows = append(rows, table.Row{
		Set: g.name, What: "mean average precision", Got: (sum[0] + sum[1]) / float64(len(files)),
		Reference: g.reference, Bar: g.bar, Want: table.AtLeast,
	})
	for i, name := range []string{"the same, files of even index", "the same, files of odd index"} {
		if parity[i] > 0 {
			rows = append(rows, table.Row{Set: g.name, What: name, Got: sum[i] / parity[i]})
		}
	}
	return append(rows, table.Row{Set: g.name, What: "time a row, µs", Got: float64(spent.Microseconds()) / float64(points)}), nil
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
	m.train, err = numbers(base + suffix)
	m.test, failed = numbers(base + "_test.csv.gz")
	labels, wrong = numbers(base + "_test_label.csv.gz")
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

// numbers reads a compressed file of numbers without a header.
func numbers(path string) ([][]float64, error) {
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

// averagePrecision is the area under the steps of precision over recall: for
// each threshold from high to low the precision reached, weighted with the
// recall gained. Rows of equal score come in together. It is 0 without positive
// rows.
func averagePrecision(scores []float64, labels []bool) float64 {
	order := make([]int, len(scores))
	positive := 0
	for i := range order {
		order[i] = i
		if labels[i] {
			positive++
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	sum, hits := 0.0, 0
	for i := 0; i < len(order); {
		gained := 0
		next := i
		for ; next < len(order) && scores[order[next]] == scores[order[i]]; next++ {
			if labels[order[next]] {
				gained++
			}
		}
		hits += gained
		if gained > 0 {
			sum += float64(gained) / float64(positive) * float64(hits) / float64(next)
		}
		i = next
	}
	return sum
}
