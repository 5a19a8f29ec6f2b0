package act

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/host/component"
	"github.com/homeostat/homeostat/host/component/process"
	"github.com/homeostat/homeostat/host/fate"
	"github.com/homeostat/homeostat/sdk"
)

// startSlack is by how much a process may seem to have been started before its
// order: the kernel counts its age in hundredths of a second.
const startSlack = 100 * time.Millisecond

// Cut is an order whose outcome was not written down.
type Cut struct {
	// Key is the one that Do was given: the recovery's id, "/", the action's place.
	Key    string
	Action sdk.Action
	// Since is when it was ordered.
	Since time.Time
}

// Trace finds out what became of an action that an earlier daemon had begun. It
// changes nothing on the host, apart from ending what a declared command has
// left running beyond its time, and waits for an order of the component that is
// under way, within ctx.
func (a *Actor) Trace(ctx context.Context, c Cut) fate.Fate {
	recovery, _, _ := strings.Cut(c.Key, "/")
	switch action := c.Action.(type) {
	case sdk.Start, sdk.Stop, sdk.Restart, sdk.Reload:
		return a.traceComponent(ctx, c)
	case sdk.SetParameters, sdk.SubmitChange:
		if a.changes != nil {
			return a.changes.TraceChange(ctx, c.Key)
		}
	case sdk.RollbackChange:
		if a.changes != nil {
			return a.changes.TraceRollback(ctx, action.Change, c.Since)
		}
	case sdk.OpenLink:
		if a.links != nil {
			return linkFate(a.links.TraceLink(action.From, action.To, recovery))
		}
	case sdk.CloseLink:
		if a.links != nil {
			return shutFate(a.links.TraceLink(action.From, action.To, recovery))
		}
	case sdk.RunDeclared:
		return a.traceDeclared(c, action)
	case sdk.Wait:
		if time.Since(c.Since) < action.For {
			return fate.Fate{State: fate.Pending, Text: "the time is not over"}
		}
		return fate.Fate{State: fate.Done, Text: fmt.Sprintf("%v have passed", action.For)}
	case sdk.HandOver:
		return fate.Fate{State: fate.Done, Text: "left to a person: " + action.Message}
	}
	return fate.Fate{State: fate.Unknown, Text: "nothing tells what became of it"}
}

// traceComponent tells by the process and by what is wanted of it. The component
// itself finishes a stop or a restart that it had begun, so its turn is awaited.
func (a *Actor) traceComponent(ctx context.Context, c Cut) fate.Fate {
	name := c.Action.Target()
	if err := a.components.Await(ctx, name); err != nil {
		if errors.Is(err, component.ErrUnknown) {
			return fate.Fate{State: fate.Unknown, Text: "the component is not configured any more"}
		}
		return fate.Fate{State: fate.Pending, Text: err.Error()}
	}
	s, _ := a.components.Status(name)
	fresh := s.PID != 0 && !s.StartedAt.Before(c.Since.Add(-startSlack))
	switch c.Action.Kind() {
	case sdk.KindReload:
		return fate.Fate{State: fate.Unknown, Text: "nothing tells whether " + name + " was told to read its configuration again"}
	case sdk.KindStop:
		if s.Wanted {
			return fate.Fate{State: fate.NotDone, Text: name + " was not told to stop"}
		}
		return fate.Fate{State: fate.Done, Text: name + " is stopped", Receipt: receiptDone}
	case sdk.KindStart:
		fresh = s.PID != 0
	}
	switch {
	case fresh:
		return fate.Fate{State: fate.Done, Text: fmt.Sprintf("process %d runs since %s", s.PID, s.StartedAt.UTC().Format(time.TimeOnly))}
	case s.PID == 0 && s.State == component.IsStarting:
		return fate.Fate{State: fate.Pending, Text: name + " is about to be started"}
	case s.PID == 0:
		return fate.Fate{State: fate.NotDone, Text: name + " does not run"}
	}
	return fate.Fate{State: fate.NotDone, Text: fmt.Sprintf("process %d runs since before the order", s.PID)}
}

// LinkTrace is what is known of a link and of a recovery's order to it.
type LinkTrace struct {
	// Open reports that the link lets nothing, or only trials, through.
	Open bool
	// Ours reports that the order is the newest that the link has obeyed.
	Ours bool
	// Unsure reports that the command that the order runs was begun, and that
	// nobody knows whether it was carried out.
	Unsure bool
	// Err says why it cannot be told yet.
	Err error
}

func linkFate(t LinkTrace) fate.Fate {
	switch {
	case t.Err != nil:
		return fate.Fate{State: fate.Pending, Text: t.Err.Error()}
	case t.Unsure:
		return fate.Fate{State: fate.Unknown, Text: "the command that opens the link was begun", Receipt: receiptDone}
	case t.Open && t.Ours:
		return fate.Fate{State: fate.Done, Text: "the link is open by this order", Receipt: receiptDone}
	case t.Open:
		return fate.Fate{State: fate.Done, Text: "the link is open, and not by this order"}
	}
	return fate.Fate{State: fate.NotDone, Text: "the link is closed"}
}

// shutFate is for an order to close: a closed link needs no receipt, because the
// trials have gone well.
func shutFate(t LinkTrace) fate.Fate {
	switch {
	case t.Err != nil:
		return fate.Fate{State: fate.Pending, Text: t.Err.Error()}
	case t.Unsure:
		return fate.Fate{State: fate.Unknown, Text: "the command that closes the link was begun"}
	case !t.Open:
		return fate.Fate{State: fate.Done, Text: "the link is closed"}
	case t.Ours:
		return fate.Fate{State: fate.Done, Text: "the link closes by trials", Receipt: receiptDone}
	}
	return fate.Fate{State: fate.NotDone, Text: "the link is open"}
}

// traceDeclared waits for what is left of a command. Whether it has come to its
// end only the command could say, so it is never run again for that: its undo
// takes it back, or a person is asked.
func (a *Actor) traceDeclared(c Cut, action sdk.RunDeclared) fate.Fate {
	command, ok := a.declared(action.Component)[action.Name]
	left, err := leftovers(c.Key)
	if err != nil {
		return fate.Fate{State: fate.Pending, Text: err.Error()}
	}
	if len(left) > 0 && time.Since(c.Since) < command.timeout() {
		return fate.Fate{State: fate.Pending, Text: fmt.Sprintf("the command still runs as %s", left[0].ID())}
	}
	endAll(left)
	out := fate.Fate{State: fate.Unknown, Text: "nothing tells whether the command has come to its end"}
	if ok && len(command.Undo) > 0 {
		out.Receipt = c.Key
	}
	return out
}

// orderVariable is the name of the variable that tells a declared command which
// order it is run for, so that it can know a repetition, and we what it left.
const orderVariable = "HOMEOSTAT_ORDER"

// leftovers are the processes that still run for an order.
func leftovers(key string) ([]process.Stat, error) {
	table, err := process.Scan()
	if err != nil {
		return nil, fmt.Errorf("look for what is left of a command: %w", err)
	}
	found, rests := process.Carriers(table, orderVariable+"="+key)
	var out []process.Stat
	for _, st := range found {
		if rests[st.PID] == "" {
			out = append(out, st)
		}
	}
	return out, nil
}

// endAll kills processes. One that is gone meanwhile, or whose number has another
// owner by now, is left in peace.
func endAll(list []process.Stat) {
	for _, st := range list {
		h, err := process.Open(st.ID())
		if err != nil {
			continue
		}
		_ = h.Signal(syscall.SIGKILL) // it may have ended by itself just now
		h.Close()
	}
}

// endLeftovers ends what an earlier run for the same order has left.
func endLeftovers(key string) error {
	if !strings.Contains(key, "/") {
		return nil // a receipt from before commands were marked
	}
	left, err := leftovers(key)
	endAll(left)
	return err
}
