// Package look asks components how they are, within bounds: no answer in time is inconclusive, and a probe that hangs does
// not pile up.
//
// It knows no probe. An Asker may be used from several goroutines; the goroutine of a question that got no answer in time
// lives until the probe returns, and Wait waits for it.
package look

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/change/record"
)

// maxAsking bounds the looks at one component that are waited for.
const maxAsking = 4

// Asker asks components. Set Ask and Timeout before the first Look.
type Asker struct {
	// Ask asks the probes of a component.
	Ask func(ctx context.Context, component string) (record.Verdict, string)
	// Timeout bounds one look.
	Timeout time.Duration

	running sync.WaitGroup
	mu      sync.Mutex
	asking  map[string]int // under mu: looks at each component that have not come back
}

// Look asks a component within its bound. No answer in time is inconclusive, also where the probe itself hangs.
func (a *Asker) Look(ctx context.Context, component string) (record.Verdict, string) {
	if !a.begin(component) {
		return record.Inconclusive, component + " still owes the answers to earlier looks"
	}
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	type answer struct {
		verdict record.Verdict
		text    string
	}
	answers := make(chan answer, 1)
	a.running.Go(func() {
		defer a.end(component)
		v, text := a.Ask(ctx, component)
		answers <- answer{v, text}
	})
	select {
	case got := <-answers:
		return got.verdict, got.text
	case <-ctx.Done():
		return record.Inconclusive, fmt.Sprintf("%s gave no answer within %s", component, a.Timeout)
	}
}

// Wait waits for the questions that are still out.
func (a *Asker) Wait() { a.running.Wait() }

func (a *Asker) begin(component string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asking[component] >= maxAsking {
		return false
	}
	if a.asking == nil {
		a.asking = map[string]int{}
	}
	a.asking[component]++
	return true
}

func (a *Asker) end(component string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asking[component]--
}
