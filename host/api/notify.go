package api

import (
	"context"
	"time"
)

// NotifyStatus tells how messages to the receiver fare.
type NotifyStatus struct {
	Receiver string `json:"receiver" doc:"scheme and host alone: the rest of an address may be secret"`
	Format   string `json:"format" enum:"homeostat,alertmanager"`
	// Queued messages wait, Bytes is their size.
	Queued      int        `json:"queued"`
	Bytes       int        `json:"bytes"`
	Oldest      *time.Time `json:"oldest,omitempty" doc:"when the oldest that waits came"`
	NextTry     *time.Time `json:"next_try,omitempty"`
	Failures    int        `json:"failures" doc:"attempts in a row that the receiver did not answer well"`
	Stopped     bool       `json:"stopped" doc:"the receiver answered 410; a reload or a test that gets through begins again"`
	Sent        uint64     `json:"sent" doc:"since the start of the daemon"`
	Failed      uint64     `json:"failed" doc:"attempts since the start of the daemon"`
	Dropped     uint64     `json:"dropped" doc:"messages given up for want of room or after three days, ever"`
	LastSent    *time.Time `json:"last_sent,omitempty"`
	LastError   string     `json:"last_error,omitempty" doc:"empty after a success"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
}

// NotifyTest is what came back on a test.
type NotifyTest struct {
	Delivered bool   `json:"delivered"`
	Receiver  string `json:"receiver"`
	Status    int    `json:"status,omitempty" doc:"the HTTP status, absent when there was no answer"`
	Answer    string `json:"answer,omitempty" doc:"the beginning of the body that came back"`
	Problem   string `json:"problem,omitempty"`
}

// Notifications are messages to a receiver outside.
type Notifications interface {
	// NotifyStatus returns nil when no receiver is set.
	NotifyStatus() *NotifyStatus
	// TestNotify sends a message now; a Problem says that no receiver is set.
	TestNotify(ctx context.Context) (NotifyTest, error)
}

func (s *Server) registerNotify() {
	n := s.opt.Services.Notify
	type notifyBody struct {
		Configured bool          `json:"configured"`
		Status     *NotifyStatus `json:"status,omitempty"`
	}
	get(s, Base+"/notifications", "how messages to the receiver fare", func(context.Context, *none) (notifyBody, error) {
		st := n.NotifyStatus()
		return notifyBody{Configured: st != nil, Status: st}, nil
	})
	post(s, Base+"/notifications/test", "send a test message and return what came back", func(ctx context.Context, _ *none) (NotifyTest, error) {
		return n.TestNotify(ctx)
	})
}
