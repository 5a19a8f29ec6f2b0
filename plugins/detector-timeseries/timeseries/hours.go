package timeseries

import (
	"math"
	"slices"
	"time"

	"github.com/homeostat/homeostat/plugins/detector-timeseries/forecast"
)

// hours are the hourly means of a signal with a limit and the seasonal model of
// them: what comes again at the same hour is seen a day ahead. All fields are
// saved.
type hours struct {
	// Hour is the number of the hour that is being averaged, since 1970; Sum and
	// Count are what is in it.
	Hour  int64
	Sum   float64
	Count int
	// Last is the mean of the last whole hour.
	Last  float64
	Model *forecast.Season
}

const (
	hourSeconds = 3600
	dayHours    = 24
)

func newHours() *hours { return &hours{Model: forecast.NewSeason(dayHours)} }

// add takes in a value at a Unix time. Hours without a value count as what was
// forecast for them; after a week without any, and after a step back of more
// than an hour, the model begins anew.
func (h *hours) add(unix int64, v float64) {
	hour := unix / hourSeconds
	passed := hour - h.Hour
	switch {
	case h.Count == 0 && h.Model.N == 0:
		h.Hour = hour
	case passed < -1 || passed > forecast.Week*dayHours:
		*h = *newHours()
		h.Hour = hour
	case passed > 0:
		h.Last = h.Sum / float64(h.Count)
		h.Model.Add(h.Last)
		for range passed - 1 {
			guess, known := h.Model.Ahead(1)
			if !known {
				guess = h.Last
			}
			h.Model.Add(guess)
		}
		h.Hour, h.Sum, h.Count = hour, 0, 0
	}
	h.Sum += v
	h.Count++
}

// reaches tells when the season will bring the value to the limit, seen from a
// Unix time, and false when it will not do so within the horizon, or when fewer
// than three days or too large errors make the forecast worthless: the way to the
// limit has to be longer than the usual error of a day ahead.
func (h *hours) reaches(limit float64, unix int64, horizon time.Duration) (forecast.Reach, bool) {
	const fewest, half = 3 * dayHours, hourSeconds / 2
	ahead := min(int(horizon/time.Hour), dayHours)
	if h.Model.N < fewest || h.Last >= limit || limit-h.Last <= h.Model.Off {
		return forecast.Reach{}, false
	}
	before, level := h.Last, limit-h.Model.Off
	// The model's next value is that of the present hour.
	for k := 1; k <= ahead+1; k++ {
		v, known := h.Model.Ahead(k)
		if !known {
			return forecast.Reach{}, false
		}
		if v >= level {
			slope := (v - before) / hourSeconds
			middle := (h.Hour+int64(k)-1)*hourSeconds + half
			at := float64(middle) - (v-level)/slope
			in := at - float64(unix)
			give := min(h.Model.Off/slope, 3*hourSeconds)
			return forecast.Reach{In: seconds(max(in, 0)), Give: seconds(math.Ceil(max(give, 60))), Rate: slope}, in <= horizon.Seconds()
		}
		before = v
	}
	return forecast.Reach{}, false
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// explains reports whether a value is what the season lets expect at its hour, so
// that growth up to it says nothing of the hours to come. A season that is often
// wrong by a fifth of its own swing explains nothing: what fills up steadily has
// none.
func (h *hours) explains(v float64) bool {
	const fewest, share, errors, least = 3 * dayHours, 0.2, 2, 0.05
	if h.Model.N < fewest {
		return false
	}
	swing := slices.Max(h.Model.Slots) - slices.Min(h.Model.Slots)
	// Within the hour the season moves on: the neighbours bound what is usual.
	low, high := h.Last, h.Last
	for k := 1; k <= 2; k++ {
		x, known := h.Model.Ahead(k)
		if !known {
			return false
		}
		low, high = min(low, x), max(high, x)
	}
	give := max(errors*h.Model.Off, least*swing)
	return h.Model.Off <= share*swing && v >= low-give && v <= high+give
}

// sound reports whether a saved model can be used.
func (h *hours) sound() bool {
	if h.Model == nil || h.Count < 0 || h.Model.N < 0 {
		return false
	}
	m := h.Model
	all := [][]float64{m.Slots, m.Weekly, m.Recent, m.LevelThen}
	want := []int{dayHours, forecast.Week * dayHours, forecast.Week * dayHours, forecast.Week * dayHours}
	for _, p := range m.Pending {
		all, want = append(all, p), append(want, dayHours)
	}
	for i, x := range all {
		if len(x) != want[i] {
			return false
		}
	}
	return h.Count > 0 || m.N == 0
}
