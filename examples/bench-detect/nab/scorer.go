package nab

import (
	"cmp"
	"math"
	"slices"
)

// profile is what a found window, a false alarm and a missed window are worth.
type profile struct {
	name                 string
	found, alarm, missed float64
}

var profiles = [...]profile{{"standard", 1, .11, 1}, {"low-FP", 1, .22, 1}, {"low-FN", 1, .11, 2}}

// sigmoid is the benchmark's scaled sigmoid: 1 long before the end of a window,
// 0 at its end, −1 far behind it.
func sigmoid(y float64) float64 {
	const far = 3
	if y > far {
		return -1
	}
	return 2/(1+math.Exp(5*y)) - 1
}

// worth is what an alarm at row i earns: in window w by its share of the best
// possible, outside (w < 0) by its share of a false alarm, which is negative.
func (f *file) worth(i int) (w int, share float64) {
	share = -1
	for k, win := range f.windows {
		if i >= win.first && i <= win.last {
			return k, sigmoid(-float64(win.last-i+1)/win.rows()) / sigmoid(-1)
		}
		if i > win.last {
			share = sigmoid(float64(i-win.last) / (win.rows() - 1))
		}
	}
	return -1, share
}

// raw is the sum over the files of what alarms at or above a threshold earn.
func raw(files []*file, p profile, threshold float64) float64 {
	sum := 0.0
	for _, f := range files {
		best := make([]float64, len(f.windows))
		for k := range best {
			best[k] = -p.missed
		}
		for i := f.probation; i < len(f.score); i++ {
			if f.score[i] < threshold {
				continue
			}
			if w, share := f.worth(i); w < 0 {
				sum += p.alarm * share
			} else {
				best[w] = max(best[w], p.found*share)
			}
		}
		for _, b := range best {
			sum += b
		}
	}
	return sum
}

func windows(files []*file) float64 {
	n := 0
	for _, f := range files {
		n += len(f.windows)
	}
	return float64(n)
}

// normalised turns a sum into the scale on which silence is 0 and the best
// possible 100.
func normalised(files []*file, p profile, sum float64) float64 {
	n := windows(files)
	return 100 * (sum + p.missed*n) / ((p.found + p.missed) * n)
}

// at is the score of the files at one threshold.
func at(files []*file, p profile, threshold float64) float64 {
	return normalised(files, p, raw(files, p, threshold))
}

// result is a threshold and what it earns.
type result struct{ score, threshold float64 }

// alarm is one row that would be an alarm at its score or any below.
type alarm struct {
	score float64
	file  int
	// window is its window, or −1.
	window int
	share  float64
}

// optimum is the best single threshold for the files. It lowers the threshold
// from row to row in the order of the scores and keeps the sum up to date.
func optimum(files []*file, p profile) result {
	alarms := ordered(files)
	type key struct{ file, window int }
	found := map[key]float64{}
	sum := -p.missed * windows(files)
	best, threshold := sum, math.Inf(1)
	for i, a := range alarms {
		k := key{a.file, a.window}
		before, seen := found[k]
		switch {
		case a.window < 0:
			sum += p.alarm * a.share
		case !seen:
			found[k] = a.share
			sum += p.missed + p.found*a.share
		case a.share > before:
			found[k] = a.share
			sum += p.found * (a.share - before)
		}
		last := i+1 == len(alarms) || alarms[i+1].score < a.score
		if last && sum > best {
			best, threshold = sum, a.score
		}
	}
	return result{normalised(files, p, best), threshold}
}

func ordered(files []*file) []alarm {
	var out []alarm
	for k, f := range files {
		for i := f.probation; i < len(f.score); i++ {
			if f.score[i] > 0 {
				w, share := f.worth(i)
				out = append(out, alarm{f.score[i], k, w, share})
			}
		}
	}
	slices.SortFunc(out, func(a, b alarm) int { return cmp.Compare(b.score, a.score) })
	return out
}
