package forecast

import "math"

// Week is how many periods make up the longer season: days of a week.
const Week = 7

// The rates of the smoothing model (Taylor, Short-term electricity demand
// forecasting using double seasonal exponential smoothing, 2003): the shares of
// a new error that the level, the slot of the period and the slot of the week
// take, and the share of the last error that the next step still has.
const (
	levelRate = 0.02
	slotRate  = 0.15
	weekRate  = 0.3
	carry     = 0.8
	// wild bounds an error that is learnt from, in usual errors: one spike must
	// not bend the season.
	wild = 3.0
	// memory is the weight of the newest error in the mean ones.
	memory = 0.02
)

// The members of the forecast.
const (
	smoothed  = iota // level, slots of period and week, and the last error
	yesterday        // the value a period before
	lastWeek         // the value a week before, moved to the present level
	members
)

// Season forecasts a series with a period, say a day of hours, and a week of
// such periods. Three simple models forecast one period ahead; their mean,
// weighted by how wrong each was of late, is the forecast. Adding a value and
// forecasting are O(1). The fields are exported for saving; use NewSeason.
type Season struct {
	// N counts the values.
	N int
	// Level is the smoothed value without seasons.
	Level float64
	// Slots and Weekly are the smoothed distances of each slot of the period to
	// the level, and of each of the week to both.
	Slots, Weekly []float64
	// Recent are the values of the last week, by slot; LevelThen the levels.
	Recent, LevelThen []float64
	// Pending are each member's forecasts of the next period, by slot.
	Pending [members][]float64
	// Wrong is how far each member was off, one period ahead, on average.
	Wrong [members]float64
	// Off is how far the whole forecast was off, one period ahead, on average.
	Off float64
	// Error is the last error one step ahead, Usual their mean size.
	Error, Usual float64
}

// NewSeason returns a model for a period of so many values, at least 1.
func NewSeason(period int) *Season {
	period = max(1, period)
	s := &Season{Slots: make([]float64, period), Weekly: make([]float64, Week*period),
		Recent: make([]float64, Week*period), LevelThen: make([]float64, Week*period)}
	for m := range s.Pending {
		s.Pending[m] = make([]float64, period)
	}
	return s
}

// Add takes in the next value, which is finite. The first period sets the slots.
func (s *Season) Add(v float64) {
	period, week := len(s.Slots), len(s.Weekly)
	k, w := s.N%period, s.N%week
	if s.N >= 2*period {
		s.settle(k, v)
	}
	if s.N < period {
		s.begin(k, v)
	} else {
		s.learn(v)
	}
	s.Recent[w], s.LevelThen[w] = v, s.Level
	s.N++
	if s.N >= period {
		for m := range s.Pending {
			s.Pending[m][k] = s.member(m, period)
		}
	}
}

// begin fills the slots in the first period; its last value sets the level.
func (s *Season) begin(k int, v float64) {
	s.Slots[k] = v
	s.Level += v / float64(len(s.Slots))
	if k == len(s.Slots)-1 {
		for i := range s.Slots {
			s.Slots[i] -= s.Level
		}
	}
}

// learn moves level and slots by the error of the forecast of v.
func (s *Season) learn(v float64) {
	k, w := s.N%len(s.Slots), s.N%len(s.Weekly)
	base := s.Level + s.Slots[k] + s.Weekly[w]
	expected := base + carry*s.Error
	wrong := v - expected
	if s.Usual > 0 && s.N >= 2*len(s.Slots) {
		most := wild * s.Usual
		s.Usual += memory * (min(math.Abs(wrong), most) - s.Usual)
		wrong = max(-most, min(most, wrong))
	} else {
		s.Usual = max(s.Usual, math.Abs(wrong))
	}
	s.Error = expected + wrong - base
	s.Level += levelRate * wrong
	s.Slots[k] += slotRate * wrong
	s.Weekly[w] += weekRate * wrong
}

// settle compares v with what was forecast for it a period ago.
func (s *Season) settle(k int, v float64) {
	rate := max(memory, 1/float64(s.N-2*len(s.Slots)+1))
	whole := s.blend(func(m int) float64 { return s.Pending[m][k] })
	s.Off += rate * (math.Abs(v-whole) - s.Off)
	for m := range s.Wrong {
		s.Wrong[m] += rate * (math.Abs(v-s.Pending[m][k]) - s.Wrong[m])
	}
}

// blend is the mean of the members' values, each weighted by the inverse square
// of how wrong it was of late.
func (s *Season) blend(value func(m int) float64) float64 {
	const tiny = 1e-12
	sum, weights := 0.0, 0.0
	for m, wrong := range s.Wrong {
		w := 1 / (wrong*wrong + tiny)
		sum, weights = sum+w*value(m), weights+w
	}
	return sum / weights
}

// member is one member's forecast so many steps ahead, 1 being the next one.
func (s *Season) member(m, steps int) float64 {
	period, week := len(s.Slots), len(s.Weekly)
	at := s.N + steps - 1
	before := at - (steps+period-1)/period*period // the same slot, a whole number of periods before
	switch {
	case m == smoothed:
		return s.Level + s.Slots[at%period] + s.Weekly[at%week] + s.Error*math.Pow(carry, float64(steps))
	case m == lastWeek && s.N >= week:
		before = at - (steps+week-1)/week*week
		return s.Recent[before%week] + s.Level - s.LevelThen[before%week]
	}
	return s.Recent[before%week]
}

// Ahead forecasts the value so many steps ahead, 1 being the next one. It is
// false until two periods were seen.
func (s *Season) Ahead(steps int) (float64, bool) {
	if s.N < 2*len(s.Slots) || steps < 1 {
		return 0, false
	}
	return s.blend(func(m int) float64 { return s.member(m, steps) }), true
}
