package trial

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/harness/command"
)

// Fault is one way to break the engine.
type Fault struct {
	Name string
	// Shows says what happens, for a person.
	Shows string
	// healer is who has to act: a strategy, or the pipeline of changes.
	healer string
	// inflict breaks it and returns when the harm is done; heal returns when it is
	// undone, and settle when nothing of it is left.
	inflict, heal, settle func(context.Context, *scene) error
	// fresh says that it is played on a stage of its own, with the genetic strategy.
	fresh bool
}

// pipeline is the healer of a change that is undone in its watch.
const pipeline = "pipeline"

// all are the faults, in the order in which they are played.
var all = []Fault{
	{Name: "crash", Shows: "the engine dies of SIGKILL", healer: "restart", inflict: crash, heal: acted, settle: resolved},
	{Name: "slow-store", Shows: "every answer of the store is 3 s late, for 50 s", healer: "isolate", inflict: slowStore, heal: acted, settle: joined},
	{Name: "bad-heuristic", Shows: "a change sets the heuristic fifo", healer: pipeline, inflict: badHeuristic, heal: rolledBack, settle: resolved},
	{Name: "late-heuristic", Shows: "fifo with more workers, kept while puzzles are wanted", healer: "revert", inflict: lateHeuristic, heal: undone, settle: resolved},
	{Name: "memory", Shows: "somebody sets the memory limit to 2 MiB by hand", healer: "reconfigure", inflict: lessMemory, heal: acted, settle: resolved},
	{Name: "drift", Shows: "from now on mostly lattices are wanted", healer: "genetic", inflict: lattices, heal: evolved, settle: nothing, fresh: true},
}

// Choose takes faults by their names, separated by commas; an empty list means
// all.
func Choose(names string) ([]Fault, error) {
	return command.Choose(names, all, func(f Fault) string { return f.Name })
}

// Names lists all faults.
func Names() []string {
	names := make([]string, len(all))
	for i, f := range all {
		names[i] = f.Name
	}
	return names
}

func crash(ctx context.Context, s *scene) error {
	_, err := request(ctx, http.MethodPost, "http://"+s.engineAdmin+"/fault/crash", "")
	return err
}

func slowStore(ctx context.Context, s *scene) error {
	_, err := request(ctx, http.MethodPost, "http://"+s.storeAdmin+"/fault/slow-spell?for=50s", "")
	return err
}

// want sets what the engine is asked for.
func (s *stage) want(ctx context.Context, demand string) error {
	_, err := request(ctx, http.MethodPut, "http://"+s.engine+"/demand", demand)
	return err
}

// The demands: the usual one, the one under which any heuristic will do, and the
// one to which it drifts.
const (
	usualDemand   = `{"groups": 4, "puzzles": 3, "sets": 2, "logic": 1, "lattices": 1}`
	easyDemand    = `{"puzzles": 1}`
	latticeDemand = `{"lattices": 8, "groups": 1, "logic": 1, "puzzles": 1, "sets": 1}`
)

func lattices(ctx context.Context, s *scene) error { return s.want(ctx, latticeDemand) }

// push submits a change from good to bad settings and waits for the verdict.
func (s *stage) push(ctx context.Context, reason string, swap ...string) (string, error) {
	good, err := os.ReadFile(s.engineFile())
	if err != nil {
		return "", err
	}
	text := strings.NewReplacer(swap...).Replace(string(good))
	if text == string(good) {
		return "", fmt.Errorf("change %s: the engine's settings have none of %q", s.engineFile(), swap)
	}
	bad := filepath.Join(s.dir, "candidate.toml")
	if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
		return "", err
	}
	return s.daemon.Command(ctx, "change", "submit", bad, "--root", "engine", "--path", "engine.toml", "--reason", reason, "--wait")
}

const (
	goodSetting = `heuristic = "mixed"`
	badSetting  = `heuristic = "fifo"`
)

// badHeuristic begins to push; what comes of it is awaited by rolledBack.
func badHeuristic(ctx context.Context, s *scene) error {
	s.pushed = make(chan string, 1)
	go func() { // ends with the verdict, or with ctx
		out, err := s.push(ctx, "first come, first served", goodSetting, badSetting)
		s.pushed <- fmt.Sprint(out, err)
	}()
	return nil
}

// rolledBack waits for the verdict, and looks whether the old settings are back.
func rolledBack(ctx context.Context, s *scene) error {
	said := <-s.pushed
	s.row.Action = "change rolled back in its watch"
	if !strings.Contains(said, "rolled back") {
		return fmt.Errorf("the change was not rolled back: %.300s", said)
	}
	return s.restored()
}

// restored holds the settings to be the good ones.
func (s *stage) restored() error {
	b, err := os.ReadFile(s.engineFile())
	if err == nil && !strings.Contains(string(b), goodSetting) {
		err = errors.New("the engine's settings are not the old ones")
	}
	return err
}

// lateHeuristic pushes a like change (the same one would be refused, for it was
// undone before, and with more time provers would run out of memory instead) while it does no harm, and then wants what
// it is bad at.
func lateHeuristic(ctx context.Context, s *scene) error {
	if err := s.want(ctx, easyDemand); err != nil {
		return err
	}
	if _, err := s.push(ctx, "it is as good for puzzles", goodSetting, badSetting, "workers = 2", "workers = 3"); err != nil {
		return err
	}
	s.injected = s.tally.mark()
	return s.want(ctx, usualDemand)
}

// lessMemory edits the file past the pipeline, as a hurried person would, and has
// the engine read it.
func lessMemory(ctx context.Context, s *scene) error {
	b, err := os.ReadFile(s.engineFile())
	if err != nil {
		return err
	}
	const usual = "memory_limit = 192"
	if !strings.Contains(string(b), usual) {
		return fmt.Errorf("%s has no %s", s.engineFile(), usual)
	}
	if err := os.WriteFile(s.engineFile(), []byte(strings.Replace(string(b), usual, "memory_limit = 2", 1)), 0o600); err != nil {
		return err
	}
	_, err = s.daemon.Command(ctx, "component", "restart", "engine")
	return err
}

func nothing(context.Context, *scene) error { return nil }

// acted waits until the healer has acted and the engine is held to be healthy.
func acted(ctx context.Context, s *scene) error {
	return until(ctx, s.fault.healer+" has acted", func() (bool, error) {
		list, err := s.daemon.Recoveries(ctx)
		if err != nil {
			return false, err
		}
		for _, r := range list { // the newest comes first
			if r.Component == "engine" && r.ActedAt != nil && r.ActedAt.After(s.injected.at) && r.Strategy == s.fault.healer {
				s.row.Action = r.Actions()
				return s.calm(ctx, "holding", "resolved")
			}
		}
		return false, nil
	})
}

// undone waits like acted, and looks whether the old settings are back.
func undone(ctx context.Context, s *scene) error {
	if err := acted(ctx, s); err != nil {
		return err
	}
	return s.restored()
}

// calm says whether all incidents of the engine are in one of these states.
func (s *stage) calm(ctx context.Context, states ...string) (bool, error) {
	list, err := s.daemon.Incidents(ctx, "engine")
	for _, i := range list {
		if !slices.Contains(states, i.State) {
			return false, err
		}
	}
	return true, err
}

// resolved waits until no incident of the engine is open.
func resolved(ctx context.Context, s *scene) error {
	return until(ctx, "the incident is over", func() (bool, error) { return s.calm(ctx, "resolved") })
}

// joined waits until the store is reached again and has been given every proof.
func joined(ctx context.Context, s *scene) error {
	err := until(ctx, "the link is closed again", func() (bool, error) {
		l, err := s.daemon.Link(ctx, "engine", "store")
		return l.State == "closed", err
	})
	if err != nil {
		return err
	}
	err = until(ctx, "the shelf is empty", func() (bool, error) {
		waiting, err := gauge(ctx, s.engineAdmin, "prover_proofs_waiting")
		return waiting == 0, err
	})
	if err != nil {
		return err
	}
	return resolved(ctx, s)
}

// healTime bounds the healing of one fault, and settleTime what comes after; both
// are generous, because the machine may be busy.
const (
	healTime   = 3 * time.Minute
	settleTime = 3 * time.Minute
)
