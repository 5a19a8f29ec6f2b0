package history

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/history/database"
	"github.com/homeostat/homeostat/sdk"
)

// recordsSchema are the steps of the schema of records.db. Steps are only ever
// added.
var recordsSchema = []string{`
CREATE TABLE docs (
	kind TEXT NOT NULL,
	id   TEXT NOT NULL,
	time INTEGER NOT NULL, -- Unix nanoseconds
	body BLOB NOT NULL,    -- JSON
	PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX docs_by_time ON docs (kind, time);
CREATE TABLE settings (
	key   TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE events (
	seq       INTEGER PRIMARY KEY,
	time      INTEGER NOT NULL,
	component TEXT NOT NULL,
	type      TEXT NOT NULL,
	body      BLOB NOT NULL
);
CREATE INDEX events_by_component ON events (component, time);
CREATE INDEX events_by_time ON events (time)`}

// Records keeps documents, settings and events. What a call has written is on
// the disk when it returns.
type Records struct{ file *database.File }

// ErrNotFound says that there is no document or setting of that name.
var ErrNotFound = errors.New("not found")

// OpenRecords opens the file at path. A damaged one is a CorruptError.
func OpenRecords(ctx context.Context, path string) (*Records, error) {
	f, err := database.Open(ctx, database.Layout{Path: path, Synchronous: "FULL", PageSize: 4096, Check: "integrity_check", Schema: recordsSchema})
	if err != nil && database.Damaged(err) {
		return nil, errors.Join(&CorruptError{Path: path, Detail: "integrity check"}, err)
	}
	if err != nil {
		return nil, err
	}
	return &Records{f}, nil
}

// Close closes the file.
func (r *Records) Close() error { return r.file.Close() }

// Document is one stored record.
type Document struct {
	Kind string
	ID   string
	Time time.Time
	Body json.RawMessage
}

// Put stores documents in one transaction; those of the same kind and id are
// replaced.
func (r *Records) Put(ctx context.Context, docs ...Document) error {
	for _, d := range docs {
		if d.Kind == "" || d.ID == "" || !json.Valid(d.Body) {
			return fmt.Errorf("put document %q %q: kind and id must be set and the body be JSON", d.Kind, d.ID)
		}
	}
	err := r.file.Transact(ctx, func(tx *sql.Tx) error {
		for _, d := range docs {
			_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO docs (kind, id, time, body) VALUES (?, ?, ?, ?)",
				d.Kind, d.ID, d.Time.UnixNano(), []byte(d.Body))
			if err != nil {
				return fmt.Errorf("%s %s: %w", d.Kind, d.ID, err)
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("put documents in %s: %w", r.file.Path, err)
	}
	return nil
}

// Document returns one document, ErrNotFound where there is none.
func (r *Records) Document(ctx context.Context, kind, id string) (Document, error) {
	row := r.file.Read.QueryRowContext(ctx, "SELECT kind, id, time, body FROM docs WHERE kind = ? AND id = ?", kind, id)
	d, err := scanDocument(row.Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return d, fmt.Errorf("%s %s: %w", kind, id, ErrNotFound)
	}
	return d, err
}

func scanDocument(scan func(...any) error) (Document, error) {
	var d Document
	var at int64
	var body []byte
	if err := scan(&d.Kind, &d.ID, &at, &body); err != nil {
		return Document{}, err
	}
	d.Time, d.Body = time.Unix(0, at), body
	return d, nil
}

// Filter chooses documents. Zero fields choose all.
type Filter struct {
	// From and To bound the time: From included, To excluded.
	From, To time.Time
	// Fields are values of the body's members at top level that must be equal.
	Fields map[string]string
	// Limit is the most that are returned, zero for DefaultLimit.
	Limit int
	// OldestFirst turns the order around.
	OldestFirst bool
}

// DefaultLimit is how many documents or events are returned unless a filter
// says otherwise.
const DefaultLimit = 1000

var fieldName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// where returns the conditions of a filter and their arguments.
func (f Filter) where() (string, []any, error) {
	var conditions strings.Builder
	var args []any
	if !f.From.IsZero() {
		conditions.WriteString(" AND time >= ?")
		args = append(args, f.From.UnixNano())
	}
	if !f.To.IsZero() {
		conditions.WriteString(" AND time < ?")
		args = append(args, f.To.UnixNano())
	}
	for name, value := range f.Fields {
		if !fieldName.MatchString(name) {
			return "", nil, fmt.Errorf("filter field %q: want letters, digits and underscores", name)
		}
		conditions.WriteString(" AND CAST(json_extract(body, '$." + name + "') AS TEXT) = ?")
		args = append(args, value)
	}
	if f.Limit <= 0 {
		f.Limit = DefaultLimit
	}
	order := " DESC"
	if f.OldestFirst {
		order = ""
	}
	conditions.WriteString(" ORDER BY time" + order + " LIMIT ?")
	return conditions.String(), append(args, f.Limit), nil
}

// List returns documents of a kind, the newest first.
func (r *Records) List(ctx context.Context, kind string, f Filter) ([]Document, error) {
	where, args, err := f.where()
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	rows, err := r.file.Read.QueryContext(ctx, "SELECT kind, id, time, body FROM docs WHERE kind = ?"+where, slices.Concat([]any{kind}, args)...)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", kind, err)
	}
	defer rows.Close()
	var out []Document
	for rows.Next() {
		d, err := scanDocument(rows.Scan)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind, err)
		}
		out = append(out, d)
	}
	return out, rows.Err()
}

// Delete removes a document; it is no error when there is none.
func (r *Records) Delete(ctx context.Context, kind, id string) error {
	return r.exec(ctx, "delete "+kind, "DELETE FROM docs WHERE kind = ? AND id = ?", kind, id)
}

// Set stores the value of a setting, such as the mode.
func (r *Records) Set(ctx context.Context, key string, value []byte) error {
	return r.exec(ctx, "set "+key, "INSERT OR REPLACE INTO settings (key, value) VALUES (?, ?)", key, value)
}

// Setting returns the value of a setting, ErrNotFound where there is none.
func (r *Records) Setting(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	err := r.file.Read.QueryRowContext(ctx, "SELECT value FROM settings WHERE key = ?", key).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("setting %s: %w", key, ErrNotFound)
	}
	return value, err
}

// Unset removes a setting; it is no error when there is none.
func (r *Records) Unset(ctx context.Context, key string) error {
	return r.exec(ctx, "unset "+key, "DELETE FROM settings WHERE key = ?", key)
}

// EventsKept is how many events are kept at most; older ones go first.
const EventsKept = 200_000

// AppendEvents stores events.
func (r *Records) AppendEvents(events []sdk.Event) error {
	ctx := context.Background()
	err := r.file.Transact(ctx, func(tx *sql.Tx) error {
		for _, e := range events {
			body, err := json.Marshal(e)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, "INSERT INTO events (time, component, type, body) VALUES (?, ?, ?, ?)",
				e.Time.UnixNano(), e.Component, e.Type, body)
			if err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "DELETE FROM events WHERE seq <= (SELECT max(seq) FROM events) - ?", EventsKept)
		return err
	})
	if err != nil {
		return fmt.Errorf("append %d events to %s: %w", len(events), r.file.Path, err)
	}
	return nil
}

// Events returns the events of a component, of all when it is empty, the newest
// first unless the filter says otherwise.
func (r *Records) Events(ctx context.Context, component string, f Filter) ([]sdk.Event, error) {
	where, args, err := f.where()
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	query := "SELECT body FROM events WHERE TRUE"
	if component != "" {
		query += " AND component = ?"
		args = slices.Concat([]any{component}, args)
	}
	rows, err := r.file.Read.QueryContext(ctx, query+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	defer rows.Close()
	var out []sdk.Event
	for rows.Next() {
		var body []byte
		if err := rows.Scan(&body); err != nil {
			return nil, fmt.Errorf("list events: %w", err)
		}
		var e sdk.Event
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, fmt.Errorf("list events: %w", err)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

// Expire removes events, and documents of the given kinds, from before an
// instant.
func (r *Records) Expire(ctx context.Context, before time.Time, kinds ...string) error {
	if err := r.exec(ctx, "expire events", "DELETE FROM events WHERE time < ?", before.UnixNano()); err != nil {
		return err
	}
	for _, kind := range kinds {
		if err := r.exec(ctx, "expire "+kind, "DELETE FROM docs WHERE kind = ? AND time < ?", kind, before.UnixNano()); err != nil {
			return err
		}
	}
	return nil
}

func (r *Records) exec(ctx context.Context, what, statement string, args ...any) error {
	err := r.file.Transact(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("%s in %s: %w", what, r.file.Path, err)
	}
	return nil
}
