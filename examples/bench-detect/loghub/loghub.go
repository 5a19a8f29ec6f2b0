// Package loghub measures how well lines of one statement are grouped, over
// labelled logs of many systems (Zhu et al.: Tools and Benchmarks for Automated
// Log Parsing, ICSE 2019; corrected labels: Khan et al., ICSE 2022).
//
// It owns the reading of the set and the figure: a line counts as right when
// exactly the lines with its label share its group. All systems are grouped
// with the same settings. Its functions are for one goroutine.
package loghub

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-logs/record"
	"github.com/homeostat/homeostat/plugins/detector-logs/template"
)

// Set is the benchmark.
var Set = table.Set{Name: "loghub", Folder: "loghub2k", Source: "https://github.com/logpai/loghub (the 2k samples)", Run: run}

const (
	name      = "loghub"
	reference = "one setting for all: Drain3 with masks .767, without .732; tuned per system: Brain .983, Drain .865"
)

// system is the log of one system.
type system struct {
	name string
	// raw are the lines as written, messages those without their header,
	// original and corrected the labels.
	raw, messages, original, corrected []string
}

// view is one way to look at the systems.
type view struct {
	name   string
	lines  func(system) []string
	labels func(system) []string
}

var views = [...]view{
	{"original labels", func(s system) []string { return s.messages }, func(s system) []string { return s.original }},
	{"corrected labels", func(s system) []string { return s.messages }, func(s system) []string { return s.corrected }},
	{"corrected labels, raw lines with their headers", func(s system) []string { return s.raw }, func(s system) []string { return s.corrected }},
}

func run(ctx context.Context, in table.Input) ([]table.Row, error) {
	systems, err := read(in.Folder)
	if err != nil {
		return nil, err
	}
	var rows []table.Row
	for _, v := range views {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows = append(rows, v.rows(systems)...)
	}
	speed, err := speed(systems)
	if err != nil {
		return nil, err
	}
	return append(rows, speed...), nil
}

// rows are the accuracy of each system, of all, and of the halves by index.
func (v view) rows(systems []system) []table.Row {
	var rows []table.Row
	var atOnce, settled [3]float64 // all, even, odd
	for i, s := range systems {
		first, last := group(v.lines(s))
		now, later := Accuracy(first, v.labels(s)), Accuracy(last, v.labels(s))
		rows = append(rows, table.Row{Set: name, What: fmt.Sprintf("%s, grouping accuracy, %s", s.name, v.name), Got: later})
		half := 1 + i%2
		atOnce[0], settled[0] = atOnce[0]+now, settled[0]+later
		atOnce[half], settled[half] = atOnce[half]+now, settled[half]+later
	}
	n := float64(len(systems))
	odd := float64(len(systems) / 2)
	even := n - odd
	add := func(what string, got float64) {
		rows = append(rows, table.Row{Set: name, What: what + ", grouping accuracy, " + v.name, Got: got, Bar: 0.90, Want: table.AtLeast, Reference: reference})
	}
	add("mean of all", settled[0]/n)
	add("mean of all, by the group given at once", atOnce[0]/n)
	add("mean of the even files", settled[1]/even)
	if odd > 0 {
		add("mean of the odd files", settled[2]/odd)
	}
	return rows
}

// group returns the group that each line was given at once, and the one that it
// is in when all are read.
func group(lines []string) (first, last []template.ID) {
	m := template.New()
	for _, line := range lines {
		first = append(first, m.Add(record.Parse(line).Message).ID)
	}
	for _, id := range first {
		last = append(last, m.Settled(id))
	}
	return first, last
}

// Accuracy is the share of lines whose group holds exactly the lines with their
// label.
func Accuracy(groups []template.ID, labels []string) float64 {
	type pair struct {
		group template.ID
		label string
	}
	both, byGroup, byLabel := map[pair]int{}, map[template.ID]int{}, map[string]int{}
	for i, g := range groups {
		both[pair{g, labels[i]}]++
		byGroup[g]++
		byLabel[labels[i]]++
	}
	right := 0
	for p, n := range both {
		if n == byGroup[p.group] && n == byLabel[p.label] {
			right += n
		}
	}
	return float64(right) / float64(max(1, len(groups)))
}

// read reads the systems in the order of their names.
func read(folder string) ([]system, error) {
	found, err := filepath.Glob(filepath.Join(folder, "*", "*_2k.log"))
	if err != nil || len(found) == 0 {
		return nil, fmt.Errorf("look for */*_2k.log in %s: there is none", folder)
	}
	var systems []system
	for _, path := range found {
		s := system{name: filepath.Base(filepath.Dir(path))}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read the lines of %s: %w", s.name, err)
		}
		for line := range strings.Lines(string(text)) {
			s.raw = append(s.raw, strings.TrimRight(line, "\r\n"))
		}
		if s.messages, s.original, err = labels(path + "_structured.csv"); err != nil {
			return nil, err
		}
		if _, s.corrected, err = labels(path + "_structured_corrected.csv"); err != nil {
			return nil, err
		}
		if len(s.raw) != len(s.original) || len(s.raw) != len(s.corrected) {
			return nil, fmt.Errorf("read %s: %d lines, but %d and %d labels", s.name, len(s.raw), len(s.original), len(s.corrected))
		}
		systems = append(systems, s)
	}
	return systems, nil
}

// labels reads the messages and labels of a table.
func labels(path string) (messages, ids []string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("read labels: %w", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, nil, fmt.Errorf("read labels: %s: %w", path, err)
	}
	message, id := -1, -1
	for i, column := range rows[0] {
		switch strings.TrimPrefix(column, "\uFEFF") {
		case "Content":
			message = i
		case "EventId":
			id = i
		}
	}
	if message < 0 || id < 0 {
		return nil, nil, fmt.Errorf("read labels: %s: no columns Content and EventId", path)
	}
	for _, row := range rows[1:] {
		messages, ids = append(messages, row[message]), append(ids, row[id])
	}
	return messages, ids, nil
}
