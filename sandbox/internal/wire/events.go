package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

const (
	maxLine   = 64 << 10 // bytes of one event
	maxStream = 16 << 20 // bytes of all events of one worker
)

// Writer sends events. Reads, writes and refusals go out once each.
type Writer struct {
	w       io.Writer
	seen    map[string]bool
	dropped int
	err     error
}

// NewWriter returns a Writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w, seen: map[string]bool{}} }

func (w *Writer) send(e Event) {
	line, err := json.Marshal(e)
	if err == nil && len(line) >= maxLine {
		w.dropped++
		return
	}
	if err == nil {
		_, err = w.w.Write(append(line, '\n'))
	}
	w.err = errors.Join(w.err, err)
}

func (w *Writer) once(key string, e Event) {
	switch {
	case w.seen[key]:
	case len(w.seen) >= MaxEvents:
		w.dropped++
	default:
		w.seen[key] = true
		w.send(e)
	}
}

// Read implements view.Recorder.
func (w *Writer) Read(path string) { w.once("r"+path, Event{Read: path}) }

// Wrote implements view.Recorder.
func (w *Writer) Wrote(path string) { w.once("w"+path, Event{Wrote: path}) }

// Refused implements view.Recorder.
func (w *Writer) Refused(op, path, why string) {
	w.once("x"+op+"\x00"+path, Event{Refused: &Refusal{Op: op, Path: path, Why: why}})
}

// Event sends e as it is.
func (w *Writer) Event(e Event) { w.send(e) }

// End sends the last event and returns the first error of any send.
func (w *Writer) End(e End) error {
	e.Dropped = w.dropped
	w.send(Event{End: &e})
	return w.err
}

// ReadEvents calls on for every event of r until its end. It stops with an error
// at the first line that is too long or no event, when the whole is too long, and
// when anything follows the last event.
func ReadEvents(r io.Reader, on func(Event)) error {
	lines := bufio.NewScanner(io.LimitReader(r, maxStream))
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	ended := false
	for lines.Scan() {
		if ended {
			return errors.New("sandbox events: more after the end")
		}
		e, err := decodeEvent(lines.Bytes())
		if err != nil {
			return err
		}
		ended = e.End != nil
		on(e)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("sandbox events: %w", err)
	}
	return nil
}

func decodeEvent(line []byte) (Event, error) {
	var e Event
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&e); err != nil {
		return e, fmt.Errorf("sandbox events: %w", err)
	}
	if dec.More() {
		return e, errors.New("sandbox events: two values in one line")
	}
	set := 0
	for _, given := range []bool{e.Status != nil, e.Read != "", e.Wrote != "", e.Refused != nil, e.End != nil} {
		if given {
			set++
		}
	}
	if set != 1 {
		return e, fmt.Errorf("sandbox events: want one field in a line, got %d", set)
	}
	return e, nil
}
