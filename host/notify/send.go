package notify

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/host/notify/payload"
	"github.com/homeostat/homeostat/host/notify/queue"
	"github.com/homeostat/homeostat/host/notify/webhook"
	"github.com/homeostat/homeostat/sdk"
)

// sendLoop sends one message after the other.
func (n *Notifier) sendLoop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		n.expire(ctx)
		if notice, receiver, ok := n.next(); ok {
			n.deliver(ctx, notice, receiver)
			continue
		}
		timer.Stop()
		if at := n.wakeAt(); !at.IsZero() {
			timer.Reset(max(time.Until(at), 0))
		}
		select {
		case <-ctx.Done():
		case <-n.sendMe:
		case <-timer.C:
		}
	}
}

// expire drops what is too old to be worth sending.
func (n *Notifier) expire(ctx context.Context) {
	n.mu.Lock()
	dropped := n.queue.Expire(time.Now())
	n.mu.Unlock()
	n.giveUp(ctx, dropped, "it waited too long")
}

func (n *Notifier) next() (news.Notice, *Receiver, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.receiver == nil {
		return news.Notice{}, nil, false
	}
	item, ok := n.queue.Next(time.Now())
	return n.waiting[item.ID], n.receiver, ok
}

// wakeAt returns when the loop has something to do, zero for never.
func (n *Notifier) wakeAt() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := n.queue.Expires()
	if due, ok := n.queue.Due(); ok && n.receiver != nil && due.Before(at) {
		at = due
	}
	return at
}

// deliver makes one attempt. What the receiver has taken is forgotten.
func (n *Notifier) deliver(ctx context.Context, notice news.Notice, receiver *Receiver) {
	answer := n.post(ctx, notice, receiver)
	if ctx.Err() != nil && answer.Err != nil {
		return // the daemon stops; the next one sends it
	}
	n.settle(notice.ID, receiver, answer)
	if answer.Err == nil {
		n.forget(context.WithoutCancel(ctx), notice.ID)
		return
	}
	text := "a message was not taken, trying again"
	if answer.Status == http.StatusGone {
		text = "the receiver wants no messages any more: nothing is sent until the settings are reloaded or `homeostat notify test` gets through"
	}
	n.opt.Log.Warn(text, "receiver", receiver.Poster.Host(), "id", notice.ID, "type", notice.Kind, "error", answer.Err)
}

// post waits for its turn: one message is on its way at a time.
func (n *Notifier) post(ctx context.Context, notice news.Notice, receiver *Receiver) webhook.Answer {
	body, err := payload.Write(receiver.Format, notice, receiver.Around)
	if err != nil {
		return webhook.Answer{Err: err}
	}
	select {
	case n.slot <- struct{}{}:
	case <-ctx.Done():
		return webhook.Answer{Err: ctx.Err()}
	}
	defer func() { <-n.slot }()
	return receiver.Poster.Post(ctx, webhook.Message{ID: notice.ID, Body: body})
}

// settle takes an answer in.
func (n *Notifier) settle(id string, receiver *Receiver, answer webhook.Answer) {
	now := time.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	if answer.Err == nil {
		n.queue.Delivered(now, id)
		delete(n.waiting, id)
		n.numbers.Sent++
		n.numbers.LastSent, n.numbers.LastError = now, ""
		return
	}
	n.numbers.Failed++
	n.numbers.LastError, n.numbers.LastErrorAt = answer.Err.Error(), now
	if n.receiver == receiver { // else the failure is another receiver's
		n.queue.Failed(now, id, trouble(answer.Status), answer.RetryAfter)
	}
}

// trouble says whether a status speaks of the receiver or of the message.
func trouble(status int) queue.Trouble {
	switch status {
	case http.StatusGone:
		return queue.Gone
	case http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return queue.Message
	}
	return queue.Receiver
}

// ErrNoReceiver is returned where a receiver is needed and none is set.
var ErrNoReceiver = errors.New("no receiver is set: give [notify] webhook in the configuration")

// Test sends a message that says that it is a test, past the queue, and returns
// what came back. A success lets the queue go on at once.
func (n *Notifier) Test(ctx context.Context, by string) (webhook.Answer, error) {
	n.mu.Lock()
	receiver := n.receiver
	n.mu.Unlock()
	if receiver == nil {
		return webhook.Answer{}, ErrNoReceiver
	}
	notice := news.Notice{
		ID: newID(), Kind: news.Test, At: time.Now(), Component: sdk.HostComponent, Severity: sdk.SeverityLow,
		Summary: "this is a test, asked for by " + by + "; nothing has happened",
	}
	answer := n.post(ctx, notice, receiver)
	if answer.Err == nil {
		n.mu.Lock()
		n.queue.Resume()
		n.numbers.LastError = ""
		n.mu.Unlock()
		wake(n.sendMe)
	}
	return answer, nil
}

// Status is the present state of notifications.
type Status struct {
	// Receiver names the receiver without anything secret, empty when there is
	// none.
	Receiver string
	Format   payload.Format
	Queue    queue.State
	// Dropped counts messages that were given up over all lives of the daemon.
	Dropped uint64
	Numbers
}

// Status returns the present state.
func (n *Notifier) Status() Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := Status{Queue: n.queue.State(), Dropped: n.lasting.Dropped, Numbers: n.numbers}
	if n.receiver != nil {
		s.Receiver, s.Format = n.receiver.Poster.Host(), n.receiver.Format
	}
	return s
}
