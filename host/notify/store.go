package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/homeostat/homeostat/host/notify/news"
	"github.com/homeostat/homeostat/host/notify/queue"
)

// Document is one thing that is kept.
type Document struct {
	Kind string
	ID   string
	Time time.Time
	Body json.RawMessage
}

// Store keeps documents durably.
type Store interface {
	// Put replaces the documents of those kinds and ids, all or none. It returns
	// when they are durable.
	Put(ctx context.Context, docs ...Document) error
	// Delete removes a document; it is no error when there is none.
	Delete(ctx context.Context, kind, id string) error
	// List returns all documents of a kind, oldest first.
	List(ctx context.Context, kind string) ([]Document, error)
}

// The kinds of documents.
const (
	kindNotice = "notice"
	kindTold   = "notice_told"
	kindState  = "notice_state"
	idState    = "state"
)

// lasting is what survives the daemon beside the queue.
type lasting struct {
	// Since is when messages were first sent. What ended before is no news.
	Since time.Time `json:"since,omitzero"`
	// Dropped counts messages that were given up over all lives of the daemon.
	Dropped uint64 `json:"dropped"`
}

func document(kind, id string, at time.Time, item any) (Document, error) {
	body, err := json.Marshal(item)
	if err != nil {
		return Document{}, fmt.Errorf("write down %s %s: %w", kind, id, err)
	}
	return Document{Kind: kind, ID: id, Time: at, Body: body}, nil
}

// load brings back the queue and what was told.
func (n *Notifier) load(ctx context.Context) error {
	docs, err := n.opt.Store.List(ctx, kindState)
	if err != nil {
		return fmt.Errorf("load the state of notifications: %w", err)
	}
	for _, doc := range docs {
		if err := json.Unmarshal(doc.Body, &n.lasting); err != nil {
			return fmt.Errorf("read the state of notifications: %w", err)
		}
	}
	if docs, err = n.opt.Store.List(ctx, kindTold); err != nil {
		return fmt.Errorf("load what was announced: %w", err)
	}
	for _, doc := range docs {
		var told news.Told
		if err := json.Unmarshal(doc.Body, &told); err != nil {
			return fmt.Errorf("read what was announced of %s: %w", doc.ID, err)
		}
		n.told[doc.ID] = told
	}
	if docs, err = n.opt.Store.List(ctx, kindNotice); err != nil {
		return fmt.Errorf("load messages that wait: %w", err)
	}
	var dropped []queue.Item
	for _, doc := range docs {
		var notice news.Notice
		if err := json.Unmarshal(doc.Body, &notice); err != nil {
			return fmt.Errorf("read message %s: %w", doc.ID, err)
		}
		dropped = append(dropped, n.enqueue(notice, doc)...)
	}
	n.giveUp(ctx, dropped, "too many messages wait")
	return nil
}
