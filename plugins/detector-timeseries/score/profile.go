package score

// Slots of the profiles.
const (
	daySlots  = 144 // ten minutes each
	weekSlots = 168 // one hour each
	weekKnown = 3   // rows after which an hour of the week is believed
)

// profile is the usual value at each time of the day and of the week.
type profile struct {
	Day       [daySlots]float32
	Week      [weekSlots]float32
	DayCount  [daySlots]uint8
	WeekCount [weekSlots]uint8
}

// band returns what is usual at a time: from the least to the most of the slot
// and its two neighbours, of the day and, once it is known, of the week.
// Neighbours count because jobs do not start to the minute.
func (p *profile) band(unix int64) (low, high float64, known bool) {
	d, w := slots(unix)
	if p.DayCount[d] == 0 {
		return 0, 0, false
	}
	low, high = around(p.Day[:], p.DayCount[:], d)
	if p.WeekCount[w] > weekKnown {
		l, h := around(p.Week[:], p.WeekCount[:], w)
		low, high = min(low, l), max(high, h)
	}
	return low, high, true
}

// distance is how far v is from what is usual at a time, by day or by week,
// whichever is nearer; 0 while nothing is known.
func (p *profile) distance(unix int64, v float64) float64 {
	d, w := slots(unix)
	if p.DayCount[d] == 0 {
		return 0
	}
	low, high := around(p.Day[:], p.DayCount[:], d)
	out := outside(v, low, high)
	if p.WeekCount[w] > weekKnown {
		low, high = around(p.Week[:], p.WeekCount[:], w)
		out = min(out, outside(v, low, high))
	}
	return out
}

// outside is the distance of v to the interval.
func outside(v, low, high float64) float64 { return max(v-high, low-v, 0) }

func around(mean []float32, count []uint8, k int) (low, high float64) {
	low, high = float64(mean[k]), float64(mean[k])
	for _, j := range [2]int{(k + len(mean) - 1) % len(mean), (k + 1) % len(mean)} {
		if count[j] > 0 {
			low, high = min(low, float64(mean[j])), max(high, float64(mean[j]))
		}
	}
	return low, high
}

// learn moves the slots of a time towards v: by the mean at first, then so that
// about the last ten rows of a day's slot and twenty of a week's count.
func (p *profile) learn(unix int64, v float64) {
	const dayRate, weekRate = 0.1, 0.05
	d, w := slots(unix)
	move(&p.Day[d], &p.DayCount[d], step{v, dayRate})
	move(&p.Week[w], &p.WeekCount[w], step{v, weekRate})
}

type step struct{ value, rate float64 }

func move(mean *float32, count *uint8, s step) {
	const full = 255
	if *count < full {
		*count++
	}
	*mean += float32((s.value - float64(*mean)) * max(1/float64(*count), s.rate))
}

// slots are the positions of a Unix time in the day and in the week, in UTC.
func slots(unix int64) (day, week int) {
	const daySeconds, hour = 86400, 3600
	inDay := (unix%daySeconds + daySeconds) % daySeconds
	inWeek := (unix%(7*daySeconds) + 7*daySeconds) % (7 * daySeconds)
	return int(inDay * daySlots / daySeconds), int(inWeek / hour)
}
