package trial

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/homeostat/homeostat/examples/tune-redis/load"
	"github.com/homeostat/homeostat/examples/tune-redis/model/cache"
	"github.com/homeostat/homeostat/examples/tune-redis/service"
)

// Judged is one setting that users had for a while, and what the model says of it.
type Judged struct {
	Phase    string           `json:"phase"`
	Settings service.Settings `json:"settings"`
	// Live is what the users met with at its end and Model what the model gives, both
	// in the model's unit; lower is better.
	Live  float64 `json:"live"`
	Model float64 `json:"model"`
}

// long is how long a setting must have been in force: the cache has to fill.
const long = 5 * time.Second

// judged compares the model with the users, for each setting in the declared set.
func judged(all []setting) []Judged {
	var out []Judged
	for _, s := range all {
		if s.to.Sub(s.from) < long || len(s.settings.Outside()) > 0 {
			continue
		}
		params, err := paramsOf(s.settings)
		if err != nil {
			continue // a setting in the set is one that the model takes
		}
		live := cache.Outcome{P99: s.settled.P99.Seconds(), Late: float64(s.settled.Late+s.settled.Failed) / float64(max(s.settled.Requests, 1))}
		said := cache.Simulate(params, wantsOf(s.phase.mix), 1)
		out = append(out, Judged{s.phase.name, s.settings, live.Seconds(), said.Seconds()})
	}
	return out
}

// paramsOf hands settings to the model as homeostat does.
func paramsOf(s service.Settings) (cache.Setting, error) {
	var params []float64
	for _, d := range service.Set() {
		v := float64(slices.Index(d.Choices, s[d.Key]))
		if len(d.Choices) == 0 {
			n, err := strconv.ParseFloat(s[d.Key], 64)
			if err != nil {
				return cache.Setting{}, err
			}
			v = n
		}
		params = append(params, v)
	}
	return cache.Decode(params)
}

// wantsOf tells the model what users want.
func wantsOf(m load.Mix) cache.Wants {
	return cache.Wants{
		Gets: m.Gets, Keys: m.Keys, Skew: m.Skew, ValueBytes: float64(m.ValueBytes),
		Wides: m.Wides, Hashes: float64(m.Hashes), Fields: float64(m.Fields),
	}
}

// Correlation is Spearman's rank correlation of the model with the users: 1 when
// it puts all settings in their order, 0 when it knows nothing.
func Correlation(all []Judged) float64 {
	live, model := make([]float64, len(all)), make([]float64, len(all))
	for i, j := range all {
		live[i], model[i] = j.Live, j.Model
	}
	return pearson(ranksOf(live), ranksOf(model))
}

// ranksOf gives equal values the mean of their ranks.
func ranksOf(values []float64) []float64 {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(values[a], values[b]) })
	ranks := make([]float64, len(values))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return ranks
}

// pearson is the correlation of two lists; 0 where one of them is constant.
func pearson(a, b []float64) float64 {
	var ma, mb, ab, aa, bb float64
	for i := range a {
		ma, mb = ma+a[i]/float64(len(a)), mb+b[i]/float64(len(a))
	}
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
