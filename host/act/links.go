package act

import (
	"context"
	"errors"
	"fmt"

	"github.com/homeostat/homeostat/sdk"
)

// Links opens and closes links. An open link lets nothing through, so that who
// calls is refused at once.
type Links interface {
	// CheckLink reports why the link between two components can be neither opened
	// nor closed.
	CheckLink(from, to string) error
	// OpenLink returns when callers are refused, and whether they were not before.
	// The reason is kept with the link, and begins with the recovery's id.
	OpenLink(ctx context.Context, from, to, reason string) (text string, changed bool, err error)
	// CloseLink begins to close the link by trials: one request at a time is let
	// through, and all of them when a few in a row went well.
	CloseLink(ctx context.Context, from, to, reason string) (text string, changed bool, err error)
	// TraceLink says what is known of the link and of the recovery's order to it.
	TraceLink(from, to, recovery string) LinkTrace
	// ReleaseLink closes it at once: it takes back that it was opened.
	ReleaseLink(ctx context.Context, from, to, reason string) (string, error)
}

// WithLinks returns an Actor that can also open and close links.
func (a *Actor) WithLinks(l Links) *Actor {
	b := *a
	b.links = l
	return &b
}

var errNoLinks = errors.New("this host has no links that can be opened, so the whole proposal is refused")

func (a *Actor) checkLink(from, to string) error {
	if a.links == nil {
		return errNoLinks
	}
	for _, end := range []string{from, to} {
		if err := a.exists(end); err != nil {
			return err
		}
	}
	return a.links.CheckLink(from, to)
}

func (a *Actor) doLink(ctx context.Context, action sdk.Action, reason string) (text, receipt string, err error) {
	var changed bool
	switch action := action.(type) {
	case sdk.OpenLink:
		text, changed, err = a.links.OpenLink(ctx, action.From, action.To, reason)
	case sdk.CloseLink:
		text, changed, err = a.links.CloseLink(ctx, action.From, action.To, reason)
	}
	if changed {
		receipt = receiptDone
	}
	return text, receipt, err
}

// undoLink takes back what doLink has changed.
func (a *Actor) undoLink(ctx context.Context, action sdk.Action, reason string) (string, error) {
	if a.links == nil {
		return "", errNoLinks
	}
	if open, ok := action.(sdk.OpenLink); ok {
		return a.links.ReleaseLink(ctx, open.From, open.To, reason)
	}
	shut := action.(sdk.CloseLink)
	text, _, err := a.links.OpenLink(ctx, shut.From, shut.To, reason)
	return text, err
}

// weighLink: each of the two takes the other back. Open costs nothing by itself,
// since it is done where the callee does not serve.
func weighLink(action sdk.Action) Weight {
	if open, ok := action.(sdk.OpenLink); ok {
		return Weight{Class: Reversible, Undo: fmt.Sprintf("%s %s", sdk.KindCloseLink, open.Target())}
	}
	return Weight{Class: Reversible, Undo: fmt.Sprintf("%s %s", sdk.KindOpenLink, action.Target())}
}
