// Package database opens an embedded SQLite database as the history needs it:
// checked, with its schema up to date, one connection that writes and others
// that read.
//
// It owns the connections and knows nothing of tables. A File may be used from
// several goroutines.
package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"modernc.org/sqlite" // also registers the driver "sqlite"
)

// File is one open database: a single connection that writes, and others that
// read.
type File struct {
	Path  string
	Write *sql.DB
	Read  *sql.DB
}

// Layout says how a database is opened.
type Layout struct {
	Path        string
	Synchronous string // FULL or NORMAL
	PageSize    int    // of a new file
	Check       string // the pragma that checks the file, or empty
	// Schema are the steps of the schema. Steps are only ever added.
	Schema []string
}

// dsn puts the page size first: it cannot be changed once WAL is on.
func (l Layout) dsn() string {
	pragmas := fmt.Sprintf("_pragma=page_size(%d)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(%s)", l.PageSize, l.Synchronous)
	return "file:" + (&url.URL{Path: l.Path}).EscapedPath() + "?" + pragmas
}

// Open opens a database, checks that it is sound, and brings its schema up
// to date.
func Open(ctx context.Context, l Layout) (*File, error) {
	if err := private(l.Path); err != nil {
		return nil, fmt.Errorf("open history %s: %w", l.Path, err)
	}
	f := &File{Path: l.Path}
	var err error
	if f.Write, err = sql.Open("sqlite", l.dsn()+"&_txlock=immediate"); err == nil {
		f.Write.SetMaxOpenConns(1)
		err = f.prepare(ctx, l)
	}
	if err == nil {
		f.Read, err = sql.Open("sqlite", l.dsn()+"&_pragma=query_only(1)")
	}
	if err != nil {
		return nil, fmt.Errorf("open history %s: %w", l.Path, errors.Join(err, f.Close()))
	}
	f.Read.SetMaxOpenConns(4)
	return f, nil
}

// private creates the file for its owner alone where it is not there.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// prepare checks the file and applies the steps of the schema that it lacks.
// The number of steps that it has is kept in user_version.
func (f *File) prepare(ctx context.Context, l Layout) error {
	if l.Check != "" {
		var verdict string
		if err := f.Write.QueryRowContext(ctx, "PRAGMA "+l.Check+"(1)").Scan(&verdict); err != nil {
			return err
		}
		if verdict != "ok" {
			return &CorruptError{Path: f.Path, Detail: verdict}
		}
	}
	var have int
	if err := f.Write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have > len(l.Schema) {
		return fmt.Errorf("schema version %d is newer than this program's %d: use the newer program, or move the file away", have, len(l.Schema))
	}
	for i := have; i < len(l.Schema); i++ {
		step := fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA user_version = %d; COMMIT", l.Schema[i], i+1)
		if _, err := f.Write.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("schema step %d: %w", i+1, err)
		}
	}
	return nil
}

// Close closes all connections.
func (f *File) Close() error {
	var err error
	if f.Read != nil {
		err = f.Read.Close()
	}
	if f.Write != nil {
		err = errors.Join(err, f.Write.Close())
	}
	return err
}

// Transact runs work in one transaction of the writer.
func (f *File) Transact(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := f.Write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := work(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// CorruptError says that a database file is damaged.
type CorruptError struct {
	Path   string
	Detail string
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("%s is damaged (%s): restore it from a copy, or move it away to begin anew", e.Path, e.Detail)
}

// The result codes of SQLite that mean a damaged file:
// https://www.sqlite.org/rescode.html
const (
	codeCorrupt = 11
	codeNotADB  = 26
)

// Damaged reports whether an error means that the file is damaged.
func Damaged(err error) bool {
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		return true
	}
	var code *sqlite.Error
	return errors.As(err, &code) && (code.Code()&0xff == codeCorrupt || code.Code()&0xff == codeNotADB)
}
