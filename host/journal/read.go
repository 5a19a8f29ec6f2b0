package journal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// Records returns up to limit records from number from on, the oldest first. Numbers start at 1; a from of 0 means 1.
func (j *Journal) Records(from uint64, limit int) ([]Record, error) {
	return records(j.dir, span{from: from, to: j.Head().Seq, limit: limit})
}

// Tail returns the last n records, the oldest first.
func (j *Journal) Tail(n int) ([]Record, error) {
	head := j.Head()
	from := uint64(1)
	if head.Seq > uint64(n) {
		from = head.Seq - uint64(n) + 1
	}
	return records(j.dir, span{from: from, to: head.Seq, limit: n})
}

// ReadTail returns the last n whole records of the journal in dir, the oldest first, without opening it for writing.
func ReadTail(dir string, n int) ([]Record, error) {
	list, _, err := segments(dir)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	end, err := findTail(list)
	if err != nil {
		return nil, fmt.Errorf("read journal %s: %w", dir, err)
	}
	from := uint64(1)
	if end.head.Seq > uint64(n) {
		from = end.head.Seq - uint64(n) + 1
	}
	return records(dir, span{from: from, to: end.head.Seq, limit: n})
}

// followChunk is how many records Follow reads at once.
const followChunk = 256

// Follow yields every record from number from on, and waits for more until ctx ends or the journal is closed. After an
// error it ends.
func (j *Journal) Follow(ctx context.Context, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		next := max(from, 1)
		for {
			head, changed := j.watch()
			var more bool
			if next, more = j.yieldTo(head, next, yield); !more || !j.wait(ctx, changed, next) {
				return
			}
		}
	}
}

// yieldTo yields the records from number from up to head. It returns the number behind them, and false where the reader
// wants no more or reading failed.
func (j *Journal) yieldTo(head Head, from uint64, yield func(Record, error) bool) (uint64, bool) {
	for from <= head.Seq {
		list, err := records(j.dir, span{from: from, to: head.Seq, limit: followChunk})
		if err != nil {
			yield(Record{}, err)
			return from, false
		}
		for _, r := range list {
			if !yield(r, nil) {
				return from, false
			}
		}
		from = nextAfter(list, head)
	}
	return from, true
}

// nextAfter is the number behind the last one read; an empty list means a gap that reaches up to head.
func nextAfter(list []Record, head Head) uint64 {
	if len(list) == 0 {
		return head.Seq + 1
	}
	return list[len(list)-1].Seq + 1
}

// wait reports false where there will be no record from number from on for this reader.
func (j *Journal) wait(ctx context.Context, changed <-chan struct{}, from uint64) bool {
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	case <-j.stopped:
		return j.Head().Seq >= from
	}
}

// span asks for records by their numbers, both ends included.
type span struct {
	from, to uint64
	limit    int
}

// records reads a span. It checks each line's own hash, and leaves the chain to Verify.
func records(dir string, want span) ([]Record, error) {
	list, _, err := segments(dir)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	begin := 0
	for i, s := range list {
		if s.first <= want.from {
			begin = i
		}
	}
	var out []Record
	for _, s := range list[begin:] {
		if s.first > want.to || len(out) >= want.limit {
			break
		}
		if out, err = s.collect(out, want); err != nil {
			return nil, err
		}
	}
	return slices.Clip(out), nil
}

// collect adds the records of one segment that the span asks for. What cannot be read ends the segment; only Verify
// calls that damage, for here it may be a line that is being written.
func (s segment) collect(out []Record, want span) ([]Record, error) {
	file, err := s.open(os.O_RDONLY)
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	defer file.Close()
	l := newLines(file)
	for len(out) < want.limit {
		line, err := l.next()
		if errors.Is(err, io.EOF) || errors.Is(err, errUnfinished) {
			return out, nil
		}
		if err != nil {
			return nil, &Broken{File: s.name(), Line: l.number, Reason: err.Error()}
		}
		record, err := parseLine(line)
		if err != nil {
			return nil, &Broken{File: s.name(), Line: l.number, Reason: err.Error()}
		}
		if record.Seq > want.to {
			return out, nil
		}
		if record.Seq >= want.from {
			out = append(out, record)
		}
	}
	return out, nil
}
