package trial

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/examples/tune-redis/load"
	"github.com/homeostat/homeostat/examples/tune-redis/survey"
)

// calm is what the users want when nothing is wrong: all of it fits into the
// default memory.
var calm = load.Mix{Gets: 800, Keys: 600, Skew: 0.6, ValueBytes: 32000, Hashes: 6, Fields: 4000}

// drift is one change for the worse.
type drift struct {
	name string
	mix  load.Mix
	// edit is what a person sets by hand, past the pipeline; empty for nothing.
	key, value string
}

// drifts are those that a stream can have: more users with wider wants, users of
// another part of the service, and a hand that means well.
func drifts() []drift {
	crowd, wide := calm, calm
	crowd.Gets, crowd.Keys = 1000, 1300
	wide.Wides = 600
	return []drift{
		{name: "crowd", mix: crowd},
		{name: "wide", mix: wide},
		{name: "edit", mix: calm, key: "maxmemory", value: "8388608"},
	}
}

// Wants are how users may come, for a survey of settings.
func Wants() []survey.Want {
	wants := []survey.Want{{Name: "calm", Mix: calm}}
	for _, d := range drifts() {
		if d.key == "" {
			wants = append(wants, survey.Want{Name: d.name, Mix: d.mix})
		}
	}
	return wants
}

// Drifts are the names of all drifts.
func Drifts() []string {
	var names []string
	for _, d := range drifts() {
		names = append(names, d.name)
	}
	return names
}

// stream returns the wanted drifts in an order that the seed decides.
func (t *trial) stream() []drift {
	all := drifts()
	if len(t.Drifts) > 0 {
		all = slices.DeleteFunc(all, func(d drift) bool { return !slices.Contains(t.Drifts, d.name) })
	}
	r := rand.New(rand.NewPCG(t.Seed, 4))
	r.Shuffle(len(all), func(a, b int) { all[a], all[b] = all[b], all[a] })
	return all
}

// under goes through the stream with the users there.
func (t *trial) under(ctx context.Context) (Row, error) {
	evaluations, err := t.search(ctx)
	if err != nil {
		return Row{}, err
	}
	if err := load.Warm(ctx, t.redis.Address, calm); err != nil {
		return Row{}, err
	}
	t.load.Change(calm)
	users, leave := context.WithCancel(ctx)
	gone := make(chan struct{})
	go func() { // ends when the users leave
		defer close(gone)
		t.load.Run(users)
	}()
	defer func() { leave(); <-gone }()
	if err := t.settle(ctx); err != nil {
		return Row{}, err
	}
	w := t.watch(users)
	err = t.play(ctx, t.stream(), w)
	leave()
	if err != nil {
		return Row{}, err
	}
	row, err := t.row(ctx, w.wait())
	row.Evaluations = evaluations
	return row, err
}

// settle waits until homeostat holds the service to be up and the users are well.
func (t *trial) settle(ctx context.Context) error {
	const patience = 60 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := t.daemon.AwaitUp(ctx, "redis"); err != nil {
		return err
	}
	const calm = 2 // seconds in a row
	for well := 0; well < calm; well++ {
		if err := pause(ctx, load.Moment); err != nil {
			return fmt.Errorf("wait for the users to be well: %w", err)
		}
		if limits.Judge(t.load.Last(load.Moment), t.load.Expected(load.Moment)) != "" {
			well = -1
		}
	}
	return nil
}

// play lets one drift follow the other.
func (t *trial) play(ctx context.Context, stream []drift, w *watcher) error {
	w.enter(phase{name: "calm", mix: calm})
	if err := pause(ctx, t.Calm); err != nil {
		return err
	}
	for _, d := range stream {
		t.Say(fmt.Sprintf("%s: drift %q sets in", t.way, d.name))
		w.enter(phase{name: d.name, mix: d.mix, drifted: true})
		t.load.Change(d.mix)
		if err := t.edit(ctx, d, w); err != nil {
			return err
		}
		if err := t.last(ctx, w.entered().Add(t.Drift)); err != nil {
			return err
		}
		w.enter(phase{name: "calm", mix: calm})
		t.load.Change(calm)
		if err := pause(ctx, t.Calm); err != nil {
			return err
		}
	}
	return nil
}

// last waits for the end of a drift.
func (t *trial) last(ctx context.Context, end time.Time) error {
	before := 0
	for n := 0; ; n++ {
		if !t.EndWhenHealed {
			return pause(ctx, time.Until(end))
		}
		all, err := t.daemon.Recoveries(ctx)
		if err != nil {
			return err
		}
		count := 0
		for _, one := range all {
			if one.Result == healed {
				count++
			}
		}
		if n == 0 {
			before = count
		}
		if count > before || !time.Now().Before(end) {
			return nil
		}
		if err := pause(ctx, load.Moment); err != nil {
			return err
		}
	}
}

// edit does what a person does past the pipeline.
func (t *trial) edit(ctx context.Context, d drift, w *watcher) error {
	if d.key == "" {
		return nil
	}
	now, err := t.redis.Settings()
	if err != nil {
		return err
	}
	now[d.key] = d.value
	w.edit(now)
	// As an editor does it: half a file would be held against the way that is tried.
	draft := filepath.Join(t.Dir, "by-hand.conf")
	err = os.WriteFile(draft, []byte(now.String()), 0o644)
	if err == nil {
		err = os.Rename(draft, t.redis.File())
	}
	if err != nil {
		return fmt.Errorf("edit the settings by hand: %w", err)
	}
	said, err := load.Tell(ctx, t.redis.Address, "CONFIG", "SET", d.key, d.value)
	if err == nil && !strings.HasPrefix(said, "OK") {
		err = fmt.Errorf("set %s by hand: redis said %q", d.key, said)
	}
	return err
}

func pause(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
