package change

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/change/txn"
)

// applyTimeout bounds one call of the transactor. 10,000 operations take some seconds on a slow disk.
const applyTimeout = 5 * time.Minute

// withFiles calls the transactor, which serves one call at a time. The life of no request hangs on it. After a call that
// left files half old and half new the transactor recovers before anything else is done in the root.
func (r *run) withFiles(call func(ctx context.Context) (txn.Result, error)) (txn.Result, error) {
	p := r.p
	p.files.Lock()
	defer p.files.Unlock()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(p.life), applyTimeout)
	defer cancel()
	if id := p.unfinished[r.root.Path]; id != "" {
		if err := p.finishFiles(ctx, r.root.Path, id); err != nil {
			return txn.Result{}, fmt.Errorf("change %s in this root is neither done nor undone: %w", id, err)
		}
	}
	result, err := call(ctx)
	if errors.Is(err, txn.ErrUnfinished) {
		p.opt.Log.Error("a change was left in the middle, it is recovered now", "change", r.rec.ID, "error", err)
		p.unfinished[r.root.Path] = r.rec.ID
		err = errors.Join(err, p.finishFiles(ctx, r.root.Path, r.rec.ID))
	}
	return result, err
}

// finishFiles has the transactor bring an unfinished change to an end. Trouble with other changes is no trouble of this one.
func (p *Pipeline) finishFiles(ctx context.Context, root, id string) error {
	results, err := p.opt.Files.Recover(ctx, []string{root})
	for _, one := range results {
		if one.ID == id && one.State == txn.Stuck {
			return fmt.Errorf("recover change %s: %s", id, one.Problem)
		}
	}
	if len(results) == 0 && err != nil {
		return err
	}
	delete(p.unfinished, root)
	return nil
}

// recoverFiles has the transactor recover and returns what became of this change.
func (r *run) recoverFiles(ctx context.Context) (txn.Result, error) {
	results, err := r.p.opt.Files.Recover(ctx, []string{r.root.Path})
	for _, one := range results {
		if one.ID == r.rec.ID {
			return one, nil
		}
	}
	return txn.Result{State: txn.RolledBack}, err
}
