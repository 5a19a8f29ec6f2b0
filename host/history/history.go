// Package history keeps what is worth keeping in two embedded databases: the
// signals of the last days in metrics.db, and records (documents, small
// settings, events) in records.db.
//
// It owns the files, their schema and the compression of signals. It does not
// know what a document means. Records and Metrics may be used from several
// goroutines; each database has one writer at a time and readers beside it.
//
// Records are durable when a call returns (synchronous=FULL). Signals are safe
// against a kill of the daemon when a call returns; a power cut may lose those
// of the last seconds. A metrics file that is damaged is set aside and a new
// one begun, because losing signals is better than not healing; a damaged
// records file is an error, because it holds decisions.
package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"modernc.org/sqlite" // also registers the driver "sqlite"
)

// file is one database: a single connection that writes, and others that read.
type file struct {
	path  string
	write *sql.DB
	read  *sql.DB
}

// layout says how a database is opened.
type layout struct {
	path        string
	synchronous string // FULL or NORMAL
	pageSize    int    // of a new file
	check       string // the pragma that checks the file, or empty
	schema      []string
}

// dsn puts the page size first: it cannot be changed once WAL is on.
func (l layout) dsn() string {
	pragmas := fmt.Sprintf("_pragma=page_size(%d)&_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(%s)", l.pageSize, l.synchronous)
	return "file:" + (&url.URL{Path: l.path}).EscapedPath() + "?" + pragmas
}

// openFile opens a database, checks that it is sound, and brings its schema up
// to date.
func openFile(ctx context.Context, l layout) (*file, error) {
	if err := private(l.path); err != nil {
		return nil, fmt.Errorf("open history %s: %w", l.path, err)
	}
	f := &file{path: l.path}
	var err error
	if f.write, err = sql.Open("sqlite", l.dsn()+"&_txlock=immediate"); err == nil {
		f.write.SetMaxOpenConns(1)
		err = f.prepare(ctx, l)
	}
	if err == nil {
		f.read, err = sql.Open("sqlite", l.dsn()+"&_pragma=query_only(1)")
	}
	if err != nil {
		return nil, fmt.Errorf("open history %s: %w", l.path, errors.Join(err, f.close()))
	}
	f.read.SetMaxOpenConns(4)
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
func (f *file) prepare(ctx context.Context, l layout) error {
	if l.check != "" {
		var verdict string
		if err := f.write.QueryRowContext(ctx, "PRAGMA "+l.check+"(1)").Scan(&verdict); err != nil {
			return err
		}
		if verdict != "ok" {
			return &CorruptError{Path: f.path, Detail: verdict}
		}
	}
	var have int
	if err := f.write.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have > len(l.schema) {
		return fmt.Errorf("schema version %d is newer than this program's %d: use the newer program, or move the file away", have, len(l.schema))
	}
	for i := have; i < len(l.schema); i++ {
		step := fmt.Sprintf("BEGIN IMMEDIATE; %s; PRAGMA user_version = %d; COMMIT", l.schema[i], i+1)
		if _, err := f.write.ExecContext(ctx, step); err != nil {
			return fmt.Errorf("schema step %d: %w", i+1, err)
		}
	}
	return nil
}

func (f *file) close() error {
	var err error
	if f.read != nil {
		err = f.read.Close()
	}
	if f.write != nil {
		err = errors.Join(err, f.write.Close())
	}
	return err
}

// transact runs work in one transaction of the writer.
func (f *file) transact(ctx context.Context, work func(*sql.Tx) error) error {
	tx, err := f.write.BeginTx(ctx, nil)
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

// damaged reports whether an error means that the file is damaged.
func damaged(err error) bool {
	var corrupt *CorruptError
	if errors.As(err, &corrupt) {
		return true
	}
	var code *sqlite.Error
	return errors.As(err, &code) && (code.Code()&0xff == codeCorrupt || code.Code()&0xff == codeNotADB)
}
