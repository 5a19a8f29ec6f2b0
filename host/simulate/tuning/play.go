package tuning

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/homeostat/homeostat/host/heal/machine"
	"github.com/homeostat/homeostat/host/heal/odds"
	"github.com/homeostat/homeostat/host/heal/policy"
	"github.com/homeostat/homeostat/host/simulate/stage"
	"github.com/homeostat/homeostat/sdk"
)

// The rungs that have something to offer: nothing has changed that could be
// reverted, no link is cut, and no rule is written for these parameters.
const (
	restart  = "restart"
	evolving = "genetic"
)

// What acting takes, and how often there is trouble.
const (
	restartTakes = 8 * time.Second
	changeTakes  = 2 * time.Second
	leastGap     = 10 * time.Minute // longer than the hold time
	meanGap      = 6 * time.Hour
)

// player drives one machine through the incidents of a world. An incident is work
// that piled up: it is worked off at the rate that the settings in force allow, and a
// restart does not help it.
type player struct {
	*stage.Stage
	game
	ctx     context.Context
	book    odds.Book
	present []sdk.Parameter
	total   float64
	each    []float64
	outside int

	// of the incident that is being played
	number uint64
	begun  time.Time
	left   float64   // share of the work
	since  time.Time // when left was true
	turns  int       // counts changes of the rate
	chosen string
	before []sdk.Parameter
	ended  bool
	over   bool
}

func newPlayer(ctx context.Context, g game, values map[string]sdk.Value) *player {
	p := &player{game: g, ctx: ctx, present: g.world.declared()}
	for i := range p.present {
		p.present[i].Value = values[p.present[i].Name]
	}
	p.Stage = stage.New(machine.New(machine.Settings{
		Mode: policy.Automated, Components: []machine.Component{{Name: component}},
	}), start, p.carry)
	return p
}

func (p *player) play() error {
	gaps := rand.New(rand.NewPCG(p.seed, 7))
	for n := range uint64(Incidents) {
		if err := p.ctx.Err(); err != nil {
			return err
		}
		p.Now = p.Now.Add(leastGap + time.Duration(gaps.ExpFloat64()*float64(meanGap)))
		p.number, p.begun, p.since, p.left, p.ended, p.over = p.seed<<20+n, p.Now, p.Now, 1, false, false
		p.turn()
		if err := p.Play(p.anomaly(), func() bool { return p.over }); err != nil {
			return err
		}
	}
	return nil
}

// turn plans the end of the incident at the rate of the settings in force.
func (p *player) turn() {
	p.turns++
	at := p.turns
	p.Later(span(p.left*p.lasts()), func() machine.Input {
		if at != p.turns || p.ended {
			return nil
		}
		return p.end()
	})
}

// lasts is how long the whole work takes with the settings in force, in seconds.
func (p *player) lasts() float64 { return p.world.incident(p.number, valuesOf(p.present)) }

func span(seconds float64) time.Duration { return time.Duration(seconds * float64(time.Second)) }

// move puts settings in force.
func (p *player) move(next []sdk.Parameter) {
	if !p.ended {
		p.left = max(0, p.left-p.Now.Sub(p.since).Seconds()/p.lasts())
	}
	p.present, p.since = next, p.Now
	if p.world.outside(valuesOf(next)) {
		p.outside++
	}
	if !p.ended {
		p.turn()
	}
}

// end is the end of the work; the downtime counts to here.
func (p *player) end() machine.Input {
	p.ended = true
	down := p.Now.Sub(p.begun).Seconds()
	p.total += down
	p.each = append(p.each, down)
	return p.anomaly()
}

// anomaly is what a detector says of the trouble, as long as it lasts.
func (p *player) anomaly() machine.Input {
	const lasting = 30 * 24 * time.Hour
	return machine.Report{Detector: "health", Component: component, At: p.Now, Anomalies: []sdk.Anomaly{{
		Component: component, Key: signature, Kind: sdk.AnomalyThreshold, Severity: sdk.SeverityMedium, Score: 1,
		Start: p.begun, End: p.Now, Ended: p.ended, TTL: lasting, Summary: "too many wait",
	}}}
}

// signature is what all incidents of these worlds look like.
const signature = "waiting"
