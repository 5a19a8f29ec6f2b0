// Package logseq measures how well abnormal sequences of log events are told
// from normal ones, over sessions of HDFS and OpenStack (Landauer et al.: A
// Critical Review of Common Log Data Sets, 2024).
//
// It owns the reading of the sets and the figures. Both sets are judged with the
// same settings: the counts of a sequence are compared with those that were
// learnt, and what is farther from all of them than one in a hundred of the
// learnt is from the rest is abnormal. Its functions are for one goroutine.
package logseq

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/homeostat/homeostat/examples/bench-detect/table"
	"github.com/homeostat/homeostat/plugins/detector-logs/vector"
)

// Set is the benchmark.
var Set = table.Set{Name: "logseq", Folder: "logseq", Source: "https://github.com/ait-aecid/anomaly-detection-log-datasets", Run: run}

const (
	// maxVectors bounds what is remembered of a set.
	maxVectors = 1024
	// oddShare is how many of the learnt sequences may be farther from the rest
	// than what is tolerated.
	oddShare  = 0.01
	reference = "new events, lengths and counts: F1 .988 on all of HDFS"
)

func run(ctx context.Context, in table.Input) ([]table.Row, error) {
	hdfs, err := sessions(in.Folder, "hdfs_xu/hdfs_train", "hdfs_xu/hdfs_test_abnormal")
	if err != nil {
		return nil, err
	}
	stack, err := sessions(in.Folder, "openstack_parisakalaki/openstack_train",
		"openstack_parisakalaki/openstack_test_normal", "openstack_parisakalaki/openstack_test_abnormal")
	if err != nil {
		return nil, err
	}
	var even, odd []vector.Vector
	for i, v := range hdfs[0] {
		if i%2 == 0 {
			even = append(even, v)
		} else {
			odd = append(odd, v)
		}
	}
	var rows []table.Row
	for _, trial := range []struct {
		what                    string
		train, normal, abnormal []vector.Vector
	}{
		{"HDFS, learnt from the even half", even, odd, hdfs[1]},
		{"HDFS, learnt from the odd half", odd, even, hdfs[1]},
		{"OpenStack, learnt from its 50", stack[0], stack[1], stack[2]},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rows = append(rows, judge(trial.train, trial.normal, trial.abnormal).rows(trial.what)...)
	}
	return rows, nil
}

// score counts verdicts.
type score struct{ hits, misses, alarms, quiet float64 }

func judge(train, normal, abnormal []vector.Vector) score {
	m := vector.New(maxVectors)
	for _, v := range train {
		m.Learn(v)
	}
	limit := m.Tolerance(oddShare)
	var s score
	for _, v := range normal {
		if m.Nearest(v) > limit {
			s.alarms++
		} else {
			s.quiet++
		}
	}
	for _, v := range abnormal {
		if m.Nearest(v) > limit {
			s.hits++
		} else {
			s.misses++
		}
	}
	return s
}

func (s score) rows(what string) []table.Row {
	return []table.Row{
		{Set: "logseq", What: what + ": recall", Got: s.hits / (s.hits + s.misses)},
		{Set: "logseq", What: what + ": false-positive rate", Got: s.alarms / (s.alarms + s.quiet)},
		{Set: "logseq", What: what + ": F1", Got: 2 * s.hits / (2*s.hits + s.alarms + s.misses), Reference: reference},
	}
}

// sessions reads files of lines "name,event event …".
func sessions(folder string, names ...string) ([][]vector.Vector, error) {
	var out [][]vector.Vector
	for _, name := range names {
		list, err := read(filepath.Join(folder, name))
		if err != nil {
			return nil, err
		}
		out = append(out, list)
	}
	return out, nil
}

func read(path string) ([]vector.Vector, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read sequences: %w", err)
	}
	defer f.Close()
	var out []vector.Vector
	lines := bufio.NewScanner(f)
	const longest = 1 << 20
	lines.Buffer(nil, longest)
	for n := 1; lines.Scan(); n++ {
		_, list, ok := strings.Cut(lines.Text(), ",")
		if !ok {
			return nil, fmt.Errorf("read sequences: %s, line %d: no comma", path, n)
		}
		var events []uint32
		for field := range strings.FieldsSeq(list) {
			e, err := strconv.ParseUint(field, 10, 32)
			if err != nil {
				return nil, fmt.Errorf("read sequences: %s, line %d: event %q is no number", path, n, field)
			}
			events = append(events, uint32(e))
		}
		out = append(out, vector.Of(events))
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read sequences: %s: %w", path, err)
	}
	return out, nil
}
