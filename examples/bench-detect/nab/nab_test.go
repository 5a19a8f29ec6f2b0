package nab

import (
	"math"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// corpus is one file of a hundred rows with a window of ten and an alarm at each
// given row.
func corpus(alarms ...int) []*file {
	f := &file{name: "f", category: "c", score: make([]float64, 100), windows: []window{{50, 59}}, probation: 15}
	for _, i := range alarms {
		f.score[i] = 1
	}
	return []*file{f}
}

func TestScorerKeepsTheRulesOfTheBenchmark(t *testing.T) {
	for name, c := range map[string]struct {
		alarms []int
		want   float64
	}{
		"silence":                  {nil, 0},
		"the first row":            {[]int{50}, 100},
		"the first of several":     {[]int{50, 55}, 100},
		"in the probation":         {[]int{3}, 0},
		"far behind is a whole":    {[]int{50, 99}, 100 - 50*.11},
		"before the first window":  {[]int{20, 50}, 100 - 50*.11},
		"the last row of a window": {[]int{59}, 50 * (1 + sigmoid(-.1)/sigmoid(-1))},
	} {
		files := corpus(c.alarms...)
		if got := at(files, profiles[0], 0.5); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %.4f, want %.4f", name, got, c.want)
		}
	}
}

func TestBestThresholdIsWhatNoOtherBeats(t *testing.T) {
	files := corpus(20, 53, 99)
	files[0].score[20], files[0].score[53], files[0].score[99] = 1, 2, 3
	for _, p := range profiles {
		best := optimum(files, p)
		if got := at(files, p, best.threshold); math.Abs(got-best.score) > 1e-9 {
			t.Errorf("%s: the best threshold %v is said to earn %v, it earns %v", p.name, best.threshold, best.score, got)
		}
		for _, threshold := range []float64{1, 2, 3, 4} {
			if got := at(files, p, threshold); got > best.score+1e-9 {
				t.Errorf("%s: threshold %v earns %v, more than the best %v", p.name, threshold, got, best.score)
			}
		}
	}
}
