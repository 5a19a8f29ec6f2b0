package nab

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"time"
)

// file is one series of the corpus with its labels.
type file struct {
	name, category string
	// times are Unix seconds.
	times  []int64
	values []float64
	// windows are the labelled stretches, by index, both ends included.
	windows []window
	// probation is how many first rows do not count.
	probation int
	// known is set when the recipe may know the least and the most value.
	known bool
	// score is what the recipe said of each row.
	score []float64
}

type window struct{ first, last int }

func (w window) rows() float64 { return float64(w.last - w.first + 1) }

// read loads the corpus in sorted order of the names.
func read(folder string) ([]*file, error) {
	text, err := os.ReadFile(filepath.Join(folder, "labels", "combined_windows.json"))
	if err != nil {
		return nil, err
	}
	var labels map[string][][2]string
	if err := json.Unmarshal(text, &labels); err != nil {
		return nil, fmt.Errorf("labels: %w", err)
	}
	var files []*file
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		f := &file{name: name, category: path.Dir(name)}
		if err := f.load(filepath.Join(folder, "data", filepath.FromSlash(name))); err != nil {
			return nil, err
		}
		for _, w := range labels[name] {
			if err := f.label(w); err != nil {
				return nil, fmt.Errorf("labels of %s: %w", name, err)
			}
		}
		const share, most = 0.15, 750
		f.probation = min(int(share*float64(len(f.values))), most)
		files = append(files, f)
	}
	return files, nil
}

func (f *file) load(name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for i, row := range rows[1:] {
		at, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			return fmt.Errorf("%s line %d: %w", name, i+2, err)
		}
		v, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return fmt.Errorf("%s line %d: %w", name, i+2, err)
		}
		f.times, f.values = append(f.times, at.Unix()), append(f.values, v)
	}
	return nil
}

func (f *file) label(w [2]string) error {
	const layout = "2006-01-02 15:04:05.000000"
	from, err := time.Parse(layout, w[0])
	if err != nil {
		return err
	}
	to, err := time.Parse(layout, w[1])
	if err != nil {
		return err
	}
	first := sort.Search(len(f.times), func(i int) bool { return f.times[i] >= from.Unix() })
	last := sort.Search(len(f.times), func(i int) bool { return f.times[i] > to.Unix() }) - 1
	f.windows = append(f.windows, window{first, last})
	return nil
}
