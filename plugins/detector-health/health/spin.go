package health

import (
	"fmt"
	"time"

	"github.com/homeostat/homeostat/sdk"
)

// Spin says when a component wants far more of the CPU than it usually does.
// What it wants (run time and time in the run queue) shows a spin on a loaded
// host too, where what it gets does not.
type Spin struct {
	Factor   float64       `homeostat:"factor,default=4,min=1,max=1000" doc:"Report a component that wants this many times its usual CPU."`
	Floor    float64       `homeostat:"floor,default=80,min=1,max=100000" doc:"Never report below this many percent of one core."`
	For      time.Duration `homeostat:"for,default=10s,min=1s,max=24h" doc:"How long it must last without a break."`
	Warmup   time.Duration `homeostat:"warmup,default=20s,min=1s,max=24h" doc:"How long a component is watched before anything counts as usual."`
	Severity sdk.Severity  `homeostat:"severity,default=low" doc:"How bad it is: low, medium, high or critical. From medium on, the restart strategy acts."`
}

const (
	demandSignal = "cpu_demand_percent"
	keySpin      = "saturation/" + demandSignal
	// usualSpan is the time constant of the moving average.
	usualSpan = 5 * time.Minute
	// clearShare is the share of the limit below which the anomaly ends.
	clearShare = 0.8
)

// usual is how much CPU a component wants on an ordinary day.
type usual struct {
	Mean float64 `json:"mean"`
	// Watched is the time over which Mean was formed.
	Watched time.Duration `json:"watched_ns"`
	LastAt  int64         `json:"last_at"`
	Since   int64         `json:"since,omitempty"`
}

// demand judges the fresh samples of what a component wants of the CPU.
func (j *judgement) demand(s sdk.Series) {
	u := j.d.memory.Usual[s.Component]
	for i := s.Fresh; i < len(s.Values); i++ {
		j.spin(&u, point{s.Times[i], s.Values[i]})
	}
	j.d.memory.Usual[s.Component] = u
}

func (j *judgement) spin(u *usual, p point) {
	c := j.d.config.Spin
	limit := max(c.Floor, c.Factor*u.Mean)
	_, open := j.open[keySpin]
	switch {
	case u.Watched >= c.Warmup && (p.v > limit || open && p.v > clearShare*limit):
		if u.Since == 0 {
			u.Since = p.at
		}
	default:
		u.Since = 0
		u.learn(p)
		j.end(keySpin, fmt.Sprintf("%s wants %.0f %% of a core again", j.w.Component, p.v))
	}
	u.LastAt = p.at
	if u.Since == 0 || time.Duration(p.at-u.Since)*time.Millisecond < c.For {
		return
	}
	j.begin(sdk.Anomaly{
		Key: keySpin, Kind: sdk.AnomalySaturation, Signal: demandSignal, Severity: c.Severity, Score: 1,
		Start:    time.UnixMilli(u.Since),
		Summary:  fmt.Sprintf("%s wants %.0f %% of a core for %v; usual are %.1f %%", j.w.Component, p.v, c.For, u.Mean),
		Evidence: []sdk.Evidence{{Component: j.w.Component, Signal: demandSignal, Value: p.v, High: limit, Unit: "percent"}},
	})
}

// learn moves the mean towards the sample, by the time since the last one. The
// first minutes are a plain average.
func (u *usual) learn(p point) {
	if u.LastAt == 0 || p.at <= u.LastAt {
		u.Mean = max(u.Mean, 0)
		return
	}
	step := min(time.Duration(p.at-u.LastAt)*time.Millisecond, time.Minute)
	u.Watched = min(u.Watched+step, usualSpan)
	u.Mean += (p.v - u.Mean) * min(float64(step)/float64(u.Watched), 1)
}
