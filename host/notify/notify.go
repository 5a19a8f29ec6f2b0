// Package notify tells a receiver outside what a person should know: incidents,
// approvals, changes that were undone, detectors that went blind.
//
// It owns the durable queue between the daemon and the receiver. Sub-packages
// own the rest: news what is worth telling, queue the order and the back-off,
// payload the formats, webhook the way. A message is durable before it is sent
// and is removed after the receiver has taken it, so after a kill in between
// it is sent once more, under the same id. It decides nothing about healing.
//
// A Notifier may be used from several goroutines. Run owns all goroutines and
// they end with it. No lock is held during a call out.
package notify

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/host/notify/payload"
	"github.com/homeostat/homeostat/host/notify/queue"
	"github.com/homeostat/homeostat/host/notify/webhook"
)

// Poster makes one attempt to deliver a message. It is called for one message
// at a time and must return soon after the context ends.
type Poster interface {
	Post(ctx context.Context, m webhook.Message) webhook.Answer
	// Host names the receiver without anything secret.
	Host() string
}

// Receiver is where messages go, and in what form.
type Receiver struct {
	Poster Poster
	Format payload.Format
	Around payload.Surroundings
}

// Options are what a Notifier needs. All are required, except Limits.
type Options struct {
	Log   hclog.Logger
	Store Store
	// Limits bound the queue; the zero value means DefaultLimits.
	Limits queue.Limits
}

// DefaultLimits keep some days of trouble and little memory.
var DefaultLimits = queue.Limits{Count: 5000, Bytes: 16 << 20, Age: 72 * time.Hour}

// Notifier tells one receiver. Use New, then Run.
type Notifier struct {
	opt    Options
	tellMe chan struct{}
	sendMe chan struct{}
	slot   chan struct{} // holds one value while a message is on its way

	mu       sync.Mutex // guards what follows
	receiver *Receiver  // nil while nobody wants messages
	pending  []news.Subject
	told     map[string]news.Told
	waiting  map[string]news.Notice
	queue    *queue.Queue
	lasting  lasting
	unsaved  bool // lasting is newer than its document
	numbers  Numbers
	stamped  time.Time
}

// Numbers are what happened since the start of the daemon.
type Numbers struct {
	Sent     uint64
	Failed   uint64
	LastSent time.Time
	// LastError is why the last attempt that failed did, empty after a success.
	LastError   string
	LastErrorAt time.Time
}

// New loads what waits. A nil receiver means that nobody wants messages.
func New(ctx context.Context, opt Options, receiver *Receiver) (*Notifier, error) {
	if opt.Limits == (queue.Limits{}) {
		opt.Limits = DefaultLimits
	}
	n := &Notifier{
		opt: opt, receiver: receiver, queue: queue.New(opt.Limits, mathrand.Float64),
		tellMe: make(chan struct{}, 1), sendMe: make(chan struct{}, 1), slot: make(chan struct{}, 1),
		told: map[string]news.Told{}, waiting: map[string]news.Notice{},
	}
	return n, n.load(ctx)
}

// Configure replaces the receiver and asks it at once, whatever it said before.
func (n *Notifier) Configure(receiver *Receiver) {
	n.mu.Lock()
	n.receiver = receiver
	n.queue.Resume()
	n.mu.Unlock()
	wake(n.tellMe)
	wake(n.sendMe)
}

// Tell takes in the present state of a subject. It returns at once; what is new
// about it becomes durable soon after.
func (n *Notifier) Tell(subjects ...news.Subject) {
	n.mu.Lock()
	for _, s := range subjects {
		n.put(s)
	}
	n.mu.Unlock()
	wake(n.tellMe)
}

// put keeps the newest state of each subject, in the order in which they came.
func (n *Notifier) put(s news.Subject) {
	for i, old := range n.pending {
		if old.Key() == s.Key() {
			n.pending[i] = s
			return
		}
	}
	n.pending = append(n.pending, s)
}

func wake(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// Run tells and sends until the context ends, then writes down what was told
// last. It is called once.
func (n *Notifier) Run(ctx context.Context) {
	var telling sync.WaitGroup
	telling.Go(func() { n.tellLoop(ctx) })
	n.sendLoop(ctx)
	telling.Wait()
}

// Spans of the telling.
const (
	storeTimeout = 10 * time.Second
	storeRetry   = 5 * time.Second
	tidyEvery    = time.Hour
)

func (n *Notifier) tellLoop(ctx context.Context) {
	tidy := time.NewTicker(tidyEvery)
	defer tidy.Stop()
	var retry <-chan time.Time
	for {
		retry = nil
		if err := n.tellAll(ctx); err != nil {
			n.opt.Log.Error("news could not be written down, trying again", "error", err)
			retry = time.After(storeRetry)
		}
		select {
		case <-ctx.Done():
			if err := n.tellAll(ctx); err != nil {
				n.opt.Log.Error("news could not be written down; the next start looks for it again", "error", err)
			}
			return
		case <-n.tellMe:
		case <-retry:
		case <-tidy.C:
			n.tidy(ctx)
		}
	}
}

// tellAll makes durable what is new of the subjects that were told of.
func (n *Notifier) tellAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	n.mu.Lock()
	batch := n.pending
	n.pending = nil
	n.mu.Unlock()
	if err := n.keep(ctx); err != nil {
		n.restore(batch)
		return err
	}
	for i, s := range batch {
		if err := n.tellOne(ctx, s); err != nil {
			n.restore(batch[i:])
			return err
		}
	}
	return nil
}

// restore puts subjects back, unless something newer of them came meanwhile.
func (n *Notifier) restore(batch []news.Subject) {
	n.mu.Lock()
	defer n.mu.Unlock()
	newer := n.pending
	n.pending = batch
	for _, s := range newer {
		n.put(s)
	}
}

// keep writes down since when there is a receiver, and what was dropped.
func (n *Notifier) keep(ctx context.Context) error {
	n.mu.Lock()
	if on := n.receiver != nil; on == n.lasting.Since.IsZero() {
		n.unsaved, n.lasting.Since = true, time.Time{}
		if on {
			n.lasting.Since = time.Now()
		}
	}
	next, needed := n.lasting, n.unsaved
	n.unsaved = false
	n.mu.Unlock()
	if !needed {
		return nil
	}
	doc, err := document(kindState, idState, time.Now(), next)
	if err == nil {
		err = n.opt.Store.Put(ctx, doc)
	}
	if err != nil {
		n.mu.Lock()
		n.unsaved = true
		n.mu.Unlock()
	}
	return err
}

func (n *Notifier) tellOne(ctx context.Context, s news.Subject) error {
	n.mu.Lock()
	before, since, on := n.told[s.Key()], n.lasting.Since, n.receiver != nil
	n.mu.Unlock()
	now := time.Now()
	if over := s.Over(); !on || !over.IsZero() && (over.Before(since) || now.Sub(over) > n.opt.Limits.Age) {
		return nil
	}
	notices, after := s.News(before)
	if len(notices) == 0 && after == before {
		return nil
	}
	docs := make([]Document, 0, len(notices)+1)
	for i := range notices {
		notices[i].ID = newID()
		doc, err := document(kindNotice, notices[i].ID, n.stamp(now), notices[i])
		if err != nil {
			return err
		}
		docs = append(docs, doc)
	}
	doc, err := document(kindTold, s.Key(), now, after)
	if err != nil {
		return err
	}
	if err := n.opt.Store.Put(ctx, append(docs, doc)...); err != nil {
		return err
	}
	n.mu.Lock()
	n.told[s.Key()] = after
	var dropped []queue.Item
	for i, notice := range notices {
		dropped = append(dropped, n.enqueue(notice, docs[i])...)
	}
	n.mu.Unlock()
	n.giveUp(ctx, dropped, "too many messages wait")
	wake(n.sendMe)
	return nil
}

// stamp returns a time that is later than any before, so that the order in
// which messages came is the order of their documents.
func (n *Notifier) stamp(now time.Time) time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !now.After(n.stamped) {
		now = n.stamped.Add(1)
	}
	n.stamped = now
	return now
}

func newID() string { return "msg_" + strings.ToLower(rand.Text()) }

// enqueue puts a message that is durable into the queue. The caller holds the
// lock, or is New.
func (n *Notifier) enqueue(notice news.Notice, doc Document) (dropped []queue.Item) {
	n.waiting[notice.ID] = notice
	return n.queue.Add(queue.Item{
		ID: notice.ID, Group: notice.Group, Value: int(notice.Kind.Value()), Bytes: len(doc.Body), At: doc.Time,
	})
}

// giveUp says which messages will never be sent, and forgets them.
func (n *Notifier) giveUp(ctx context.Context, dropped []queue.Item, why string) {
	if len(dropped) == 0 {
		return
	}
	n.mu.Lock()
	n.lasting.Dropped += uint64(len(dropped))
	n.unsaved = true
	lost := make([]news.Notice, len(dropped))
	for i, item := range dropped {
		lost[i] = n.waiting[item.ID]
		delete(n.waiting, item.ID)
	}
	n.mu.Unlock()
	for _, notice := range lost {
		n.opt.Log.Warn("a message was dropped unsent", "why", why, "id", notice.ID, "type", notice.Kind, "component", notice.Component, "summary", notice.Summary)
		n.forget(ctx, notice.ID)
	}
	wake(n.tellMe)
}

func (n *Notifier) forget(ctx context.Context, id string) {
	if err := n.opt.Store.Delete(ctx, kindNotice, id); err != nil {
		n.opt.Log.Warn("a message that is done with could not be removed, the next start sends it again", "id", id, "error", err)
	}
}

// tidy forgets what was told of subjects that ended long ago.
func (n *Notifier) tidy(ctx context.Context) {
	before := time.Now().Add(-2 * n.opt.Limits.Age)
	var old []string
	n.mu.Lock()
	for key, told := range n.told {
		if !told.Over.IsZero() && told.Over.Before(before) {
			old = append(old, key)
			delete(n.told, key)
		}
	}
	n.mu.Unlock()
	for _, key := range old {
		if err := n.opt.Store.Delete(ctx, kindTold, key); err != nil {
			n.opt.Log.Warn("what was announced long ago could not be forgotten", "error", fmt.Errorf("%s: %w", key, err))
			return
		}
	}
}
