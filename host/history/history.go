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

import "github.com/homeostat/homeostat/host/history/database"

// CorruptError says that a database file is damaged.
type CorruptError = database.CorruptError
