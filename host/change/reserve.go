package change

import (
	"time"

	"github.com/homeostat/homeostat/host/change/gate"
	"github.com/homeostat/homeostat/host/change/own"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/refusal"
)

// reserve takes the root for a change, or says who has it. A change that was confirmed and only settles makes room: it
// is what the next one builds on. One whose end is written down is waited for.
func (p *Pipeline) reserve(r *run) refusal.List {
	for {
		p.mu.Lock()
		id := p.busy[own.Key(r.root.Name)]
		other := p.open[id]
		if other == nil || other == r {
			p.busy[own.Key(r.root.Name)] = r.rec.ID
			p.mu.Unlock()
			return nil
		}
		p.mu.Unlock()
		if list := p.occupied(r); len(list) > 0 {
			return list
		}
		other.send(p.life, message{kind: makeRoom}) // where it is not taken in, the change has just ended
		select {
		case <-other.done:
		case <-p.life.Done():
			return refusal.List{gate.Busy(r.root.Name, id, 0)}
		}
	}
}

// occupied says who has the root, and for how long at most. It changes nothing.
func (p *Pipeline) occupied(r *run) refusal.List {
	p.mu.Lock()
	id := p.busy[own.Key(r.root.Name)]
	p.mu.Unlock()
	if id == "" || id == r.rec.ID {
		return nil
	}
	other, err := p.Change(p.life, id)
	// Who reads of an end may go on at once, though the run that wrote it down has a last step to take.
	if err != nil || other.State.Ended() || other.State == record.WaitingApproval {
		return nil
	}
	wait := r.root.Watch
	if other.Deadline != nil {
		wait = max(time.Until(*other.Deadline), time.Second)
	}
	return refusal.List{gate.Busy(r.root.Name, id, wait)}
}
