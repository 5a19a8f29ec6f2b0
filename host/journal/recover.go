package journal

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/homeostat/homeostat/host/atomicfile"
)

// The kinds of findings, which are also the kinds of the records that tell of them.
const (
	// FindingRepaired is a line that a crash left unfinished; it was cut, for nobody had been told that it was recorded.
	FindingRepaired = "journal.repaired"
	// FindingBroken is damage that no crash explains. It is left as it is; records go on in a new segment.
	FindingBroken = "journal.broken"
)

// Finding is one thing that Open found and did about it.
type Finding struct {
	Kind string
	// File is the name of the file inside the journal's folder.
	File string
	// Text says what was found and what was done.
	Text string
}

// tail is what the end of a journal looks like.
type tail struct {
	// segment is the last one that holds a record; nil where none does. barren are the ones behind it.
	segment *segment
	barren  []segment
	head    Head
	// size is where the last whole record of the segment ends.
	size int64
	// problem says what is wrong with the line behind it; nil where there is no such line.
	problem error
}

// recoverFolder finds the end of the journal in dir and makes it ready for writing. It reads the last segment only; Verify
// reads all of them.
func recoverFolder(dir string, ops atomicfile.Ops) (writer, []Finding, error) {
	w := writer{dir: dir, ops: ops}
	if err := ops.MkdirAll(dir, 0o700); err != nil {
		return w, nil, err
	}
	if _, err := atomicfile.RemoveLeftovers(dir); err != nil {
		return w, nil, err
	}
	list, _, err := segments(dir)
	if err != nil {
		return w, nil, err
	}
	saved, headErr := readHead(dir)
	if errors.Is(headErr, errNoHead) && len(list) == 0 {
		w.head, w.saved = start(), start()
		return w, nil, start().save(dir, ops)
	}
	end, err := findTail(list)
	if err != nil {
		return w, nil, err
	}
	w.saved = saved
	finding, err := w.resume(end, headErr)
	return w, finding, err
}

// resume decides from the head file and the tail how to go on.
func (w *writer) resume(end tail, headErr error) ([]Finding, error) {
	switch {
	case headErr != nil && end.problem == nil && len(end.barren) == 0:
		return []Finding{{FindingBroken, headFile, fmt.Sprintf("the head file %v; records go on after number %d", headErr, end.head.Seq)}}, w.reopen(end)
	case headErr != nil:
		w.head = stepOver(end.head, end)
		return []Finding{{FindingBroken, headFile, fmt.Sprintf("the head file %v; records go on after number %d", headErr, w.head.Seq)}}, nil
	case end.head.Seq < w.saved.Seq:
		w.head = stepOver(w.saved, end)
		text := fmt.Sprintf("the last good record is number %d, but there were %d; records go on after number %d", end.head.Seq, w.saved.Seq, w.head.Seq)
		return []Finding{{FindingBroken, end.name(), text}}, nil
	}
	return w.repair(end)
}

// repair cuts what a crash left behind the last record: nobody was told that it is recorded.
func (w *writer) repair(end tail) ([]Finding, error) {
	var findings []Finding
	if end.problem != nil {
		findings = append(findings, Finding{FindingRepaired, end.name(), fmt.Sprintf("what stood behind record %d was cut: the line %v", end.head.Seq, end.problem)})
	}
	if len(end.barren) > 0 {
		if err := w.drop(end.barren); err != nil {
			return nil, err
		}
		findings = append(findings, Finding{FindingRepaired, end.barren[0].name(), "the segment held no whole record and was removed"})
	}
	return findings, w.reopen(end)
}

// drop removes segments without a record.
func (w *writer) drop(list []segment) error {
	for _, s := range list {
		if err := w.ops.Remove(s.path); err != nil {
			return err
		}
	}
	return nil
}

// stepOver returns a head after which a new segment gets a name that is not taken.
func stepOver(head Head, end tail) Head {
	for _, s := range end.barren {
		head.Seq = max(head.Seq, s.first)
	}
	if end.segment != nil {
		head.Seq = max(head.Seq, end.segment.first)
	}
	return head
}

// reopen opens the last segment for writing behind its last whole record and cuts what follows.
func (w *writer) reopen(end tail) error {
	w.head, w.size = end.head, end.size
	if end.segment == nil {
		return nil
	}
	err := w.ops.Do("open", end.segment.path, func() (err error) {
		w.file, err = end.segment.open(os.O_RDWR)
		return err
	})
	if err != nil || end.problem == nil {
		return err
	}
	err = w.ops.Do("ftruncate", end.segment.path, func() error { return w.file.Truncate(w.size) })
	if err == nil {
		err = w.ops.Sync(w.file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("cut an unfinished line: %w", err), w.file.Close())
	}
	return nil
}

func (t tail) name() string {
	if t.segment == nil {
		return headFile
	}
	return t.segment.name()
}

// findTail looks for the last segment that holds a record.
func findTail(list []segment) (tail, error) {
	for i := len(list) - 1; i >= 0; i-- {
		end, err := readTail(list[i])
		if err != nil {
			return tail{}, err
		}
		if end.size > 0 {
			end.barren = list[i+1:]
			return end, nil
		}
	}
	return tail{head: start(), barren: list}, nil
}

// readTail reads one segment up to its last good record. What the first one says of the record before is believed here.
func readTail(s segment) (tail, error) {
	file, err := s.open(os.O_RDONLY)
	if err != nil {
		return tail{}, err
	}
	defer file.Close()
	end := tail{segment: &s}
	l := newLines(file)
	record, err := l.first(s)
	for err == nil {
		end.head, end.size = record.head(), l.offset
		record, err = l.link(end.head)
	}
	if !errors.Is(err, io.EOF) {
		end.problem = err
	}
	return end, nil
}
