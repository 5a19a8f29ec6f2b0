package app

import (
	"context"
	"time"

	"github.com/homeostat/homeostat/host/api/answer"
	"github.com/homeostat/homeostat/host/app/announce"
	"github.com/homeostat/homeostat/host/notify"
	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/host/plugin"
)

// openNotify opens the queue of messages and the key of the links in them.
func (a *App) openNotify(ctx context.Context) error {
	var err error
	if a.links, err = answer.OpenKey(a.state.Path("link-key")); err != nil {
		return err
	}
	receiver, err := announce.Receiver(a.settings, a.links, a.opt.Version)
	if err != nil {
		return err
	}
	a.notifier, err = notify.New(ctx, notify.Options{Log: a.log.Named("notify"), Store: announce.Store{Records: a.records}}, receiver)
	return err
}

// told is how many of the newest changes are looked through for news at a start.
const told = 200

// catchUp tells the present state of everything, so that what an earlier daemon
// had no time to tell is told now. What was told before is no news.
func (a *App) catchUp(ctx context.Context) {
	for _, i := range a.healer.Incidents() {
		a.notifier.Tell(announce.Incident(i)...)
	}
	changes, err := a.pipeline.Changes(ctx, told)
	if err != nil {
		a.log.Warn("news of changes before this start may be missing", "error", err)
	}
	for _, r := range changes {
		a.notifier.Tell(announce.Change(r)...)
	}
	for _, d := range a.plugins.Detectors() {
		if d.Ready() {
			a.notifier.Tell(news.Detector{Name: plugin.ComponentPrefix + d.Name(), At: time.Now()})
		}
	}
}
