// Package drill breaks changes in every way that is known to have broken rollbacks elsewhere, on scratch files under a
// scratch daemon on this very host, and says for each whether homeostat held.
//
// It owns the order of the rows, how many run at once, their time, and what is left behind: nothing. The rows are in
// package cases, where they happen in package lab. Rows are independent of each other; each has a goroutine and a lab of
// its own, and Run waits for all.
package drill

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/homeostat/homeostat/host/drill/cases"
	"github.com/homeostat/homeostat/host/drill/lab"
	"github.com/homeostat/homeostat/host/drill/sight"
)

// Verdict is what became of a row.
type Verdict string

// The verdicts. A row that was not run is not ok, and no failure either.
const (
	OK     Verdict = "ok"
	Failed Verdict = "FAILED"
	NotRun Verdict = "not run"
)

// Row is one row of the drill.
type Row struct {
	ID       string  `json:"id"`
	Title    string  `json:"invariant"`
	Done     string  `json:"done"`
	Expected string  `json:"expected"`
	Seen     string  `json:"seen"`
	Verdict  Verdict `json:"verdict"`
	Seconds  float64 `json:"seconds"`
}

// Results are all rows, in their order.
type Results struct {
	Rows    []Row   `json:"rows"`
	OK      int     `json:"ok"`
	Failed  int     `json:"failed"`
	NotRun  int     `json:"not_run"`
	Seconds float64 `json:"seconds"`
}

// Options say what is drilled.
type Options struct {
	// Program is homeostat itself.
	Program string
	// Only are the ids of the rows; empty for all.
	Only []string
	// Tell is called after each row, by one goroutine at a time.
	Tell func(Row)
}

// Bounds on a drill.
const (
	// atOnce is how many rows run at the same time. Most of their time is waiting.
	atOnce = 4
	// rowTime bounds one row.
	rowTime = 2 * time.Minute
	// cleanTime bounds its tidying up.
	cleanTime = 30 * time.Second
)

// Choose returns the rows of the given ids, all for none.
func Choose(only []string) ([]cases.Case, error) {
	all := cases.All()
	var chosen []cases.Case
	for _, id := range only {
		i := slices.IndexFunc(all, func(c cases.Case) bool { return strings.EqualFold(c.ID, id) })
		if i < 0 {
			return nil, fmt.Errorf("there is no row %q; there are %s", id, ids(all))
		}
		chosen = append(chosen, all[i])
	}
	if len(only) == 0 {
		chosen = all
	}
	return chosen, nil
}

func ids(all []cases.Case) string {
	names := make([]string, len(all))
	for i, c := range all {
		names[i] = c.ID
	}
	return strings.Join(names, " ")
}

// Run drills. When it returns, also because ctx has ended, nothing that it made is left. Failed rows are no error.
func Run(ctx context.Context, o Options) (results Results, err error) {
	chosen, err := Choose(o.Only)
	if err != nil {
		return Results{}, err
	}
	base, release, err := folder()
	if err != nil {
		return Results{}, err
	}
	defer func() { err = errors.Join(err, release()) }()
	began := time.Now()
	rows := make([]Row, len(chosen))
	var running sync.WaitGroup
	var telling sync.Mutex
	slots := make(chan struct{}, atOnce)
	for i, c := range chosen {
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			rows[i] = perform(ctx, c, place{base, o.Program})
			telling.Lock()
			defer telling.Unlock()
			o.Tell(rows[i])
		})
	}
	running.Wait()
	results = sum(rows)
	results.Seconds = time.Since(began).Seconds()
	if ctx.Err() != nil {
		return results, fmt.Errorf("the drill was ended before its last row: %w", ctx.Err())
	}
	return results, nil
}

func sum(rows []Row) Results {
	r := Results{Rows: rows}
	for _, row := range rows {
		switch row.Verdict {
		case OK:
			r.OK++
		case Failed:
			r.Failed++
		default:
			r.NotRun++
		}
	}
	return r
}

type place struct{ base, program string }

// perform runs one row in a lab of its own.
func perform(ctx context.Context, c cases.Case, p place) Row {
	row := Row{ID: c.ID, Title: c.Title, Done: c.Does, Expected: c.Expects}
	if ctx.Err() != nil {
		row.Verdict, row.Seen = NotRun, "the drill was ended"
		return row
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, rowTime)
	defer cancel()
	var seen sight.Sight
	row.Verdict, row.Seen = judge(c, &seen, attempt(ctx, c, p, &seen))
	row.Seconds = time.Since(began).Seconds()
	return row
}

func attempt(ctx context.Context, c cases.Case, p place, seen *sight.Sight) (err error) {
	l, err := lab.New(p.base, p.program, c.Setup)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
		defer cancel()
		err = errors.Join(err, l.Close(ctx))
	}()
	if err := l.Start(ctx); err != nil {
		return err
	}
	return c.Run(ctx, l, seen)
}

// judge turns what was seen into a verdict. A control must see something wrong: it shows that the drill can fail.
func judge(c cases.Case, seen *sight.Sight, err error) (Verdict, string) {
	var cannot *lab.CannotError
	switch {
	case errors.As(err, &cannot):
		return NotRun, cannot.Why
	case err != nil:
		return Failed, err.Error()
	case c.Control && !seen.Well():
		return OK, "noticed: " + seen.String()
	case c.Control:
		return Failed, "the drill did not notice: " + seen.String()
	case seen.Well():
		return OK, seen.String()
	}
	return Failed, seen.String()
}

// maxFolder bounds the path of the folder: a socket's path has at most 107 bytes.
const maxFolder = 90

// prefix begins the names of the folders of drills.
const prefix = "homeostat-drill-"

// folder makes the folder of this drill and locks it. Folders of drills that were killed are removed: nobody locks them.
func folder() (dir string, release func() error, err error) {
	old, err := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*"))
	if err != nil {
		return "", nil, err
	}
	for _, dir := range old {
		if lock, err := hold(dir); err == nil {
			err = os.RemoveAll(dir)
			if err := errors.Join(err, lock.Close()); err != nil {
				return "", nil, fmt.Errorf("remove what a killed drill has left: %w", err)
			}
		}
	}
	if dir, err = os.MkdirTemp("", prefix); err != nil {
		return "", nil, fmt.Errorf("make a scratch folder: %w", err)
	}
	if len(dir) > maxFolder {
		return "", nil, errors.Join(fmt.Errorf("%s is too long for the sockets of a drill: set TMPDIR to a shorter folder", dir), os.Remove(dir))
	}
	lock, err := hold(dir)
	if err != nil {
		return "", nil, errors.Join(err, os.Remove(dir))
	}
	return dir, func() error { return errors.Join(os.RemoveAll(dir), lock.Close()) }, nil
}

func hold(dir string) (*os.File, error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	return f, nil
}
