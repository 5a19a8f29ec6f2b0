// Package announce joins notifications with the rest of the host: it shows
// incidents, changes and detectors to host/notify, makes the receiver of the
// settings, and shows the state of the queue to host/api.
//
// It keeps nothing and decides nothing. All of it is safe for concurrent use.
package announce

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/host/api/answer"
	"github.com/homeostat/homeostat/host/config"
	"github.com/homeostat/homeostat/host/history"
	"github.com/homeostat/homeostat/host/notify"
	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/host/notify/payload"
	"github.com/homeostat/homeostat/host/notify/webhook"
)

// Receiver returns what the settings name, nil for none. It reads the secret
// and connects to nobody.
func Receiver(settings *config.Settings, key answer.Key, version string) (*notify.Receiver, error) {
	set := settings.Notify
	if set.Webhook == "" {
		return nil, nil
	}
	opt := webhook.Options{Address: string(set.Webhook), Agent: "homeostat/" + version}
	if set.SecretFile != "" {
		secret, err := webhook.ReadSecret(set.SecretFile)
		if err != nil {
			return nil, err
		}
		opt.Secret = &secret
	}
	client, err := webhook.New(opt)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	external := ""
	if settings.Dashboard.Enabled {
		external = strings.TrimRight(string(settings.Dashboard.ExternalURL), "/")
	}
	link := func(a news.Approval) string {
		return key.Address(external, answer.Link{ID: a.ID, Hash: a.Hash, Expires: a.Expires})
	}
	return &notify.Receiver{
		Poster: client, Format: payload.Format(set.Format),
		Around: payload.Surroundings{Host: host, External: external, Link: link},
	}, nil
}

// Store keeps messages among the host's records.
type Store struct{ Records *history.Records }

// Put replaces documents, all or none.
func (s Store) Put(ctx context.Context, docs ...notify.Document) error {
	list := make([]history.Document, len(docs))
	for i, d := range docs {
		list[i] = history.Document(d)
	}
	return s.Records.Put(ctx, list...)
}

// Delete removes a document.
func (s Store) Delete(ctx context.Context, kind, id string) error {
	return s.Records.Delete(ctx, kind, id)
}

// listMax is more than are ever kept.
const listMax = 1_000_000

// List returns all documents of a kind, oldest first.
func (s Store) List(ctx context.Context, kind string) ([]notify.Document, error) {
	found, err := s.Records.List(ctx, kind, history.Filter{Limit: listMax, OldestFirst: true})
	docs := make([]notify.Document, len(found))
	for i, d := range found {
		docs[i] = notify.Document(d)
	}
	return docs, err
}

// Service is api.Notifications.
type Service struct{ Notifier *notify.Notifier }

// NotifyStatus returns how messages fare, nil when no receiver is set.
func (s Service) NotifyStatus() *api.NotifyStatus {
	st := s.Notifier.Status()
	if st.Receiver == "" {
		return nil
	}
	return &api.NotifyStatus{
		Receiver: st.Receiver, Format: string(st.Format), Queued: st.Queue.Count, Bytes: st.Queue.Bytes, Failures: st.Queue.Failures,
		Stopped: st.Queue.Stopped, Sent: st.Sent, Failed: st.Failed, Dropped: st.Dropped, LastError: st.LastError,
		Oldest: instant(st.Queue.Oldest), NextTry: instant(st.Queue.NextTry), LastSent: instant(st.LastSent), LastErrorAt: instant(st.LastErrorAt),
	}
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// TestNotify sends a message now.
func (s Service) TestNotify(ctx context.Context) (api.NotifyTest, error) {
	got, err := s.Notifier.Test(ctx, api.Actor(ctx))
	if errors.Is(err, notify.ErrNoReceiver) {
		return api.NotifyTest{}, &api.Problem{Status: http.StatusConflict, Detail: err.Error(), Hint: "see docs/notifications.md"}
	}
	if err != nil {
		return api.NotifyTest{}, err
	}
	out := api.NotifyTest{Delivered: got.Err == nil, Receiver: s.Notifier.Status().Receiver, Status: got.Status, Answer: got.Excerpt}
	if got.Err != nil {
		out.Problem = got.Err.Error()
	}
	return out, nil
}
