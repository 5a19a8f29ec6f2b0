package replay

import (
	"cmp"
	"slices"
	"time"

	"github.com/homeostat/homeostat/host/heal/compare"
)

// unknown is how long a remedy is taken to last of which nothing is known: about
// what a restart needs.
const unknown = 4 * time.Second

// SpansOf returns the medians of how long each strategy took, from units that are
// over. Where nothing is known of one it is taken to be like the other.
func SpansOf(units []compare.Unit, a, b string) map[string]Spans {
	healed, failed := map[string][]time.Duration{}, map[string][]time.Duration{}
	for _, u := range units {
		switch {
		case u.Running || u.Repair <= 0:
		case u.Healed:
			healed[u.Strategy] = append(healed[u.Strategy], u.Repair)
		default:
			failed[u.Strategy] = append(failed[u.Strategy], u.Repair)
		}
	}
	out := map[string]Spans{}
	for _, pair := range [][2]string{{a, b}, {b, a}} {
		own, other := pair[0], pair[1]
		s := Spans{Healed: cmp.Or(median(healed[own]), median(healed[other]), unknown)}
		s.Failed = cmp.Or(median(failed[own]), median(failed[other]), s.Healed)
		out[own] = s
	}
	return out
}

// median returns 0 for no spans.
func median(spans []time.Duration) time.Duration {
	if len(spans) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(spans))[len(spans)/2]
}
