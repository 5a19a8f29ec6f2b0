package process

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// Ladder is how a family is stopped: TERM, then CONT and TERM together, then KILL, then proof. A family of our own
// gets each signal as a whole. Of an adopted one the main process alone gets the first TERM, so that it may end its
// children in its own order. Members that a SIGSTOP holds get CONT with the first TERM, because they cannot act on it otherwise.
type Ladder struct {
	// Grace is the time from the first TERM to KILL. The second rung is tried at half of it. Zero means KILL at once.
	Grace time.Duration
	// Proof is the time after KILL in which the family must be gone; zero means DefaultProof.
	Proof time.Duration
	// Ports are addresses that must be free at the end, beside those on which the family listens at the beginning.
	Ports []Port
	// Step, when set, is told of each rung, "TERM", "CONT+TERM" or "KILL", just before it is taken.
	Step func(rung string)
}

// DefaultProof is the time given to a killed family. KILL needs no help from the process: what is still there after
// that long hangs in the kernel.
const DefaultProof = 5 * time.Second

// Remains is what could not be stopped. The zero Remains is the proof that all is gone.
type Remains struct {
	// Members still live.
	Members []Stat
	// Ports are still listened on, by whomever.
	Ports []Port
}

// None reports whether nothing remains.
func (r Remains) None() bool { return len(r.Members) == 0 && len(r.Ports) == 0 }

// String says what remains, for people.
func (r Remains) String() string {
	var parts []string
	for _, m := range r.Members {
		why := "still runs"
		if m.State == 'D' {
			why = "hangs in the kernel (state D)"
		}
		parts = append(parts, fmt.Sprintf("pid %d (%s) %s", m.PID, m.Comm, why))
	}
	var table Table
	for _, p := range r.Ports {
		if table == nil {
			table, _ = Scan() // without a table the holders are not named, the port still is
		}
		parts = append(parts, fmt.Sprintf("%s is still listened on by %v", p.Address, Holder(p.Address, table)))
	}
	if len(parts) == 0 {
		return "nothing remains"
	}
	return strings.Join(parts, "; ")
}

// rung is one step of the ladder: what is sent, to whom, and how long it may take.
type rung struct {
	name     string
	signals  []syscall.Signal
	mainly   bool // the main process alone, while it lives
	patience time.Duration
}

// Stop climbs the ladder until the family is gone and its ports are free, and returns what remains at its end. An error
// means that it could not be carried out at all or that ctx ended; then the remains are unknown.
func (l Ladder) Stop(ctx context.Context, f Family) (Remains, error) {
	members, err := l.look(f)
	if err != nil {
		return Remains{}, err
	}
	f = f.remember(members)
	ports := append(Listening(members), l.Ports...)
	for _, r := range l.rungs(f) {
		if len(members) == 0 {
			break
		}
		if l.Step != nil {
			l.Step(r.name)
		}
		if members, err = l.climb(ctx, f, r); err != nil {
			return Remains{}, fmt.Errorf("stop %s by %s: %w", f.Main, r.name, err)
		}
	}
	if len(members) > 0 {
		return Remains{Members: members, Ports: Held(ports)}, nil
	}
	return l.prove(ctx, ports)
}

func (l Ladder) rungs(f Family) []rung {
	proof := l.Proof
	if proof == 0 {
		proof = DefaultProof
	}
	kill := rung{name: "KILL", signals: []syscall.Signal{syscall.SIGKILL}, patience: proof}
	if l.Grace <= 0 {
		return []rung{kill}
	}
	return []rung{
		{name: "TERM", signals: []syscall.Signal{syscall.SIGTERM}, mainly: f.Session == 0, patience: l.Grace / 2},
		{name: "CONT+TERM", signals: []syscall.Signal{syscall.SIGTERM, syscall.SIGCONT}, patience: l.Grace / 2},
		kill,
	}
}

func (l Ladder) look(f Family) ([]Stat, error) {
	table, err := Scan()
	if err != nil {
		return nil, fmt.Errorf("look for members of %s: %w", f.Main, err)
	}
	return f.Members(table), nil
}

// climb signals the members until none is left or patience is over. Members that appear meanwhile are signalled too.
func (l Ladder) climb(ctx context.Context, f Family, r rung) ([]Stat, error) {
	within, cancel := context.WithTimeout(ctx, r.patience)
	defer cancel()
	done := make(map[ID]bool)
	for {
		members, err := l.look(f)
		if err != nil || len(members) == 0 || within.Err() != nil {
			return members, parent(ctx, err)
		}
		f = f.remember(members)
		told := members
		if r.mainly {
			if told = only(members, f.Main); len(told) == 0 {
				return members, nil // the main process is gone and left others: they need the next rung
			}
		}
		if err := round(within, r, told, done); err != nil {
			return nil, err
		}
	}
}

func only(members []Stat, main ID) []Stat {
	for i, m := range members {
		if m.ID() == main {
			return members[i : i+1]
		}
	}
	return nil
}

// parent returns err, or else the cause of a context that the caller ended.
func parent(ctx context.Context, err error) error {
	if err == nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// round signals those members that were not told yet and waits until all those it waits for have ended. New members
// can only come from living ones, so looking again when they have ended, and every so often, is enough.
func round(ctx context.Context, r rung, members []Stat, told map[ID]bool) error {
	const lookAgain = 250 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, lookAgain)
	defer cancel()
	var held []*Handle
	defer func() {
		for _, h := range held {
			h.Close()
		}
	}()
	for _, m := range members {
		h, err := Open(m.ID())
		if err != nil {
			continue // it has ended since the look
		}
		held = append(held, h)
		if told[m.ID()] {
			continue
		}
		told[m.ID()] = true
		if err := tell(h, m, r.signals); err != nil {
			return err
		}
	}
	for _, h := range held {
		if _, err := h.Wait(ctx); err != nil {
			return nil // the time of this round is over; the next look tells what remains
		}
	}
	return nil
}

func tell(h *Handle, m Stat, signals []syscall.Signal) error {
	if m.Stopped() && len(signals) == 1 {
		signals = append(signals[:1:1], syscall.SIGCONT)
	}
	for _, sig := range signals {
		if err := h.Signal(sig); err != nil && !errors.Is(err, ErrGone) {
			return err
		}
	}
	return nil
}

// prove waits a moment for the ports to become free. The kernel closes them with the last process, so this is
// mostly one look.
func (l Ladder) prove(ctx context.Context, ports []Port) (Remains, error) {
	const patience, step = time.Second, 50 * time.Millisecond
	deadline := time.Now().Add(patience)
	for {
		held := Held(ports)
		if len(held) == 0 || time.Now().After(deadline) {
			return Remains{Ports: held}, nil
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return Remains{}, fmt.Errorf("wait for ports to become free: %w", context.Cause(ctx))
		}
	}
}
