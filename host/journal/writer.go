package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// writer appends to the last segment. It belongs to one goroutine.
type writer struct {
	dir   string
	ops   atomicfile.Ops
	limit int64
	head  Head
	// saved is the head in the head file.
	saved Head
	// file is the open segment, nil before the first record; size is where its last durable record ends.
	file *os.File
	size int64
	// broken is why nothing may be written any more.
	broken error
}

// write makes the entries durable and returns their records; on an error none of them counts.
func (w *writer) write(list []prepared, now time.Time) ([]Record, error) {
	if w.broken != nil {
		return nil, w.broken
	}
	if err := w.turn(); err != nil {
		return nil, err
	}
	head := w.head
	var text []byte
	records := make([]Record, len(list))
	for i, p := range list {
		line, record, err := p.line(head, now)
		if err != nil {
			return nil, err
		}
		text, records[i], head = append(text, line...), record, record.head()
	}
	if err := w.append(text); err != nil {
		return nil, err
	}
	w.head = head
	return records, nil
}

// turn opens a new segment where there is none or where the last one is full.
func (w *writer) turn() error {
	if w.file != nil && w.size < w.limit {
		return nil
	}
	dir, err := w.ops.OpenDir(w.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	name := segmentName(w.head.Seq + 1)
	file, err := w.ops.CreateAt(dir, name)
	if err != nil {
		return fmt.Errorf("begin a segment: %w", err)
	}
	if err := w.ops.Sync(dir); err != nil {
		return errors.Join(fmt.Errorf("begin a segment: %w", err), file.Close(), w.ops.UnlinkAt(dir, name))
	}
	old := w.file
	w.file, w.size = file, 0
	if old != nil {
		return old.Close()
	}
	return nil
}

// append writes text behind the last durable record. After an error the segment is cut to that record again; where that
// fails, or the sync did, what the disk holds is unknown and the journal stops.
func (w *writer) append(text []byte) error {
	path := w.file.Name()
	err := w.ops.Do("write", path, func() error {
		_, err := w.file.WriteAt(text, w.size)
		return err
	})
	if err != nil {
		if cut := w.ops.Do("ftruncate", path, func() error { return w.file.Truncate(w.size) }); cut != nil {
			w.broken = fmt.Errorf("the journal stopped after a write that could not be taken back; free the disk and start again: %w", cut)
		}
		return err
	}
	if err := w.ops.Sync(w.file); err != nil {
		w.broken = fmt.Errorf("the journal stopped after a sync that went wrong; look at the disk and start again: %w", err)
		return w.broken
	}
	w.size += int64(len(text))
	return nil
}

// saveHead moves the head file to the last durable record. An error is none of the records'; the caller tries again later.
func (w *writer) saveHead() error {
	if w.saved == w.head {
		return nil
	}
	if err := w.head.save(w.dir, w.ops); err != nil {
		return err
	}
	w.saved = w.head
	return nil
}

func (w *writer) close() error {
	err := w.saveHead()
	if w.file != nil {
		err = errors.Join(err, w.file.Close())
	}
	if err != nil {
		return fmt.Errorf("close journal %s: %w", filepath.Clean(w.dir), err)
	}
	return nil
}
