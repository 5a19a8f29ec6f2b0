// Package survey measures which settings matter to the users of a redis-server, one
// setting at a time and without homeostat.
//
// It starts the server in a scratch folder and ends it. One goroutine asks, one is
// the users; both end with Run.
package survey

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/homeostat/homeostat/examples/tune-redis/load"
	"github.com/homeostat/homeostat/examples/tune-redis/service"
)

// Want is one way in which users may come.
type Want struct {
	Name string
	Mix  load.Mix
}

// Row is what one setting is worth.
type Row struct {
	Want  string `json:"want"`
	Key   string `json:"key"`
	Value string `json:"value"`
	// P99 is in milliseconds; Hits and Late are shares of lookups and of requests.
	P99  float64 `json:"p99_ms"`
	Hits float64 `json:"hit_ratio"`
	Late float64 `json:"late_ratio"`
}

// tried are the settings beside the defaults, one at a time.
var tried = []struct{ key, value string }{
	{"maxmemory", "8388608"},
	{"maxmemory", "50331648"},
	{"maxmemory-policy", "allkeys-lfu"},
	{"maxmemory-policy", "allkeys-random"},
	{"maxmemory-samples", "10"},
	{"hash-max-listpack-entries", "512"},
	{"hz", "100"},
	{"lazyfree-lazy-eviction", "yes"},
}

// settle is how long a setting has until it is measured, and span how long it is.
const (
	settle = 3 * time.Second
	span   = 2 * time.Second
)

// Run measures each setting under each want, and tells each row as it is known.
func Run(ctx context.Context, dir string, wants []Want, tell func(Row)) (err error) {
	address, err := freeAddress()
	if err != nil {
		return err
	}
	end, err := start(ctx, dir, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	for _, w := range wants {
		if err := measure(ctx, address, w, tell); err != nil {
			return err
		}
	}
	return nil
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// start starts a redis-server and returns how to end it.
func start(ctx context.Context, dir, address string) (end func() error, err error) {
	r, err := service.New(dir, address, "")
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "redis.log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("redis-server", r.Main())
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start redis-server: %w", err)
	}
	end = func() error {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			return fmt.Errorf("end redis-server: %w", err)
		}
		return cmd.Wait()
	}
	const patience, pause = 30 * time.Second, 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		if _, err = load.Tell(ctx, address, "PING"); err == nil {
			return end, nil
		}
		if wait(ctx, pause) != nil {
			return nil, errors.Join(fmt.Errorf("wait for redis-server: %w", err), end())
		}
	}
}

// measure tries all settings under one want, the defaults first.
func measure(ctx context.Context, address string, w Want, tell func(Row)) error {
	users, leave := context.WithCancel(ctx)
	l := load.New(address, 1, w.Mix)
	gone := make(chan struct{})
	go func() { // ends when the users leave
		defer close(gone)
		l.Run(users)
	}()
	defer func() { leave(); <-gone }()
	for i := -1; i < len(tried); i++ {
		row := Row{Want: w.Name, Key: "defaults"}
		if i >= 0 {
			row.Key, row.Value = tried[i].key, tried[i].value
		}
		if err := begin(ctx, address, w.Mix, row); err != nil {
			return err
		}
		if err := wait(ctx, settle+span); err != nil {
			return err
		}
		f := l.Last(span)
		row.P99, row.Hits = float64(f.P99.Microseconds())/1000, f.HitRatio()
		row.Late = float64(f.Late) / float64(max(f.Requests, 1))
		tell(row)
	}
	return nil
}

// begin empties the server, sets one value beside the defaults and fills it: hashes
// are kept in the form that the settings want from their first field on.
func begin(ctx context.Context, address string, m load.Mix, row Row) error {
	words := []string{"CONFIG", "SET", "lazyfree-lazy-eviction", "no"}
	for key, value := range service.Defaults() {
		words = append(words, key, value)
	}
	commands := [][]string{{"FLUSHALL"}, words}
	if row.Value != "" {
		commands = append(commands, []string{"CONFIG", "SET", row.Key, row.Value})
	}
	for _, words := range commands {
		if _, err := load.Tell(ctx, address, words...); err != nil {
			return err
		}
	}
	return load.Warm(ctx, address, m)
}

func wait(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
