package trial

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// search is what homeostat tells of a search.
type search struct {
	Component string  `json:"component"`
	State     string  `json:"state"`
	Why       string  `json:"why"`
	Spent     int     `json:"spent"`
	Default   float64 `json:"default"`
	Best      float64 `json:"best"`
}

// search waits until the search on the model is done, where a way has one, and
// returns how many settings it has tried there. Until then nobody uses the service:
// a search rests while there is trouble.
func (t *trial) search(ctx context.Context) (int, error) {
	if t.way != Genetic {
		return 0, nil
	}
	const patience, often = 4 * time.Minute, 200 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	searched := 0
	for {
		one, err := t.searched(ctx)
		switch {
		case err != nil:
			return 0, err
		case one.State == "searching":
			searched = max(searched, one.Spent)
		case one.State == "set_aside":
			return 0, fmt.Errorf("the search was set aside: %s", one.Why)
		case one.State == "done":
			t.Say(fmt.Sprintf("%s: the model gives the default %.2f and the best of %d settings %.2f", t.way, one.Default, t.Evaluations, one.Best))
			return t.Evaluations + one.Spent, nil
		}
		if err := pause(ctx, often); err != nil {
			return 0, errors.Join(fmt.Errorf("wait for the search to end: it is %q after %d settings %s", one.State, searched, one.Why), err)
		}
	}
}

// searched asks homeostat how far the search is; none has begun at first.
func (t *trial) searched(ctx context.Context) (search, error) {
	out, err := t.daemon.Command(ctx, "component", "searches", "--json")
	if err != nil {
		return search{}, err
	}
	var all struct {
		Items []search `json:"items"`
	}
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		return search{}, fmt.Errorf("homeostat component searches said %.200q: %w", out, err)
	}
	if len(all.Items) == 0 {
		return search{}, nil
	}
	return all.Items[0], nil
}
