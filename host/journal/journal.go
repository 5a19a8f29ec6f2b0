// Package journal owns the append-only, hash-chained log in which the daemon records what it was asked, what it decided
// and what it did.
//
// A journal is a folder of segments, files of JSON lines named after their first record, and a small file, the head,
// with the number and hash of a last record. Each record holds the hash of the one before it, so an edited, removed,
// added or reordered byte breaks the chain at that record; the head tells when records are missing at the end. Verify
// finds the first such place. There is no secret: who may write all files of the folder can write a whole new chain.
// That is found only by comparing with a Head that was kept elsewhere (see Verify), so whoever opens a journal does well to
// log its Head now and then, to a place that others keep.
//
// The package knows nothing of what is recorded, and never removes a segment. It does not lock the folder: the owner of
// the state folder sees to it that one process at a time has it open. A Journal may be used from several goroutines;
// one goroutine of its own writes.
package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// ErrClosed is returned by Append after Close.
var ErrClosed = errors.New("the journal is closed")

// DefaultSegmentBytes is the size at which a new segment is begun unless Options say otherwise.
const DefaultSegmentBytes = 8 << 20

// Options are the settings of a journal. The zero value is ready for use.
type Options struct {
	// SegmentBytes is the size after which the next record goes into a new segment; zero means DefaultSegmentBytes.
	SegmentBytes int64
	// Ops does the file operations.
	Ops atomicfile.Ops
}

// Entry is what a caller records.
type Entry struct {
	// Actor says who caused it, such as "uid:0" or "strategy:restart"; it must not be empty.
	Actor string
	// Kind says what it is, such as "recovery.started"; it must not be empty.
	Kind string
	// Fields are the facts; they must be what encoding/json can write.
	Fields map[string]any
}

// Journal is one open journal.
type Journal struct {
	dir      string
	options  Options
	findings []Finding
	requests chan request
	closing  chan struct{}
	stopped  chan struct{}
	once     sync.Once

	// state belongs to the writing goroutine once Open has returned.
	state writer

	mu sync.Mutex
	// head is the last durable record; changed is closed and replaced when it moves.
	head    Head
	changed chan struct{}
	// closeErr is set before stopped is closed.
	closeErr error
}

// request is one record on its way to the writing goroutine. The reply has room for one result.
type request struct {
	prepared prepared
	reply    chan result
}

type result struct {
	record Record
	err    error
}

// Open opens the journal in dir, creating the folder where it is missing. A line that a crash left unfinished is cut,
// and damage is kept as it is and stepped over; both are recorded and told by Findings. Close ends the goroutine that
// Open starts.
func Open(dir string, options Options) (*Journal, error) {
	if options.SegmentBytes <= 0 {
		options.SegmentBytes = DefaultSegmentBytes
	}
	state, findings, err := recoverFolder(dir, options.Ops)
	if err != nil {
		return nil, fmt.Errorf("open journal %s: %w", dir, err)
	}
	state.limit = options.SegmentBytes
	j := &Journal{
		dir: dir, options: options, findings: findings, state: state, head: state.head,
		requests: make(chan request), closing: make(chan struct{}), stopped: make(chan struct{}), changed: make(chan struct{}),
	}
	go j.run()
	if err := j.recordFindings(); err != nil {
		return nil, errors.Join(fmt.Errorf("open journal %s: record what was found: %w", dir, err), j.Close())
	}
	return j, nil
}

// recordFindings writes what Open found into the journal itself.
func (j *Journal) recordFindings() error {
	for _, f := range j.findings {
		fields := map[string]any{"file": f.File, "text": f.Text}
		if _, err := j.Append(context.Background(), Entry{Actor: "homeostat", Kind: f.Kind, Fields: fields}); err != nil {
			return err
		}
	}
	return nil
}

// Findings returns what Open repaired or stepped over. It is empty after an orderly Close.
func (j *Journal) Findings() []Finding { return append([]Finding(nil), j.findings...) }

// Append records entry and returns when it is durable. Entries of several goroutines share one write and one sync. If
// ctx ends first its error is returned, and the entry may or may not be recorded. A full disk is an error of this entry
// alone; after a failed sync every Append fails until the journal is opened again, for what is on the disk is not known.
func (j *Journal) Append(ctx context.Context, entry Entry) (Record, error) {
	p, err := prepare(entry)
	if err != nil {
		return Record{}, err
	}
	r := request{prepared: p, reply: make(chan result, 1)}
	select {
	case j.requests <- r:
	case <-j.closing:
		return Record{}, fmt.Errorf("record %s: %w", entry.Kind, ErrClosed)
	case <-ctx.Done():
		return Record{}, fmt.Errorf("record %s: %w", entry.Kind, context.Cause(ctx))
	}
	select {
	case res := <-r.reply:
		return res.record, res.err
	case <-ctx.Done():
		return Record{}, fmt.Errorf("record %s: it may be recorded all the same: %w", entry.Kind, context.Cause(ctx))
	}
}

// Head returns the number and hash of the last durable record. Kept elsewhere, it later proves to Verify that nothing up
// to it was changed.
func (j *Journal) Head() Head {
	head, _ := j.watch()
	return head
}

// watch returns the head and a channel that is closed when it moves.
func (j *Journal) watch() (Head, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.head, j.changed
}

// publish makes records up to head visible to readers.
func (j *Journal) publish(head Head) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.head = head
	close(j.changed)
	j.changed = make(chan struct{})
}

// Close waits for the records under way, writes the head and ends the writing goroutine and every Follow. A second Close
// returns the same error.
func (j *Journal) Close() error {
	j.once.Do(func() { close(j.closing) })
	<-j.stopped
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.closeErr
}

// maxBatch bounds how many records share one write, so that the first of them does not wait for a line that never ends.
const maxBatch = 256

// headDelay is how long the head file may lag behind the records: saving it costs eight times as much as a record does.
// Only records of that time before a kill could be cut from the end without being missed.
const headDelay = 50 * time.Millisecond

// run writes until Close.
func (j *Journal) run() {
	defer close(j.stopped)
	var due <-chan time.Time
	for {
		select {
		case first := <-j.requests:
			j.commit(j.batch(first))
			if due == nil {
				due = time.After(headDelay)
			}
		case <-due:
			due = nil
			if j.state.saveHead() != nil {
				due = time.After(headDelay)
			}
		case <-j.closing:
			j.finish(j.state.close())
			return
		}
	}
}

// finish keeps the last error for Close.
func (j *Journal) finish(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.closeErr = err
}

// batch takes along the requests that are waiting.
func (j *Journal) batch(first request) []request {
	batch := []request{first}
	for len(batch) < maxBatch {
		select {
		case next := <-j.requests:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit makes a batch durable, then visible, then answers. The head file follows later: a crash leaves a head that is
// older than the records, which recovery allows, and never one that is newer.
func (j *Journal) commit(batch []request) {
	list := make([]prepared, len(batch))
	for i, r := range batch {
		list[i] = r.prepared
	}
	records, err := j.state.write(list, time.Now().UTC())
	if err != nil {
		for _, r := range batch {
			r.reply <- result{err: fmt.Errorf("record %s in %s: %w", r.prepared.kind, j.dir, err)}
		}
		return
	}
	j.publish(j.state.head)
	for i, r := range batch {
		r.reply <- result{record: records[i]}
	}
}
